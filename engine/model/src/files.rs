//! Files that are whole or not there, and say when they were damaged.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what was written.
    #[error("{} is damaged: it is not what was written there", .0.display())]
    Damaged(PathBuf),
}

impl FileError {
    #[cfg(feature = "train")]
    pub(crate) fn damaged(path: &Path) -> Self {
        Self::Damaged(path.into())
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), source }
    }
}

/// Opens a file that nobody reads, to be held while a folder must have one writer.
pub(crate) fn lock_file(folder: &Path) -> Result<(File, PathBuf), FileError> {
    let path = folder.join("lock");
    let opened = fs::create_dir_all(folder)
        .and_then(|()| File::options().create(true).truncate(false).write(true).open(&path));
    Ok((opened.map_err(FileError::io(&path))?, path))
}

/// Writes a file in one step: whoever reads sees the old content or the new.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let written = || -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The name is on disk once its folder is.
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    written().map_err(FileError::io(path))
}
