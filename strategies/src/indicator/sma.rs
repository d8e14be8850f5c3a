//! Simple moving average.

use super::entry::{Entry, Field, Output, period};
use super::renewed::INTERVAL;
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
/// First value after `period` samples. The running sum is begun anew now and then, as is said of
/// every window here: a second sum grows beside it from nothing, and takes its place when it holds
/// what the window holds.
#[derive(Debug, Clone)]
pub struct Sma {
    /// The last samples; the oldest is next in line.
    window: Box<[f64]>,
    next: usize,
    /// How many samples the window holds when it is full.
    count: f64,
    sum: f64,
    /// The sum that will take its place.
    spare: f64,
    /// Samples since the sum was nothing.
    age: usize,
    /// What a sample is multiplied with: the window keeps the unit of its first sample, and after a
    /// split the samples are in another one.
    unit: f64,
    /// What a mean of the window is multiplied with: the inverse.
    factor: f64,
    value: Option<f64>,
}

impl Sma {
    /// Over so many samples.
    pub fn new(period: Period) -> Self {
        Self {
            window: vec![0.0; period.get()].into(),
            next: 0,
            count: period.get() as f64,
            sum: 0.0,
            spare: 0.0,
            age: 0,
            unit: 1.0,
            factor: 1.0,
            value: None,
        }
    }

    /// Lets the spare sum grow, and take the place of the sum once it holds the whole window.
    #[cold]
    fn renew(&mut self, sample: f64) {
        self.spare += sample;
        let period = self.window.len();
        if self.age == INTERVAL.max(period) + period {
            (self.sum, self.spare, self.age) = (self.spare, 0.0, period);
        }
    }
}

impl Indicator for Sma {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get() * self.unit;
        let period = self.window.len();
        let Some(oldest) = self.window.get_mut(self.next) else { return };
        self.sum = self.sum - *oldest + sample;
        *oldest = sample;
        self.next = if self.next + 1 < period { self.next + 1 } else { 0 };
        self.age += 1;
        self.value = (self.age >= period).then_some(self.sum / self.count * self.factor);
        if self.age > INTERVAL.max(period) {
            self.renew(sample);
        }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.window.len()
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.unit /= price_factor(ratio);
        self.factor = self.unit.recip();
        self.value = self.value.map(|value| value * price_factor(ratio));
    }

    fn reset(&mut self) {
        self.window.fill(0.0);
        (self.next, self.sum, self.spare, self.age) = (0, 0.0, 0.0, 0);
        (self.unit, self.factor, self.value) = (1.0, 1.0, None);
    }
}
