//! Bars turned into rows of features and samples to learn from.

use crate::card::Asked;
use crate::features::{NotFinite, Pipeline};
use crate::target::{Question, Trend};
use kernel::{Bar, Span, Timestamp, TradingHours};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// The bars of one symbol, oldest first.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name.
    pub symbol: String,
    /// Its bars.
    pub bars: Vec<Bar>,
}

/// A window and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Which series.
    pub series: usize,
    /// The row of the window's last bar.
    pub row: usize,
    /// The window's last bar.
    pub bar: usize,
    /// The bars that the answer is made of.
    pub answered_by: Range<usize>,
    /// When the window's last bar ended: when the question is asked.
    pub time: Timestamp,
    /// When the answer is known.
    pub known: Timestamp,
    /// The class.
    pub trend: Trend,
    /// The logarithm of prices over the horizon.
    pub moved: f64,
    /// The logarithm of prices over as many bars before the question.
    pub moved_before: f64,
}

impl Sample {
    /// What is asked, to judge the answer by.
    pub const fn asked(&self) -> Asked {
        Asked { series: self.series, time: self.time }
    }
}

/// Everything that is learned from.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The bars.
    pub series: Vec<Series>,
    /// The question.
    pub question: Question,
    /// Rows in a window.
    pub window: usize,
    /// Columns of a row.
    pub columns: Vec<String>,
    /// The rows, one after the other, not scaled.
    pub rows: Vec<f64>,
    /// The end of the bar of each row.
    pub times: Vec<Timestamp>,
    /// The samples, in the order of their times.
    pub samples: Vec<Sample>,
    /// How long a bar lasts.
    pub length: Span,
}

/// Why there is nothing to learn from.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DatasetError {
    /// Too few bars.
    #[error(
        "{symbol} has {bars} bars, of which {rows} have all features: a window of {window} bars with an answer {horizon} bars later needs more"
    )]
    TooFew {
        /// Of which symbol.
        symbol: String,
        /// Its bars.
        bars: usize,
        /// Those with features.
        rows: usize,
        /// Rows of a window.
        window: usize,
        /// Bars of an answer.
        horizon: usize,
    },
    /// A price that never moves.
    #[error("{0}: every bar closes at the same price, so there is nothing to learn")]
    Constant(String),
    /// A value that is no number.
    #[error("{symbol}: {source}")]
    NotFinite {
        /// Of which symbol.
        symbol: String,
        /// Which value.
        source: NotFinite,
    },
    /// Bars of several lengths.
    #[error(
        "{symbol}: the bar of {time} lasts {other} where others last {length}: give bars of one length"
    )]
    Lengths {
        /// Of which symbol.
        symbol: String,
        /// The bar.
        time: Timestamp,
        /// Its length.
        other: Span,
        /// That of the others.
        length: Span,
    },
    /// Bars of other hours.
    #[error(
        "{symbol}: none of its {bars} bars opens in the {} hours of New York, and a session shows no others",
        hours.as_str()
    )]
    Closed {
        /// Of which symbol.
        symbol: String,
        /// Its bars.
        bars: usize,
        /// The hours that were asked for.
        hours: TradingHours,
    },
    /// Nothing at all.
    #[error("there are no bars to learn from")]
    Empty,
}

impl Dataset {
    /// Computes features and answers.
    ///
    /// # Errors
    /// When there are too few bars, prices stand still, or a feature is no number.
    pub fn new(
        series: Vec<Series>,
        pipeline: &Pipeline,
        window: usize,
        question: Question,
    ) -> Result<Self, DatasetError> {
        let first = series.iter().find_map(|series| series.bars.first());
        let mut dataset = Self {
            length: first.ok_or(DatasetError::Empty)?.length,
            question,
            window,
            columns: pipeline.columns().to_vec(),
            rows: Vec::new(),
            times: Vec::new(),
            samples: Vec::new(),
            series: Vec::new(),
        };
        for one in series {
            dataset.add(one, pipeline)?;
        }
        dataset.samples.sort_by_key(|sample| (sample.time, sample.series));
        Ok(dataset)
    }

    fn add(&mut self, series: Series, pipeline: &Pipeline) -> Result<(), DatasetError> {
        let (symbol, number) = (&series.symbol, self.series.len());
        if let Some(bar) = series.bars.iter().find(|bar| bar.length != self.length) {
            let (time, other, length) = (bar.open_time, bar.length, self.length);
            return Err(DatasetError::Lengths { symbol: symbol.clone(), time, other, length });
        }
        let mut closes = series.bars.iter().map(|bar| bar.close);
        let first = closes.next();
        if series.bars.len() > 1 && closes.all(|close| Some(close) == first) {
            return Err(DatasetError::Constant(symbol.clone()));
        }
        let (mut stream, mut run) = (pipeline.stream(), 0);
        let (rows_before, samples_before) = (self.times.len(), self.samples.len());
        for (at, bar) in series.bars.iter().enumerate() {
            let row = stream.push(bar);
            let row =
                row.map_err(|source| DatasetError::NotFinite { symbol: symbol.clone(), source })?;
            let Some(row) = row else {
                run = 0;
                continue;
            };
            self.rows.extend_from_slice(row);
            self.times.push(bar.open_time.plus(bar.length));
            run += 1;
            if run >= self.window {
                let sample = self.sample(&series, number, at);
                self.samples.extend(sample);
            }
        }
        if self.samples.len() == samples_before {
            return Err(DatasetError::TooFew {
                symbol: symbol.clone(),
                bars: series.bars.len(),
                rows: self.times.len() - rows_before,
                window: self.window,
                horizon: self.question.horizon(),
            });
        }
        self.series.push(series);
        Ok(())
    }

    fn sample(&self, series: &Series, number: usize, at: usize) -> Option<Sample> {
        let horizon = self.question.horizon();
        let bar = series.bars.get(at)?;
        let answer = self.question.answer(bar, series.bars.get(at + 1..)?)?;
        let before = series.bars.get(at.checked_sub(horizon)?)?;
        let last = series.bars.get(at + horizon)?;
        Some(Sample {
            series: number,
            row: self.times.len() - 1,
            bar: at,
            answered_by: at + 1..at + 1 + horizon,
            time: bar.open_time.plus(bar.length),
            known: last.open_time.plus(last.length),
            trend: answer.trend,
            moved: answer.moved,
            moved_before: (bar.close.to_f64() / before.close.to_f64()).ln(),
        })
    }

    /// One row, not scaled.
    pub fn row(&self, row: usize) -> &[f64] {
        let width = self.columns.len();
        self.rows.get(row * width..(row + 1) * width).unwrap_or_default()
    }

    /// The rows whose bars ended no later than a time.
    pub fn rows_until(&self, time: Timestamp) -> impl Iterator<Item = &[f64]> + Clone {
        let rows = self.times.iter().zip(self.rows.chunks(self.columns.len().max(1)));
        rows.filter(move |(end, _)| **end <= time).map(|(_, row)| row)
    }

    /// When the first bar opened and the last one ended.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let bars = || self.series.iter().flat_map(|series| &series.bars);
        let first = bars().map(|bar| bar.open_time).min().unwrap_or_default();
        let last = bars().map(|bar| bar.open_time.plus(bar.length)).max().unwrap_or_default();
        (first, last)
    }

    /// The SHA-256, in hexadecimal, of every bar.
    pub fn hash(&self) -> String {
        hash_of(&self.series)
    }
}

/// The SHA-256, in hexadecimal, of every bar.
pub(crate) fn hash_of(series: &[Series]) -> String {
    let mut hash = Sha256::new();
    for series in series {
        hash.update(series.symbol.as_bytes());
        hash.update([0]);
        for bar in &series.bars {
            hash.update(bar.open_time.nanos().to_le_bytes());
            for price in [bar.open, bar.high, bar.low, bar.close] {
                hash.update(price.nanos().to_le_bytes());
            }
            hash.update(bar.volume.nanos().to_le_bytes());
        }
    }
    hex::encode(hash.finalize())
}
