//! Accumulation and distribution.

use super::entry::{Entry, Field, Output};
use super::sum::Sum;
use super::{AnyIndicator, Candle, Indicator, volume_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "ad",
    summary: "Chaikin's accumulation and distribution line.",
    params: &[],
    inputs: &[Field::High, Field::Low, Field::Close, Field::Volume],
    outputs: &[Output::shares("ad")],
    source: "M. Chaikin; TA-Lib AD",
    build: |_| Ok(AnyIndicator::new(AccumulationDistribution::new())),
};

/// The volume of all bars, each times the place of its close between low and high, from -1 to 1; in
/// shares. A bar whose high is its low counts nothing.
///
/// First value after 1 bar.
#[derive(Debug, Clone, Default)]
pub struct AccumulationDistribution {
    total: Option<Sum>,
}

impl AccumulationDistribution {
    /// Before any bar.
    pub const fn new() -> Self {
        Self { total: None }
    }
}

impl Indicator for AccumulationDistribution {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        self.total.get_or_insert(Sum::ZERO).add(candle.into().signed_volume());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.total.map(Sum::get)
    }

    fn warmup(&self) -> usize {
        1
    }

    fn rebase(&mut self, ratio: Ratio) {
        if let Some(total) = &mut self.total {
            total.scale(volume_factor(ratio));
        }
    }

    fn reset(&mut self) {
        self.total = None;
    }
}
