//! A full disk stops growth, not the way out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::storage::{Faults, MemoryStorage, Storage, Unsynced};
use journal::{Durability, JournalError, Options, verify_on};
use support::*;

fn options() -> Options {
    Options { segment_bytes: 1 << 20, limit_bytes: None, reserve_bytes: 500 }
}

fn full_at(storage: &MemoryStorage, capacity: u64) {
    storage.set_faults(Faults { capacity: Some(capacity), ..Faults::default() });
}

#[test]
fn the_reserve_carries_what_must_still_be_journalled() {
    let storage = MemoryStorage::new();
    let records = records(30);
    let (mut journal, recovered) = open(&storage, options());
    assert!(!journal.usage().is_full());
    full_at(&storage, 500 + 1_000);
    let mut state = recovered.state;
    let mut after_release = 0;
    let mut records = records.iter();
    let error = loop {
        let record = records.next().unwrap();
        state.evolve(record).unwrap();
        journal.append(record).unwrap();
        match journal.commit(&state, Durability::Synced) {
            Ok(()) if journal.usage().is_full() => after_release += 1,
            Ok(()) => assert!(storage.read("reserve").is_ok()),
            Err(error) => break error,
        }
    };
    // 500 bytes of reserve took several records more, and the session could see it.
    assert!(after_release > 3, "{after_release}");
    assert!(matches!(error, JournalError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("free space"), "{error}");
    assert_eq!(journal.durable_seq(), journal.last_seq() - 1);

    // Space is freed: the same commit goes through, and the reserve is taken back.
    full_at(&storage, 1 << 20);
    journal.commit(&state, Durability::Synced).unwrap();
    assert_eq!(journal.durable_seq(), journal.last_seq());
    journal.prune().unwrap();
    assert!(!journal.usage().is_full());
    assert_eq!(open(&storage.after_crash(Unsynced::Lost), options()).1.state, state);
    assert_eq!(verify_on(&storage).unwrap().last_seq, journal.last_seq());
}

/// However much of a decision the full disk had room for, the next process finds all of it or
/// nothing; and when there is room again first, the writer goes on as if nothing had been.
#[test]
fn a_decision_that_the_disk_has_no_room_for_is_wholly_there_or_not() {
    let records = records(8);
    let decision = *decisions(&records).iter().rfind(|it| it.len() > 2).unwrap();
    let before = usize::try_from(decision[0].seq).unwrap() - 1;
    let to = before + decision.len();
    for room in 0.. {
        let storage = MemoryStorage::new();
        let mut journal = write(&storage, &records[..before], small(1 << 20), 1, 1);
        full_at(&storage, journal.bytes() + room);
        decision.iter().for_each(|record| journal.append(record).unwrap());
        let committed = journal.commit(&fold(&records[..to]), Durability::Synced);
        if committed.is_ok() {
            assert!(room > 100, "{room}");
            break;
        }
        let found = storage.after_crash(Unsynced::Kept);
        full_at(&found, 1 << 20);
        assert_eq!(open(&found, small(1 << 20)).1.state, fold(&records[..before]), "{room}");

        full_at(&storage, 1 << 20);
        journal.commit(&fold(&records[..to]), Durability::Synced).unwrap();
        assert_eq!(read(&storage, 1), records[..to], "{room}");
    }
}

#[test]
fn a_session_starts_on_a_full_disk_and_knows_it() {
    let storage = MemoryStorage::new();
    let written = records(5);
    drop(write(&storage, &written, small(1 << 20), 1, 1));
    full_at(&storage, 0);
    let (journal, recovered) = open(&storage, options());
    assert!(journal.usage().is_full());
    assert_eq!(recovered.state, fold(&written));
}

#[test]
fn a_segment_that_cannot_be_closed_goes_on() {
    let storage = MemoryStorage::new();
    let records = records(40);
    let (mut journal, recovered) = open(&storage, small(800));
    let mut state = recovered.state;
    for (index, record) in records.iter().enumerate() {
        state.evolve(record).unwrap();
        journal.append(record).unwrap();
        // From here on there is room for records and none for a snapshot.
        let room = journal.bytes() + 300;
        full_at(&storage, if index < 10 { 1 << 20 } else { room });
        journal.commit(&state, Durability::Synced).unwrap();
    }
    assert!(!storage.list("").unwrap().iter().any(|name| name.ends_with(".tmp")));
    assert_eq!(verify_on(&storage).unwrap().last_seq, records.len() as u64);
}
