//! Market data in memory, in the order in which it becomes known.

use crate::MarketDataFileError;
use crate::content::{self, ContentHasher};
use crate::source::{self, Facts, Source};
use kernel::{Bar, MarketData, Quote, Span, SymbolError, Symbols, Timestamp, Trade, TradingDay};

/// Market data of one or more symbols, in the order that [`Source`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The symbols in alphabetical order, so that ids and names sort alike.
    pub symbols: Symbols,
    /// The data.
    pub data: Vec<MarketData>,
    /// The length of the shortest bars; `None` when there are no bars.
    pub bar_length: Option<Span>,
}

impl Feed {
    /// Sorts data whose ids belong to `symbols`, which must be in alphabetical order.
    pub(crate) fn new(symbols: Symbols, mut data: Vec<MarketData>) -> Self {
        data.sort_by_key(source::order);
        let bar_length = data.iter().filter_map(bar_length).min();
        Self { symbols, data, bar_length }
    }

    /// The data of several feeds as one.
    ///
    /// # Errors
    /// When there are too many symbols.
    pub fn merged(mut feeds: Vec<Self>) -> Result<Self, SymbolError> {
        if feeds.len() == 1
            && let Some(only) = feeds.pop()
        {
            return Ok(only);
        }
        let names: std::collections::BTreeSet<&str> =
            feeds.iter().flat_map(|feed| feed.symbols.names()).collect();
        let symbols = Symbols::new(names)?;
        let rows = feeds.iter().flat_map(|feed| feed.rows_of(&symbols));
        Ok(Self::new(symbols.clone(), rows.collect()))
    }

    /// The data of some symbols alone.
    ///
    /// # Errors
    /// When a name is not a symbol.
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, SymbolError> {
        let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        names.sort_unstable();
        let symbols = Symbols::new(names)?;
        let data = self.rows_of(&symbols).collect();
        Ok(Self::new(symbols, data))
    }

    /// The data of the symbols of a table, with its ids.
    #[must_use]
    pub fn under(&self, symbols: &Symbols) -> Self {
        Self::new(symbols.clone(), self.rows_of(symbols).collect())
    }

    /// The rows of the symbols of a table, with its ids.
    fn rows_of<'a>(&'a self, symbols: &'a Symbols) -> impl Iterator<Item = MarketData> + 'a {
        let ids: Vec<_> = self.symbols.names().map(|name| symbols.id(name)).collect();
        self.data.iter().filter_map(move |datum| {
            let id = ids.get(datum.symbol().index()).copied().flatten()?;
            Some(match *datum {
                MarketData::Bar(bar) => MarketData::Bar(Bar { symbol: id, ..bar }),
                MarketData::Quote(quote) => MarketData::Quote(Quote { symbol: id, ..quote }),
                MarketData::Trade(trade) => MarketData::Trade(Trade { symbol: id, ..trade }),
            })
        })
    }

    /// The symbols with quotes or trades and without bars, on which strategies decide.
    pub fn symbols_without_bars(&self) -> Vec<&str> {
        let mut seen = vec![(false, false); self.symbols.len()];
        let mut without = seen.len();
        for datum in &self.data {
            let Some((bars, ticks)) = seen.get_mut(datum.symbol().index()) else { continue };
            match datum {
                MarketData::Bar(_) if !*bars => (*bars, without) = (true, without - 1),
                MarketData::Bar(_) => {}
                MarketData::Quote(_) | MarketData::Trade(_) => *ticks = true,
            }
            if without == 0 {
                return Vec::new();
            }
        }
        let symbols = self.symbols.names().zip(seen);
        symbols.filter(|(_, (bars, ticks))| *ticks && !bars).map(|(name, _)| name).collect()
    }

    /// The steps: all data that becomes known at one instant, instant after instant.
    pub fn steps(&self) -> impl Iterator<Item = &[MarketData]> {
        self.data.chunk_by(|one, next| one.time() == next.time())
    }

    /// When the first and the last of it is known; `None` when there is none.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.data.first()?.time(), self.data.last()?.time()))
    }

    /// The trading days of New York around the data: from a week before it to two weeks after, so
    /// that the session before and the next one are always among them.
    pub fn trading_days(&self) -> Vec<TradingDay> {
        source::trading_days_around(self.span())
    }

    /// SHA-256 over what the data says, in hexadecimal digits: see [`crate::content`].
    pub fn content_hash(&self) -> String {
        let mut hash = ContentHasher::default();
        self.data.iter().for_each(|datum| hash.add(datum));
        hash.finish(&self.symbols).finish()
    }

    /// All that is known of the data.
    pub fn facts(&self) -> Facts {
        let without_bars = self.symbols_without_bars().into_iter().map(Into::into).collect();
        Facts {
            symbols: self.symbols.clone(),
            rows: self.data.len() as u64,
            span: self.span(),
            bar_length: self.bar_length,
            without_bars,
            content_hash: self.content_hash(),
        }
    }

    /// Everything that a source has left, in memory.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn collect(source: &mut dyn Source) -> Result<Self, MarketDataFileError> {
        let facts = source.facts();
        let (symbols, bar_length) = (facts.symbols.clone(), facts.bar_length);
        let mut data = Vec::with_capacity(usize::try_from(facts.rows).unwrap_or(0));
        while let Some(chunk) = source.next_chunk()? {
            data.extend_from_slice(chunk);
        }
        Ok(Self { symbols, data, bar_length })
    }

    /// The rows of one instant on and before another: of bars, those that open there.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Self {
        let inside = |datum: &&MarketData| (from..to).contains(&content::row_time(datum));
        let data = self.data.iter().filter(inside).copied().collect();
        Self::new(self.symbols.clone(), data)
    }
}

fn bar_length(datum: &MarketData) -> Option<Span> {
    match datum {
        MarketData::Bar(bar) => Some(bar.length),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    }
}
