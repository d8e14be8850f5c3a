//! How a command ends: one sentence and a number that scripts can rely on.

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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Failure::usage(error)
    }
}
