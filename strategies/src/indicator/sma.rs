//! Simple moving average.

use super::entry::{Entry, Field, Output, period};
use super::ring::Ring;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "sma",
    summary: "Simple moving average: the mean of a window.",
    params: &[period("20", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::price("sma")],
    source: "TA-Lib SMA",
    build: |params| Ok(AnyIndicator::new(Sma::new(params.period("period")?))),
};

/// The mean of the last `period` samples, in the unit of the samples.
///
/// First value after `period` samples. The sum is begun anew each time the window has been replaced, so that
/// rounding errors are never older than two windows.
#[derive(Debug, Clone)]
pub struct Sma {
    window: Ring,
    sum: f64,
    value: Option<f64>,
}

impl Sma {
    /// Over so many samples.
    pub fn new(period: Period) -> Self {
        Self { window: Ring::new(period.get()), sum: 0.0, value: None }
    }

    #[inline]
    fn mean(&self) -> Option<f64> {
        self.window.is_full().then(|| self.sum / self.window.capacity() as f64)
    }
}

impl Indicator for Sma {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get();
        let oldest = self.window.push(sample).unwrap_or(0.0);
        self.sum += sample - oldest;
        if self.window.is_at_start() {
            self.sum = self.window.iter().sum();
        }
        self.value = self.mean();
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.window.capacity()
    }

    /// The samples in new shares are rounded, so their sum is begun anew.
    fn rebase(&mut self, ratio: Ratio) {
        self.window.scale(price_factor(ratio));
        self.sum = self.window.iter().sum();
        self.value = self.mean();
    }

    fn reset(&mut self) {
        *self = Self { window: Ring::new(self.window.capacity()), sum: 0.0, value: None };
    }
}
