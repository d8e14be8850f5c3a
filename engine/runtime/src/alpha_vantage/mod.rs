//! Minute bars of Alpha Vantage: months of them as a download, and the newest as a feed that is
//! asked for again and again.
//!
//! There is one address for everything and one word for everything that goes wrong: an answer with
//! the status 200 and a sentence in it. Few requests are free, so what was asked is counted in a file
//! ([`Quota`]), which outlives the process and is shared by all of them.

mod answer;
mod client;
mod error;
mod feed;
mod months;
mod quota;
#[cfg(test)]
mod tests;

pub use client::{AlphaVantage, AlphaVantageConfig, Timing};
pub use error::AlphaVantageError;
pub use feed::PolledFeed;
pub use months::Months;
pub use quota::Quota;

use kernel::Span;

/// The variable that the key stands in.
pub const KEY_VARIABLE: &str = "ALPHA_VANTAGE_KEY";

/// How long its bars last here.
pub const MINUTE: Span = Span::from_secs(60);
