//! A directory.

use super::{Lock, LockError, Storage, StorageFile};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";

/// A directory of the file system.
#[derive(Debug, Clone)]
pub struct DiskStorage {
    dir: PathBuf,
}

impl DiskStorage {
    /// The directory, which need not exist yet.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.into() }
    }

    fn make_folder(&self, of: &str) -> io::Result<()> {
        fs::create_dir_all(self.locate(of).parent().unwrap_or(&self.dir))
    }
}

impl Storage for DiskStorage {
    fn locate(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.dir.clone() } else { self.dir.join(name) }
    }

    fn lock(&self) -> Result<Box<dyn Lock>, LockError> {
        let open = || {
            fs::create_dir_all(&self.dir)?;
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true).create(true).truncate(false);
            options.open(self.locate(LOCK))
        };
        let mut file = open().map_err(LockError::Io)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut pid = String::new();
                let read = file.read_to_string(&mut pid);
                let pid = read.ok().and_then(|_| pid.trim().parse().ok());
                return Err(LockError::Held { pid });
            }
            Err(error) => return Err(LockError::Io(error.into())),
        }
        // The process id is for a message only: a full disk must not keep a session from starting.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Box::new(DiskLock { _file: file }))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.locate(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        self.make_folder(name)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true);
        Ok(Box::new(DiskFile { file: file.open(self.locate(name))? }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.locate(name))?;
        Ok(Box::new(DiskFile { file }))
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(DiskFile { file: File::open(self.locate(name))? }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.make_folder(to)?;
        fs::rename(self.locate(from), self.locate(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.locate(name))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        File::open(self.locate(folder))?.sync_all()
    }
}

#[derive(Debug)]
struct DiskLock {
    /// Closing it gives the lock back.
    _file: File,
}

impl Lock for DiskLock {}

#[derive(Debug)]
struct DiskFile {
    file: File,
}

impl StorageFile for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read_at(into, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        // Data and the length are flushed; times are not, which saves a write.
        self.file.sync_data()
    }
}
