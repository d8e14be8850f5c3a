//! Weighted moving average.

use super::entry::{Entry, Field, Output, period};
use super::weighted::Weighted;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "wma",
    summary: "Weighted moving average: weights rise evenly from the oldest to the newest.",
    params: &[period("20", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::price("wma")],
    source: "TA-Lib WMA",
    build: |params| Ok(AnyIndicator::new(Wma::new(params.period("period")?))),
};

/// The mean of the last `period` samples with weights from 1 for the oldest to `period` for the
/// newest, in the unit of the samples.
///
/// First value after `period` samples.
#[derive(Debug, Clone)]
pub struct Wma {
    window: Weighted,
    period: usize,
}

impl Wma {
    /// Over so many samples.
    pub fn new(period: Period) -> Self {
        Self { window: Weighted::new(period.get()), period: period.get() }
    }
}

impl Indicator for Wma {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        self.window.push(sample.into().get());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        let n = self.period as f64;
        self.window.get().map(|(_, weighted)| weighted / (n * (n + 1.0) / 2.0))
    }

    fn warmup(&self) -> usize {
        self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.window.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        self.window = Weighted::new(self.period);
    }
}
