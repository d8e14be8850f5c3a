//! Distance from the mean in standard deviations.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Indicator, Period, Sample, Sma, StandardDeviation};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "z-score",
    summary: "How many standard deviations the last sample is from the mean of its window.",
    params: &[period("20", 2)],
    inputs: &[Field::Close],
    outputs: &[Output::plain("z")],
    source: "(close - SMA) / STDDEV of TA-Lib; no value where nothing moves",
    build: |params| Ok(AnyIndicator::new(ZScore::new(params.period("period")?))),
};

/// A deviation below this share of the mean is what floats leave of none at all.
const NOTHING: f64 = 1e-9;

/// How many population standard deviations the newest of the last `period` samples is above their
/// mean, without a unit.
///
/// First value after `period` samples. No value where all of them are the same.
#[derive(Debug, Clone)]
pub struct ZScore {
    mean: Sma,
    deviation: StandardDeviation,
    value: Option<f64>,
}

impl ZScore {
    /// Over so many samples.
    pub fn new(period: Period) -> Self {
        Self { mean: Sma::new(period), deviation: StandardDeviation::new(period), value: None }
    }

    /// The deviation that the score is counted in; `None` until the window is full.
    pub fn deviation(&self) -> Option<f64> {
        self.deviation.value()
    }

    fn score(&self, sample: f64) -> Option<f64> {
        let (mean, deviation) = (self.mean.value()?, self.deviation.value()?);
        (deviation > NOTHING * mean.abs()).then(|| (sample - mean) / deviation)
    }
}

impl Indicator for ZScore {
    type Input = Sample;
    type Value = f64;

    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into();
        self.mean.update(sample);
        self.deviation.update(sample);
        self.value = self.score(sample.get());
    }

    fn value(&self) -> Option<f64> {
        self.value
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
        self.value = None;
    }
}
