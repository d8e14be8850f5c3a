//! Stochastic oscillator of the relative strength index.

use super::entry::{Entry, Field, period, window};
use super::fast_stochastic::{OUTPUTS, Place};
use super::{AnyIndicator, Indicator, Period, Rsi, Sample, Sma, StochasticValue};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "stochastic-rsi",
    summary: "Place of the relative strength index between its own lowest and highest.",
    params: &[
        period("14", 1),
        window("k", "5", 1, "Values of the index whose highest and lowest count."),
        window("d", "3", 1, "Period of the average of %K."),
    ],
    inputs: &[Field::Close],
    outputs: &OUTPUTS,
    source: "T. S. Chande and S. Kroll, \"The New Technical Trader\", 1994; TA-Lib STOCHRSI with simple averages",
    build: |params| {
        let (period, k) = (params.period("period")?, params.period("k")?);
        Ok(AnyIndicator::new(StochasticRsi::new(period, k, params.period("d")?)))
    },
};

/// The place of the relative strength index between the lowest and the highest of its last `k`
/// values, and its simple average of `d`: from 0 to 100 without a unit.
///
/// First value after `period + k + d - 1` samples.
#[derive(Debug, Clone)]
pub struct StochasticRsi {
    index: Rsi,
    place: Place,
    average: Sma,
    value: Option<StochasticValue>,
}

impl StochasticRsi {
    /// From the period of the index, the values that count and the period of the average.
    pub fn new(period: Period, k: Period, d: Period) -> Self {
        let place = Place::new(k.get());
        Self { index: Rsi::new(period), place, average: Sma::new(d), value: None }
    }
}

impl Indicator for StochasticRsi {
    type Input = Sample;
    type Value = StochasticValue;

    fn update(&mut self, sample: impl Into<Sample>) {
        self.index.update(sample);
        let Some(index) = self.index.value() else { return };
        let Some(k) = self.place.of(index, index, index) else { return };
        self.average.update(Sample::computed(k));
        self.value = self.average.value().map(|d| StochasticValue { k, d });
    }

    fn value(&self) -> Option<StochasticValue> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.index.warmup() + self.place.window() + self.average.warmup() - 2
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.index.rebase(ratio);
    }

    fn reset(&mut self) {
        self.index.reset();
        self.place = Place::new(self.place.window());
        self.average.reset();
        self.value = None;
    }
}
