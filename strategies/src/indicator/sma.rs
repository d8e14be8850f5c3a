//! Simple moving average.

use super::entry::{Entry, Field, Output, period};
use super::renewed::Renewed;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;
use ta::indicators::SimpleMovingAverage;

pub(super) const ENTRY: Entry = Entry {
    name: "sma",
    summary: "Simple moving average: the mean of a window.",
    params: &[period("20", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::price("sma")],
    source: "TA-Lib SMA",
    build: |params| Ok(AnyIndicator::new(Sma::new(params.period("period")?))),
};

/// The mean of the last `period` samples, in the unit of the samples.
///
/// First value after `period` samples.
#[derive(Debug, Clone)]
pub struct Sma {
    window: Renewed<SimpleMovingAverage>,
    period: usize,
    value: Option<f64>,
}

impl Sma {
    /// Over so many samples.
    #[allow(clippy::expect_used, reason = "`ta` refuses only a period of zero, which none is")]
    pub fn new(period: Period) -> Self {
        let mean = SimpleMovingAverage::new(period.get()).expect("a period is at least one");
        Self { window: Renewed::new(mean, period), period: period.get(), value: None }
    }
}

impl Indicator for Sma {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let mean = self.window.update(sample.into());
        self.value = mean.map(|mean| mean * self.window.factor());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.window.rebase(ratio);
        self.value = self.value.map(|value| value * price_factor(ratio));
    }

    fn reset(&mut self) {
        self.window.reset();
        self.value = None;
    }
}
