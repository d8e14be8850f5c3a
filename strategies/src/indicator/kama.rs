//! Kaufman's adaptive moving average.

use super::entry::{Entry, Field, Output, period, window};
use super::ring::Ring;
use super::sum::Sum;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "kama",
    summary: "Kaufman's adaptive average: fast where prices go straight, slow where they waver.",
    params: &[
        period("30", 2),
        window("fast", "2", 1, "Period of the average where prices go straight."),
        window("slow", "30", 1, "Period of the average where they go nowhere."),
    ],
    inputs: &[Field::Close],
    outputs: &[Output::price("kama")],
    source: "P. J. Kaufman, \"Smarter Trading\", 1995; TA-Lib KAMA (fast 2, slow 30)",
    build: |params| {
        let (fast, slow) = (params.period("fast")?, params.period("slow")?);
        Ok(AnyIndicator::new(Kama::new(params.period("period")?, fast, slow)))
    },
};

/// An exponential average whose weight lies between that of a slow and a fast one, by how straight
/// the last `period` changes went: their sum over the sum of their sizes. In the unit of the
/// samples.
///
/// First value after `period + 1` samples. It begins with the sample before.
#[derive(Debug, Clone)]
pub struct Kama {
    period: usize,
    slow: f64,
    fast: f64,
    samples: Ring,
    sizes: Ring,
    size: Sum,
    last: Option<f64>,
    level: Option<f64>,
}

impl Kama {
    /// Over so many changes, between the weights of two periods.
    pub fn new(period: Period, fast: Period, slow: Period) -> Self {
        let weight = |period: Period| 2.0 / (period.get() as f64 + 1.0);
        let period = period.get();
        Self {
            period,
            slow: weight(slow),
            fast: weight(fast),
            samples: Ring::new(period),
            sizes: Ring::new(period),
            size: Sum::ZERO,
            last: None,
            level: None,
        }
    }
}

impl Indicator for Kama {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get();
        let before = self.samples.push(sample);
        let Some(last) = self.last.replace(sample) else { return };
        let size = (sample - last).abs();
        self.size.add(size);
        self.size.add(-self.sizes.push(size).unwrap_or(0.0));
        let Some(before) = before else { return };
        let (way, size) = (sample - before, self.size.get());
        let straight = if size <= way || size <= 0.0 { 1.0 } else { (way / size).abs() };
        let weight = (straight * (self.fast - self.slow) + self.slow).powi(2);
        let level = self.level.unwrap_or(last);
        self.level = Some(level + (sample - level) * weight);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.level
    }

    fn warmup(&self) -> usize {
        self.period + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.samples.scale(factor);
        self.sizes.scale(factor);
        self.size.scale(factor);
        self.last = self.last.map(|last| last * factor);
        self.level = self.level.map(|level| level * factor);
    }

    fn reset(&mut self) {
        self.samples = Ring::new(self.period);
        self.sizes = Ring::new(self.period);
        self.size = Sum::ZERO;
        (self.last, self.level) = (None, None);
    }
}
