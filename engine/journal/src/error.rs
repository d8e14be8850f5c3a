//! What can go wrong with a journal, where, and what to do about it.

use kernel::EvolveError;
use std::io;
use std::path::{Path, PathBuf};

/// What a fault says about a journal, for those who must answer with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The files were read and are not what was written, or do not follow from each other.
    Damaged,
    /// The files cannot be read at all: not there, not allowed, of another format or build.
    Unreadable,
    /// Another process writes the journal.
    InUse,
    /// The storage takes nothing more.
    Storage,
    /// The program used the journal otherwise than it may.
    Program,
}

/// A fault of the journal or of the storage under it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes this journal.
    #[error("{} is in use by {}: end that session first, or choose another data directory", dir.display(), holder(*pid))]
    Locked {
        /// The journal's directory.
        dir: PathBuf,
        /// The process that holds the lock, when it has said so.
        pid: Option<u32>,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No space is left, and the reserve is used up. What was committed before is safe.
    #[error("the disk that holds {} is full: free space on it, then start the session again; nothing committed was lost", path.display())]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// An fsync failed, so it is not known what is on disk. Nothing more is written.
    #[error("{} could not be made durable, so nothing more is journalled: check the disk, then start the session again, which recovers what is on it", path.display())]
    NotDurable {
        /// The segment.
        path: PathBuf,
    },
    /// Bytes that were once durable have changed.
    #[error("{} is damaged at byte {offset} ({what}): restore the file from a backup, or set the data directory aside and start a new session, which takes over what the broker holds", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A whole record that this build does not understand.
    #[error("{} holds a whole record at byte {offset} that is not understood: it was written by another build of tradewind, go on with that one", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Where in it.
        offset: u64,
    },
    /// A file of a version to come.
    #[error("{} is in journal format {found} and this program reads up to {}: use the newer tradewind that wrote it", file.display(), crate::FORMAT_VERSION)]
    NewerVersion {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A record is appended out of turn.
    #[error("record {found} was appended where {expected} was due")]
    Sequence {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The state handed to a commit is not the one that follows from the appended records.
    #[error(
        "the state stands at record {state} and the journal at {journal}: fold every record before it is committed"
    )]
    StateElsewhere {
        /// The last record folded into the state.
        state: u64,
        /// The last record appended.
        journal: u64,
    },
    /// The first record is not the start of a session.
    #[error(
        "a journal begins with the start of a session, whose id has 1 to {} bytes",
        crate::format::SESSION_BYTES
    )]
    NoSession,
    /// A record that no reader would take.
    #[error("record {seq} cannot be journalled: {what}")]
    Unwritable {
        /// The record.
        seq: u64,
        /// Why not.
        what: String,
    },
    /// Records are missing.
    #[error("{} lacks record {wanted} and goes on with {next}: restore the missing segment, or read from record {next}", dir.display())]
    Missing {
        /// The journal's directory.
        dir: PathBuf,
        /// The record that is not there.
        wanted: u64,
        /// The first that is.
        next: u64,
    },
    /// A record that does not follow from those before it.
    #[error("{} does not make sense: {source}; go on with the build of tradewind that wrote it", file.display())]
    Fold {
        /// The file.
        file: PathBuf,
        /// What does not follow.
        source: EvolveError,
    },
    /// A snapshot that is not what the records before it lead to.
    #[error("{} does not equal the fold of the records before it: delete it and start again, the records are right", file.display())]
    SnapshotDiffers {
        /// The snapshot.
        file: PathBuf,
    },
    /// There is nothing to check.
    #[error("there is no journal in {}", dir.display())]
    Empty {
        /// The directory.
        dir: PathBuf,
    },
    /// A name that cannot be a file's.
    #[error("{name:?} cannot name a cursor: use 1 to 64 of a-z, 0-9, '-' and '_'")]
    CursorName {
        /// The name.
        name: String,
    },
    /// A cursor's file does not hold a cursor.
    #[error("{} is not a cursor: delete it, and its reader starts at the first record; readers drop what they have seen by its number", file.display())]
    CursorDamaged {
        /// The file.
        file: PathBuf,
    },
}

impl JournalError {
    /// What the fault says about the journal.
    pub fn fault(&self) -> Fault {
        match self {
            JournalError::Damaged { .. }
            | JournalError::Missing { .. }
            | JournalError::Fold { .. }
            | JournalError::SnapshotDiffers { .. }
            | JournalError::CursorDamaged { .. } => Fault::Damaged,
            JournalError::Unreadable { .. }
            | JournalError::NewerVersion { .. }
            | JournalError::Empty { .. } => Fault::Unreadable,
            JournalError::Io { source, .. } if is_in_the_way(source) => Fault::Unreadable,
            JournalError::Locked { .. } => Fault::InUse,
            JournalError::Io { .. }
            | JournalError::DiskFull { .. }
            | JournalError::NotDurable { .. } => Fault::Storage,
            JournalError::Sequence { .. }
            | JournalError::StateElsewhere { .. }
            | JournalError::NoSession
            | JournalError::Unwritable { .. }
            | JournalError::CursorName { .. } => Fault::Program,
        }
    }

    /// Turns what the operating system said about a file into an error that names both.
    pub(crate) fn io(action: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            if is_full(&source) {
                Self::DiskFull { path }
            } else {
                Self::Io { action, path, source }
            }
        }
    }

    pub(crate) fn damaged(file: &Path, offset: u64, what: &'static str) -> Self {
        Self::Damaged { file: file.into(), offset, what }
    }
}

/// Whether an error says that no space is left.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// Whether an error lies in the path or its permissions rather than in the disk.
fn is_in_the_way(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidFilename
    )
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".into(), |pid| format!("process {pid}"))
}
