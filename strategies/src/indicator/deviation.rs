//! Standard deviation.

use super::entry::{Entry, Field, Output, period};
use super::ring::Ring;
use super::sum::Sum;
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
    samples: Ring,
    plain: Sum,
    squares: Sum,
}

impl StandardDeviation {
    /// Over so many samples.
    pub fn new(period: Period) -> Self {
        Self { samples: Ring::new(period.get()), plain: Sum::ZERO, squares: Sum::ZERO }
    }
}

impl Indicator for StandardDeviation {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get();
        if let Some(oldest) = self.samples.push(sample) {
            self.plain.add(-oldest);
            self.squares.subtract_square(oldest);
        }
        self.plain.add(sample);
        self.squares.add_square(sample);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        let variance = || Sum::variance(self.plain, self.squares, self.samples.capacity());
        self.samples.is_full().then(|| variance().sqrt())
    }

    fn warmup(&self) -> usize {
        self.samples.capacity()
    }

    /// The samples in new shares are rounded, so their sums are begun anew.
    fn rebase(&mut self, ratio: Ratio) {
        self.samples.scale(price_factor(ratio));
        (self.plain, self.squares) = (Sum::ZERO, Sum::ZERO);
        for sample in self.samples.iter() {
            self.plain.add(sample);
            self.squares.add_square(sample);
        }
    }

    fn reset(&mut self) {
        self.samples = Ring::new(self.samples.capacity());
        (self.plain, self.squares) = (Sum::ZERO, Sum::ZERO);
    }
}
