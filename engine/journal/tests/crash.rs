//! A crash at any byte, a torn write, a failed fsync, a flipped bit.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::storage::{Faults, MemoryStorage, Unsynced};
use journal::{Cursor, Durability, Journal, JournalError, verify_on};
use kernel::Record;
use std::sync::Arc;
use support::*;

/// What was promised by the time the machine stopped.
#[derive(Debug, Default, Clone, Copy)]
struct Promised {
    written: u64,
    durable: u64,
}

/// Journals records as a session would: decisions, some of them durable, segments that roll, a
/// cursor that follows and pruning behind it. Stops at the first error.
fn trade(
    storage: &MemoryStorage,
    records: &[Record],
    promised: &mut Promised,
) -> Result<(), JournalError> {
    let (mut journal, recovered) = Journal::open_on(Arc::new(storage.clone()), small(900))?;
    let mut cursor = Cursor::open_on(Arc::new(storage.clone()), "reader")?;
    let mut state = recovered.state;
    let rest = &records[usize::try_from(recovered.last_seq).unwrap()..];
    for (index, batch) in decisions(rest).chunks(2).enumerate() {
        for record in batch.iter().copied().flatten() {
            state.evolve(record).unwrap();
            journal.append(record)?;
        }
        let durable = if index % 2 == 0 { Durability::Synced } else { Durability::Buffered };
        journal.commit(&state, durable)?;
        promised.written = journal.last_seq();
        promised.durable = journal.durable_seq();
        if index % 4 == 3 {
            cursor.store(promised.durable)?;
            journal.prune()?;
        }
    }
    Ok(())
}

fn check_after(
    crashed: &MemoryStorage,
    unsynced: Unsynced,
    records: &[Record],
    promised: Promised,
) {
    let found = crashed.after_crash(unsynced);
    let (journal, recovered) = open(&found, small(900));
    let last = usize::try_from(recovered.last_seq).unwrap();
    assert_eq!(recovered.state, fold(&records[..last]), "{unsynced:?}");
    let whole = last == 0 || decision_ends(records).contains(&recovered.last_seq);
    assert!(whole, "{unsynced:?}: a decision ends at {last}");
    let least = if unsynced == Unsynced::Kept { promised.written } else { promised.durable };
    assert!(recovered.last_seq >= least, "{unsynced:?}: {} of {promised:?}", recovered.last_seq);
    drop(journal);

    trade(&found, records, &mut Promised::default()).unwrap();
    let verified = verify_on(&found).unwrap();
    assert_eq!((verified.last_seq, verified.torn_bytes), (records.len() as u64, 0));
    let first = usize::try_from(verified.first_seq).unwrap();
    assert_eq!(read(&found, verified.first_seq), records[first - 1..]);
}

#[test]
fn a_crash_at_any_byte_loses_nothing_that_was_promised() {
    let records = records(12);
    let whole = MemoryStorage::new();
    trade(&whole, &records, &mut Promised::default()).unwrap();
    let work = whole.work();
    assert!(work > 3_000, "{work}");
    for crash_after in 0..work {
        let storage = MemoryStorage::new();
        storage.set_faults(Faults { crash_after: Some(crash_after), ..Faults::default() });
        let mut promised = Promised::default();
        trade(&storage, &records, &mut promised).unwrap_err();
        // The kinds of loss take turns over the bytes, so that each meets every kind of place.
        let count = usize::try_from(crash_after / 4 % 200).unwrap();
        let unsynced = match crash_after % 4 {
            0 => Unsynced::Kept,
            1 => Unsynced::Lost,
            2 => Unsynced::Cut(count),
            _ => Unsynced::Zeroed(count),
        };
        check_after(&storage, unsynced, &records, promised);
    }
}

/// One segment of a whole session, with a sync after each batch of two decisions.
fn one_segment() -> (MemoryStorage, String, Vec<Record>) {
    let storage = MemoryStorage::new();
    let records = records(8);
    drop(write(&storage, &records, small(1 << 20), 2, 1));
    let name = segments(&storage).remove(0);
    (storage, name, records)
}

/// The same segment, and up to which byte each decision reaches: with its last record.
fn measured() -> (MemoryStorage, String, Vec<Record>, Vec<(u64, u64)>) {
    let storage = MemoryStorage::new();
    let records = records(8);
    let (mut journal, recovered) = open(&storage, small(1 << 20));
    let (mut state, mut ends) = (recovered.state, vec![(89, 0)]);
    for (index, decision) in decisions(&records).into_iter().enumerate() {
        for record in decision {
            state.evolve(record).unwrap();
            journal.append(record).unwrap();
        }
        let durable = if index % 2 == 1 { Durability::Synced } else { Durability::Buffered };
        journal.commit(&state, durable).unwrap();
        ends.push((journal.bytes(), journal.last_seq()));
    }
    let name = segments(&storage).remove(0);
    (storage, name, records, ends)
}

#[test]
fn a_segment_cut_at_any_byte_gives_its_whole_decisions() {
    let (storage, name, records, ends) = measured();
    let most = decisions(&records).into_iter().map(<[Record]>::len).max();
    assert!(most > Some(2), "{most:?}");
    let bytes = storage.bytes(&name).unwrap();
    for cut in 89..=bytes.len() {
        let &(_, last) = ends.iter().rfind(|(end, _)| *end <= cut as u64).unwrap();
        let kept = &records[..usize::try_from(last).unwrap()];
        storage.set_bytes(&name, &bytes[..cut]);
        assert_eq!(read(&storage, 1), kept, "cut at {cut}");
        let verified = verify_on(&storage).unwrap();
        let (journal, recovered) = open(&storage, small(1 << 20));
        assert_eq!((recovered.last_seq, recovered.state), (last, fold(kept)), "cut at {cut}");
        assert_eq!(journal.durable_seq(), last);
        assert_eq!(journal.bytes() + recovered.torn_bytes, cut as u64);
        assert_eq!((verified.last_seq, verified.torn_bytes), (last, recovered.torn_bytes));
    }
}

#[test]
fn a_decision_without_its_end_is_damage_where_it_was_durable() {
    let (storage, name, records, ends) = measured();
    let whole = storage.bytes(&name).unwrap();
    let of_several = |decision: &&[Record]| decision.len() > 2 && decision[0].seq > 1;
    let decision = decisions(&records).into_iter().find(of_several).unwrap();
    let &(begin, _) = ends.iter().find(|(_, last)| *last == decision[0].seq - 1).unwrap();
    let &(end, _) = ends.iter().find(|(_, last)| *last == decision.last().unwrap().seq).unwrap();
    // From its last record on zeros, and then what followed, with its sync marks.
    let mut bytes = whole.clone();
    bytes[usize::try_from(end).unwrap() - 20..usize::try_from(end).unwrap()].fill(0);
    storage.set_bytes(&name, &bytes);
    let error = Journal::open_on(Arc::new(storage.clone()), small(1 << 20)).unwrap_err();
    assert_eq!(error.to_string(), verify_on(&storage).unwrap_err().to_string());
    // Told from its first record on, for nothing of it counts.
    assert!(
        matches!(&error, JournalError::Damaged { offset, .. } if (begin..end).contains(offset)),
        "{error}"
    );
    // In a segment that is closed nothing else proves it, and nothing else has to.
    let mut state = fold(&records);
    storage.set_bytes(&name, &whole);
    let (mut journal, _) = open(&storage, small(1));
    let next = Record { seq: records.len() as u64 + 1, ..records[1].clone() };
    state.evolve(&next).unwrap();
    journal.append(&next).unwrap();
    journal.commit(&state, Durability::Buffered).unwrap();
    drop(journal);
    assert_eq!(segments(&storage).len(), 2);
    storage.set_bytes(&name, &whole[..usize::try_from(end).unwrap() - 20]);
    let error = verify_on(&storage).unwrap_err();
    assert!(matches!(&error, JournalError::Damaged { .. }), "{error}");
}

#[test]
fn a_flipped_bit_in_what_was_durable_is_an_error_that_names_the_place() {
    let (storage, name, _) = one_segment();
    let bytes = storage.bytes(&name).unwrap();
    let mark = bytes.windows(8).rposition(|window| window == b"TWSYNCED").unwrap() - 8;
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        storage.set_bytes(&name, &damaged);
        let opened = Journal::open_on(Arc::new(storage.clone()), small(1 << 20));
        let verified = verify_on(&storage);
        // The last mark proves what lies before it. What follows has not been proved yet and is
        // cut as a torn write would be, and the cut is told.
        if at >= mark {
            assert!(opened.unwrap().1.torn_bytes > 0);
            continue;
        }
        let error = opened.unwrap_err();
        assert_eq!(error.to_string(), verified.unwrap_err().to_string());
        match &error {
            JournalError::Damaged { file, offset, .. } => {
                assert!(file.ends_with(&name));
                assert!(*offset <= at as u64, "damage at {at} told at {offset}");
            }
            JournalError::NewerVersion { .. } => assert!((8..12).contains(&at)),
            _ => panic!("{error}"),
        }
    }
}

#[test]
fn damage_in_a_closed_segment_is_never_cut() {
    let storage = MemoryStorage::new();
    let records = records(30);
    drop(write(&storage, &records, small(900), 4, 1));
    let names = segments(&storage);
    let first = &names[names.len() - 2];
    let bytes = storage.bytes(first).unwrap();
    storage.set_bytes(first, &bytes[..bytes.len() - 3]);
    let error = verify_on(&storage).unwrap_err();
    let wanted = format!("memory/{first} is damaged at byte ");
    assert!(error.to_string().starts_with(&wanted), "{error}");
    assert!(error.to_string().contains("restore the file from a backup"), "{error}");
    // Opening starts from the snapshot after it and does not need it.
    assert_eq!(open(&storage, small(900)).1.state, fold(&records));
}

#[test]
fn a_missing_segment_is_named_by_its_records() {
    let storage = MemoryStorage::new();
    drop(write(&storage, &records(30), small(900), 4, 1));
    let names = segments(&storage);
    journal::storage::Storage::remove(&storage, &names[1]).unwrap();
    let missing: u64 = names[1].trim_end_matches(".seg").parse().unwrap();
    let error = verify_on(&storage).unwrap_err();
    assert!(matches!(error, JournalError::Missing { wanted, .. } if wanted == missing), "{error}");
}

#[test]
fn after_a_failed_fsync_nothing_more_is_journalled() {
    let storage = MemoryStorage::new();
    let records = records(3);
    let (mut journal, _) = open(&storage, small(1 << 20));
    journal.append(&records[0]).unwrap();
    journal.commit(&fold(&records[..1]), Durability::Synced).unwrap();
    storage.set_faults(Faults { failed_sync: Some(0), ..Faults::default() });
    journal.append(&records[1]).unwrap();
    for _ in 0..2 {
        let error = journal.commit(&fold(&records[..2]), Durability::Synced).unwrap_err();
        assert!(matches!(error, JournalError::NotDurable { .. }), "{error}");
    }
    assert!(matches!(journal.append(&records[2]), Err(JournalError::NotDurable { .. })));
    assert_eq!(journal.durable_seq(), 1);
    let found = storage.after_crash(Unsynced::Lost);
    assert_eq!(open(&found, small(1 << 20)).1.last_seq, 1);
}

#[test]
fn a_crash_while_a_journal_is_put_aside_is_made_good() {
    let session = |storage: &MemoryStorage| {
        let journal = write(storage, &records(12), small(900), 4, 1);
        Cursor::open_on(Arc::new(storage.clone()), "reader").unwrap().store(3).unwrap();
        journal
    };
    let whole = MemoryStorage::new();
    let journal = session(&whole);
    let before = files(&whole, "");
    whole.set_faults(Faults::default());
    journal.retire().unwrap();
    let place = format!("finished/{SESSION}");
    assert_eq!(files(&whole, &place), before);

    for crash_after in 0..whole.work() {
        for unsynced in [Unsynced::Kept, Unsynced::Lost] {
            let storage = MemoryStorage::new();
            let journal = session(&storage);
            storage.set_faults(Faults { crash_after: Some(crash_after), ..Faults::default() });
            journal.retire().unwrap_err();
            let found = storage.after_crash(unsynced);
            let (_, recovered) = open(&found, small(900));
            // Not yet put aside, or wholly.
            let aside = if recovered.last_seq == 0 { &place } else { "" };
            assert_eq!(files(&found, aside), before, "{crash_after} {unsynced:?}");
        }
    }
}

fn files(storage: &MemoryStorage, folder: &str) -> Vec<(String, Option<Vec<u8>>)> {
    use journal::storage::Storage;
    let ours =
        |name: &String| name.ends_with(".seg") || name.ends_with(".snap") || name == "reader";
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let cursors = format!("{prefix}cursors");
    [(folder.to_owned(), prefix), (cursors.clone(), format!("{cursors}/"))]
        .into_iter()
        .flat_map(|(folder, prefix)| {
            let names = storage.list(&folder).unwrap().into_iter().filter(ours);
            names.map(move |name| (format!("{prefix}{name}"), name))
        })
        .map(|(path, name)| (name, storage.bytes(&path)))
        .collect()
}
