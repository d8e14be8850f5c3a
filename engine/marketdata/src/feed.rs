//! Market data in memory, in the order in which it becomes known.

use crate::calendar::{self, Date};
use kernel::{Bar, MarketData, Quote, Span, SymbolError, Symbols, Timestamp, Trade, TradingDay};
use sha2::{Digest, Sha256};

/// Market data of one or more symbols, sorted by the time at which it is known; within one
/// instant by symbol name, then by the order in which it was given.
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
        data.sort_by_key(|datum| (datum.time(), datum.symbol()));
        let bar_length = data.iter().filter_map(bar_length).min();
        Self { symbols, data, bar_length }
    }

    /// The data of some symbols alone.
    ///
    /// # Errors
    /// When a name is not a symbol.
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, SymbolError> {
        let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        names.sort_unstable();
        let symbols = Symbols::new(names)?;
        let kept = self.data.iter().filter_map(|datum| {
            let id = symbols.id(self.symbols.name(datum.symbol()))?;
            Some(match *datum {
                MarketData::Bar(bar) => MarketData::Bar(Bar { symbol: id, ..bar }),
                MarketData::Quote(quote) => MarketData::Quote(Quote { symbol: id, ..quote }),
                MarketData::Trade(trade) => MarketData::Trade(Trade { symbol: id, ..trade }),
            })
        });
        let data = kept.collect();
        Ok(Self::new(symbols, data))
    }

    /// The symbols with quotes or trades and without bars, on which strategies decide.
    pub fn symbols_without_bars(&self) -> Vec<&str> {
        let mut seen = vec![(false, false); self.symbols.len()];
        for datum in &self.data {
            if let Some((bars, ticks)) = seen.get_mut(datum.symbol().index()) {
                match datum {
                    MarketData::Bar(_) => *bars = true,
                    MarketData::Quote(_) | MarketData::Trade(_) => *ticks = true,
                }
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
        let Some((first, last)) = self.span() else {
            return Vec::new();
        };
        let day = |at: Timestamp, days: i64| -> Date {
            calendar::date_of(at.plus(Span::from_secs(days * 86_400)))
        };
        calendar::trading_days(day(first, -7), day(last, 14))
    }

    /// SHA-256 over symbols and data in hexadecimal digits. It depends on what the data says, not
    /// on how files hold it: names, order of files and compression change nothing.
    pub fn content_hash(&self) -> String {
        let mut hash = Sha256::new();
        for name in self.symbols.names() {
            hash.update(name);
            hash.update([0]);
        }
        for datum in &self.data {
            update(&mut hash, datum);
        }
        hex::encode(hash.finalize())
    }
}

fn bar_length(datum: &MarketData) -> Option<Span> {
    match datum {
        MarketData::Bar(bar) => Some(bar.length),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    }
}

fn update(hash: &mut Sha256, datum: &MarketData) {
    let symbol = datum.symbol().index() as i64;
    let words = |kind: i64, rest: [i64; 6]| {
        let mut bytes = [0; 64];
        let fields = [kind, symbol].into_iter().chain(rest);
        for (place, field) in bytes.chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        bytes
    };
    match datum {
        MarketData::Bar(bar) => {
            let [open, high, low, close] =
                [bar.open, bar.high, bar.low, bar.close].map(|price| price.nanos());
            let times = [bar.open_time.nanos(), bar.length.nanos()];
            hash.update(words(0, [times[0], times[1], open, high, low, close]));
            hash.update(bar.volume.nanos().to_le_bytes());
        }
        MarketData::Quote(quote) => {
            let (bid, ask) = (quote.bid.nanos(), quote.ask.nanos());
            let (bid_size, ask_size) = (quote.bid_size.nanos(), quote.ask_size.nanos());
            hash.update(words(1, [quote.time.nanos(), bid, bid_size, ask, ask_size, 0]));
        }
        MarketData::Trade(trade) => {
            let (price, size) = (trade.price.nanos(), trade.size.nanos());
            hash.update(words(2, [trade.time.nanos(), price, size, 0, 0, 0]));
        }
    }
}
