//! Why a limit cannot be set.

use super::Reach;
use crate::Cash;

/// Why a value cannot be a limit's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No limit has this key.
    #[error("no limit is called {key}; `tradewind risk` lists them all")]
    Unknown {
        /// As it was written.
        key: Box<str>,
    },
    /// A layer that cannot have it.
    #[error("{path}: {key} is for {whose}", whose = .reach.as_str())]
    Reach {
        /// As it was written.
        path: Box<str>,
        /// The limit.
        key: &'static str,
        /// Who may have one.
        reach: Reach,
    },
    /// No number, or one outside of the range.
    #[error("{key}: expected a number from {low} to {high}{}, found {found}", if *.may_be_off { ", or \"off\"" } else { "" })]
    Range {
        /// Whose.
        key: &'static str,
        /// The lowest.
        low: &'static str,
        /// The highest.
        high: &'static str,
        /// Whether `off` is one.
        may_be_off: bool,
        /// As it was written.
        found: Box<str>,
    },
    /// A value that is none of a limit that is no figure.
    #[error("{key}: expected {expects}, found {found:?}")]
    Setting {
        /// Whose.
        key: Box<str>,
        /// What it must be.
        expects: &'static str,
        /// As it was written.
        found: Box<str>,
    },
    /// A number with more decimals than the limit has.
    #[error("{key}: {found} is finer than this limit can be set: it would hold at {held}")]
    TooFine {
        /// Whose.
        key: &'static str,
        /// As it was written.
        found: Box<str>,
        /// What it would be.
        held: Cash,
    },
}
