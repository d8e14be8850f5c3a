//! Commodity channel index.

use super::entry::{Entry, Field, Output, period};
use super::ranked::Ranked;
use super::{AnyIndicator, Candle, Indicator, Period, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "cci",
    summary: "Distance of the typical price from its mean, in mean deviations times 0.015.",
    params: &[period("14", 2)],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::plain("cci")],
    source: "D. R. Lambert, Commodities, October 1980; TA-Lib CCI: 0 where nothing moves",
    build: |params| Ok(AnyIndicator::new(Cci::new(params.period("period")?))),
};

/// Lambert's constant: most values come to lie between -100 and 100.
const LAMBERT: f64 = 0.015;

/// A deviation below this share of the mean is what rounding leaves of none at all.
const NOTHING: f64 = 1e-12;

/// How far the typical price, the mean of high, low and close, is from its mean of `period` bars, in
/// mean absolute deviations from it times 0.015; without a unit. 0 where nothing moves.
///
/// First value after `period` bars. An update costs in proportion to the logarithm of the period: a
/// moving mean absolute deviation needs the order of its window.
#[derive(Debug, Clone)]
pub struct Cci {
    window: Ranked,
    period: usize,
    last: f64,
}

impl Cci {
    /// Over so many bars.
    pub fn new(period: Period) -> Self {
        Self { window: Ranked::new(period.get()), period: period.get(), last: 0.0 }
    }
}

impl Indicator for Cci {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        self.last = candle.into().typical();
        self.window.push(self.last);
    }

    fn value(&self) -> Option<f64> {
        let (mean, deviation) = self.window.mean_and_deviation()?;
        Some(if deviation > NOTHING * mean.abs() {
            (self.last - mean) / (LAMBERT * deviation)
        } else {
            0.0
        })
    }

    fn warmup(&self) -> usize {
        self.period
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.window.scale(factor);
        self.last *= factor;
    }

    fn reset(&mut self) {
        self.window = Ranked::new(self.period);
    }
}
