//! What a report draws of market data: prices by the session, and a curve of few points.
//!
//! A sketch is made while the data passes on its way to the run, so that it costs one look at each
//! row, and nothing of the data need be kept.

use crate::dates;
use crate::sessions::Sessions;
use kernel::{MarketData, Price, Timestamp, TradingDay};
use marketdata::{Facts, Feed, FeedSource, MarketDataFileError, Source};

/// Points of a curve of prices.
const BUCKETS: u64 = 1200;

/// Lowest, highest and last price over a stretch of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceBucket {
    /// When the last of it was known.
    pub time: Timestamp,
    /// The lowest price.
    pub low: Price,
    /// The highest price.
    pub high: Price,
    /// The last price.
    pub close: Price,
}

/// The prices of a symbol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceSketch {
    /// The first price: a bar's open.
    pub first: Option<Price>,
    /// The last price of each session, by its date as `yyyymmdd`.
    pub closes: Vec<(u32, Price)>,
    /// The curve.
    pub buckets: Vec<PriceBucket>,
}

/// A source that sketches what passes.
pub struct Sketch<'a> {
    inner: &'a mut dyn Source,
    symbols: Vec<Drawn>,
    sessions: Sessions,
    session: u32,
    session_ends: Timestamp,
    bucket: u64,
    row: u64,
    bucket_ends: u64,
    rows: u64,
}

/// A sketch being made: of the session and the bucket at hand only what is known so far.
#[derive(Clone)]
struct Drawn {
    sketch: PriceSketch,
    session: u32,
    bucket: u64,
    open: Option<PriceBucket>,
}

impl<'a> Sketch<'a> {
    /// Of a source that nothing was read from, on a calendar.
    pub fn new(inner: &'a mut dyn Source, calendar: &[TradingDay]) -> Self {
        let facts = inner.facts();
        let (count, rows) = (facts.symbols.len(), facts.rows.max(1));
        let nothing = Drawn { sketch: PriceSketch::default(), session: 0, bucket: 0, open: None };
        Self {
            inner,
            symbols: vec![nothing; count],
            sessions: Sessions::new(calendar),
            session: 0,
            session_ends: Timestamp::MIN,
            bucket: 0,
            row: 0,
            bucket_ends: rows.div_ceil(BUCKETS),
            rows,
        }
    }

    /// The sketches, with the names of their symbols.
    pub fn finish(self) -> Vec<(String, PriceSketch)> {
        let names = self.inner.facts().symbols.names().map(str::to_owned).collect::<Vec<_>>();
        names.into_iter().zip(self.symbols.into_iter().map(Drawn::finish)).collect()
    }
}

impl Source for Sketch<'_> {
    fn facts(&self) -> &Facts {
        self.inner.facts()
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
        let Some(chunk) = self.inner.next_chunk()? else {
            return Ok(None);
        };
        for datum in chunk {
            let time = datum.time();
            if time > self.session_ends {
                (self.session, self.session_ends) = self.sessions.of(time);
            }
            if self.row >= self.bucket_ends {
                self.bucket += 1;
                self.bucket_ends = ((self.bucket + 1) * self.rows).div_ceil(BUCKETS);
            }
            self.row += 1;
            if let Some(drawn) = self.symbols.get_mut(datum.symbol().index()) {
                drawn.add(datum, time, self.session, self.bucket);
            }
        }
        Ok(Some(chunk))
    }
}

impl Drawn {
    #[inline]
    fn add(&mut self, datum: &MarketData, time: Timestamp, session: u32, bucket: u64) {
        let (low, high, close) = match datum {
            MarketData::Bar(bar) => (bar.low, bar.high, bar.close),
            MarketData::Quote(_) | MarketData::Trade(_) => {
                let price = datum.price();
                (price, price, price)
            }
        };
        match &mut self.open {
            Some(open) if self.bucket == bucket && self.session == session => {
                open.time = time;
                open.low = open.low.min(low);
                open.high = open.high.max(high);
                open.close = close;
            }
            Some(_) | None => {
                self.turn(session, bucket);
                let first = match datum {
                    MarketData::Bar(bar) => bar.open,
                    MarketData::Quote(_) | MarketData::Trade(_) => close,
                };
                self.sketch.first.get_or_insert(first);
                self.open = match self.open {
                    Some(open) => {
                        let (low, high) = (open.low.min(low), open.high.max(high));
                        Some(PriceBucket { time, low, high, close })
                    }
                    None => Some(PriceBucket { time, low, high, close }),
                };
            }
        }
    }

    /// Ends what another session or bucket ends.
    fn turn(&mut self, session: u32, bucket: u64) {
        if let Some(open) = self.open {
            if self.session != session {
                self.sketch.closes.push((self.session, open.close));
            }
            if self.bucket != bucket {
                self.sketch.buckets.push(open);
                self.open = None;
            }
        }
        (self.session, self.bucket) = (session, bucket);
    }

    fn finish(mut self) -> PriceSketch {
        self.turn(u32::MAX, u64::MAX);
        self.sketch
    }
}

/// The sketches of market data in memory, on its own calendar.
///
/// # Errors
/// Never: nothing is read.
pub fn sketch_feed(feed: &Feed) -> Result<Vec<(String, PriceSketch)>, MarketDataFileError> {
    sketch_source(&mut FeedSource::new(feed))
}

/// The sketches of what a source has, on its own calendar.
///
/// # Errors
/// When it cannot be read.
pub fn sketch_source(
    source: &mut dyn Source,
) -> Result<Vec<(String, PriceSketch)>, MarketDataFileError> {
    let calendar = source.facts().trading_days();
    let mut sketch = Sketch::new(source, &calendar);
    while sketch.next_chunk()?.is_some() {}
    Ok(sketch.finish())
}

/// A date of a session as people write it.
pub fn written_date(date: u32) -> String {
    dates::written(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Symbols;
    use marketdata::calendar::Date;
    use marketdata::{Generator, SyntheticConfig};

    #[test]
    fn a_sketch_is_what_looking_at_every_row_says() {
        let symbols = Symbols::new(["AAA", "BBB"]).unwrap();
        let start = Date::constant(2024, 1, 2);
        let config = SyntheticConfig { seed: 3, symbols: symbols.clone(), start, extended: false };
        let data: Vec<_> = Generator::new(&config).flatten().take(390 * 2 * 5).collect();
        let feed = Feed { symbols, data, bar_length: Some(kernel::Span::from_secs(60)) };
        for (name, sketch) in sketch_feed(&feed).unwrap() {
            let id = feed.symbols.id(&name).unwrap();
            let bars: Vec<_> = feed.data.iter().filter(|datum| datum.symbol() == id).collect();
            assert_eq!(sketch.closes.len(), 5);
            for (day, (_, close)) in sketch.closes.iter().enumerate() {
                assert_eq!(*close, bars[day * 390 + 389].price());
            }
            let lows = |datum: &&MarketData| match datum {
                MarketData::Bar(bar) => (bar.low, bar.high, bar.open),
                MarketData::Quote(_) | MarketData::Trade(_) => unreachable!(),
            };
            let lowest = bars.iter().map(|bar| lows(bar).0).min();
            let highest = bars.iter().map(|bar| lows(bar).1).max();
            assert_eq!(sketch.buckets.iter().map(|bucket| bucket.low).min(), lowest);
            assert_eq!(sketch.buckets.iter().map(|bucket| bucket.high).max(), highest);
            assert_eq!(sketch.first, Some(lows(&bars[0]).2));
            assert!((600..=1200).contains(&sketch.buckets.len()), "{}", sketch.buckets.len());
            assert!(sketch.buckets.is_sorted_by_key(|bucket| bucket.time));
        }
    }
}
