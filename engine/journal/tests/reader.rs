//! Readers follow the writer, keep their place, and hold back what may be deleted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::storage::{MemoryStorage, Storage};
use journal::{Cursor, Durability, JournalError, Reader};
use std::sync::Arc;
use support::*;

#[test]
fn a_reader_follows_a_live_journal_across_segments() {
    let storage = MemoryStorage::new();
    let records = records(60);
    let mut reader = Reader::open_on(Arc::new(storage.clone()), 0).unwrap();
    assert_eq!(reader.next().unwrap(), None);
    let (mut journal, recovered) = open(&storage, small(700));
    let mut state = recovered.state;
    let mut read = Vec::new();
    for (index, record) in records.iter().enumerate() {
        state.evolve(record).unwrap();
        journal.append(record).unwrap();
        assert_eq!(reader.next().unwrap(), None, "nothing is seen before it is committed");
        if index % 3 == 2 {
            journal.commit(&state, Durability::Buffered).unwrap();
            // A slow reader: it falls behind by whole segments, then catches up.
            if index % 30 == 29 {
                read.extend(drain(&mut reader));
                assert_eq!(read, records[..=index]);
            } else {
                read.extend(reader.next().unwrap());
            }
            read.extend(drain(&mut reader));
        }
    }
    journal.commit(&state, Durability::Buffered).unwrap();
    read.extend(drain(&mut reader));
    assert_eq!(read, records);
    assert!(segments(&storage).len() > 5);
}

#[test]
fn a_reader_begins_at_any_record() {
    let storage = MemoryStorage::new();
    let records = records(30);
    let journal = write(&storage, &records, small(700), 3, 1);
    for from in 1..=records.len() {
        assert_eq!(read(&storage, from as u64), records[from - 1..]);
    }
    let mut ahead = Reader::open_on(Arc::new(storage.clone()), journal.last_seq() + 1).unwrap();
    assert_eq!(ahead.next().unwrap(), None);
    assert_eq!(ahead.next_seq(), journal.last_seq() + 1);
}

#[test]
fn only_whole_decisions_are_seen() {
    let storage = MemoryStorage::new();
    let records = records(6);
    drop(write(&storage, &records, small(1 << 20), 1, 1));
    let name = segments(&storage).remove(0);
    let bytes = storage.bytes(&name).unwrap();
    storage.set_bytes(&name, &bytes[..89]);
    let mut reader = Reader::open_on(Arc::new(storage.clone()), 1).unwrap();
    let (mut seen, ends) = (Vec::new(), decision_ends(&records));
    assert!(ends.len() < records.len());
    let mut writer = storage.open(&name).unwrap();
    for (at, byte) in bytes.iter().enumerate().skip(89) {
        writer.write_at(at as u64, &[*byte]).unwrap();
        seen.extend(drain(&mut reader));
        assert_eq!(seen, records[..seen.len()]);
        assert!(seen.is_empty() || ends.contains(&(seen.len() as u64)), "{} records", seen.len());
    }
    assert_eq!(seen, records);
}

#[test]
fn a_place_within_a_torn_decision_is_waited_for() {
    let storage = MemoryStorage::new();
    let records = records(6);
    drop(write(&storage, &records, small(1 << 20), 1, 1));
    let name = segments(&storage).remove(0);
    let bytes = storage.bytes(&name).unwrap();
    // The last decision lacks the last byte of its last record.
    storage.set_bytes(&name, &bytes[..bytes.len() - 1]);
    let last = records.len() as u64;
    assert!(!decision_ends(&records).contains(&(last - 1)));
    let mut reader = Reader::open_on(Arc::new(storage.clone()), last - 1).unwrap();
    assert_eq!(reader.next().unwrap(), None);
    // It is cut off and written anew, and seen from the reader's place on.
    drop(write(&storage, &records, small(1 << 20), 1, 1));
    assert_eq!(drain(&mut reader), records[records.len() - 2..]);
}

#[test]
fn what_is_not_durable_can_be_held_back() {
    let storage = MemoryStorage::new();
    let records = records(4);
    let (mut journal, _) = open(&storage, small(1 << 20));
    journal.append(&records[0]).unwrap();
    journal.commit(&fold(&records[..1]), Durability::Synced).unwrap();
    journal.append(&records[1]).unwrap();
    journal.commit(&fold(&records[..2]), Durability::Buffered).unwrap();
    let mut reader = Reader::open_on(Arc::new(storage.clone()), 1).unwrap();
    assert_eq!(reader.next_durable(journal.durable_seq()).unwrap().as_ref(), records.first());
    assert_eq!(reader.next_durable(journal.durable_seq()).unwrap(), None);
    journal.commit(&fold(&records[..2]), Durability::Synced).unwrap();
    assert_eq!(reader.next_durable(journal.durable_seq()).unwrap().as_ref(), records.get(1));
}

#[test]
fn damage_before_the_end_is_told_and_not_waited_for() {
    let storage = MemoryStorage::new();
    drop(write(&storage, &records(30), small(700), 3, 1));
    damage(&storage, &segments(&storage)[1]);
    let one_segment = MemoryStorage::new();
    drop(write(&one_segment, &records(30), small(1 << 20), 3, 1));
    damage(&one_segment, &segments(&one_segment)[0]);
}

fn damage(storage: &MemoryStorage, name: &str) {
    let mut bytes = storage.bytes(name).unwrap();
    bytes[120] ^= 1;
    storage.set_bytes(name, &bytes);
    let mut reader = Reader::open_on(Arc::new(storage.clone()), 1).unwrap();
    let error = loop {
        match reader.next() {
            Ok(record) => assert!(record.is_some(), "the reader waits for what is there"),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&error, JournalError::Damaged { file, .. } if file.ends_with(name)),
        "{error}"
    );
}

#[test]
fn a_cursor_is_kept_and_a_damaged_one_says_what_to_do() {
    let storage = MemoryStorage::new();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let mut cursor = Cursor::open_on(shared.clone(), "kafka").unwrap();
    assert_eq!(cursor.load().unwrap(), 0);
    cursor.store(918_273).unwrap();
    assert_eq!(Cursor::open_on(shared.clone(), "kafka").unwrap().load().unwrap(), 918_273);
    storage.set_bytes("cursors/kafka", b"918274 00000000\n");
    let error = cursor.load().unwrap_err();
    assert!(error.to_string().contains("delete it"), "{error}");
    for name in ["", "Kafka", "../x", "a/b", "a.tmp"] {
        let error = Cursor::open_on(shared.clone(), name).unwrap_err();
        assert!(matches!(error, JournalError::CursorName { .. }), "{error}");
    }
}

#[test]
fn segments_go_only_behind_every_cursor() {
    let storage = MemoryStorage::new();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let records = records(60);
    let mut journal = write(&storage, &records, small(700), 3, 1);
    let before = segments(&storage);
    assert_eq!(journal.prune().unwrap().segments, 0, "no cursor, nothing is known to be done with");

    let mut slow = Cursor::open_on(shared.clone(), "slow").unwrap();
    let mut quick = Cursor::open_on(shared.clone(), "quick").unwrap();
    quick.store(journal.last_seq()).unwrap();
    assert_eq!(journal.prune().unwrap().segments, 0);

    let third: u64 = before[2].trim_end_matches(".seg").parse().unwrap();
    slow.store(third - 2).unwrap();
    assert_eq!(journal.prune().unwrap().segments, 1, "the second segment is not wholly read");
    slow.store(third - 1).unwrap();
    let bytes = journal.bytes();
    let pruned = journal.prune().unwrap();
    assert_eq!((pruned.segments, journal.bytes()), (1, bytes - pruned.bytes));
    assert_eq!(segments(&storage), before[2..]);
    assert_eq!(read(&storage, third), records[usize::try_from(third - 1).unwrap()..]);
    let error = Reader::open_on(shared, third - 1).unwrap_err();
    assert!(matches!(error, JournalError::Missing { next, .. } if next == third), "{error}");

    slow.store(journal.last_seq()).unwrap();
    journal.prune().unwrap();
    assert_eq!(segments(&storage), before[before.len() - 2..]);
    let bytes = journal.bytes();
    drop(journal);
    let (journal, recovered) = open(&storage, small(700));
    assert_eq!(recovered.state, fold(&records));
    assert_eq!(journal.bytes(), bytes);
}
