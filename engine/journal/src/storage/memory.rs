//! A disk in memory that can crash, tear writes, fail to sync and be full.
//!
//! What is written lives until [`MemoryStorage::after_crash`], which gives the disk as a machine
//! would find it that lost power: file contents as of their last sync, and whatever of the rest
//! one chooses; names as of the last sync of their folder.

use super::{Lock, LockError, Storage, StorageFile};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong, counted from when it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// The machine stops after so much work: a written byte is one, and so is each create, rename,
    /// remove, cut and sync. The write that reaches it is torn there.
    pub crash_after: Option<u64>,
    /// The sync of a file that fails: 0 is the next.
    pub failed_sync: Option<u64>,
    /// Bytes that all files together may have.
    pub capacity: Option<u64>,
}

/// What a crash leaves of bytes that were written and not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced {
    /// All of them, and all names: the process was killed and the machine lives.
    Kept,
    /// None of them.
    Lost,
    /// The first so many of each file.
    Cut(usize),
    /// As many bytes, the first so many of each file right and the others zero: the length
    /// reached the disk before the content.
    Zeroed(usize),
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug, Default)]
struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    faults: Faults,
    work: u64,
    syncs: u64,
    locked: bool,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

impl MemoryStorage {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets things go wrong from here on; the default lets nothing.
    pub fn set_faults(&self, faults: Faults) {
        let mut disk = self.disk();
        disk.faults = faults;
        disk.work = 0;
        disk.syncs = 0;
    }

    /// The work done since the faults were set, in the unit of [`Faults::crash_after`].
    pub fn work(&self) -> u64 {
        self.disk().work
    }

    /// The disk as it is found after a crash here, without faults and without locks.
    pub fn after_crash(&self, unsynced: Unsynced) -> Self {
        let disk = self.disk();
        let names = match unsynced {
            Unsynced::Kept => &disk.names,
            Unsynced::Lost | Unsynced::Cut(_) | Unsynced::Zeroed(_) => &disk.durable_names,
        };
        let found = |inode: &Inode| {
            let bytes = inode.found(unsynced);
            Inode { synced: bytes.clone(), bytes }
        };
        let inodes = disk.inodes.iter().map(found).collect();
        let (names, durable_names) = (names.clone(), names.clone());
        let disk = Disk { inodes, names, durable_names, ..Disk::default() };
        Self { disk: Arc::new(Mutex::new(disk)) }
    }

    /// The bytes of a file, for tests that damage them.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk();
        let inode = *disk.names.get(name)?;
        disk.inodes.get(inode).map(|inode| inode.bytes.clone())
    }

    /// Replaces the bytes of a file, durably.
    pub fn set_bytes(&self, name: &str, bytes: &[u8]) {
        let mut disk = self.disk();
        let inode = disk.inodes.len();
        disk.inodes.push(Inode { bytes: bytes.into(), synced: bytes.into() });
        disk.names.insert(name.into(), inode);
        disk.durable_names.insert(name.into(), inode);
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let disk = self.disk();
        let inode = *disk.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile { storage: self.clone(), inode }))
    }
}

impl Inode {
    fn found(&self, unsynced: Unsynced) -> Vec<u8> {
        let written = self.bytes.strip_prefix(self.synced.as_slice()).unwrap_or(&[]);
        let first = |count: usize| written.get(..count).unwrap_or(written);
        match unsynced {
            Unsynced::Kept => self.bytes.clone(),
            Unsynced::Lost => self.synced.clone(),
            Unsynced::Cut(count) => [&self.synced, first(count)].concat(),
            Unsynced::Zeroed(count) => {
                let zeros = vec![0; written.len().saturating_sub(count)];
                [&self.synced, first(count), &zeros].concat()
            }
        }
    }
}

impl Disk {
    /// Does up to `wanted` units of work; fewer when the machine stops before.
    fn spend(&mut self, wanted: u64) -> u64 {
        let left = self.faults.crash_after.map_or(u64::MAX, |most| most.saturating_sub(self.work));
        let spent = wanted.min(left);
        self.work += spent;
        spent
    }

    fn step(&mut self) -> io::Result<()> {
        if self.spend(1) == 1 { Ok(()) } else { Err(crashed()) }
    }

    fn room(&self) -> u64 {
        let used = || -> u64 {
            let files = self.names.values().filter_map(|inode| self.inodes.get(*inode));
            files.map(|inode| inode.bytes.len() as u64).sum()
        };
        self.faults.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(used()))
    }

    fn inode(&mut self, inode: usize) -> io::Result<&mut Inode> {
        self.inodes.get_mut(inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn write(&mut self, inode: usize, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let held = self.inode(inode)?.bytes.len();
        let grows = (offset + bytes.len()).saturating_sub(held) as u64;
        let lacking = grows.saturating_sub(self.room());
        let wanted = (bytes.len() as u64).saturating_sub(lacking);
        let written = self.spend(wanted);
        let count = usize::try_from(written).map_err(io::Error::other)?;
        let file = &mut self.inode(inode)?.bytes;
        if file.len() < offset + count {
            file.resize(offset + count, 0);
        }
        for (place, byte) in file.iter_mut().skip(offset).zip(bytes.iter().take(count)) {
            *place = *byte;
        }
        if written < wanted {
            Err(crashed())
        } else if lacking > 0 {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

fn crashed() -> io::Error {
    io::Error::other("the machine has stopped")
}

impl Storage for MemoryStorage {
    fn locate(&self, name: &str) -> PathBuf {
        Path::new("memory").join(name)
    }

    fn lock(&self) -> Result<Box<dyn Lock>, LockError> {
        let mut disk = self.disk();
        if disk.locked {
            return Err(LockError::Held { pid: Some(std::process::id()) });
        }
        disk.locked = true;
        Ok(Box::new(MemoryLock { storage: self.clone() }))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let disk = self.disk();
        let inside = |name: &String| {
            let (of, file) = split(name);
            (of == folder).then(|| file.to_owned())
        };
        Ok(disk.names.keys().filter_map(inside).collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let mut disk = self.disk();
        disk.step()?;
        let inode = disk.inodes.len();
        disk.inodes.push(Inode::default());
        disk.names.insert(name.into(), inode);
        Ok(Box::new(MemoryFile { storage: self.clone(), inode }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        self.file(name)
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        self.file(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        let inode = disk.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        disk.names.insert(to.into(), inode);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.names.remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        let Disk { names, durable_names, .. } = &mut *disk;
        durable_names.retain(|name, _| split(name).0 != folder);
        let inside = names.iter().filter(|(name, _)| split(name).0 == folder);
        durable_names.extend(inside.map(|(name, inode)| (name.clone(), *inode)));
        Ok(())
    }
}

fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

#[derive(Debug)]
struct MemoryLock {
    storage: MemoryStorage,
}

impl Lock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.storage.disk().locked = false;
    }
}

#[derive(Debug)]
struct MemoryFile {
    storage: MemoryStorage,
    inode: usize,
}

impl StorageFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.storage.disk().inode(self.inode)?.bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut disk = self.storage.disk();
        let bytes = &disk.inode(self.inode)?.bytes;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let rest = bytes.get(start..).unwrap_or(&[]);
        let read = rest.len().min(into.len());
        for (place, byte) in into.iter_mut().zip(rest) {
            *place = *byte;
        }
        Ok(read)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.storage.disk().write(self.inode, offset, bytes)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let mut disk = self.storage.disk();
        disk.step()?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        disk.inode(self.inode)?.bytes.truncate(len);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.storage.disk();
        disk.step()?;
        let turn = disk.syncs;
        disk.syncs += 1;
        if disk.faults.failed_sync == Some(turn) {
            return Err(io::Error::other("the sync failed"));
        }
        let inode = disk.inode(self.inode)?;
        inode.synced.clone_from(&inode.bytes);
        Ok(())
    }
}
