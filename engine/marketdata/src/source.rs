//! Market data chunk by chunk, so that it need not fit into memory.

use crate::content::{self, ContentHasher, Kind};
use crate::{Feed, MarketDataFileError, calendar};
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp, TradingDay};

/// What is known of market data before it is read through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The symbols in alphabetical order, so that ids and names sort alike.
    pub symbols: Symbols,
    /// Rows in all.
    pub rows: u64,
    /// When the first and the last of it is known; `None` when there is none.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The length of the shortest bars; `None` when there are no bars.
    pub bar_length: Option<Span>,
    /// The symbols with quotes or trades and without bars, on which strategies decide.
    pub without_bars: Vec<Box<str>>,
    /// See [`content`].
    pub content_hash: String,
}

impl Facts {
    /// The trading days of New York around the data: from a week before it to two weeks after, so
    /// that the session before and the next one are always among them.
    pub fn trading_days(&self) -> Vec<TradingDay> {
        trading_days_around(self.span)
    }

    /// The days of UTC around the data, for a market that never closes.
    pub fn utc_days(&self) -> Vec<TradingDay> {
        let days = |(first, last)| calendar::utc_days(first, last);
        self.span.map(days).unwrap_or_default()
    }
}

/// The trading days of New York around the times of some data: from a week before it to two weeks
/// after.
pub fn trading_days_around(span: Option<(Timestamp, Timestamp)>) -> Vec<TradingDay> {
    let Some((first, last)) = span else {
        return Vec::new();
    };
    let day = |at: Timestamp, days: i64| calendar::date_of(at.plus(Span::from_secs(days * 86_400)));
    calendar::trading_days(day(first, -7), day(last, 14))
}

/// Market data in the order in which it becomes known, chunk by chunk.
///
/// The order is written down once, for all sources: by the time at which a row is known; then by
/// symbol name; then bars before quotes before trades, and short bars before long ones (a bar tells
/// of what was before the instant, a quote or a trade of the instant itself); then by the names of
/// the files and their folders, whatever order they are given in; then as the file or the store has
/// them.
pub trait Source {
    /// What is known of all of it.
    fn facts(&self) -> &Facts;

    /// The next rows; `None` after the last. All rows of one instant are in one chunk.
    ///
    /// # Errors
    /// When what is behind it cannot be read any more.
    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError>;
}

/// The place of a row in the order that [`Source`] tells, but for the rows' own order.
pub fn order(datum: &MarketData) -> (Timestamp, SymbolId, Kind, Span) {
    (datum.time(), datum.symbol(), Kind::of(datum), content::length(datum))
}

/// Market data in memory as a source: one chunk.
#[derive(Debug)]
pub struct FeedSource<'a> {
    facts: Facts,
    rest: Option<&'a [MarketData]>,
}

impl<'a> FeedSource<'a> {
    /// From the first row on.
    pub fn new(feed: &'a Feed) -> Self {
        Self { facts: feed.facts(), rest: Some(&feed.data) }
    }
}

impl Source for FeedSource<'_> {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
        Ok(self.rest.take().filter(|rows| !rows.is_empty()))
    }
}

/// Gathers the facts of rows that come in the order of time.
#[derive(Debug, Default)]
pub struct FactsBuilder {
    rows: u64,
    span: Option<(Timestamp, Timestamp)>,
    bar_length: Option<Span>,
    /// By symbol: whether it has bars, and whether it has quotes or trades.
    kinds: Vec<(bool, bool)>,
    hash: ContentHasher,
}

impl FactsBuilder {
    /// Takes the next row.
    pub fn add(&mut self, datum: &MarketData) {
        self.rows += 1;
        let time = datum.time();
        self.span = Some(match self.span {
            Some((first, last)) => (first.min(time), last.max(time)),
            None => (time, time),
        });
        let symbol = datum.symbol().index();
        if self.kinds.len() <= symbol {
            self.kinds.resize(symbol + 1, (false, false));
        }
        if let Some((bars, ticks)) = self.kinds.get_mut(symbol) {
            match datum {
                MarketData::Bar(_) => *bars = true,
                MarketData::Quote(_) | MarketData::Trade(_) => *ticks = true,
            }
        }
        if let MarketData::Bar(bar) = datum
            && self.bar_length.is_none_or(|length| bar.length < length)
        {
            self.bar_length = Some(bar.length);
        }
        self.hash.add(datum);
    }

    /// The facts of what was taken.
    pub fn finish(self, symbols: Symbols) -> Facts {
        let content_hash = self.hash.finish(&symbols).finish();
        let kinds = symbols.names().zip(&self.kinds);
        let silent = kinds.filter(|(_, (bars, ticks))| *ticks && !bars);
        let without_bars = silent.map(|(name, _)| name.into()).collect();
        let Self { rows, span, bar_length, .. } = self;
        Facts { symbols, rows, span, bar_length, without_bars, content_hash }
    }
}
