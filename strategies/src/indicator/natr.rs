//! Normalised average true range.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Atr, Candle, Indicator, Period};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "natr",
    summary: "Average true range in per cent of the close.",
    params: &[period("14", 1)],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::percent("natr")],
    source: "J. Forman, Stocks & Commodities, May 2006; TA-Lib NATR",
    build: |params| Ok(AnyIndicator::new(Natr::new(params.period("period")?))),
};

/// The average true range in per cent of the close.
///
/// First value after `period + 1` bars. No value where the close is zero.
#[derive(Debug, Clone)]
pub struct Natr {
    range: Atr,
    value: Option<f64>,
}

impl Natr {
    /// Over so many true ranges.
    pub fn new(period: Period) -> Self {
        Self { range: Atr::new(period), value: None }
    }
}

impl Indicator for Natr {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        let close = candle.close.get();
        let range = self.range.next(&candle).filter(|_| close != 0.0);
        self.value = range.map(|range| range / close * 100.0);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.range.warmup()
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.range.rebase(ratio);
    }

    fn reset(&mut self) {
        self.range.reset();
        self.value = None;
    }
}
