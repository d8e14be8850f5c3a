//! Simple moving average.

use super::renewed::Renewed;
use super::{Period, Sample, price_factor};
use kernel::Ratio;
use ta::indicators::SimpleMovingAverage;

/// The mean of the last `period` samples, in the unit of the samples.
///
/// First value after `period` samples.
#[derive(Debug, Clone)]
pub struct Sma {
    window: Renewed<SimpleMovingAverage>,
    value: Option<f64>,
}

impl Sma {
    /// Over so many samples.
    #[allow(clippy::expect_used, reason = "`ta` refuses only a period of zero, which none is")]
    pub fn new(period: Period) -> Self {
        let mean = SimpleMovingAverage::new(period.get()).expect("a period is at least one");
        Self { window: Renewed::new(mean, period), value: None }
    }

    /// Takes in the next sample.
    #[inline]
    pub fn update(&mut self, sample: impl Into<Sample>) {
        let mean = self.window.update(sample.into());
        self.value = mean.map(|mean| mean * self.window.factor());
    }

    /// The mean; `None` until the window is full.
    pub const fn value(&self) -> Option<f64> {
        self.value
    }

    /// Turns the samples so far into what they would be after a split.
    pub fn rebase(&mut self, ratio: Ratio) {
        self.window.rebase(ratio);
        self.value = self.value.map(|value| value * price_factor(ratio));
    }

    /// Forgets every sample.
    pub fn reset(&mut self) {
        self.window.reset();
        self.value = None;
    }
}
