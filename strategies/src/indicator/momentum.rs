//! Momentum.

use super::entry::{Entry, Field, Output, period};
use super::ring::Ring;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "momentum",
    summary: "Change since so many bars ago.",
    params: &[period("10", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::price("momentum")],
    source: "TA-Lib MOM",
    build: |params| Ok(AnyIndicator::new(Momentum::new(params.period("period")?))),
};

/// How far the newest sample is above that of `period` samples ago, in the unit of the samples.
///
/// First value after `period + 1` samples.
#[derive(Debug, Clone)]
pub struct Momentum {
    samples: Ring,
    value: Option<f64>,
}

impl Momentum {
    /// Since so many samples ago.
    pub fn new(period: Period) -> Self {
        Self { samples: Ring::new(period.get()), value: None }
    }
}

impl Indicator for Momentum {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get();
        self.value = self.samples.push(sample).map(|before| sample - before);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.samples.capacity() + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.samples.scale(factor);
        self.value = self.value.map(|value| value * factor);
    }

    fn reset(&mut self) {
        *self = Self { samples: Ring::new(self.samples.capacity()), value: None };
    }
}
