//! A reader that knows what has happened before its place.

use crate::storage::{DiskStorage, Storage};
use crate::{JournalError, Reader, segment, snapshot};
use kernel::State;
use std::path::Path;
use std::sync::Arc;

impl Reader {
    /// A reader that stands after record `after`, and the state there: the newest snapshot before
    /// it, with what follows folded in. 0 is the beginning.
    ///
    /// # Errors
    /// When the records up to there are not all there, or do not make sense.
    pub fn open_with_state(dir: &Path, after: u64) -> Result<(Self, State), JournalError> {
        let storage: Arc<dyn Storage> = Arc::new(DiskStorage::new(dir));
        let mut state = newest_before(&*storage, after)?;
        let mut reader = Self::open_on(storage.clone(), state.next_seq())?;
        while reader.next_seq() <= after {
            let wanted = reader.next_seq();
            let missing = JournalError::Missing { dir: dir.into(), wanted, next: after };
            let record = reader.next()?.ok_or(missing)?;
            state
                .evolve(&record)
                .map_err(|source| JournalError::Fold { file: dir.into(), source })?;
        }
        Ok((reader, state))
    }

    /// The state after every record that is there by now: the newest snapshot with what follows
    /// folded in. A journal that is being written to may be read so.
    ///
    /// # Errors
    /// When it cannot be read, or does not make sense.
    pub fn newest_state(dir: &Path) -> Result<State, JournalError> {
        let storage: Arc<dyn Storage> = Arc::new(DiskStorage::new(dir));
        let mut state = newest_before(&*storage, u64::MAX - 1)?;
        let mut reader = Self::open_on(storage, state.next_seq())?;
        while let Some(record) = reader.next()? {
            state
                .evolve(&record)
                .map_err(|source| JournalError::Fold { file: dir.into(), source })?;
        }
        Ok(state)
    }
}

/// The newest state at or before a record that can be had without folding. A snapshot that cannot
/// be read is passed over: the records before it lead to it.
fn newest_before(storage: &dyn Storage, after: u64) -> Result<State, JournalError> {
    let segments = segment::list(storage)?;
    let before = segments.iter().rev().filter(|first| **first <= after + 1 && **first > 1);
    let state = before.map(|first| snapshot::read(storage, *first)).find_map(Result::ok);
    Ok(state.unwrap_or_default())
}
