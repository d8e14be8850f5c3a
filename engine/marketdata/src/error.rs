//! What can be wrong with a file, as one sentence with its place.

use kernel::{NumberError, SymbolError, Timestamp};
use std::fmt;
use std::path::{Path, PathBuf};

/// A mistake in a market data file, and where it is.
#[derive(Debug)]
pub struct MarketDataFileError {
    /// The file; empty when none was given.
    pub file: PathBuf,
    /// The line of the file, counted from 1, which is the header.
    pub row: Option<u64>,
    /// The column.
    pub column: Option<&'static str>,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong, what was expected, and what to do where that is not plain.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No file was named.
    #[error("no market data file was given; name at least one")]
    NoFile,
    /// The operating system does not give the file.
    #[error("the file cannot be read ({0}); check the path and its permissions")]
    Unreadable(#[source] std::io::Error),
    /// The compressed data is cut short or damaged.
    #[error("the gzip data is cut short or damaged ({0}); fetch or copy the file again")]
    Gzip(#[source] std::io::Error),
    /// A Parquet file that is cut short or damaged, or none.
    #[error("the file is not sound Parquet ({0}); fetch or write the file again")]
    Parquet(String),
    /// The header is that of no kind of data.
    #[error(
        "the header `{header}` is not one of bars (timestamp,open,high,low,close,volume), quotes \
         (timestamp,bid_price,bid_size,ask_price,ask_size) or trades (timestamp,price,size)"
    )]
    Header {
        /// The first line.
        header: String,
    },
    /// The header lacks a column.
    #[error("the column is missing; {kind} need the columns {needed}")]
    MissingColumn {
        /// Bars, quotes or trades.
        kind: &'static str,
        /// All columns of that kind.
        needed: &'static str,
    },
    /// The file has a header and nothing else.
    #[error("the file has no rows; expected at least one below the header")]
    NoRows,
    /// A row with more or fewer fields than the header.
    #[error("the row has {found} fields; expected {expected}, as in the header")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// Bytes that are no text.
    #[error("the field is not UTF-8 text")]
    NotText,
    /// A time that cannot be read.
    #[error("`{0}` is not a time; expected RFC 3339 such as 2011-01-03T14:30:00Z")]
    Time(String),
    /// A time that is not of the form that was named.
    #[error("`{found}` is not a time of the form {pattern}")]
    TimePattern {
        /// What stands there.
        found: String,
        /// What was expected.
        pattern: String,
    },
    /// A time without a zone.
    #[error("`{0}` names no time zone; name it with --time-zone, such as America/New_York or UTC")]
    NoZone(String),
    /// Times of one file in several zones.
    #[error(
        "the time is in {found}, and those before in {first}; write all in one zone, or name the \
         zone that has both with --time-zone"
    )]
    MixedZones {
        /// How this one is written.
        found: String,
        /// How the first one is.
        first: String,
    },
    /// A column that was named and is not there.
    #[error("the header has no column `{named}`; it has {header}")]
    NamedColumn {
        /// As it was named.
        named: String,
        /// The columns there are.
        header: String,
    },
    /// A field that no kind of data has.
    #[error(
        "`{0}` is no field; expected timestamp, symbol, open, high, low, close, volume, bid_price, bid_size, ask_price, ask_size, price or size"
    )]
    Field(String),
    /// Several symbols one after the other in a file that is to be streamed.
    #[error(
        "{time} is earlier than {before} of another symbol; sort the rows by time to stream the \
         file, or import it into a store"
    )]
    NotMerged {
        /// The row's time.
        time: Timestamp,
        /// The time of the row before.
        before: Timestamp,
    },
    /// A date that cannot be read.
    #[error("`{0}` is not a date; expected one such as 2011-01-03")]
    Date(String),
    /// A word that is not one of those the column may hold.
    #[error("`{found}` is not known; expected {expected}")]
    Word {
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A number that cannot be read: empty, NaN, words, or too many digits.
    #[error("`{text}` is {reason}; expected {expected}")]
    Number {
        /// What stands there.
        text: String,
        /// What the column holds.
        expected: &'static str,
        /// Why it is not that.
        reason: NumberError,
    },
    /// A number outside what the column may hold.
    #[error("{value} cannot be; expected {expected}")]
    Range {
        /// What stands there.
        value: String,
        /// What the column holds.
        expected: &'static str,
    },
    /// The high is not the highest or the low not the lowest price of a bar.
    #[error(
        "{value} does not bound the open, high, low and close of the row; expected low <= open, close <= high"
    )]
    Bounds {
        /// The high or low.
        value: String,
    },
    /// A row that is earlier than the one before.
    #[error(
        "{time} is earlier than {before} in the row before; expected rows in the order of time"
    )]
    Unsorted {
        /// The row's time.
        time: Timestamp,
        /// The time of the row before.
        before: Timestamp,
    },
    /// A second bar at one time.
    #[error("a second bar of {symbol} opens at {time}; expected one bar for each time")]
    Duplicate {
        /// Whose.
        symbol: String,
        /// When.
        time: Timestamp,
    },
    /// The same bar in two files.
    #[error("the bar of {symbol} at {time} is also in {}; give it once", other.display())]
    InTwoFiles {
        /// Whose.
        symbol: String,
        /// When.
        time: Timestamp,
        /// The file that was read before.
        other: PathBuf,
    },
    /// A symbol that no venue could have.
    #[error("{0}; the symbol is the file's name up to the first `_`, or a column `symbol`")]
    Symbol(#[source] SymbolError),
    /// The rows do not tell how long a bar lasts.
    #[error(
        "the rows do not tell how long a bar lasts; put the file in a folder named 1Min, 1Hour or 1Day"
    )]
    BarLength,
}

impl MarketDataFileError {
    pub(crate) fn file(file: &Path, fault: Fault) -> Self {
        Self { file: file.into(), row: None, column: None, fault }
    }
}

impl fmt::Display for MarketDataFileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.as_os_str().is_empty() {
            write!(out, "{}", self.file.display())?;
            if let Some(row) = self.row {
                write!(out, ", row {row}")?;
            }
            if let Some(column) = self.column {
                write!(out, ", column {column}")?;
            }
            write!(out, ": ")?;
        }
        write!(out, "{}", self.fault)
    }
}

impl std::error::Error for MarketDataFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.fault.source()
    }
}
