//! Average directional index.

use super::entry::{Entry, Field, Output, period};
use super::wilder::Wilder;
use super::{AnyIndicator, Candle, Directional, Indicator, Period};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "adx",
    summary: "Wilder's average directional index: how much of a trend there is, up or down.",
    params: &[period("14", 2)],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::plain("adx").within(0.0, 100.0)],
    source: "J. W. Wilder, \"New Concepts in Technical Trading Systems\", 1978; TA-Lib ADX",
    build: |params| Ok(AnyIndicator::new(Adx::new(params.period("period")?))),
};

/// The distance of the two directional indicators in per cent of their sum, in Wilder's smoothing:
/// from 0 to 100 without a unit.
///
/// First value after `2 period` bars.
#[derive(Debug, Clone)]
pub struct Adx {
    directional: Directional,
    mean: Wilder,
    period: usize,
}

impl Adx {
    /// Over so many moves.
    pub fn new(period: Period) -> Self {
        let mean = Wilder::new(period.get());
        Self { directional: Directional::new(period), mean, period: period.get() }
    }
}

impl Indicator for Adx {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let Some(value) = self.directional.next(&candle.into()) else { return };
        let sum = value.plus + value.minus;
        if sum > 0.0 {
            self.mean.push(100.0 * (value.plus - value.minus).abs() / sum);
        } else if self.mean.get().is_none() {
            // As in TA-Lib bars without a move count for the first mean, and not later.
            self.mean.push(0.0);
        }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.mean.get()
    }

    fn warmup(&self) -> usize {
        2 * self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.directional.rebase(ratio);
    }

    fn reset(&mut self) {
        self.directional.reset();
        self.mean = Wilder::new(self.period);
    }
}
