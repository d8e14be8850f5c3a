//! Products of price and quantity.

use super::decimal::decimal_serde;
use super::{Cash, NumberError, Price, Quantity, Rounding, SCALE};
use std::fmt;
use std::str::FromStr;

/// A signed value in USD at 1e-18, so that every price times every quantity is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Notional(i128);

impl Notional {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From an integer that counts 1e-18 USD.
    pub const fn from_raw(raw: i128) -> Self {
        Self(raw)
    }

    /// The integer that counts 1e-18 USD.
    pub const fn raw(self) -> i128 {
        self.0
    }

    /// The sum, or `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The difference, or `None` on overflow.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The magnitude.
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// The amount of cash, rounded as said; `None` when it does not fit.
    /// Whole shares at any price of ours lose nothing.
    pub fn to_cash(self, rounding: Rounding) -> Option<Cash> {
        let nanos = rounding.divide(self.0, i128::from(SCALE));
        i64::try_from(nanos).ok().map(Cash::from_nanos)
    }

    /// The mean price over a quantity, rounded as said; `None` for a zero quantity or overflow.
    pub fn per(self, quantity: Quantity, rounding: Rounding) -> Option<Price> {
        let (value, shares) = match quantity.nanos() {
            0 => return None,
            n if n < 0 => (-self.0, -i128::from(n)),
            n => (self.0, i128::from(n)),
        };
        i64::try_from(rounding.divide(value, shares)).ok().map(Price::from_nanos)
    }
}

impl From<Cash> for Notional {
    fn from(cash: Cash) -> Self {
        Self(i128::from(cash.nanos()) * i128::from(SCALE))
    }
}

impl fmt::Display for Notional {
    /// Rounded half to even at nine digits: for people, not for sums.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::decimal::write(Rounding::HalfEven.divide(self.0, i128::from(SCALE)), out)
    }
}

impl FromStr for Notional {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let nanos = super::decimal::parse(text, None)?;
        nanos.checked_mul(i128::from(SCALE)).map(Self).ok_or(NumberError::OutOfRange)
    }
}

decimal_serde!(Notional, i128, from_raw, raw);
