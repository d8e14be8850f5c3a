//! Rate of change.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;
use ta::indicators::RateOfChange as Window;
use ta::{Next, Reset};

pub(super) const ENTRY: Entry = Entry {
    name: "roc",
    summary: "Rate of change since so many bars ago.",
    params: &[period("10", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::percent("roc")],
    source: "TA-Lib ROC",
    build: |params| Ok(AnyIndicator::new(RateOfChange::new(params.period("period")?))),
};

/// By how many per cent the newest sample is above that of `period` samples ago.
///
/// First value after `period + 1` samples. No value where that sample was zero.
#[derive(Debug, Clone)]
pub struct RateOfChange {
    window: Window,
    period: usize,
    seen: usize,
    /// What a sample is multiplied with: the window keeps the unit of its first sample, and after a
    /// split the samples are in another one. A rate of change is the same in both.
    unit: f64,
    value: Option<f64>,
}

impl RateOfChange {
    /// Since so many samples ago.
    #[allow(clippy::expect_used, reason = "`ta` refuses only a period of zero, which none is")]
    pub fn new(period: Period) -> Self {
        let window = Window::new(period.get()).expect("a period is at least one");
        Self { window, period: period.get(), seen: 0, unit: 1.0, value: None }
    }
}

impl Indicator for RateOfChange {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let rate = self.window.next(sample.into().get() * self.unit);
        self.value = (self.seen >= self.period && rate.is_finite()).then_some(rate);
        self.seen = self.seen.saturating_add(1);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.period + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.unit /= price_factor(ratio);
    }

    fn reset(&mut self) {
        self.window.reset();
        (self.seen, self.unit, self.value) = (0, 1.0, None);
    }
}
