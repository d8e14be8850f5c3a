//! Exponential moving average.

use super::{Period, Sample, price_factor};
use kernel::Ratio;

/// An average whose weights fall by `1 - 2 / (period + 1)` from sample to sample, in the unit of
/// the samples. It begins with the mean of the first `period` samples, as TA-Lib's does.
///
/// First value after `period` samples.
#[derive(Debug, Clone)]
pub struct Ema {
    period: usize,
    weight: f64,
    seen: usize,
    /// The sum of the samples until there is a value, then the value.
    level: f64,
}

impl Ema {
    /// With the weights of so many samples.
    pub fn new(period: Period) -> Self {
        let period = period.get();
        Self { period, weight: 2.0 / (period as f64 + 1.0), seen: 0, level: 0.0 }
    }

    /// Takes in the next sample.
    pub fn update(&mut self, sample: impl Into<Sample>) {
        self.push(sample.into().get());
    }

    /// Takes in what was computed from samples, and is therefore finite.
    pub(super) fn push(&mut self, sample: f64) {
        if self.seen >= self.period {
            self.level += (sample - self.level) * self.weight;
            return;
        }
        self.level += sample;
        self.seen += 1;
        if self.seen == self.period {
            self.level /= self.period as f64;
        }
    }

    /// The average; `None` until `period` samples were seen.
    pub fn value(&self) -> Option<f64> {
        (self.seen >= self.period).then_some(self.level)
    }

    /// Turns the samples so far into what they would be after a split.
    pub fn rebase(&mut self, ratio: Ratio) {
        self.level *= price_factor(ratio);
    }

    /// Forgets every sample.
    pub fn reset(&mut self) {
        self.seen = 0;
        self.level = 0.0;
    }
}
