//! CSV files, plain or gzipped, into market data.
//!
//! One header line, `,` between fields, no quoting. The header says what a file holds:
//!
//! | kind | columns |
//! | --- | --- |
//! | bars | `timestamp,open,high,low,close,volume` |
//! | quotes | `timestamp,bid_price,bid_size,ask_price,ask_size` |
//! | trades | `timestamp,price,size` |
//!
//! Their order does not matter and further columns are passed over, but for `symbol`: without it,
//! all rows belong to the symbol that the file is named for (`SPY_2011.csv.gz` is SPY). The
//! `timestamp` of a bar is its open. Quotes may be crossed or one-sided, as markets are; the
//! kernel judges those.

mod bar_length;
mod file;
mod layout;
mod row;

use crate::{Fault, Feed, MarketDataFileError};
use file::FileRows;
use kernel::{Bar, MarketData, Span, SymbolId, Symbols, Timestamp};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Reads files and merges them in the order of time.
///
/// # Errors
/// The first mistake found, with its file, row and column: see [`Fault`] for all there are.
pub fn read_files(paths: &[PathBuf]) -> Result<Feed, MarketDataFileError> {
    if paths.is_empty() {
        return Err(MarketDataFileError::file("".as_ref(), Fault::NoFile));
    }
    let files = paths.iter().map(|path| file::read(path)).collect::<Result<Vec<_>, _>>()?;
    let symbols = all_symbols(&files)?;
    let mut data = Vec::with_capacity(files.iter().map(|file| file.data.len()).sum());
    for file in &files {
        let ids: Vec<SymbolId> = file.symbols.names().filter_map(|name| symbols.id(name)).collect();
        data.extend(file.data.iter().filter_map(|datum| {
            ids.get(datum.symbol().index()).map(|id| with_symbol(*datum, *id))
        }));
    }
    let feed = Feed::new(symbols, data);
    match repeated_bar(&feed) {
        None => Ok(feed),
        Some(bar) => Err(in_two_files(&files, feed.symbols.name(bar.symbol), &bar)),
    }
}

fn all_symbols(files: &[FileRows]) -> Result<Symbols, MarketDataFileError> {
    let mut first_file = BTreeMap::new();
    for file in files {
        for name in file.symbols.names() {
            first_file.entry(name).or_insert(&file.path);
        }
    }
    let mut symbols = Symbols::default();
    for (name, path) in first_file {
        symbols
            .intern(name)
            .map_err(|error| MarketDataFileError::file(path, Fault::Symbol(error)))?;
    }
    Ok(symbols)
}

fn with_symbol(mut datum: MarketData, id: SymbolId) -> MarketData {
    match &mut datum {
        MarketData::Bar(bar) => bar.symbol = id,
        MarketData::Quote(quote) => quote.symbol = id,
        MarketData::Trade(trade) => trade.symbol = id,
    }
    datum
}

/// The later of two bars of one symbol with the same open and length: of one file they cannot be.
fn repeated_bar(feed: &Feed) -> Option<Bar> {
    let mut last: Vec<Option<(Timestamp, Span)>> = vec![None; feed.symbols.len()];
    feed.data.iter().find_map(|datum| {
        let MarketData::Bar(bar) = datum else {
            return None;
        };
        let seen = last.get_mut(bar.symbol.index())?;
        let repeated =
            seen.replace((bar.open_time, bar.length)) == Some((bar.open_time, bar.length));
        repeated.then_some(*bar)
    })
}

fn in_two_files(files: &[FileRows], symbol: &str, bar: &Bar) -> MarketDataFileError {
    let holds = |file: &&FileRows| {
        let id = file.symbols.id(symbol);
        file.data.iter().any(|datum| {
            matches!(datum, MarketData::Bar(held) if Some(held.symbol) == id
                && held.open_time == bar.open_time && held.length == bar.length)
        })
    };
    let mut holders = files.iter().filter(holds).map(|file| file.path.clone());
    let other = holders.next().unwrap_or_default();
    let file = holders.next().unwrap_or_else(|| other.clone());
    let fault = Fault::InTwoFiles { symbol: symbol.into(), time: bar.open_time, other };
    MarketDataFileError::file(&file, fault)
}
