//! What a journal asks of a disk, and two that give it: a directory, and memory with faults.

mod disk;
mod memory;

pub use disk::DiskStorage;
pub use memory::{Faults, MemoryStorage, Unsynced};

use crate::JournalError;
use std::fmt::Debug;
use std::io;
use std::path::PathBuf;

/// A folder of files. Names may have one folder in front, as in `cursors/kafka`.
pub trait Storage: Debug + Send + Sync {
    /// Where a file is, for messages; the empty name is the folder itself.
    fn locate(&self, name: &str) -> PathBuf;

    /// Makes this process the only writer until the guard is dropped.
    ///
    /// # Errors
    /// When another one is.
    fn lock(&self) -> Result<Box<dyn Lock>, LockError>;

    /// The names of the files in a folder, sorted, without the folder; none when it is absent.
    ///
    /// # Errors
    /// As the operating system says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// A new, empty file for writing, in place of any that has the name.
    ///
    /// # Errors
    /// As the operating system says.
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;

    /// An existing file for reading and writing.
    ///
    /// # Errors
    /// As the operating system says.
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;

    /// An existing file for reading alone.
    ///
    /// # Errors
    /// As the operating system says.
    fn read(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;

    /// Gives a file another name, at once and in place of any that has it.
    ///
    /// # Errors
    /// As the operating system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes what was created, renamed and removed in a folder durable.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;
}

/// One open file.
#[allow(clippy::len_without_is_empty, reason = "an empty file is nothing special here")]
pub trait StorageFile: Debug + Send {
    /// Its length in bytes.
    ///
    /// # Errors
    /// As the operating system says.
    fn len(&self) -> io::Result<u64>;

    /// Reads at a place; fewer bytes than asked for, down to none, at the end of the file.
    ///
    /// # Errors
    /// As the operating system says.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at a place. After an error any first part of them may be there.
    ///
    /// # Errors
    /// As the operating system says.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file.
    ///
    /// # Errors
    /// As the operating system says.
    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// Makes its content durable.
    ///
    /// # Errors
    /// As the operating system says; what is on disk is then not known.
    fn sync(&mut self) -> io::Result<()>;
}

/// Held by the one writer.
pub trait Lock: Debug + Send {}

/// Why a lock was not given.
#[derive(Debug)]
pub enum LockError {
    /// Another writer holds it.
    Held {
        /// Its process id, when it has said so.
        pid: Option<u32>,
    },
    /// The operating system refused.
    Io(io::Error),
}

/// Reads a whole file.
pub(crate) fn read_all(storage: &dyn Storage, name: &str) -> io::Result<Vec<u8>> {
    let file = storage.read(name)?;
    let mut bytes = vec![0; usize::try_from(file.len()?).map_err(io::Error::other)?];
    let read = read_fully(&*file, 0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Reads until the buffer is full or the file ends.
pub(crate) fn read_fully(
    file: &dyn StorageFile,
    offset: u64,
    into: &mut [u8],
) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(offset + filled as u64, rest)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Puts a file in place so that a crash leaves either the old one or the new one, whole.
pub(crate) fn write_atomically(
    storage: &dyn Storage,
    name: &str,
    bytes: &[u8],
) -> Result<(), JournalError> {
    let temporary = format!("{name}{TEMPORARY}");
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let write = || {
        let mut file = storage.create(&temporary)?;
        file.write_at(0, bytes)?;
        file.sync()?;
        storage.rename(&temporary, name)?;
        storage.sync_folder(folder)
    };
    write().map_err(|error| {
        // What could not be finished must not take the space that ran out; the next opening
        // removes it where this does not succeed.
        let _ = storage.remove(&temporary);
        JournalError::io("write", storage.locate(name))(error)
    })
}

/// How the names of unfinished files end.
pub(crate) const TEMPORARY: &str = ".tmp";
