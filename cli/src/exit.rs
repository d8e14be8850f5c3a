//! How a command ends: one sentence and a number that scripts can rely on.

use crate::config::ConfigError;
use backtest::BacktestError;
use exchange::server::{ServerError, StateError};
use journal::{Fault, JournalError};
use runtime::alpaca::{ApiError, ErrorClass};
use runtime::alpha_vantage::AlphaVantageError;
use runtime::control::AskError;
use runtime::download::DownloadError;
use runtime::session::replay::ReplayError;
use runtime::session::{ExitClass, SessionError};
use std::io;
use std::process::ExitCode;

/// The exit codes. They are a contract: see `tradewind --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Asked to end before there was anything to sum up.
    Done = 0,
    /// Anything that has no number of its own.
    Other = 1,
    /// Usage, configuration, unreadable or bad data, conflicting environment.
    Usage = 2,
    /// The broker refused: wrong keys, blocked account.
    Refused = 3,
    /// The session ended halted.
    Halted = 4,
    /// A check answered no.
    CheckFailed = 5,
    /// There is no running session.
    NoSession = 6,
}

/// A command that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The number.
    pub exit: Exit,
    /// What happened, where, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure with its number and sentence.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// A mistake of usage, configuration or data.
    pub fn usage(message: impl ToString) -> Self {
        Self::new(Exit::Usage, message.to_string())
    }

    /// Anything without a number of its own.
    pub fn other(message: impl ToString) -> Self {
        Self::new(Exit::Other, message.to_string())
    }
}

impl Exit {
    /// A file that a user named: the path is theirs to mend, a disk that takes nothing is not.
    pub fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::OutOfMemory => Exit::Other,
            _ => Exit::Usage,
        }
    }

    /// A command that needs a journal.
    pub fn of_journal(error: &JournalError) -> Self {
        match error.fault() {
            Fault::Damaged | Fault::Unreadable | Fault::InUse => Exit::Usage,
            Fault::Storage | Fault::Program => Exit::Other,
        }
    }

    /// A command that was asked whether a journal is good: damage is an answer, a journal that
    /// cannot be read at all is none.
    pub fn of_journal_check(error: &JournalError) -> Self {
        match error.fault() {
            Fault::Damaged => Exit::CheckFailed,
            Fault::Unreadable | Fault::InUse | Fault::Storage => Exit::Usage,
            Fault::Program => Exit::Other,
        }
    }

    /// A replay, which with `--verify` is a check of the journal.
    pub fn of_replay<E: std::error::Error>(error: &ReplayError<E>, is_check: bool) -> Self {
        match error {
            // Its first segments were deleted to make room: there is nothing to begin from.
            ReplayError::Journal(JournalError::Missing { wanted: 1, .. }) => Exit::Usage,
            ReplayError::Journal(error) if is_check => Self::of_journal_check(error),
            ReplayError::Fold { .. } | ReplayError::Decide { .. } if is_check => Exit::CheckFailed,
            ReplayError::Journal(_)
            | ReplayError::Fold { .. }
            | ReplayError::Decide { .. }
            | ReplayError::Strategies(_)
            | ReplayError::Models(_)
            | ReplayError::Empty => Exit::Usage,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::usage(error)
    }
}

/// The end of a session.
impl From<&SessionError> for Failure {
    fn from(error: &SessionError) -> Self {
        let exit = match error.exit_class() {
            ExitClass::Usage => Exit::Usage,
            ExitClass::BrokerRefused => Exit::Refused,
            ExitClass::Halted => Exit::Halted,
            ExitClass::Failed => Exit::Other,
            ExitClass::Done => Exit::Done,
        };
        Failure::new(exit, error.to_string())
    }
}

/// A request to the broker outside a session.
impl From<&ApiError> for Failure {
    fn from(error: &ApiError) -> Self {
        let exit = match error.class {
            ErrorClass::Unauthorized => Exit::Refused,
            ErrorClass::Refused
            | ErrorClass::NotFound
            | ErrorClass::RateLimited
            | ErrorClass::Unknown
            | ErrorClass::Unreadable
            | ErrorClass::NotSent
            | ErrorClass::Withheld => Exit::Other,
        };
        Failure::new(exit, error.to_string())
    }
}

/// A download.
impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        let exit = match &error {
            DownloadError::Alpaca(error) => return Failure::from(error),
            DownloadError::Io { source, .. } => Exit::of_io(source),
            DownloadError::AlphaVantage(
                AlphaVantageError::Refused { .. } | AlphaVantageError::NotGiven { .. },
            ) => Exit::Refused,
            DownloadError::AlphaVantage(AlphaVantageError::Count { .. })
            | DownloadError::Busy { .. } => Exit::Usage,
            DownloadError::AlphaVantage(_) | DownloadError::Order { .. } => Exit::Other,
        };
        Failure::new(exit, error.to_string())
    }
}

/// A word to the running session.
impl From<&AskError> for Failure {
    fn from(error: &AskError) -> Self {
        let exit = match error {
            AskError::NoSession { .. } => Exit::NoSession,
            AskError::Unanswered { .. } | AskError::Io { .. } => Exit::Other,
        };
        Failure::new(exit, error.to_string())
    }
}

impl From<BacktestError> for Failure {
    fn from(error: BacktestError) -> Self {
        Self::from(&error)
    }
}

impl From<&BacktestError> for Failure {
    fn from(error: &BacktestError) -> Self {
        let exit = match error {
            BacktestError::NoData
            | BacktestError::Data(_)
            | BacktestError::NoStrategy
            | BacktestError::NoCalendar
            | BacktestError::Split { .. }
            | BacktestError::JournalNotEmpty { .. } => Exit::Usage,
            BacktestError::Journal(error) => Exit::of_journal(error),
            BacktestError::Decide { .. }
            | BacktestError::CashDiffers { .. }
            | BacktestError::PositionDiffers { .. }
            | BacktestError::DetailSymbols
            | BacktestError::Manifest(_) => Exit::Other,
        };
        Failure::new(exit, error.to_string())
    }
}

/// The bundled exchange.
impl From<&ServerError> for Failure {
    fn from(error: &ServerError) -> Self {
        let exit = match error {
            ServerError::Listen { .. }
            | ServerError::NoData
            | ServerError::NoSymbols
            | ServerError::Symbol(_)
            | ServerError::State(
                StateError::Locked { .. }
                | StateError::OtherVenue { .. }
                | StateError::Damaged { .. },
            ) => Exit::Usage,
            ServerError::State(StateError::Io { source, .. }) => Exit::of_io(source),
        };
        Failure::new(exit, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::DecideError;
    use std::path::PathBuf;

    fn io(kind: io::ErrorKind) -> io::Error {
        io::Error::from(kind)
    }

    fn journal_faults() -> Vec<(JournalError, Exit, Exit)> {
        let (dir, file, path) = (PathBuf::new, PathBuf::new, PathBuf::new);
        let read = |kind| JournalError::Io { action: "read", path: path(), source: io(kind) };
        vec![
            // The fault, for a session, for a check.
            (
                JournalError::Damaged { file: file(), offset: 0, what: "checksum" },
                Exit::Usage,
                Exit::CheckFailed,
            ),
            (
                JournalError::Missing { dir: dir(), wanted: 2, next: 9 },
                Exit::Usage,
                Exit::CheckFailed,
            ),
            (JournalError::SnapshotDiffers { file: file() }, Exit::Usage, Exit::CheckFailed),
            (JournalError::CursorDamaged { file: file() }, Exit::Usage, Exit::CheckFailed),
            (JournalError::Unreadable { file: file(), offset: 0 }, Exit::Usage, Exit::Usage),
            (JournalError::NewerVersion { file: file(), found: 99 }, Exit::Usage, Exit::Usage),
            (JournalError::Empty { dir: dir() }, Exit::Usage, Exit::Usage),
            (read(io::ErrorKind::PermissionDenied), Exit::Usage, Exit::Usage),
            (read(io::ErrorKind::NotFound), Exit::Usage, Exit::Usage),
            (JournalError::Locked { dir: dir(), pid: Some(1) }, Exit::Usage, Exit::Usage),
            (read(io::ErrorKind::Other), Exit::Other, Exit::Usage),
            (JournalError::DiskFull { path: path() }, Exit::Other, Exit::Usage),
            (JournalError::NotDurable { path: path() }, Exit::Other, Exit::Usage),
            (JournalError::NoSession, Exit::Other, Exit::Other),
        ]
    }

    #[test]
    fn a_journal_that_is_damaged_fails_a_check_and_is_bad_data_to_all_else() {
        for (error, session, check) in journal_faults() {
            assert_eq!(Exit::of_journal_check(&error), check, "{error}");
            assert_eq!(Exit::of_journal(&error), session, "{error}");
            let failure = Failure::from(&SessionError::Journal(error));
            assert_eq!(failure.exit, session, "{failure}");
        }
        for (error, session, check) in journal_faults() {
            let replay: ReplayError<io::Error> = ReplayError::Journal(error);
            assert_eq!(Exit::of_replay(&replay, true), check, "{replay}");
            assert_eq!(Exit::of_replay(&replay, false), Exit::Usage, "{replay}");
            let ReplayError::Journal(error) = replay else { unreachable!() };
            assert_eq!(Failure::from(&BacktestError::Journal(error)).exit, session);
        }
    }

    #[test]
    fn a_session_ends_with_the_number_of_its_cause() {
        let refused = |refused| SessionError::Stream {
            stream: "order",
            reason: "not allowed".into(),
            refused,
        };
        let cases = [
            (
                SessionError::DataDir {
                    dir: PathBuf::new(),
                    source: io(io::ErrorKind::PermissionDenied),
                },
                Exit::Usage,
            ),
            (
                SessionError::OtherSession {
                    dir: PathBuf::new(),
                    session: String::new(),
                    what: "symbols",
                    held: String::new(),
                    wanted: String::new(),
                },
                Exit::Usage,
            ),
            (
                SessionError::Symbol { symbol: "X".into(), host: "h".into(), why: "unknown" },
                Exit::Usage,
            ),
            (SessionError::AccountBlocked { host: "h".into(), reason: "r".into() }, Exit::Refused),
            (refused(true), Exit::Refused),
            (refused(false), Exit::Other),
            (SessionError::Kernel(DecideError::NotStarted), Exit::Other),
            (SessionError::Interrupted, Exit::Done),
        ];
        for (error, exit) in cases {
            assert_eq!(Failure::from(&error).exit, exit, "{error}");
        }
    }

    #[test]
    fn what_runs_beside_a_session_has_numbers_of_its_own() {
        let dir = PathBuf::new;
        let full = || io(io::ErrorKind::StorageFull);
        let state = |source| ServerError::State(StateError::Io { path: dir(), source });
        let address = ([127, 0, 0, 1], 1).into();
        let listen = ServerError::Listen { address, source: io(io::ErrorKind::AddrInUse) };
        let cases = [
            (Failure::from(&listen), Exit::Usage),
            (Failure::from(&ServerError::NoData), Exit::Usage),
            (Failure::from(&state(io(io::ErrorKind::PermissionDenied))), Exit::Usage),
            (Failure::from(&state(full())), Exit::Other),
            (Failure::from(&AskError::NoSession { dir: dir() }), Exit::NoSession),
            (Failure::from(&AskError::Io { dir: dir(), source: full() }), Exit::Other),
            (Failure::from(&BacktestError::NoData), Exit::Usage),
            (Failure::from(&BacktestError::JournalNotEmpty { records: 3 }), Exit::Usage),
            (Failure::from(ConfigError(Vec::new())), Exit::Usage),
        ];
        for (failure, exit) in cases {
            assert_eq!(failure.exit, exit, "{failure}");
        }
        let replay = |error: ReplayError<io::Error>| Exit::of_replay(&error, true);
        let decide = || ReplayError::Decide { seq: 1, source: DecideError::NotStarted };
        assert_eq!(replay(decide()), Exit::CheckFailed);
        assert_eq!(replay(ReplayError::Empty), Exit::Usage);
        assert_eq!(replay(ReplayError::Strategies(full())), Exit::Usage);
        assert_eq!((Exit::of_io(&full()), Exit::Halted as u8), (Exit::Other, 4));
    }
}
