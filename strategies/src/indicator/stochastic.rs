//! Slow stochastic oscillator.

use super::entry::{Entry, Field, window};
use super::fast_stochastic::{OUTPUTS, Place};
use super::{AnyIndicator, Candle, Indicator, Period, Sample, Sma, StochasticValue, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "stochastic",
    summary: "Slow stochastic: the fast one's %K smoothed, and the average of that.",
    params: &[
        window("k", "5", 1, "Bars whose highest and lowest price count."),
        window("slowing", "3", 1, "Period of the average that is %K."),
        window("d", "3", 1, "Period of the average of %K."),
    ],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &OUTPUTS,
    source: "G. Lane; TA-Lib STOCH with simple averages: 0 where highest and lowest are the same",
    build: |params| {
        let (k, slowing) = (params.period("k")?, params.period("slowing")?);
        Ok(AnyIndicator::new(Stochastic::new(k, slowing, params.period("d")?)))
    },
};

/// The simple average of `slowing` places of the close between the lowest and the highest price of
/// the last `k` bars, and its own average of `d`: from 0 to 100 without a unit.
///
/// First value after `k + slowing + d - 2` bars.
#[derive(Debug, Clone)]
pub struct Stochastic {
    place: Place,
    slow: Sma,
    average: Sma,
    value: Option<StochasticValue>,
}

impl Stochastic {
    /// From the bars that count and the periods of both averages.
    pub fn new(k: Period, slowing: Period, d: Period) -> Self {
        let place = Place::new(k.get());
        Self { place, slow: Sma::new(slowing), average: Sma::new(d), value: None }
    }
}

impl Indicator for Stochastic {
    type Input = Candle;
    type Value = StochasticValue;

    fn update(&mut self, candle: impl Into<Candle>) {
        let Some(place) = self.place.of_candle(&candle.into()) else { return };
        self.slow.update(Sample::computed(place));
        let Some(k) = self.slow.value() else { return };
        self.average.update(Sample::computed(k));
        self.value = self.average.value().map(|d| StochasticValue { k, d });
    }

    fn value(&self) -> Option<StochasticValue> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.place.window() + self.slow.warmup() + self.average.warmup() - 2
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.place.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        self.place = Place::new(self.place.window());
        self.slow.reset();
        self.average.reset();
        self.value = None;
    }
}
