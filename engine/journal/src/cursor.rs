//! How far a reader has come.

use crate::JournalError;
use crate::storage::{DiskStorage, Storage, read_all, write_atomically};
use std::path::Path;
use std::sync::Arc;

pub(crate) const FOLDER: &str = "cursors";

/// A named place in the journal: the last record its reader is done with. While it exists, nothing
/// after that record is deleted.
#[derive(Debug)]
pub struct Cursor {
    storage: Arc<dyn Storage>,
    file: String,
}

impl Cursor {
    /// The cursor of a name, made at 0 if it is new.
    ///
    /// # Errors
    /// When the name cannot be a file's, or the disk fails.
    pub fn open(dir: &Path, name: &str) -> Result<Self, JournalError> {
        Self::open_on(Arc::new(DiskStorage::new(dir)), name)
    }

    /// The same on any storage.
    ///
    /// # Errors
    /// As [`Cursor::open`].
    pub fn open_on(storage: Arc<dyn Storage>, name: &str) -> Result<Self, JournalError> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(allowed) {
            return Err(JournalError::CursorName { name: name.into() });
        }
        let mut cursor = Self { storage, file: format!("{FOLDER}/{name}") };
        let names = cursor.storage.list(FOLDER);
        let names = names.map_err(JournalError::io("list", cursor.storage.locate(FOLDER)))?;
        if !names.iter().any(|held| held == name) {
            cursor.store(0)?;
        }
        Ok(cursor)
    }

    /// The last record that its reader is done with; 0 at first.
    ///
    /// # Errors
    /// When the file is damaged or the disk fails.
    pub fn load(&self) -> Result<u64, JournalError> {
        let file = self.storage.locate(&self.file);
        let bytes = read_all(&*self.storage, &self.file);
        let bytes = bytes.map_err(JournalError::io("read", file.clone()))?;
        decode(&bytes).ok_or(JournalError::CursorDamaged { file })
    }

    /// Moves it. The old place or the new one survives a crash, and the new one once this returns;
    /// as that takes two fsyncs, move it after a batch.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub fn store(&mut self, seq: u64) -> Result<(), JournalError> {
        write_atomically(&*self.storage, &self.file, encode(seq).as_bytes())
    }
}

/// The record that every cursor has passed; `None` when there is no cursor.
pub(crate) fn slowest(storage: &Arc<dyn Storage>) -> Result<Option<u64>, JournalError> {
    let names = storage.list(FOLDER);
    let names = names.map_err(JournalError::io("list", storage.locate(FOLDER)))?;
    let mut slowest: Option<u64> = None;
    for name in names.iter().filter(|name| !name.ends_with(crate::storage::TEMPORARY)) {
        let at = Cursor { storage: storage.clone(), file: format!("{FOLDER}/{name}") }.load()?;
        slowest = Some(slowest.map_or(at, |least| least.min(at)));
    }
    Ok(slowest)
}

/// The number and a checksum, as a line that people can read.
fn encode(seq: u64) -> String {
    format!("{seq} {:08x}\n", crc32fast::hash(&seq.to_le_bytes()))
}

fn decode(bytes: &[u8]) -> Option<u64> {
    let (seq, _) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
    let seq = seq.parse().ok()?;
    (encode(seq).as_bytes() == bytes).then_some(seq)
}
