//! Rate of change.

use super::entry::{Entry, Field, Output, period};
use super::ring::Ring;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

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
    samples: Ring,
    value: Option<f64>,
}

impl RateOfChange {
    /// Since so many samples ago.
    pub fn new(period: Period) -> Self {
        Self { samples: Ring::new(period.get()), value: None }
    }
}

impl Indicator for RateOfChange {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get();
        let before = self.samples.push(sample).filter(|before| *before != 0.0);
        self.value = before.map(|before| (sample / before - 1.0) * 100.0);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.samples.capacity() + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.samples.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        *self = Self { samples: Ring::new(self.samples.capacity()), value: None };
    }
}
