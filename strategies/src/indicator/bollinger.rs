//! Bollinger bands.

use super::entry::{Entry, Field, Output, period};
use super::renewed::Renewed;
use super::{AnyIndicator, Indicator, Period, Sample, Values, price_factor};
use crate::ParamSpec;
use kernel::Ratio;
use ta::indicators::BollingerBands;

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

impl Bands {
    fn scaled(self, factor: f64) -> Self {
        Self {
            lower: self.lower * factor,
            middle: self.middle * factor,
            upper: self.upper * factor,
        }
    }
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
    window: Renewed<BollingerBands>,
    period: usize,
    bands: Option<Bands>,
}

impl Bollinger {
    /// Over so many samples, at so many standard deviations.
    #[allow(clippy::expect_used, reason = "`ta` refuses only a period of zero, which none is")]
    pub fn new(period: Period, deviations: f64) -> Self {
        let bands =
            BollingerBands::new(period.get(), deviations).expect("a period is at least one");
        Self { window: Renewed::new(bands, period), period: period.get(), bands: None }
    }
}

impl Indicator for Bollinger {
    type Input = Sample;
    type Value = Bands;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let bands = self.window.update(sample.into());
        let factor = self.window.factor();
        self.bands = bands.map(|bands| {
            Bands { lower: bands.lower, middle: bands.average, upper: bands.upper }.scaled(factor)
        });
    }

    #[inline]
    fn value(&self) -> Option<Bands> {
        self.bands
    }

    fn warmup(&self) -> usize {
        self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.window.rebase(ratio);
        self.bands = self.bands.map(|bands| bands.scaled(price_factor(ratio)));
    }

    fn reset(&mut self) {
        self.window.reset();
        self.bands = None;
    }
}
