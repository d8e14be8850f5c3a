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
//! all rows belong to the symbol that the file is named for (`SPY_2011.csv.gz` is SPY). Common other
//! names of columns are recognised, and [`ReadOptions`] name any. The `timestamp` of a bar is its
//! open unless they say otherwise. Quotes may be crossed or one-sided, as markets are; the
//! kernel judges those.

mod bar_length;
mod decoder;
mod file;
mod layout;
mod options;
mod row;
mod stream;
mod table;
mod time;

pub use decoder::Decoder;
pub use file::{CsvFile, CsvRows};
pub use options::{ReadOptions, Stamp, TimeFormat};
pub use stream::{Merged, TableSource, Wanted};
pub use table::{Outline, Survey, Table, TableRows};

use crate::{Fault, Feed, MarketDataFileError};
use file::FileRows;
use kernel::{Bar, MarketData, Span, SymbolId, Symbols, Timestamp};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Reads files and merges them in the order of time.
///
/// # Errors
/// The first mistake found, with its file, row and column: see [`Fault`] for all there are.
pub fn read_files(paths: &[PathBuf]) -> Result<Feed, MarketDataFileError> {
    read_files_with(paths, &ReadOptions::default())
}

/// As [`read_files`], for files that say less of themselves.
///
/// # Errors
/// As [`read_files`].
pub fn read_files_with(
    paths: &[PathBuf],
    options: &ReadOptions,
) -> Result<Feed, MarketDataFileError> {
    if paths.is_empty() {
        return Err(MarketDataFileError::file("".as_ref(), Fault::NoFile));
    }
    let paths = in_order(paths);
    let mut files =
        paths.iter().map(|path| file::read(path, options)).collect::<Result<Vec<_>, _>>()?;
    let tables = files.iter().map(|file| (file.path.as_path(), &file.symbols));
    let symbols = all_symbols(tables)?;
    files.iter_mut().for_each(|file| use_ids_of(&symbols, file));
    if let [only] = files.as_mut_slice() {
        return Ok(Feed::new(symbols, std::mem::take(&mut only.data)));
    }
    let data: Vec<&[MarketData]> = files.iter().map(|file| file.data.as_slice()).collect();
    let feed = Feed::new(symbols, data.concat());
    match repeated_bar(&feed) {
        None => Ok(feed),
        Some(bar) => Err(in_two_files(&files, feed.symbols.name(bar.symbol), &bar)),
    }
}

/// Files in the order that breaks ties between their rows: that of their names, then of their
/// folders, in whatever order they were given.
pub fn in_order(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut paths = paths.to_vec();
    paths.sort_by(|one, other| (one.file_name(), one).cmp(&(other.file_name(), other)));
    paths
}

/// The symbols of all files in alphabetical order.
fn all_symbols<'a>(
    files: impl Iterator<Item = (&'a Path, &'a Symbols)>,
) -> Result<Symbols, MarketDataFileError> {
    let mut first_file = BTreeMap::new();
    for (path, symbols) in files {
        for name in symbols.names() {
            first_file.entry(name).or_insert(path);
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

/// Gives the data the ids of the table that all files share.
fn use_ids_of(symbols: &Symbols, file: &mut FileRows) {
    let ids: Vec<Option<SymbolId>> = file.symbols.names().map(|name| symbols.id(name)).collect();
    file.data.iter_mut().for_each(|datum| with_id(&ids, datum));
}

/// Gives a row the id that stands in the place of its own.
fn with_id(ids: &[Option<SymbolId>], datum: &mut MarketData) {
    let symbol = match datum {
        MarketData::Bar(bar) => &mut bar.symbol,
        MarketData::Quote(quote) => &mut quote.symbol,
        MarketData::Trade(trade) => &mut trade.symbol,
    };
    if let Some(Some(id)) = ids.get(symbol.index()) {
        *symbol = *id;
    }
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
    let same = |datum: &MarketData| {
        matches!(datum, MarketData::Bar(held) if held.symbol == bar.symbol
            && held.open_time == bar.open_time && held.length == bar.length)
    };
    let holds = |file: &&FileRows| file.data.iter().any(same);
    let mut holders = files.iter().filter(holds).map(|file| file.path.clone());
    let other = holders.next().unwrap_or_default();
    let file = holders.next().unwrap_or_else(|| other.clone());
    let fault = Fault::InTwoFiles { symbol: symbol.into(), time: bar.open_time, other };
    MarketDataFileError::file(&file, fault)
}
