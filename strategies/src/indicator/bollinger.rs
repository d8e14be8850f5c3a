//! Bollinger bands.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Indicator, Period, Sample, Sma, StandardDeviation, Values};
use crate::ParamSpec;
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "bollinger",
    summary: "Mean with bands at so many standard deviations around it.",
    params: &[
        period("20", 2),
        ParamSpec::decimal(
            "deviations",
            "2",
            (0.0, 100.0),
            "population standard deviations",
            "Distance of the bands from the mean.",
        ),
    ],
    inputs: &[Field::Close],
    outputs: &BANDS,
    source: "J. Bollinger, \"Bollinger on Bollinger Bands\", 2001; TA-Lib BBANDS",
    build: |params| {
        let deviations = params.decimal("deviations")?;
        Ok(AnyIndicator::new(Bollinger::new(params.period("period")?, deviations)))
    },
};

/// What [`Bands`] are, by name.
pub(super) const BANDS: [Output; 3] =
    [Output::price("lower"), Output::price("middle"), Output::price("upper")];

/// A line with a band on either side, in the unit of the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// The band below.
    pub lower: f64,
    /// The line between them.
    pub middle: f64,
    /// The band above.
    pub upper: f64,
}

impl From<Bands> for Values {
    fn from(bands: Bands) -> Self {
        [bands.lower, bands.middle, bands.upper].into()
    }
}

/// The mean of the last `period` samples, and bands at so many population standard deviations
/// (divided by n, not n - 1) around it.
///
/// First value after `period` samples.
#[derive(Debug, Clone)]
pub struct Bollinger {
    mean: Sma,
    deviation: StandardDeviation,
    deviations: f64,
}

impl Bollinger {
    /// Over so many samples, at so many standard deviations.
    pub fn new(period: Period, deviations: f64) -> Self {
        let (mean, deviation) = (Sma::new(period), StandardDeviation::new(period));
        Self { mean, deviation, deviations }
    }
}

impl Indicator for Bollinger {
    type Input = Sample;
    type Value = Bands;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into();
        self.mean.update(sample);
        self.deviation.update(sample);
    }

    #[inline]
    fn value(&self) -> Option<Bands> {
        let middle = self.mean.value()?;
        let width = self.deviation.value()? * self.deviations;
        Some(Bands { lower: middle - width, middle, upper: middle + width })
    }

    fn warmup(&self) -> usize {
        self.mean.warmup()
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.mean.rebase(ratio);
        self.deviation.rebase(ratio);
    }

    fn reset(&mut self) {
        self.mean.reset();
        self.deviation.reset();
    }
}
