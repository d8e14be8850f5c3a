//! Donchian channel.

use super::bollinger::BANDS;
use super::entry::{Entry, Field, period};
use super::extreme::Extreme;
use super::{AnyIndicator, Bands, Candle, Indicator, Period, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "donchian",
    summary: "Lowest low and highest high of a window, and the middle between them.",
    params: &[period("20", 1)],
    inputs: &[Field::High, Field::Low],
    outputs: &BANDS,
    source: "R. Donchian; MAX and MIN of TA-Lib, the newest bar among them",
    build: |params| Ok(AnyIndicator::new(Donchian::new(params.period("period")?))),
};

/// The lowest low and the highest high of the last `period` bars, the newest among them, and the
/// middle between the two; in the unit of prices.
///
/// First value after `period` bars.
#[derive(Debug, Clone)]
pub struct Donchian {
    highest: Extreme,
    lowest: Extreme,
    period: usize,
}

impl Donchian {
    /// Over so many bars.
    pub fn new(period: Period) -> Self {
        Self::of(period.get())
    }

    fn of(period: usize) -> Self {
        Self { highest: Extreme::highest(period), lowest: Extreme::lowest(period), period }
    }
}

impl Indicator for Donchian {
    type Input = Candle;
    type Value = Bands;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        self.highest.push(candle.high.get());
        self.lowest.push(candle.low.get());
    }

    fn value(&self) -> Option<Bands> {
        let ((upper, _), (lower, _)) = (self.highest.get()?, self.lowest.get()?);
        Some(Bands { lower, middle: (lower + upper) / 2.0, upper })
    }

    fn warmup(&self) -> usize {
        self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.highest.scale(price_factor(ratio));
        self.lowest.scale(price_factor(ratio));
    }

    fn reset(&mut self) {
        *self = Self::of(self.period);
    }
}
