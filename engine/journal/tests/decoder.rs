//! Any bytes at all: an error or an answer, never a panic.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::storage::{MemoryStorage, Storage};
use journal::{Cursor, Journal, Reader, verify_on};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use support::*;

const HEADER: usize = 89;

struct Sample {
    segment: String,
    snapshot: String,
    segment_bytes: Vec<u8>,
    snapshot_bytes: Vec<u8>,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let storage = MemoryStorage::new();
    let written = records(8);
    drop(write(&storage, &written, small(900), 4, 1));
    let names = storage.list("").unwrap();
    let bytes = |name: &String| storage.bytes(name).unwrap();
    let segment_of = |snapshot: &String| snapshot.replace(".snap", ".seg");
    let snapshots = names.into_iter().filter(|name| name.ends_with(".snap"));
    let snapshot = snapshots.max_by_key(|name| bytes(&segment_of(name)).len()).unwrap();
    let segment = segment_of(&snapshot);
    let (segment_bytes, snapshot_bytes) = (bytes(&segment), bytes(&snapshot));
    Sample { segment, snapshot, segment_bytes, snapshot_bytes }
});

/// A frame with a good checksum, whatever the two bits say that it is.
fn frame(payload: &[u8], kind: u32) -> Vec<u8> {
    let length = (u32::try_from(payload.len()).unwrap() | kind << 30).to_le_bytes();
    let checksum = crc32fast::hash(&[&length, payload].concat()).to_le_bytes();
    [&length, &checksum, payload].concat()
}

/// Reads the two files in every way there is.
fn look(segment: &[u8], snapshot: &[u8]) {
    let storage = MemoryStorage::new();
    storage.set_bytes(&SAMPLE.segment, segment);
    storage.set_bytes(&SAMPLE.snapshot, snapshot);
    let _ = verify_on(&storage);
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let first = SAMPLE.segment.trim_end_matches(".seg").parse().unwrap();
    if let Ok(mut reader) = Reader::open_on(shared.clone(), first) {
        while let Ok(Some(_)) = reader.next() {}
    }
    let _ = Journal::open_on(shared, small(900));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_files(segment in vec(any::<u8>(), 0..400), snapshot in vec(any::<u8>(), 0..400)) {
        look(&segment, &snapshot);
    }

    #[test]
    fn any_bytes_after_good_headers(segment in vec(any::<u8>(), 0..400), snapshot in vec(any::<u8>(), 0..400)) {
        let segment = [&SAMPLE.segment_bytes[..HEADER], &segment].concat();
        let snapshot = [&SAMPLE.snapshot_bytes[..HEADER], &snapshot].concat();
        look(&segment, &snapshot);
    }

    #[test]
    fn any_payloads_with_good_checksums(records in vec((vec(any::<u8>(), 1..80), 0..4u32), 1..6), state in vec(any::<u8>(), 1..400)) {
        let records: Vec<u8> = records.iter().flat_map(|(payload, kind)| frame(payload, *kind)).collect();
        look(&[&SAMPLE.segment_bytes[..HEADER], &records].concat(), &SAMPLE.snapshot_bytes);
        let snapshot = [&SAMPLE.snapshot_bytes[..HEADER], &frame(&state, 0)].concat();
        look(&SAMPLE.segment_bytes, &snapshot);
    }

    #[test]
    fn nearly_right_payloads_with_good_checksums(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut state = SAMPLE.snapshot_bytes[HEADER + 8..].to_vec();
        *at.get_mut(&mut state) = byte;
        look(&SAMPLE.segment_bytes, &[&SAMPLE.snapshot_bytes[..HEADER], &frame(&state, 0)].concat());
    }

    /// Records that could be there, in frames that say anything of their decisions.
    #[test]
    fn good_records_of_any_kind_of_frame(kinds in vec(0..4u32, 1..40), cut in any::<prop::sample::Index>()) {
        let mut segment = SAMPLE.segment_bytes[..HEADER].to_vec();
        let mut rest = &SAMPLE.segment_bytes[HEADER..];
        for kind in kinds {
            let Some(length) = rest.get(..4) else { break };
            let length = u32::from_le_bytes(length.try_into().unwrap()) & ((1 << 30) - 1);
            let end = 8 + usize::try_from(length).unwrap();
            segment.extend(frame(&rest[8..end], kind));
            rest = &rest[end..];
        }
        look(&segment, &SAMPLE.snapshot_bytes);
        look(&segment[..HEADER + cut.index(segment.len() - HEADER)], &SAMPLE.snapshot_bytes);
    }

    #[test]
    fn any_cursor(bytes in vec(any::<u8>(), 0..40)) {
        let storage = MemoryStorage::new();
        storage.set_bytes("cursors/reader", &bytes);
        let cursor = Cursor::open_on(Arc::new(storage), "reader").unwrap();
        prop_assert!(cursor.load().is_err());
    }
}
