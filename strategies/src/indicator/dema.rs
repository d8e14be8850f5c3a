//! Double exponential moving average.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Ema, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "dema",
    summary: "Double exponential moving average: less lag than the exponential one.",
    params: &[period("20", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::price("dema")],
    source: "P. G. Mulloy, Stocks & Commodities, 1994; TA-Lib DEMA",
    build: |params| Ok(AnyIndicator::new(Dema::new(params.period("period")?))),
};

/// Twice the exponential average less the exponential average of it, in the unit of the samples.
///
/// First value after `2 period - 1` samples.
#[derive(Debug, Clone)]
pub struct Dema {
    first: Ema,
    second: Ema,
    value: Option<f64>,
}

impl Dema {
    /// With the weights of so many samples.
    pub fn new(period: Period) -> Self {
        Self { first: Ema::new(period), second: Ema::new(period), value: None }
    }
}

impl Indicator for Dema {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let Some(first) = self.first.next(sample.into().get()) else { return };
        self.value = self.second.next(first).map(|second| 2.0 * first - second);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        2 * self.first.warmup() - 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.first.rebase(ratio);
        self.second.rebase(ratio);
        self.value = self.value.map(|value| value * price_factor(ratio));
    }

    fn reset(&mut self) {
        self.first.reset();
        self.second.reset();
        self.value = None;
    }
}
