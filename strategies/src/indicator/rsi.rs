//! Relative strength index.

use super::entry::{Entry, Field, Output, period};
use super::wilder::Wilder;
use super::{AnyIndicator, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "rsi",
    summary: "Wilder's relative strength index: the share of gains in all movement.",
    params: &[period("14", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::plain("rsi").within(0.0, 100.0)],
    source: "J. W. Wilder, \"New Concepts in Technical Trading Systems\", 1978; TA-Lib RSI, which says 0 where nothing has moved at all: here that is no value",
    build: |params| Ok(AnyIndicator::new(Rsi::new(params.period("period")?))),
};

/// The share of gains in all movement, from 0 to 100 without a unit, by Wilder's smoothing: the
/// means of the first `period` gains and losses, then each new one with weight `1 / period`.
///
/// First value after `period + 1` samples.
///
/// Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978. Where nothing has
/// moved at all there is no value; TA-Lib says 0 there, which would read as oversold.
#[derive(Debug, Clone)]
pub struct Rsi {
    period: usize,
    last: Option<f64>,
    gain: Wilder,
    loss: Wilder,
}

impl Rsi {
    /// Over so many changes.
    pub fn new(period: Period) -> Self {
        let (period, smooth) = (period.get(), Wilder::new(period.get()));
        Self { period, last: None, gain: smooth.clone(), loss: smooth }
    }
}

impl Indicator for Rsi {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get();
        if let Some(last) = self.last.replace(sample) {
            self.gain.push((sample - last).max(0.0));
            self.loss.push((last - sample).max(0.0));
        }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        let (gain, loss) = (self.gain.get()?, self.loss.get()?);
        let moved = gain + loss;
        (moved > 0.0).then(|| 100.0 * (gain / moved))
    }

    fn warmup(&self) -> usize {
        self.period + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.last = self.last.map(|last| last * factor);
        self.gain.scale(factor);
        self.loss.scale(factor);
    }

    fn reset(&mut self) {
        *self = Self {
            last: None,
            gain: Wilder::new(self.period),
            loss: Wilder::new(self.period),
            ..*self
        };
    }
}
