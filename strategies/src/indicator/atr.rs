//! Average true range.

use super::entry::{Entry, Field, Output, period};
use super::wilder::Wilder;
use super::{AnyIndicator, Candle, Indicator, Period, TrueRange, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "atr",
    summary: "Wilder's average of the true range.",
    params: &[period("14", 1)],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::price("atr")],
    source: "J. W. Wilder, \"New Concepts in Technical Trading Systems\", 1978; TA-Lib ATR",
    build: |params| Ok(AnyIndicator::new(Atr::new(params.period("period")?))),
};

/// The true range in Wilder's smoothing, in the unit of prices: the mean of the first `period`,
/// which each new one enters with weight `1 / period`.
///
/// First value after `period + 1` bars.
#[derive(Debug, Clone)]
pub struct Atr {
    range: TrueRange,
    mean: Wilder,
    period: usize,
}

impl Atr {
    /// Over so many true ranges.
    pub fn new(period: Period) -> Self {
        let period = period.get();
        Self { range: TrueRange::new(), mean: Wilder::new(period), period }
    }

    /// Takes in the next bar; what it says then.
    #[inline]
    pub(super) fn next(&mut self, candle: &Candle) -> Option<f64> {
        self.mean.push(self.range.next(candle)?);
        self.mean.get()
    }
}

impl Indicator for Atr {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        self.next(&candle.into());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.mean.get()
    }

    fn warmup(&self) -> usize {
        self.period + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.range.rebase(ratio);
        self.mean.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        self.range.reset();
        self.mean = Wilder::new(self.period);
    }
}
