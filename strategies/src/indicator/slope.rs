//! Slope of a linear regression.

use super::entry::{Entry, Field, Output, period};
use super::weighted::Weighted;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "slope",
    summary: "Slope of the straight line of least squares through a window, a bar.",
    params: &[period("14", 2)],
    inputs: &[Field::Close],
    outputs: &[Output::price("slope")],
    source: "TA-Lib LINEARREG_SLOPE",
    build: |params| Ok(AnyIndicator::new(Slope::new(params.period("period")?))),
};

/// By how much the straight line of least squares through the last `period` samples rises from one
/// to the next, in the unit of the samples.
///
/// First value after `period` samples. Through one sample there is no line.
#[derive(Debug, Clone)]
pub struct Slope {
    window: Weighted,
    period: usize,
}

impl Slope {
    /// Over so many samples.
    pub fn new(period: Period) -> Self {
        Self { window: Weighted::new(period.get()), period: period.get() }
    }
}

impl Indicator for Slope {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        self.window.push(sample.into().get());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.window.line().map(|(_, slope)| slope)
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
