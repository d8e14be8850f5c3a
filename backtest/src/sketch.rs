//! What a report draws of market data: prices by the session, and a curve of few points.
//!
//! A sketch is made while the data passes on its way to the run, so that it costs one look at each
//! row, and nothing of the data need be kept.

use crate::dates;
use crate::sessions::Sessions;
use kernel::{MarketData, Timestamp, TradingDay};
use marketdata::{Facts, MarketDataFileError, Source};

/// Points of a curve of prices.
const BUCKETS: u64 = 1200;

/// Lowest, highest and last price over a stretch of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceBucket {
    /// When the last of it was known.
    pub time: Timestamp,
    /// The lowest price.
    pub low: f64,
    /// The highest price.
    pub high: f64,
    /// The last price.
    pub close: f64,
}

/// The prices of a symbol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceSketch {
    /// The first price: a bar's open.
    pub first: Option<f64>,
    /// The last price of each session, by its date as `yyyymmdd`.
    pub closes: Vec<(u32, f64)>,
    /// The curve.
    pub buckets: Vec<PriceBucket>,
    bucket: u64,
}

impl PriceSketch {
    /// The last price up to each of these dates over the first one; 1 before there is one.
    pub fn relative(&self, dates: impl Iterator<Item = u32>) -> Vec<f64> {
        let first = self.first.unwrap_or(1.0);
        let mut closes = self.closes.iter().peekable();
        let mut last = 1.0;
        let value = |date: u32| {
            while let Some((_, close)) = closes.next_if(|(known, _)| *known <= date) {
                last = close / first;
            }
            last
        };
        dates.map(value).collect()
    }
}

/// A source that sketches what passes.
pub struct Sketch<'a> {
    inner: &'a mut dyn Source,
    symbols: Vec<PriceSketch>,
    sessions: Sessions,
    session: u32,
    session_ends: Timestamp,
    row: u64,
    rows: u64,
}

impl<'a> Sketch<'a> {
    /// Of a source that nothing was read from, on a calendar.
    pub fn new(inner: &'a mut dyn Source, calendar: &[TradingDay]) -> Self {
        let facts = inner.facts();
        let (count, rows) = (facts.symbols.len(), facts.rows.max(1));
        Self {
            inner,
            symbols: vec![PriceSketch::default(); count],
            sessions: Sessions::new(calendar),
            session: 0,
            session_ends: Timestamp::MIN,
            row: 0,
            rows,
        }
    }

    /// The sketches, with the names of their symbols.
    pub fn finish(self) -> Vec<(String, PriceSketch)> {
        let names = self.inner.facts().symbols.names().map(str::to_owned).collect::<Vec<_>>();
        names.into_iter().zip(self.symbols).collect()
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
            let bucket = self.row * BUCKETS / self.rows;
            self.row += 1;
            if let Some(sketch) = self.symbols.get_mut(datum.symbol().index()) {
                sketch.add(datum, time, self.session, bucket);
            }
        }
        Ok(Some(chunk))
    }
}

impl PriceSketch {
    fn add(&mut self, datum: &MarketData, time: Timestamp, session: u32, bucket: u64) {
        let (open, low, high) = match datum {
            MarketData::Bar(bar) => (bar.open, bar.low, bar.high),
            MarketData::Quote(_) | MarketData::Trade(_) => {
                let price = datum.price();
                (price, price, price)
            }
        };
        let (open, low, high) = (open.to_f64(), low.to_f64(), high.to_f64());
        let close = datum.price().to_f64();
        self.first.get_or_insert(open);
        match self.closes.last_mut() {
            Some((date, last)) if *date == session => *last = close,
            Some(_) | None => self.closes.push((session, close)),
        }
        match self.buckets.last_mut() {
            Some(current) if self.bucket == bucket => {
                current.time = time;
                current.low = current.low.min(low);
                current.high = current.high.max(high);
                current.close = close;
            }
            Some(_) | None => {
                self.bucket = bucket;
                self.buckets.push(PriceBucket { time, low, high, close });
            }
        }
    }
}

/// A benchmark by the session: its name, and its value over what it was at the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// What it is.
    pub name: String,
    /// The value at the end of each session of the run.
    pub values: Vec<f64>,
}

impl Benchmark {
    /// Holding every symbol from its first price to the end, each with the same sum at the start.
    pub fn buy_and_hold(sketches: &[(String, PriceSketch)], dates: &[u32]) -> Option<Self> {
        if sketches.is_empty() {
            return None;
        }
        let mut values = vec![0.0; dates.len()];
        for (_, sketch) in sketches {
            let share = 1.0 / sketches.len() as f64;
            for (sum, value) in values.iter_mut().zip(sketch.relative(dates.iter().copied())) {
                *sum += value * share;
            }
        }
        let names: Vec<&str> = sketches.iter().map(|(name, _)| name.as_str()).collect();
        Some(Self { name: format!("holding {}", names.join(", ")), values })
    }

    /// One symbol.
    pub fn symbol(name: &str, sketch: &PriceSketch, dates: &[u32]) -> Self {
        Self { name: name.into(), values: sketch.relative(dates.iter().copied()) }
    }
}

/// A date of a session as people write it.
pub fn written_date(date: u32) -> String {
    dates::written(date)
}
