//! Volume-weighted average price of a session.

use super::entry::{Entry, Field, Output};
use super::sum::Sum;
use super::{AnyIndicator, Candle, Indicator, volume_factor};
use crate::ParamSpec;
use kernel::{Ratio, SCALE, Timestamp};

pub(super) const ENTRY: Entry = Entry {
    name: "vwap",
    summary: "Volume-weighted average price since the session began.",
    params: &[ParamSpec::integer(
        "begins",
        "300",
        (0, 1439),
        "minutes after midnight UTC",
        "When a session begins; 300 lies between the sessions of US equities, extended hours included, in both seasons.",
    )],
    inputs: &[Field::Time, Field::High, Field::Low, Field::Close, Field::Volume],
    outputs: &[Output::price("vwap")],
    source: "Typical price times volume over volume; not in TA-Lib: no value before the session's first trade",
    build: |params| Ok(AnyIndicator::new(Vwap::new(params.integer("begins")?))),
};

/// The mean of the typical prices of the session's bars, weighted with their volume; in the unit of
/// prices.
///
/// First value with the first bar of a session that has a volume; none before that in each session.
#[derive(Debug, Clone)]
pub struct Vwap {
    /// Minutes after midnight UTC.
    begins: i64,
    session: Option<i64>,
    money: Sum,
    volume: Sum,
}

impl Vwap {
    /// With sessions that begin so many minutes after midnight UTC.
    pub const fn new(begins: i64) -> Self {
        Self { begins, session: None, money: Sum::ZERO, volume: Sum::ZERO }
    }

    /// The number of the session that a bar belongs to, one for each day.
    const fn session(&self, at: Timestamp) -> i64 {
        (at.nanos().div_euclid(60 * SCALE) - self.begins).div_euclid(24 * 60)
    }
}

impl Indicator for Vwap {
    type Input = Candle;
    type Value = f64;

    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        let session = self.session(candle.open_time);
        if self.session.replace(session) != Some(session) {
            (self.money, self.volume) = (Sum::ZERO, Sum::ZERO);
        }
        self.money.add(candle.typical() * candle.volume.get());
        self.volume.add(candle.volume.get());
    }

    fn value(&self) -> Option<f64> {
        let volume = self.volume.get();
        (volume > 0.0).then(|| self.money.get() / volume)
    }

    fn warmup(&self) -> usize {
        1
    }

    /// Money stays the same in a split.
    fn rebase(&mut self, ratio: Ratio) {
        self.volume.scale(volume_factor(ratio));
    }

    fn reset(&mut self) {
        *self = Self::new(self.begins);
    }
}
