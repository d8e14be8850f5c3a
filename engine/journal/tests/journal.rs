//! What a journal promises when nothing goes wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::storage::{MemoryStorage, Storage};
use journal::{Durability, Journal, JournalError, Options, verify, verify_on};
use kernel::{Record, RecordBody, Severity};
use std::sync::Arc;
use support::*;

#[test]
fn what_was_committed_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let records = records(12);
    let (mut journal, recovered) = Journal::open(dir.path(), Options::default()).unwrap();
    assert_eq!((recovered.last_seq, recovered.records_folded), (0, 0));
    for record in &records {
        journal.append(record).unwrap();
    }
    let state = fold(&records);
    journal.commit(&state, Durability::Synced).unwrap();
    assert_eq!(journal.last_seq(), records.len() as u64);
    assert_eq!(journal.durable_seq(), journal.last_seq());
    drop(journal);

    let (journal, recovered) = Journal::open(dir.path(), Options::default()).unwrap();
    assert_eq!(recovered.state, state);
    assert_eq!(recovered.last_seq, records.len() as u64);
    assert_eq!(recovered.torn_bytes, 0);
    let verified = verify(dir.path()).unwrap();
    assert_eq!(&*verified.session, SESSION);
    assert_eq!(verified.records, records.len() as u64);
    assert_eq!(verified.bytes, journal.bytes());
}

#[test]
fn a_snapshot_and_the_fold_of_the_rest_equal_the_full_fold() {
    let storage = MemoryStorage::new();
    let records = records(200);
    drop(write(&storage, &records, small(2_000), 5, 3));
    let segments = segments(&storage);
    assert!(segments.len() > 10, "{segments:?}");

    // Recovery from every snapshot in turn: the later segments are taken away.
    for keep in 1..=segments.len() {
        let cut = storage.after_crash(journal::storage::Unsynced::Kept);
        for name in &segments[keep..] {
            cut.remove(name).unwrap();
        }
        let (journal, recovered) = open(&cut, small(2_000));
        let last = usize::try_from(recovered.last_seq).unwrap();
        assert_eq!(recovered.state, fold(&records[..last]));
        assert!(recovered.records_folded < 60 || keep == 1);
        assert_eq!(journal.last_seq(), recovered.last_seq);
    }
    let verified = verify_on(&storage).unwrap();
    assert_eq!(verified.snapshots, verified.segments - 1);
}

#[test]
fn a_damaged_snapshot_costs_time_and_nothing_else() {
    let storage = MemoryStorage::new();
    let records = records(60);
    drop(write(&storage, &records, small(2_000), 5, 1));
    let last = storage.list("").unwrap().into_iter().rfind(|name| name.ends_with(".snap")).unwrap();
    let mut bytes = storage.bytes(&last).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    storage.set_bytes(&last, &bytes);
    let (_, recovered) = open(&storage, small(2_000));
    assert_eq!(recovered.state, fold(&records));
    let error = verify_on(&storage).unwrap_err();
    assert!(error.to_string().contains(&last), "{error}");
}

#[test]
fn a_second_writer_is_refused_by_the_first_ones_process_id() {
    let dir = tempfile::tempdir().unwrap();
    let (first, _) = Journal::open(dir.path(), Options::default()).unwrap();
    let error = Journal::open(dir.path(), Options::default()).unwrap_err();
    assert!(
        matches!(error, JournalError::Locked { pid: Some(pid), .. } if pid == std::process::id())
    );
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(first);
    Journal::open(dir.path(), Options::default()).unwrap();
}

#[test]
fn records_are_taken_in_turn_only() {
    let storage = MemoryStorage::new();
    let records = records(3);
    let (mut journal, _) = open(&storage, small(1 << 20));
    journal.append(&records[0]).unwrap();
    for wrong in [0, 2] {
        let error = journal.append(&records[wrong]).unwrap_err();
        assert!(matches!(error, JournalError::Sequence { expected: 2, .. }), "{error}");
    }
    journal.append(&records[1]).unwrap();
    let error = journal.commit(&fold(&records[..1]), Durability::Synced).unwrap_err();
    assert!(matches!(error, JournalError::StateElsewhere { state: 1, journal: 2 }), "{error}");
    journal.commit(&fold(&records[..2]), Durability::Synced).unwrap();
}

/// A writer that commits within a decision has promised what it committed: an event that follows
/// stands for itself.
#[test]
fn a_commit_ends_a_decision() {
    let storage = MemoryStorage::new();
    let records = records(8);
    let decision = *decisions(&records).iter().rfind(|it| it.len() > 2).unwrap();
    let first = usize::try_from(decision[0].seq).unwrap();
    let (mut journal, _) = open(&storage, small(1 << 20));
    let mut from = 0;
    let mut ends = vec![];
    for to in [first, first + 1, first - 1 + decision.len()] {
        records[from..to].iter().for_each(|record| journal.append(record).unwrap());
        journal.commit(&fold(&records[..to]), Durability::Synced).unwrap();
        ends.push((journal.bytes(), journal.durable_seq()));
        from = to;
    }
    drop(journal);
    let name = segments(&storage).remove(0);
    let bytes = storage.bytes(&name).unwrap();
    for (end, last) in ends {
        storage.set_bytes(&name, &bytes[..usize::try_from(end).unwrap()]);
        let (_, recovered) = open(&storage, small(1 << 20));
        assert_eq!((recovered.last_seq, recovered.torn_bytes), (last, 0));
    }
}

/// A decision may be longer than what a reader reads at once.
#[test]
fn a_decision_of_any_length_is_read() {
    let storage = MemoryStorage::new();
    let mut records = records(2);
    let at = kernel::Timestamp::from_secs(1_700_000_300);
    for code in 0..4_000 {
        let (seq, text) = (records.len() as u64 + 1, "x".repeat(code % 97).into());
        let alert = kernel::Alert { severity: Severity::Info, code: "drill".into(), text };
        let event = kernel::Event::AlertRaised(alert);
        records.push(Record { seq, body: RecordBody::Event { at, event } });
    }
    drop(write(&storage, &records, small(1 << 20), 3, 1));
    let name = segments(&storage).remove(0);
    let bytes = storage.bytes(&name).unwrap();
    assert!(bytes.len() > 200_000);
    assert_eq!(read(&storage, 1), records);
    assert_eq!(read(&storage, 3_000), records[2_999..]);
    assert_eq!(open(&storage, small(1 << 20)).1.last_seq, records.len() as u64);
    storage.set_bytes(&name, &bytes[..bytes.len() - 1]);
    let whole = decision_ends(&records);
    assert_eq!(read(&storage, 1).len() as u64, whole[whole.len() - 2]);
}

#[test]
fn buffered_records_are_durable_with_the_next_sync() {
    let storage = MemoryStorage::new();
    let records = records(3);
    let (mut journal, _) = open(&storage, small(1 << 20));
    journal.append(&records[0]).unwrap();
    journal.commit(&fold(&records[..1]), Durability::Buffered).unwrap();
    assert_eq!((journal.last_seq(), journal.durable_seq()), (1, 0));
    journal.commit(&fold(&records[..1]), Durability::Synced).unwrap();
    assert_eq!(journal.durable_seq(), 1);
}

#[test]
fn a_newer_version_is_told_in_one_sentence() {
    let storage = MemoryStorage::new();
    drop(write(&storage, &records(1), small(1 << 20), 5, 1));
    let name = segments(&storage).remove(0);
    let mut bytes = storage.bytes(&name).unwrap();
    bytes[8] = 9;
    storage.set_bytes(&name, &bytes);
    let error = Journal::open_on(Arc::new(storage), small(1 << 20)).unwrap_err();
    let wanted = format!(
        "memory/{name} is in journal format 9 and this program reads up to 1: use the newer \
         tradewind that wrote it"
    );
    assert_eq!(error.to_string(), wanted);
}

#[test]
fn use_of_space_is_counted_and_compared_with_the_limit() {
    let storage = MemoryStorage::new();
    let records = records(40);
    let mut options = small(2_000);
    let journal = write(&storage, &records, options, 5, 1);
    let kept = |name: &String| name.ends_with(".seg") || name.ends_with(".snap");
    let names = storage.list("").unwrap().into_iter().filter(kept);
    let on_disk: u64 = names.map(|name| storage.bytes(&name).unwrap().len() as u64).sum();
    assert_eq!(journal.bytes(), on_disk);
    drop(journal);
    for (limit, high, full) in [
        (None, false, false),
        (Some(2 * on_disk), false, false),
        (Some(on_disk + 1), true, false),
        (Some(on_disk), true, true),
    ] {
        options.limit_bytes = limit;
        let usage = open(&storage, options).0.usage();
        assert_eq!((usage.is_high(), usage.is_full()), (high, full), "{usage:?}");
        assert_eq!(usage.bytes, on_disk);
    }
}

#[test]
fn a_finished_session_is_put_aside_and_a_new_one_begins() {
    let dir = tempfile::tempdir().unwrap();
    let records = records(9);
    let (mut journal, _) = Journal::open(dir.path(), small(1_000)).unwrap();
    for record in &records {
        journal.append(record).unwrap();
    }
    journal.commit(&fold(&records), Durability::Buffered).unwrap();
    journal::Cursor::open(dir.path(), "kafka").unwrap().store(4).unwrap();
    let place = journal.retire().unwrap();
    assert_eq!(journal::finished(dir.path()).unwrap(), vec![place.clone()]);
    assert_eq!(verify(&place).unwrap().records, records.len() as u64);
    assert_eq!(journal::Cursor::open(&place, "kafka").unwrap().load().unwrap(), 4);

    let (journal, recovered) = Journal::open(dir.path(), small(1_000)).unwrap();
    assert_eq!((recovered.last_seq, journal.bytes()), (0, 0));
    assert_eq!(journal::Cursor::open(dir.path(), "kafka").unwrap().load().unwrap(), 0);
}
