//! Putting the journal of a finished session aside, so that a new session can begin.

use crate::storage::{DiskStorage, Storage, read_all, write_atomically};
use crate::{Journal, JournalError, cursor};
use std::path::{Path, PathBuf};

const FOLDER: &str = "finished";
/// Names the session while its files are being moved, so that a crash in between is made good by
/// the next opening.
const MARKER: &str = "retiring";

impl Journal {
    /// Moves everything the session wrote, cursors included, to `finished/SESSION` and gives that
    /// place: a journal that readers which were behind can go on with. The next opening begins a
    /// new journal. An empty one stays as it is.
    ///
    /// # Errors
    /// When the disk fails; opening again then finishes the move.
    pub fn retire(mut self) -> Result<PathBuf, JournalError> {
        self.sync()?;
        let Some(session) = self.session() else {
            return Ok(self.storage.locate(""));
        };
        let folder = format!("{FOLDER}/{session}");
        write_atomically(&*self.storage, MARKER, folder.as_bytes())?;
        finish(&*self.storage)?;
        Ok(self.storage.locate(&folder))
    }
}

/// The journals of finished sessions in a journal's directory, in the order of their names.
///
/// # Errors
/// When the directory cannot be read.
pub fn finished(dir: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let storage = DiskStorage::new(dir);
    let folder = storage.locate(FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::io("list", folder)(error)),
    };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>();
    let mut paths = paths.map_err(JournalError::io("list", folder))?;
    paths.sort_unstable();
    Ok(paths)
}

/// Finishes a move that was begun.
pub(crate) fn finish(storage: &dyn Storage) -> Result<(), JournalError> {
    let folder = match read_all(storage, MARKER) {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(JournalError::io("read", storage.locate(MARKER))(error)),
    };
    let folder = String::from_utf8_lossy(&folder);
    for source in [cursor::FOLDER, ""] {
        move_files(storage, source, &folder)?;
    }
    storage.remove(MARKER).map_err(JournalError::io("remove", storage.locate(MARKER)))?;
    storage.sync_folder("").map_err(JournalError::io("sync", storage.locate("")))
}

fn move_files(storage: &dyn Storage, source: &str, folder: &str) -> Result<(), JournalError> {
    let join = |folder: &str, name: &str| {
        if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
    };
    let names = storage.list(source).map_err(JournalError::io("list", storage.locate(source)))?;
    let belongs =
        |name: &&String| !source.is_empty() || name.ends_with(".seg") || name.ends_with(".snap");
    let target = join(folder, source);
    let target = target.trim_end_matches('/');
    for name in names.iter().filter(belongs) {
        let (from, to) = (join(source, name), join(target, name));
        storage.rename(&from, &to).map_err(JournalError::io("move", storage.locate(&from)))?;
        // The new name first: a crash in between leaves the file under both, never under none.
        for folder in [target, source] {
            let synced = storage.sync_folder(folder);
            synced.map_err(JournalError::io("sync", storage.locate(folder)))?;
        }
    }
    Ok(())
}
