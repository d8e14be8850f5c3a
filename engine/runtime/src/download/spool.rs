//! The pages of a download that is not complete.
//!
//! ```text
//! ROOT/4f1c…/request       what was asked for
//! ROOT/4f1c…/settled       what was settled when it began, such as its end
//! ROOT/4f1c…/00000000      the first page, as the service wrote it
//! ```
//!
//! A page has its name when all of it is on the disk, and none before the one before it.

use super::DownloadError;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The folder of one download. Held by one process at a time.
pub struct Spool {
    dir: PathBuf,
    count: usize,
    _lock: File,
}

impl Spool {
    /// The folder of a request, with the pages that are there.
    ///
    /// # Errors
    /// When it cannot be made, or another process has it.
    pub fn open(root: &Path, request: &str) -> Result<Self, DownloadError> {
        let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, request.as_bytes());
        let dir = root.join(name.simple().to_string());
        fs::create_dir_all(&dir).map_err(|error| io("written", &dir, error))?;
        let path = dir.join("request");
        // Not emptied before it is ours.
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|error| io("written", &path, error))?;
        lock.try_lock().map_err(|_| DownloadError::Busy { path: dir.clone() })?;
        (&lock).write_all(request.as_bytes()).map_err(|error| io("written", &path, error))?;
        let count = (0..).take_while(|number| dir.join(name_of(*number)).is_file()).count();
        Ok(Self { dir, count, _lock: lock })
    }

    /// How many pages are there.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// What must not change while the download goes on: as it was settled by the first process, or
    /// as this one proposes when it is the first.
    ///
    /// # Errors
    /// When it can neither be read nor written.
    pub fn settle(&self, proposed: &str) -> Result<String, DownloadError> {
        let path = self.dir.join("settled");
        if !path.is_file() {
            write_whole(&path, proposed.as_bytes())?;
        }
        fs::read_to_string(&path).map_err(|error| io("read", &path, error))
    }

    /// A page by how many are before it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn page(&self, behind: usize) -> Result<Vec<u8>, DownloadError> {
        let path = self.dir.join(name_of(behind));
        fs::read(&path).map_err(|error| io("read", &path, error))
    }

    /// Forgets every page, and what was settled.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn clear(&mut self) -> Result<(), DownloadError> {
        // The last first: those that are left are still the first ones.
        let pages = (0..self.count).rev().map(name_of);
        for name in pages.chain(["settled".to_owned()]) {
            let path = self.dir.join(name);
            if path.is_file() {
                fs::remove_file(&path).map_err(|error| io("written", &path, error))?;
            }
        }
        self.count = 0;
        Ok(())
    }

    /// Removes the folder of a download that is complete.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> Result<(), DownloadError> {
        fs::remove_dir_all(&self.dir).map_err(|error| io("written", &self.dir, error))
    }

    pub(super) fn last(&self) -> Result<Option<Vec<u8>>, DownloadError> {
        self.count.checked_sub(1).map(|behind| self.page(behind)).transpose()
    }

    /// Keeps the next page.
    pub(super) fn add(&mut self, page: &[u8]) -> Result<(), DownloadError> {
        write_whole(&self.dir.join(name_of(self.count)), page)?;
        self.count += 1;
        Ok(())
    }
}

fn name_of(behind: usize) -> String {
    format!("{behind:08}")
}

/// Writes a file beside its place, brings it to the disk and moves it there.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DownloadError> {
    let beside = path.with_extension("part");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| io("written", path, error))
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> DownloadError {
    DownloadError::Io { action, path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_what_was_settled_outlive_the_process() {
        let root = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(root.path(), "bars of SPY").unwrap();
        assert_eq!((spool.count(), spool.last().unwrap()), (0, None));
        assert_eq!(spool.settle("noon").unwrap(), "noon");
        spool.add(b"one").unwrap();
        spool.add(b"two").unwrap();
        let busy = Spool::open(root.path(), "bars of SPY").err().unwrap();
        assert!(matches!(busy, DownloadError::Busy { .. }), "{busy}");
        assert_eq!(Spool::open(root.path(), "bars of QQQ").unwrap().count(), 0);
        // Killed while the third was being written.
        fs::write(spool.dir.join("00000002.part"), b"thr").unwrap();
        drop(spool);
        let mut again = Spool::open(root.path(), "bars of SPY").unwrap();
        assert_eq!((again.count(), again.last().unwrap().unwrap()), (2, b"two".to_vec()));
        assert_eq!(again.settle("midnight").unwrap(), "noon");
        again.clear().unwrap();
        assert_eq!((again.count(), again.settle("midnight").unwrap()), (0, "midnight".into()));
        let dir = again.dir.clone();
        again.remove().unwrap();
        assert!(!dir.exists());
    }
}
