//! Reading all of a journal and believing nothing.

use crate::format::FileKind;
use crate::recover::{check_session, torn_bytes};
use crate::segment::{self, Next, Segment};
use crate::storage::{DiskStorage, Storage};
use crate::{EventsHash, JournalError, snapshot};
use kernel::{RecordBody, State};
use std::path::Path;

/// What a whole journal was found to hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// The session's id.
    pub session: Box<str>,
    /// Segments read.
    pub segments: u64,
    /// Snapshots that equal the fold of the records before them.
    pub snapshots: u64,
    /// Records read.
    pub records: u64,
    /// The first of them; above 1 when older ones were pruned.
    pub first_seq: u64,
    /// The last of them.
    pub last_seq: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Bytes at the end that are no whole decision: torn by a crash, or being written right now.
    pub torn_bytes: u64,
    /// The hash of all events; `None` when the first ones were pruned.
    pub events_hash: Option<String>,
}

/// Checks every checksum, that the records are numbered without a gap, that they fold, and that
/// every snapshot equals the fold. Takes no lock and changes nothing.
///
/// # Errors
/// The first thing that is wrong, with file and offset.
pub fn verify(dir: &Path) -> Result<Verified, JournalError> {
    verify_on(&DiskStorage::new(dir))
}

/// The same on any storage.
///
/// # Errors
/// As [`verify`].
pub fn verify_on(storage: &dyn Storage) -> Result<Verified, JournalError> {
    let segments = segment::list(storage)?;
    let (Some(&first_seq), Some(&last)) = (segments.first(), segments.last()) else {
        return Err(JournalError::Empty { dir: storage.locate("") });
    };
    let state = if first_seq == 1 { State::default() } else { snapshot::read(storage, first_seq)? };
    let mut walk = Walk { storage, state, hash: EventsHash::new(), found: Verified::at(first_seq) };
    for &first_seq in &segments {
        walk.segment(first_seq, first_seq == last)?;
    }
    let Walk { hash, mut found, .. } = walk;
    found.events_hash = (first_seq == 1).then(|| hash.finish_hex());
    Ok(found)
}

impl Verified {
    fn at(first_seq: u64) -> Self {
        Self {
            session: Box::default(),
            segments: 0,
            snapshots: 0,
            records: 0,
            first_seq,
            last_seq: first_seq - 1,
            bytes: 0,
            torn_bytes: 0,
            events_hash: None,
        }
    }
}

struct Walk<'a> {
    storage: &'a dyn Storage,
    state: State,
    hash: EventsHash,
    found: Verified,
}

impl Walk<'_> {
    fn segment(&mut self, first_seq: u64, is_last: bool) -> Result<(), JournalError> {
        let wanted = self.state.next_seq();
        if first_seq != wanted {
            let dir = self.storage.locate("");
            return Err(JournalError::Missing { dir, wanted, next: first_seq });
        }
        self.snapshot(first_seq)?;
        let mut segment = Segment::open(self.storage, first_seq)?;
        check_session(&segment, &self.state)?;
        if let Some(what) = self.records(&mut segment)? {
            self.found.torn_bytes = torn_bytes(&segment, is_last, what)?;
        }
        self.found.session = segment.header().session.clone();
        self.found.segments += 1;
        self.found.bytes += segment.len()?;
        Ok(())
    }

    fn snapshot(&mut self, first_seq: u64) -> Result<(), JournalError> {
        if first_seq == 1 {
            return Ok(());
        }
        if snapshot::read(self.storage, first_seq)? != self.state {
            let file = self.storage.locate(&FileKind::Snapshot.name(first_seq));
            return Err(JournalError::SnapshotDiffers { file });
        }
        self.found.snapshots += 1;
        Ok(())
    }

    /// Folds what is whole; gives what is wrong with what follows, if anything does.
    fn records(&mut self, segment: &mut Segment) -> Result<Option<&'static str>, JournalError> {
        loop {
            let record = match segment.next()? {
                Next::Record(record) => record,
                Next::End => return Ok(None),
                Next::Broken(what) => return Ok(Some(what)),
            };
            self.state
                .evolve(&record)
                .map_err(|source| JournalError::Fold { file: segment.path().clone(), source })?;
            if let RecordBody::Event { at, event } = &record.body {
                self.hash.add(*at, event);
            }
            self.found.records += 1;
            self.found.last_seq = record.seq;
        }
    }
}
