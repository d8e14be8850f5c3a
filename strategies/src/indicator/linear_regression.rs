//! Linear regression.

use super::entry::{Entry, Field, Output, period};
use super::weighted::Weighted;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "linear-regression",
    summary: "End of the straight line of least squares through a window.",
    params: &[period("14", 2)],
    inputs: &[Field::Close],
    outputs: &[Output::price("line")],
    source: "TA-Lib LINEARREG",
    build: |params| Ok(AnyIndicator::new(LinearRegression::new(params.period("period")?))),
};

/// Where the straight line of least squares through the last `period` samples stands at the newest,
/// in the unit of the samples.
///
/// First value after `period` samples. Through one sample there is no line.
#[derive(Debug, Clone)]
pub struct LinearRegression {
    window: Weighted,
    period: usize,
}

impl LinearRegression {
    /// Over so many samples.
    pub fn new(period: Period) -> Self {
        Self { window: Weighted::new(period.get()), period: period.get() }
    }
}

impl Indicator for LinearRegression {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        self.window.push(sample.into().get());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        let (mean, slope) = self.window.line()?;
        Some(mean + slope * (self.period as f64 - 1.0) / 2.0)
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
