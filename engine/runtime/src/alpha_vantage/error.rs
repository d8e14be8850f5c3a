//! What can go wrong with a request, typed, and never with the key in it.

use kernel::Timestamp;
use std::path::PathBuf;

/// Why Alpha Vantage gave no bars. What it said itself stands in `said`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlphaVantageError {
    /// `Note`, or an `Information` about requests that came too fast.
    #[error(
        "Alpha Vantage wants fewer requests a minute: \"{said}\"; wait a minute and try again, and \
         lower alpha_vantage.requests_per_minute"
    )]
    TooFast {
        /// Its words.
        said: String,
    },
    /// `Information` that the day's requests are used up.
    #[error(
        "Alpha Vantage gives the key no more requests today: \"{said}\"; try again tomorrow, and \
         set alpha_vantage.requests_per_day to what the key has"
    )]
    DayUsedUp {
        /// Its words.
        said: String,
    },
    /// Any other `Information`: most often that the key's plan does not have it.
    #[error(
        "Alpha Vantage does not give this to the key: \"{said}\"; the plan of the key in \
         ALPHA_VANTAGE_KEY decides what it gets"
    )]
    NotGiven {
        /// Its words.
        said: String,
    },
    /// `Error Message`.
    #[error(
        "Alpha Vantage refuses the request for {symbol}: \"{said}\"; check the symbol, the dates and \
         ALPHA_VANTAGE_KEY"
    )]
    Refused {
        /// Of what bars were asked for.
        symbol: String,
        /// Its words.
        said: String,
    },
    /// So many requests as are allowed have gone.
    #[error(
        "the {limit} requests to Alpha Vantage that alpha_vantage.requests_per_day allows in 24 \
         hours have gone; the next may go at {next}"
    )]
    QuotaUsedUp {
        /// How many are allowed.
        limit: u32,
        /// When the oldest of them is a day old.
        next: Timestamp,
    },
    /// The file in which requests are counted.
    #[error("{}, where requests to Alpha Vantage are counted, cannot be used: {reason}", path.display())]
    Count {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// No answer, or none that is a success.
    #[error("Alpha Vantage at {host} gives no answer: {reason}")]
    NoAnswer {
        /// Who was asked.
        host: String,
        /// What happened.
        reason: String,
    },
    /// An answer that is not what it writes.
    #[error("the answer of Alpha Vantage on {symbol} cannot be used: {reason}")]
    Unreadable {
        /// Of what bars were asked for.
        symbol: String,
        /// What is wrong.
        reason: String,
    },
}

impl AlphaVantageError {
    /// What kind of error it is, the same words each time.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::TooFast { .. } => "it wants fewer requests a minute",
            Self::DayUsedUp { .. } => "it gives the key no more requests today",
            Self::NotGiven { .. } => "it does not give this to the key",
            Self::Refused { .. } => "it refuses the request",
            Self::QuotaUsedUp { .. } => "the requests of alpha_vantage.requests_per_day have gone",
            Self::Count { .. } => "the file in which requests are counted cannot be used",
            Self::NoAnswer { .. } => "there is none",
            Self::Unreadable { .. } => "it is not what it writes",
        }
    }
}
