//! Why a backtest ended without a result.

use journal::JournalError;
use kernel::{Cash, DecideError, Quantity};

/// Why a backtest ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// There is nothing to run over.
    #[error("the data holds no rows: give at least one file with bars, quotes or trades")]
    NoData,
    /// There is nothing to run.
    #[error("no strategy was chosen: name one, `tradewind strategies` lists them")]
    NoStrategy,
    /// The data failed on the way.
    #[error(transparent)]
    Data(#[from] marketdata::MarketDataFileError),
    /// Nobody says when the day of a corporate action begins.
    #[error(
        "corporate actions need trading days, and this data has none: give actions for symbols of \
         an exchange alone"
    )]
    NoCalendar,
    /// The detail was made for another table of symbols: a fault of the program.
    #[error("the detail is not of the symbols that are run; please report this")]
    DetailSymbols,
    /// A split cannot be carried out.
    #[error("{symbol} {date}: a split of {new} for {old} cannot be carried out: check the file")]
    Split {
        /// Of what.
        symbol: String,
        /// Its day.
        date: String,
        /// New shares.
        new: u64,
        /// For old ones.
        old: u64,
    },
    /// The records could not be stored.
    #[error("the journal of the run could not be written: {0}")]
    Journal(#[from] JournalError),
    /// The folder for the journal is in use.
    #[error(
        "the journal folder already holds {records} records: give an empty folder, or none to \
         store nothing"
    )]
    JournalNotEmpty {
        /// How many.
        records: u64,
    },
    /// The kernel could not decide: a fault of the program.
    #[error("the kernel stopped at record {seq}: {source}; please report this")]
    Decide {
        /// The last record that was taken.
        seq: u64,
        /// What went wrong.
        source: DecideError,
    },
    /// The books and the exchange's account differ at the end: a fault of the program.
    #[error(
        "cash is {ours} in the books and {theirs} at the exchange; no result can be believed, \
         please report this"
    )]
    CashDiffers {
        /// By the kernel's ledger.
        ours: Cash,
        /// By the exchange's account.
        theirs: Cash,
    },
    /// The books and the exchange's account differ at the end: a fault of the program.
    #[error(
        "{ours} {symbol} are held by the books and {theirs} by the exchange; no result can be \
         believed, please report this"
    )]
    PositionDiffers {
        /// Of what.
        symbol: String,
        /// By the kernel's ledger.
        ours: Quantity,
        /// By the exchange's account.
        theirs: Quantity,
    },
    /// The configuration cannot be written into the manifest: a fault of the program.
    #[error("the configuration cannot be written as JSON: {0}")]
    Manifest(#[from] serde_json::Error),
}
