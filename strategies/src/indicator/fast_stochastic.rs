//! Fast stochastic oscillator.

use super::entry::{Entry, Field, Output, window};
use super::extreme::Extreme;
use super::{AnyIndicator, Candle, Indicator, Period, Sample, Sma, Values, is_same, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "fast-stochastic",
    summary: "Place of the close between the lowest and the highest price of a window.",
    params: &[
        window("k", "5", 1, "Bars whose highest and lowest price count."),
        window("d", "3", 1, "Period of the average of %K."),
    ],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &OUTPUTS,
    source: "G. Lane; TA-Lib STOCHF with simple averages: 0 where highest and lowest are the same",
    build: |params| {
        Ok(AnyIndicator::new(FastStochastic::new(params.period("k")?, params.period("d")?)))
    },
};

/// What a [`StochasticValue`] is, by name.
pub(super) const OUTPUTS: [Output; 2] =
    [Output::plain("k").within(0.0, 100.0), Output::plain("d").within(0.0, 100.0)];

/// What a stochastic oscillator says, from 0 to 100 without a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochasticValue {
    /// %K.
    pub k: f64,
    /// %D, the average of %K.
    pub d: f64,
}

impl From<StochasticValue> for Values {
    fn from(value: StochasticValue) -> Self {
        [value.k, value.d].into()
    }
}

/// Where a number stands between the lowest and the highest of a window.
#[derive(Debug, Clone)]
pub(super) struct Place {
    highest: Extreme,
    lowest: Extreme,
    window: usize,
}

impl Place {
    pub(super) fn new(window: usize) -> Self {
        Self { highest: Extreme::highest(window), lowest: Extreme::lowest(window), window }
    }

    /// Per cent of the way up, 0 where there is no way; `None` until the window is full.
    #[inline]
    pub(super) fn of(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        self.highest.push(high);
        self.lowest.push(low);
        let ((highest, _), (lowest, _)) = (self.highest.get()?, self.lowest.get()?);
        // In TA-Lib's order of operations, so that what is rounded is rounded alike.
        let hundredth = (highest - lowest) / 100.0;
        Some(if is_same(highest, lowest) { 0.0 } else { (close - lowest) / hundredth })
    }

    pub(super) fn of_candle(&mut self, candle: &Candle) -> Option<f64> {
        self.of(candle.high.get(), candle.low.get(), candle.close.get())
    }

    pub(super) const fn window(&self) -> usize {
        self.window
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.highest.scale(factor);
        self.lowest.scale(factor);
    }
}

/// The place of the close between the lowest and the highest price of the last `k` bars, and its
/// simple average of `d`: from 0 to 100 without a unit.
///
/// First value after `k + d - 1` bars.
#[derive(Debug, Clone)]
pub struct FastStochastic {
    place: Place,
    average: Sma,
    value: Option<StochasticValue>,
}

impl FastStochastic {
    /// From the bars that count and the period of the average.
    pub fn new(k: Period, d: Period) -> Self {
        Self { place: Place::new(k.get()), average: Sma::new(d), value: None }
    }
}

impl Indicator for FastStochastic {
    type Input = Candle;
    type Value = StochasticValue;

    fn update(&mut self, candle: impl Into<Candle>) {
        let Some(k) = self.place.of_candle(&candle.into()) else { return };
        self.average.update(Sample::computed(k));
        self.value = self.average.value().map(|d| StochasticValue { k, d });
    }

    fn value(&self) -> Option<StochasticValue> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.place.window() + self.average.warmup() - 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.place.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        self.place = Place::new(self.place.window());
        self.average.reset();
        self.value = None;
    }
}
