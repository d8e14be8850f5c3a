//! Market data from files and from a seed, and the trading calendar that belongs to it.
//!
//! [`read_files`] turns CSV files into a [`Feed`]: exact decimals, merged in the order of time,
//! with every mistake in a file told as one sentence. [`Generator`] makes minute bars from a seed,
//! for ever. [`calendar`] knows the sessions of the New York exchanges.
//!
//! Nothing here reads a clock, and no price passes through a binary float on its way in.

mod actions;
pub mod calendar;
pub mod check;
pub mod content;
mod error;
mod fee_rates;
mod feed;
mod news;
mod read;
mod resample;
pub mod resolution;
mod source;
mod synthetic;
mod write;

pub use actions::{Action, CorporateActions};
pub use error::{Fault, MarketDataFileError};
pub use fee_rates::fee_rates;
pub use feed::Feed;
pub use jiff::tz::TimeZone;
pub use news::{NewsItem, read_news};
pub use read::{
    CsvFile, CsvRows, Decoder, Merged, Outline, ReadOptions, Stamp, Survey, Table, TableRows,
    TableSource, TimeFormat, Wanted, in_order, read_files, read_files_with,
};
pub use resample::Resampler;
pub use source::{Facts, FactsBuilder, FeedSource, Source, order, trading_days_around};
pub use synthetic::{Generator, SyntheticConfig};
pub use write::{Beside, CsvWriter};
