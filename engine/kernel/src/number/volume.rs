//! The traded volume of a bar.

use super::decimal::decimal_serde;
use super::{NumberError, Rounding, decimal};
use std::fmt;
use std::str::FromStr;

/// A bar's volume at 1e-9: a statistic of the market, never a size to trade, so it has a wider
/// type than [`super::Quantity`] (some sources give traded currency instead of shares).
///
/// Kept as its high half before its low one, so that a bar needs no room for alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Volume([u64; 2]);

impl Volume {
    /// Nothing traded, or unknown.
    pub const ZERO: Self = Self([0; 2]);

    /// From an integer that counts billionths.
    pub const fn from_nanos(nanos: u128) -> Self {
        Self([(nanos >> 64) as u64, nanos as u64])
    }

    /// From decimal text of any precision: digits beyond the ninth are cut.
    ///
    /// # Errors
    /// When the text is no decimal number, is below zero or does not fit.
    pub fn from_decimal(text: &str) -> Result<Self, NumberError> {
        u128::try_from(decimal::parse(text, Some(Rounding::Down))?)
            .map(Self::from_nanos)
            .map_err(|_| NumberError::OutOfRange)
    }

    /// The integer that counts billionths.
    pub const fn nanos(self) -> u128 {
        let [high, low] = self.0;
        (high as u128) << 64 | low as u128
    }

    /// The nearest binary float, for indicators.
    pub fn to_f64(self) -> f64 {
        self.nanos() as f64 / 1e9
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(i128::try_from(self.nanos()).unwrap_or(i128::MAX), out)
    }
}

impl FromStr for Volume {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        u128::try_from(decimal::parse(text, None)?)
            .map(Self::from_nanos)
            .map_err(|_| NumberError::OutOfRange)
    }
}

decimal_serde!(Volume, u128, from_nanos, nanos);
