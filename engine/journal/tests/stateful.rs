//! Readers that know what happened before their place.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::{Cursor, Durability, Journal, JournalError, Reader};
use kernel::Record;
use std::path::Path;

fn on_disk(dir: &Path, records: &[Record]) -> Journal {
    let (mut journal, recovered) = Journal::open(dir, support::small(2048)).unwrap();
    let mut state = recovered.state;
    for record in records {
        state.evolve(record).unwrap();
        journal.append(record).unwrap();
        journal.commit(&state, Durability::Buffered).unwrap();
    }
    journal.commit(&state, Durability::Synced).unwrap();
    journal
}

#[test]
fn the_state_at_any_place_is_the_fold_of_what_is_before() {
    let dir = tempfile::tempdir().unwrap();
    let records = support::records(40);
    drop(on_disk(dir.path(), &records));
    for after in 0..=records.len() {
        let (mut reader, state) = Reader::open_with_state(dir.path(), after as u64).unwrap();
        assert_eq!(state, support::fold(&records[..after]), "after record {after}");
        assert_eq!(reader.next().unwrap().as_ref(), records.get(after));
    }
}

#[test]
fn a_place_that_is_not_written_yet_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let records = support::records(4);
    drop(on_disk(dir.path(), &records));
    let beyond = Reader::open_with_state(dir.path(), records.len() as u64 + 1);
    assert!(matches!(beyond, Err(JournalError::Missing { .. })), "{beyond:?}");
}

#[test]
fn a_pruned_journal_is_read_from_its_snapshots() {
    let dir = tempfile::tempdir().unwrap();
    let records = support::records(400);
    let mut journal = on_disk(dir.path(), &records);
    let last = records.len() as u64;
    Cursor::open(dir.path(), "reader").unwrap().store(last).unwrap();
    assert!(journal.prune().unwrap().segments > 0);
    let (_, state) = Reader::open_with_state(dir.path(), last).unwrap();
    assert_eq!(state, support::fold(&records));
    let gone = Reader::open_with_state(dir.path(), 1);
    assert!(matches!(gone, Err(JournalError::Missing { .. })), "{gone:?}");
}
