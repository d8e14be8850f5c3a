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
