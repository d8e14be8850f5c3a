//! What market data says, as one number: SHA-256 over partitions.
//!
//! A partition is the rows of one symbol, of one kind and length, that lie in one calendar year of
//! UTC. Its hash is that of its rows in their order; the hash of all data is that of the partitions
//! in theirs. So it does not depend on how files hold the data, on how it is merged or on how much
//! of it is in memory, and a store that keeps each partition's hash knows it without reading.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{MarketData, Span, Symbols, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What rows tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Bars.
    Bars,
    /// Changes of the best bid or ask.
    Quotes,
    /// Trades.
    Trades,
}

impl Kind {
    /// Of some data.
    pub fn of(datum: &MarketData) -> Self {
        match datum {
            MarketData::Bar(_) => Kind::Bars,
            MarketData::Quote(_) => Kind::Quotes,
            MarketData::Trade(_) => Kind::Trades,
        }
    }

    /// `bars`, `quotes` or `trades`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Bars => "bars",
            Kind::Quotes => "quotes",
            Kind::Trades => "trades",
        }
    }
}

/// Which partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionKey {
    /// Whose rows.
    pub symbol: Box<str>,
    /// Of what.
    pub kind: Kind,
    /// How long the bars last; zero for quotes and trades.
    pub length: Span,
    /// The calendar year of UTC in which the rows' times lie: of bars, the opens.
    pub year: i16,
}

/// SHA-256 over the rows of a partition.
pub type RowsHash = [u8; 32];

/// Hashes the rows of one partition, in their order.
#[derive(Debug, Clone, Default)]
pub struct RowsHasher {
    hash: Sha256,
    rows: u64,
}

impl RowsHasher {
    /// Takes the next row.
    pub fn add(&mut self, datum: &MarketData) {
        self.rows += 1;
        match datum {
            MarketData::Bar(bar) => {
                let mut bytes = [0; 56];
                let [open, high, low, close] =
                    [bar.open, bar.high, bar.low, bar.close].map(|price| price.nanos());
                let volume = bar.volume.nanos();
                let halves = [volume as u64 as i64, (volume >> 64) as u64 as i64];
                let words = [bar.open_time.nanos(), open, high, low, close, halves[0], halves[1]];
                write_words(&mut bytes, &words);
                self.hash.update(bytes);
            }
            MarketData::Quote(quote) => {
                let mut bytes = [0; 40];
                let (bid, ask) = (quote.bid.nanos(), quote.ask.nanos());
                let (bid_size, ask_size) = (quote.bid_size.nanos(), quote.ask_size.nanos());
                write_words(&mut bytes, &[quote.time.nanos(), bid, bid_size, ask, ask_size]);
                self.hash.update(bytes);
            }
            MarketData::Trade(trade) => {
                let mut bytes = [0; 24];
                let words = [trade.time.nanos(), trade.price.nanos(), trade.size.nanos()];
                write_words(&mut bytes, &words);
                self.hash.update(bytes);
            }
        }
    }

    /// The rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The hash of the rows taken.
    pub fn finish(self) -> RowsHash {
        self.hash.finalize().into()
    }
}

fn write_words(bytes: &mut [u8], words: &[i64]) {
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// The hash of all data, from its partitions.
#[derive(Debug, Clone, Default)]
pub struct ContentHash {
    partitions: BTreeMap<PartitionKey, (u64, RowsHash)>,
}

impl ContentHash {
    /// Adds a partition whose rows and hash are known.
    pub fn add(&mut self, key: PartitionKey, rows: u64, hash: RowsHash) {
        self.partitions.insert(key, (rows, hash));
    }

    /// The partitions, each with its rows and their hash.
    pub fn into_partitions(self) -> Vec<(PartitionKey, u64, RowsHash)> {
        self.partitions.into_iter().map(|(key, (rows, hash))| (key, rows, hash)).collect()
    }

    /// In hexadecimal digits.
    pub fn finish(self) -> String {
        let mut all = Sha256::new();
        for (key, (rows, hash)) in self.partitions {
            all.update(key.symbol.as_bytes());
            all.update([0, key.kind as u8]);
            all.update(key.length.nanos().to_le_bytes());
            all.update(key.year.to_le_bytes());
            all.update(rows.to_le_bytes());
            all.update(hash);
        }
        hex::encode(all.finalize())
    }
}

/// The time by which a row belongs to a year: of a bar its open.
pub fn row_time(datum: &MarketData) -> Timestamp {
    match datum {
        MarketData::Bar(bar) => bar.open_time,
        MarketData::Quote(quote) => quote.time,
        MarketData::Trade(trade) => trade.time,
    }
}

/// A calendar year of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Year {
    /// Its number.
    pub number: i16,
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Year {
    /// The year of an instant.
    pub fn of(at: Timestamp) -> Self {
        let instant = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
        Self::numbered(TimeZone::UTC.to_datetime(instant).year())
    }

    /// A year by its number. Of those that nanoseconds cannot count, the part that they can.
    pub fn numbered(number: i16) -> Self {
        Self { number, start: new_year(number, i64::MIN), end: new_year(number + 1, i64::MAX) }
    }

    /// Whether an instant lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

fn new_year(number: i16, beyond: i64) -> Timestamp {
    let date = Date::new(number, 1, 1).ok();
    let instant = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    let nanos = instant.map(|zoned| zoned.timestamp().as_nanosecond());
    Timestamp::from_nanos(nanos.and_then(|nanos| i64::try_from(nanos).ok()).unwrap_or(beyond))
}

/// Hashes data of several symbols and kinds as it comes, in the order of time.
#[derive(Debug, Default)]
pub struct ContentHasher {
    /// By symbol, then by kind and length: almost always one.
    series: Vec<Vec<Series>>,
}

#[derive(Debug)]
struct Series {
    kind: Kind,
    length: Span,
    year: Year,
    rows: RowsHasher,
    done: Vec<(i16, u64, RowsHash)>,
}

impl ContentHasher {
    /// Takes the next row.
    pub fn add(&mut self, datum: &MarketData) {
        let symbol = datum.symbol().index();
        if self.series.len() <= symbol {
            self.series.resize_with(symbol + 1, Vec::new);
        }
        let Some(series) = self.series.get_mut(symbol) else { return };
        let (kind, length, time) = (Kind::of(datum), length(datum), row_time(datum));
        match series.iter_mut().find(|one| one.kind == kind && one.length == length) {
            Some(one) => one.add(time, datum),
            None => {
                let mut rows = RowsHasher::default();
                rows.add(datum);
                series.push(Series { kind, length, year: Year::of(time), rows, done: Vec::new() });
            }
        }
    }

    /// The partitions of what was taken.
    pub fn finish(self, symbols: &Symbols) -> ContentHash {
        let mut content = ContentHash::default();
        for (symbol, series) in symbols.names().zip(self.series) {
            for mut one in series {
                one.end_year();
                for (year, rows, hash) in one.done {
                    let (kind, length) = (one.kind, one.length);
                    let key = PartitionKey { symbol: symbol.into(), kind, length, year };
                    content.add(key, rows, hash);
                }
            }
        }
        content
    }
}

impl Series {
    fn add(&mut self, time: Timestamp, datum: &MarketData) {
        if !self.year.holds(time) {
            self.end_year();
            self.year = Year::of(time);
        }
        self.rows.add(datum);
    }

    fn end_year(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        self.done.push((self.year.number, rows.rows(), rows.finish()));
    }
}

/// How long a bar lasts; nothing for what is no bar.
pub(crate) fn length(datum: &MarketData) -> Span {
    match datum {
        MarketData::Bar(bar) => bar.length,
        MarketData::Quote(_) | MarketData::Trade(_) => Span::ZERO,
    }
}
