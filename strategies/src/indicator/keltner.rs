//! Keltner channel.

use super::bollinger::BANDS;
use super::entry::{Entry, Field, period, window};
use super::{AnyIndicator, Atr, Bands, Candle, Ema, Indicator, Period};
use crate::ParamSpec;
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "keltner",
    summary: "Exponential average with bands at so many average true ranges around it.",
    params: &[
        period("20", 1),
        window("atr", "10", 1, "Period of the average true range."),
        ParamSpec::decimal(
            "multiplier",
            "2",
            (0.0, 100.0),
            "average true ranges",
            "Distance of the bands from the average.",
        ),
    ],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &BANDS,
    source: "L. B. Raschke's form of C. Keltner's channel: EMA of the close and ATR of TA-Lib",
    build: |params| {
        let (period, atr) = (params.period("period")?, params.period("atr")?);
        Ok(AnyIndicator::new(Keltner::new(period, atr, params.decimal("multiplier")?)))
    },
};

/// The exponential average of the close, and bands at so many average true ranges around it; in the
/// unit of prices.
///
/// First value after `period` bars, or the average true range's `atr + 1` where that is more.
#[derive(Debug, Clone)]
pub struct Keltner {
    middle: Ema,
    range: Atr,
    multiplier: f64,
}

impl Keltner {
    /// From the periods of both averages and the distance of the bands.
    pub fn new(period: Period, atr: Period, multiplier: f64) -> Self {
        Self { middle: Ema::new(period), range: Atr::new(atr), multiplier }
    }
}

impl Indicator for Keltner {
    type Input = Candle;
    type Value = Bands;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        self.middle.update(candle.close);
        self.range.update(candle);
    }

    fn value(&self) -> Option<Bands> {
        let middle = self.middle.value()?;
        let width = self.range.value()? * self.multiplier;
        Some(Bands { lower: middle - width, middle, upper: middle + width })
    }

    fn warmup(&self) -> usize {
        self.middle.warmup().max(self.range.warmup())
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.middle.rebase(ratio);
        self.range.rebase(ratio);
    }

    fn reset(&mut self) {
        self.middle.reset();
        self.range.reset();
    }
}
