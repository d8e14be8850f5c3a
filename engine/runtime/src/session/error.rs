//! Why a session could not begin, or ended early.

use crate::alpaca::{ApiError, ErrorClass};
use crate::control::ControlError;
use journal::{Fault, JournalError};
use kernel::DecideError;
use std::io;
use std::path::PathBuf;

/// What a caller makes of the end of a session: the exit codes of the command, as types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitClass {
    /// Done, also after an orderly stop: 0.
    Done,
    /// Anything without a class of its own: 1.
    Failed,
    /// Usage, configuration or data: 2.
    Usage,
    /// The broker refused: 3.
    BrokerRefused,
    /// The session ended halted: 4.
    Halted,
}

/// Why a session could not begin, or ended early. Each is a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The data directory cannot be used.
    #[error("the data directory {} cannot be used: {source}; choose another with --data-dir", dir.display())]
    DataDir {
        /// Which.
        dir: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The journal cannot be used; a second session on the same directory ends here.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The directory holds an unfinished session that is another than was asked for.
    #[error(
        "{} holds session {session}, which was not ended and has {what} {held}, not {wanted}: \
         start it with the same {what} to end it, or choose another directory with --data-dir",
        dir.display()
    )]
    OtherSession {
        /// The data directory.
        dir: PathBuf,
        /// The first characters of the unfinished session's id.
        session: String,
        /// What differs.
        what: &'static str,
        /// As the unfinished session has it.
        held: String,
        /// As it was asked for.
        wanted: String,
    },
    /// The broker does not accept the keys.
    #[error("{0}")]
    Unauthorized(ApiError),
    /// The broker blocks the account.
    #[error(
        "{host} blocks the account: {reason}; nothing can be traded until that is settled with the broker"
    )]
    AccountBlocked {
        /// Who was asked.
        host: String,
        /// The broker's reason.
        reason: String,
    },
    /// The broker cannot be asked.
    #[error("cannot {what}: {error}")]
    Broker {
        /// What was tried.
        what: &'static str,
        /// What came back.
        error: ApiError,
    },
    /// A symbol is not one that the broker trades.
    #[error("{symbol} cannot be traded at {host}: {why}; leave it out of --symbols")]
    Symbol {
        /// Which.
        symbol: String,
        /// Who was asked.
        host: String,
        /// Why not.
        why: &'static str,
    },
    /// A stream cannot go on, and trying again would not help.
    #[error("the {stream} stream cannot go on: {reason}")]
    Stream {
        /// Which.
        stream: &'static str,
        /// What the broker says, and what to do.
        reason: String,
        /// Whether the broker refuses the keys or the plan.
        refused: bool,
    },
    /// The control socket cannot be opened.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The kernel could not decide: a fault of this program.
    #[error("the kernel stopped: {0}; please report this with the journal")]
    Kernel(#[from] DecideError),
    /// It was asked to end while it was starting.
    #[error("the session was asked to end while it was starting, and has ended")]
    Interrupted,
}

impl SessionError {
    /// An error of a request, with what was tried.
    pub(super) fn broker(what: &'static str) -> impl FnOnce(ApiError) -> Self {
        move |error| match error.class {
            ErrorClass::Unauthorized => SessionError::Unauthorized(error),
            ErrorClass::Refused
            | ErrorClass::NotFound
            | ErrorClass::RateLimited
            | ErrorClass::Unknown
            | ErrorClass::NotSent => SessionError::Broker { what, error },
        }
    }

    /// What a caller makes of it.
    pub fn exit_class(&self) -> ExitClass {
        match self {
            SessionError::Journal(error) => match error.fault() {
                Fault::Damaged | Fault::Unreadable | Fault::InUse => ExitClass::Usage,
                Fault::Storage | Fault::Program => ExitClass::Failed,
            },
            SessionError::DataDir { .. }
            | SessionError::OtherSession { .. }
            | SessionError::Symbol { .. } => ExitClass::Usage,
            SessionError::Unauthorized(_)
            | SessionError::AccountBlocked { .. }
            | SessionError::Stream { refused: true, .. } => ExitClass::BrokerRefused,
            SessionError::Interrupted => ExitClass::Done,
            SessionError::Broker { .. }
            | SessionError::Stream { .. }
            | SessionError::Control(_)
            | SessionError::Kernel(_) => ExitClass::Failed,
        }
    }
}
