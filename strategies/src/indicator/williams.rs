//! Williams %R.

use super::entry::{Entry, Field, Output, period};
use super::extreme::Extreme;
use super::{AnyIndicator, Candle, Indicator, Period, is_same, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "williams-r",
    summary: "Williams %R: distance of the close from the highest price, in the range of a window.",
    params: &[period("14", 2)],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::plain("r").within(-100.0, 0.0)],
    source: "L. Williams, 1973; TA-Lib WILLR: 0 where highest and lowest are the same",
    build: |params| Ok(AnyIndicator::new(WilliamsR::new(params.period("period")?))),
};

/// How far the close is below the highest price of the last `period` bars, in per cent of the way
/// to the lowest: from -100 to 0 without a unit.
///
/// First value after `period` bars.
#[derive(Debug, Clone)]
pub struct WilliamsR {
    highest: Extreme,
    lowest: Extreme,
    period: usize,
    value: Option<f64>,
}

impl WilliamsR {
    /// Over so many bars.
    pub fn new(period: Period) -> Self {
        let period = period.get();
        let (highest, lowest) = (Extreme::highest(period), Extreme::lowest(period));
        Self { highest, lowest, period, value: None }
    }
}

impl Indicator for WilliamsR {
    type Input = Candle;
    type Value = f64;

    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        self.highest.push(candle.high.get());
        self.lowest.push(candle.low.get());
        let (Some((highest, _)), Some((lowest, _))) = (self.highest.get(), self.lowest.get())
        else {
            return;
        };
        let (below, range) = (highest - candle.close.get(), highest - lowest);
        self.value = Some(if is_same(highest, lowest) { 0.0 } else { -100.0 * below / range });
    }

    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.highest.scale(price_factor(ratio));
        self.lowest.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        self.highest = Extreme::highest(self.period);
        self.lowest = Extreme::lowest(self.period);
        self.value = None;
    }
}
