//! Why a session could not begin, or ended early.

use crate::alpaca::{ApiError, ErrorClass};
use crate::control::ControlError;
use journal::{Fault, JournalError};
use kernel::{DecideError, Timestamp};
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
    /// Market data that is asked for has no steps.
    #[error(
        "the exchange replays in lock step, and so takes its market data from nobody else: set \
         session.data to \"venue\", or replay at a speed such as 60"
    )]
    PolledInLockStep,
    /// Another session trades on the account.
    #[error(
        "session {session} trades on this account: it sent order {order} at {submitted}. Two \
         sessions would spend the same cash: end that one, or give this one an account of its own. \
         If it has ended, this one may begin after {free}; to go on with it, name its directory \
         with --data-dir"
    )]
    SecondSession {
        /// The first characters of its id.
        session: Box<str>,
        /// The order that gives it away.
        order: Box<str>,
        /// When that was sent, by the venue's clock.
        submitted: Timestamp,
        /// When a session that sends nothing more is taken to have ended.
        free: Timestamp,
    },
    /// The account's only place on the data stream is taken.
    #[error(
        "the market data stream has refused this session for {seconds} s: another program is \
         connected to it with this account, and the broker allows one; end that program, or give \
         this session an account of its own"
    )]
    DataStreamTaken {
        /// For how long.
        seconds: u64,
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
    /// A model cannot be given a thread of its own.
    #[error("model {model} cannot be given a thread of its own: {source}")]
    Model {
        /// Its id.
        model: Box<str>,
        /// Why not.
        source: io::Error,
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
            | ErrorClass::Unreadable
            | ErrorClass::NotSent
            | ErrorClass::Withheld => SessionError::Broker { what, error },
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
            | SessionError::SecondSession { .. }
            | SessionError::DataStreamTaken { .. }
            | SessionError::PolledInLockStep
            | SessionError::Symbol { .. } => ExitClass::Usage,
            SessionError::Unauthorized(_)
            | SessionError::AccountBlocked { .. }
            | SessionError::Stream { refused: true, .. } => ExitClass::BrokerRefused,
            SessionError::Interrupted => ExitClass::Done,
            SessionError::Broker { .. }
            | SessionError::Stream { .. }
            | SessionError::Model { .. }
            | SessionError::Control(_)
            | SessionError::Kernel(_) => ExitClass::Failed,
        }
    }
}
