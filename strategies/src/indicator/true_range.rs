//! True range.

use super::entry::{Entry, Field, Output};
use super::{AnyIndicator, Candle, Indicator, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "true-range",
    summary: "Range of a bar with the gap before it.",
    params: &[],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::price("range")],
    source: "J. W. Wilder, \"New Concepts in Technical Trading Systems\", 1978; TA-Lib TRANGE",
    build: |_| Ok(AnyIndicator::new(TrueRange::new())),
};

/// The distance between the higher of a bar's high and the close before, and the lower of its low
/// and that close; in the unit of prices.
///
/// First value after 2 bars.
#[derive(Debug, Clone, Default)]
pub struct TrueRange {
    last: Option<f64>,
    value: Option<f64>,
}

impl TrueRange {
    /// Before any bar.
    pub const fn new() -> Self {
        Self { last: None, value: None }
    }

    /// Takes in the next bar; what it says then.
    #[inline]
    pub(super) fn next(&mut self, candle: &Candle) -> Option<f64> {
        let (high, low) = (candle.high.get(), candle.low.get());
        let last = self.last.replace(candle.close.get());
        self.value = last.map(|last| (high - low).max((last - high).abs()).max((last - low).abs()));
        self.value
    }
}

impl Indicator for TrueRange {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        self.next(&candle.into());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        2
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.last = self.last.map(|last| last * factor);
        self.value = self.value.map(|value| value * factor);
    }

    fn reset(&mut self) {
        *self = Self::new();
    }
}
