//! What can be wrong with a store.

use kernel::Timestamp;
use marketdata::MarketDataFileError;
use std::path::{Path, PathBuf};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refuses.
    #[error("{} cannot be {action}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `written`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another process is writing.
    #[error("the store {} is being written by another process; try again when it is done", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// A `meta.json` that is none.
    #[error("{} is not a description of market data ({reason}); import the data again", path.display())]
    Meta {
        /// The file.
        path: PathBuf,
        /// Why it is none.
        reason: String,
    },
    /// Nothing there.
    #[error("the store {} holds no {wanted}; `tradewind data list` shows what it holds", path.display())]
    Absent {
        /// The store.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
    },
    /// Bars of a length without a name.
    #[error(
        "bars of {length} for {symbol} have no name such as 1Min, 90Min, 4Hour or 1Day; make others out of them with `data convert --resample`"
    )]
    NoName {
        /// Whose bars.
        symbol: Box<str>,
        /// Their length, in the largest unit that measures it.
        length: String,
    },
    /// The series comes from elsewhere.
    #[error(
        "the store already holds {series} of feed {held}; {wanted} would be mixed into it: use \
         another store, or replace the series with --replace"
    )]
    OtherFeed {
        /// Which.
        series: String,
        /// The feed of what is there.
        held: String,
        /// The feed of what was to be added.
        wanted: String,
    },
    /// Other data at the same time.
    #[error(
        "the store already holds other {series} at {time}; replace what it holds with --replace"
    )]
    Conflict {
        /// Which.
        series: String,
        /// When.
        time: Timestamp,
    },
    /// Rows that go back in time.
    #[error("{series} at {time} comes after later rows; sort the rows by time")]
    Unsorted {
        /// Which.
        series: String,
        /// When.
        time: Timestamp,
    },
    /// A number that the columns cannot hold.
    #[error(
        "{series} at {time}: {column} {value} does not fit; prices and sizes have at most nine \
         digits before the point"
    )]
    TooLarge {
        /// Which.
        series: String,
        /// When.
        time: Timestamp,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// A file of market data that is not sound.
    #[error(transparent)]
    File(#[from] MarketDataFileError),
    /// The Parquet library refuses: a fault of the program.
    #[error("{} cannot be written as Parquet: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
