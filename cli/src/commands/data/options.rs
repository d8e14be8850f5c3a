//! Options of market data from text.

use crate::args::{FormatArgs, PartArgs};
use crate::exit::Failure;
use kernel::{Span, Timestamp};
use marketdata::{ReadOptions, Stamp, TimeZone, calendar, resolution};
use std::ops::Range;

/// The folder of the store.
#[cfg(feature = "parquet")]
pub fn store_dir(args: &crate::args::StoreArgs) -> std::path::PathBuf {
    let default = || crate::config::settings::user_data_dir().join("store");
    args.store.clone().unwrap_or_else(default)
}

/// How files are to be understood.
///
/// # Errors
/// When a zone, a format or a length is none.
pub fn read_options(args: &FormatArgs) -> Result<ReadOptions, Failure> {
    let zone = args.time_zone.as_deref().map(|name| {
        TimeZone::get(name).map_err(|_| {
            Failure::usage(format!(
                "--time-zone: `{name}` is no time zone; expected one such as America/New_York or UTC"
            ))
        })
    });
    let time = args.time_format.parse();
    Ok(ReadOptions {
        columns: args.columns.iter().cloned().collect(),
        zone: zone.transpose()?,
        stamp: if args.stamp == "end" { Stamp::End } else { Stamp::Open },
        time: time.map_err(|error| Failure::usage(format!("--time-format: {error}")))?,
        length: args.resolution.as_deref().map(|name| length("--resolution", name)).transpose()?,
        symbol: args.symbol.clone(),
        rounds: args.round,
    })
}

/// A length of bars.
///
/// # Errors
/// When it is none.
pub fn length(flag: &str, name: &str) -> Result<Span, Failure> {
    resolution::parse(name).ok_or_else(|| {
        let expected = "expected one such as 1Min, 15Min, 1Hour or 1Day";
        Failure::usage(format!("{flag}: `{name}` is no length of bars; {expected}"))
    })
}

/// The time between two flags.
///
/// # Errors
/// When one of them is no time.
pub fn range(args: &PartArgs) -> Result<Range<Timestamp>, Failure> {
    let from = args.from.as_deref().map(|text| time("--from", text)).transpose()?;
    let to = args.to.as_deref().map(|text| time("--to", text)).transpose()?;
    Ok(from.unwrap_or(Timestamp::MIN)..to.unwrap_or(Timestamp::MAX))
}

/// A time, or the midnight in New York at which a date begins.
///
/// # Errors
/// When it is neither.
pub fn time(flag: &str, text: &str) -> Result<Timestamp, Failure> {
    let date = || text.parse().ok().map(calendar::midnight);
    text.parse().ok().or_else(date).ok_or_else(|| {
        let expected = "expected a date such as 2024-01-03 or a time such as 2024-01-03T14:30:00Z";
        Failure::usage(format!("{flag}: `{text}` is no time; {expected}"))
    })
}
