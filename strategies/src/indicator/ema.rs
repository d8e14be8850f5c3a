//! Exponential moving average.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "ema",
    summary: "Exponential moving average, seeded with the simple one of its first window.",
    params: &[period("20", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::price("ema")],
    source: "TA-Lib EMA",
    build: |params| Ok(AnyIndicator::new(Ema::new(params.period("period")?))),
};

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

    /// Takes in what was computed from samples, and is therefore finite.
    #[inline]
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

    /// The same, and what it says then.
    #[inline]
    pub(super) fn next(&mut self, sample: f64) -> Option<f64> {
        self.push(sample);
        self.value()
    }
}

impl Indicator for Ema {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        self.push(sample.into().get());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        (self.seen >= self.period).then_some(self.level)
    }

    fn warmup(&self) -> usize {
        self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.level *= price_factor(ratio);
    }

    fn reset(&mut self) {
        self.seen = 0;
        self.level = 0.0;
    }
}
