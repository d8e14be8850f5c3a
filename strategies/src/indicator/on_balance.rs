//! On-balance volume.

use super::entry::{Entry, Field, Output};
use super::sum::Sum;
use super::{AnyIndicator, Candle, Indicator, price_factor, volume_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "obv",
    summary: "On-balance volume: the volume of rising bars less that of falling ones.",
    params: &[],
    inputs: &[Field::Close, Field::Volume],
    outputs: &[Output::shares("obv")],
    source: "J. E. Granville, \"New Key to Stock Market Profits\", 1963; TA-Lib OBV: it begins with the first bar's volume",
    build: |_| Ok(AnyIndicator::new(OnBalanceVolume::new())),
};

/// The volume of all bars that closed higher than the one before, less that of all that closed
/// lower, in shares. It begins with the first bar's volume, so that only its changes mean something.
///
/// First value after 1 bar.
#[derive(Debug, Clone, Default)]
pub struct OnBalanceVolume {
    last: Option<f64>,
    total: Sum,
}

impl OnBalanceVolume {
    /// Before any bar.
    pub const fn new() -> Self {
        Self { last: None, total: Sum::ZERO }
    }
}

impl Indicator for OnBalanceVolume {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        let (close, volume) = (candle.close.get(), candle.volume.get());
        match self.last.replace(close) {
            Some(last) if close < last => self.total.add(-volume),
            Some(last) if close == last => {}
            Some(_) | None => self.total.add(volume),
        }
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.last.map(|_| self.total.get())
    }

    fn warmup(&self) -> usize {
        1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.last = self.last.map(|last| last * price_factor(ratio));
        self.total.scale(volume_factor(ratio));
    }

    fn reset(&mut self) {
        *self = Self::new();
    }
}
