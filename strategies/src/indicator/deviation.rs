//! Standard deviation.

use super::entry::{Entry, Field, Output, period};
use super::renewed::Renewed;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "stddev",
    summary: "Population standard deviation of a window.",
    params: &[period("20", 2)],
    inputs: &[Field::Close],
    outputs: &[Output::price("stddev")],
    source: "TA-Lib STDDEV (divided by n, not n - 1)",
    build: |params| Ok(AnyIndicator::new(StandardDeviation::new(params.period("period")?))),
};

/// The population standard deviation (divided by n, not n - 1) of the last `period` samples, in the
/// unit of the samples.
///
/// First value after `period` samples.
#[derive(Debug, Clone)]
pub struct StandardDeviation {
    window: Renewed<ta::indicators::StandardDeviation>,
    period: usize,
    value: Option<f64>,
}

impl StandardDeviation {
    /// Over so many samples.
    #[allow(clippy::expect_used, reason = "`ta` refuses only a period of zero, which none is")]
    pub fn new(period: Period) -> Self {
        let window =
            ta::indicators::StandardDeviation::new(period.get()).expect("a period is at least one");
        Self { window: Renewed::new(window, period), period: period.get(), value: None }
    }
}

impl Indicator for StandardDeviation {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let deviation = self.window.update(sample.into());
        self.value = deviation.map(|deviation| deviation * self.window.factor());
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
