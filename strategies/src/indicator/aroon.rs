//! Aroon.

use super::entry::{Entry, Field, Output, period};
use super::extreme::Extreme;
use super::{AnyIndicator, Candle, Indicator, Period, Values, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "aroon",
    summary: "How long ago the highest and the lowest price of a window were.",
    params: &[period("14", 2)],
    inputs: &[Field::High, Field::Low],
    outputs: &[
        Output::plain("up").within(0.0, 100.0),
        Output::plain("down").within(0.0, 100.0),
        Output::plain("oscillator").within(-100.0, 100.0),
    ],
    source: "T. S. Chande, Stocks & Commodities, September 1995; TA-Lib AROON, AROONOSC: of equals the newest",
    build: |params| Ok(AnyIndicator::new(Aroon::new(params.period("period")?))),
};

/// What Aroon says, without a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AroonValue {
    /// 100 at the highest high, 0 when it was `period` bars ago.
    pub up: f64,
    /// 100 at the lowest low, 0 when it was `period` bars ago.
    pub down: f64,
    /// The one less the other, from -100 to 100.
    pub oscillator: f64,
}

impl From<AroonValue> for Values {
    fn from(value: AroonValue) -> Self {
        [value.up, value.down, value.oscillator].into()
    }
}

/// How long ago the highest high and the lowest low of the last `period + 1` bars were: 100 for now,
/// 0 for `period` bars ago.
///
/// First value after `period + 1` bars.
#[derive(Debug, Clone)]
pub struct Aroon {
    highest: Extreme,
    lowest: Extreme,
    period: usize,
}

impl Aroon {
    /// Looking back on so many bars before the newest.
    pub fn new(period: Period) -> Self {
        Self::of(period.get())
    }

    fn of(period: usize) -> Self {
        let window = period + 1;
        Self { highest: Extreme::highest(window), lowest: Extreme::lowest(window), period }
    }
}

impl Indicator for Aroon {
    type Input = Candle;
    type Value = AroonValue;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        self.highest.push(candle.high.get());
        self.lowest.push(candle.low.get());
    }

    fn value(&self) -> Option<AroonValue> {
        let ((_, high_age), (_, low_age)) = (self.highest.get()?, self.lowest.get()?);
        let fresh = |age: usize| 100.0 * (self.period - age) as f64 / self.period as f64;
        let (up, down) = (fresh(high_age), fresh(low_age));
        Some(AroonValue { up, down, oscillator: up - down })
    }

    fn warmup(&self) -> usize {
        self.period + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.highest.scale(price_factor(ratio));
        self.lowest.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        *self = Self::of(self.period);
    }
}
