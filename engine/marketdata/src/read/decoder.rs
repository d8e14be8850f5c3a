//! Rows of text into market data, checked against each other.

use super::layout::{Column, Kind, Layout};
use super::options::{ReadOptions, Stamp};
use super::row::Row;
use super::time::Times;
use crate::{Fault, MarketDataFileError, content};
use csv::ByteRecord;
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Turns the rows of one table into market data. Symbols get ids in the order in which they come; a
/// bar's length is not known before the last row and stays zero.
#[derive(Debug)]
pub struct Decoder {
    path: PathBuf,
    layout: Layout,
    naming: Naming,
    symbols: Symbols,
    order: Order,
    times: Times,
    options: ReadOptions,
}

/// Where the symbol of a row comes from.
#[derive(Debug, Clone, Copy)]
enum Naming {
    File(SymbolId),
    Column(Column),
}

impl Decoder {
    /// For a table with a header.
    ///
    /// # Errors
    /// When the header is that of no kind of data, or no symbol is named.
    pub fn new<'a>(
        path: &Path,
        header: impl Iterator<Item = &'a [u8]>,
        options: &ReadOptions,
    ) -> Result<Self, MarketDataFileError> {
        let layout = Layout::of(header, path, options)?;
        let mut symbols = Symbols::default();
        let naming = match (&options.symbol, layout.symbol) {
            (None, Some(column)) => Naming::Column(column),
            (named, _) => {
                let name = named.as_deref().unwrap_or_else(|| name_of(path));
                let id = symbols.intern(name);
                Naming::File(
                    id.map_err(|error| MarketDataFileError::file(path, Fault::Symbol(error)))?,
                )
            }
        };
        Ok(Self {
            path: path.into(),
            layout,
            naming,
            symbols,
            order: Order::default(),
            times: Times::new(options),
            options: options.clone(),
        })
    }

    /// The places of the columns that are looked at.
    pub fn places(&self) -> Vec<usize> {
        let layout = &self.layout;
        let mut places = vec![layout.timestamp.place];
        places.extend(layout.time_of_day.iter().chain(&layout.symbol).map(|column| column.place));
        let columns: &[&Column] = match &layout.kind {
            Kind::Bars { open, high, low, close, volume } => &[open, high, low, close, volume],
            Kind::Quotes { bid, bid_size, ask, ask_size } => &[bid, bid_size, ask, ask_size],
            Kind::Trades { price, size } => &[price, size],
        };
        places.extend(columns.iter().map(|column| column.place));
        places
    }

    /// What the table holds.
    pub fn kind(&self) -> content::Kind {
        match self.layout.kind {
            Kind::Bars { .. } => content::Kind::Bars,
            Kind::Quotes { .. } => content::Kind::Quotes,
            Kind::Trades { .. } => content::Kind::Trades,
        }
    }

    /// The symbols so far.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The rows' distances so far.
    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    /// The next row, with its line in the file.
    ///
    /// # Errors
    /// When it is not good in itself, or does not fit to those before.
    pub fn row(
        &mut self,
        record: &ByteRecord,
        line: u64,
    ) -> Result<MarketData, MarketDataFileError> {
        let row = Row { file: &self.path, record, line, rounds: self.options.rounds };
        let (found, expected) = (record.len(), self.layout.fields);
        if found != expected {
            return Err(row.error(None, Fault::FieldCount { found, expected }));
        }
        let column = self.layout.timestamp;
        let text = match self.layout.time_of_day {
            None => Cow::Borrowed(row.text(column)?),
            Some(time) => Cow::Owned(format!("{} {}", row.text(column)?, row.text(time)?)),
        };
        let time = self.times.read(&text).map_err(|fault| row.error(Some(column), fault))?;
        let symbol = match self.naming {
            Naming::File(symbol) => symbol,
            Naming::Column(column) => {
                let name = row.text(column)?;
                let id = self.symbols.intern(name);
                id.map_err(|error| row.error(Some(column), Fault::Symbol(error)))?
            }
        };
        let datum = row.data(&self.layout, symbol, time)?;
        let is_bar = matches!(datum, MarketData::Bar(_));
        self.order.check(symbol, time, is_bar).map_err(|wrong| {
            let fault = match wrong {
                Wrong::Repeated => {
                    Fault::Duplicate { symbol: self.symbols.name(symbol).into(), time }
                }
                Wrong::Earlier(before) => Fault::Unsorted { time, before },
            };
            row.error(Some(column), fault)
        })?;
        Ok(datum)
    }

    /// How long the bars last that were read.
    ///
    /// # Errors
    /// When neither the options nor the folder nor the rows tell.
    pub fn bar_length(&self) -> Result<Span, MarketDataFileError> {
        if self.kind() != content::Kind::Bars {
            return Ok(Span::ZERO);
        }
        let found = match self.options.length {
            Some(length) => Some(length),
            None => super::bar_length::of_file(&self.path, self.order.smallest_gap),
        };
        found.ok_or_else(|| MarketDataFileError::file(&self.path, Fault::BarLength))
    }

    /// A row of a bar whose length is known now: with it, and with its open time.
    pub fn complete(&self, datum: &mut MarketData, length: Span) {
        if let MarketData::Bar(bar) = datum {
            bar.length = length;
            if self.options.stamp == Stamp::End {
                bar.open_time = bar.open_time.minus(length);
            }
        }
    }
}

/// The symbol that a file is named for: its name up to the first `_`, or up to its ending.
fn name_of(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    let stem = [".csv", ".parquet"].iter().find_map(|ending| stem.strip_suffix(ending));
    stem.unwrap_or(name).split('_').next().unwrap_or_default()
}

/// The times of a table's rows so far, symbol by symbol.
#[derive(Debug, Default)]
pub(super) struct Order {
    last: Vec<Option<Timestamp>>,
    /// The latest of any symbol.
    latest: Option<Timestamp>,
    pub(super) smallest_gap: Option<Span>,
    /// The first row that is earlier than one of another symbol before it.
    pub(super) not_merged: Option<(Timestamp, Timestamp)>,
}

enum Wrong {
    Repeated,
    Earlier(Timestamp),
}

impl Order {
    fn check(&mut self, symbol: SymbolId, time: Timestamp, is_bar: bool) -> Result<(), Wrong> {
        if self.last.len() <= symbol.index() {
            self.last.resize(symbol.index() + 1, None);
        }
        match self.latest {
            Some(latest) if time < latest => {
                self.not_merged = self.not_merged.or(Some((time, latest)));
            }
            Some(_) | None => self.latest = Some(time),
        }
        let Some(last) = self.last.get_mut(symbol.index()) else {
            return Ok(());
        };
        let Some(before) = last.replace(time) else {
            return Ok(());
        };
        if time < before {
            return Err(Wrong::Earlier(before));
        }
        if time == before {
            return if is_bar { Err(Wrong::Repeated) } else { Ok(()) };
        }
        let gap = time.since(before);
        self.smallest_gap = Some(self.smallest_gap.map_or(gap, |smallest| smallest.min(gap)));
        Ok(())
    }
}
