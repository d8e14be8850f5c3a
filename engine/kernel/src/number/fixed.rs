//! The 64-bit fixed-point types.

use super::decimal::decimal_serde;
use super::{BasisPoints, Notional, NumberError, Rounding, SCALE, decimal};
use std::fmt;
use std::str::FromStr;

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The largest value.
            pub const MAX: Self = Self(i64::MAX);

            /// From an integer that counts billionths.
            pub const fn from_nanos(nanos: i64) -> Self {
                Self(nanos)
            }

            /// From a whole number; `None` when it does not fit.
            pub const fn from_whole(whole: i64) -> Option<Self> {
                match whole.checked_mul(SCALE) {
                    Some(nanos) => Some(Self(nanos)),
                    None => None,
                }
            }

            /// From decimal text of any precision: digits beyond the ninth are rounded as said.
            /// Brokers and feeds state means and statistics with more digits than anyone trades.
            ///
            /// # Errors
            /// When the text is no decimal number or the value does not fit.
            pub fn from_decimal(text: &str, rounding: Rounding) -> Result<Self, NumberError> {
                i64::try_from(decimal::parse(text, Some(rounding))?)
                    .map(Self)
                    .map_err(|_| NumberError::OutOfRange)
            }

            /// The integer that counts billionths.
            #[inline]
            pub const fn nanos(self) -> i64 {
                self.0
            }

            /// Whether this is exactly zero.
            #[inline]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether this is above zero.
            #[inline]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether this is below zero.
            #[inline]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// The sum, or `None` on overflow.
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(nanos) => Some(Self(nanos)),
                    None => None,
                }
            }

            /// The difference, or `None` on overflow.
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(nanos) => Some(Self(nanos)),
                    None => None,
                }
            }

            /// The value with its sign turned; `None` for the lowest value.
            pub const fn checked_neg(self) -> Option<Self> {
                match self.0.checked_neg() {
                    Some(nanos) => Some(Self(nanos)),
                    None => None,
                }
            }

            /// The magnitude; the lowest value gives the largest.
            pub const fn abs(self) -> Self {
                Self(self.0.saturating_abs())
            }

            /// The nearest binary float, for indicators and statistics, never for money.
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / SCALE as f64
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                decimal::write(i128::from(self.0), out)
            }
        }

        impl FromStr for $name {
            type Err = NumberError;

            fn from_str(text: &str) -> Result<Self, NumberError> {
                i64::try_from(decimal::parse(text, None)?)
                    .map(Self)
                    .map_err(|_| NumberError::OutOfRange)
            }
        }

        decimal_serde!($name, i64, from_nanos, nanos);
    };
}

fixed! {
    /// A price in USD per share.
    Price
}
fixed! {
    /// A signed number of shares: positive is long or bought, negative is short or sold.
    Quantity
}
fixed! {
    /// A signed amount of USD.
    Cash
}
fixed! {
    /// A share in hundredths: `1.5` is 1.5 %.
    Percent
}

impl Price {
    /// Price times quantity; exact, and cannot overflow.
    pub const fn times(self, quantity: Quantity) -> Notional {
        Notional::from_raw(self.0 as i128 * quantity.0 as i128)
    }

    /// The value of a quantity at this price, rounded as said; `None` when it does not fit.
    ///
    /// The same as [`Price::times`] and [`Notional::to_cash`], in 64 bits for whole shares, whose
    /// value needs no rounding.
    #[inline]
    pub fn value(self, quantity: Quantity, rounding: Rounding) -> Option<Cash> {
        if quantity.is_whole() {
            return self.0.checked_mul(quantity.0 / SCALE).map(Cash);
        }
        self.times(quantity).to_cash(rounding)
    }

    /// This price moved by signed basis points, rounded as said; `None` on overflow.
    pub fn shifted(self, by: BasisPoints, rounding: Rounding) -> Option<Price> {
        let scaled = i128::from(self.0) * i128::from(10_000 + by.get());
        i64::try_from(rounding.divide(scaled, 10_000)).ok().map(Price)
    }

    /// So many percent of this price, rounded as said; `None` on overflow.
    pub fn percent(self, of: Percent, rounding: Rounding) -> Option<Price> {
        let scaled = i128::from(self.0) * i128::from(of.0);
        let hundred = 100 * i128::from(SCALE);
        i64::try_from(rounding.divide(scaled, hundred)).ok().map(Price)
    }

    /// So many basis points of this price, rounded as said; `None` on overflow.
    pub fn share(self, of: BasisPoints, rounding: Rounding) -> Option<Price> {
        let scaled = i128::from(self.0) * i128::from(of.get());
        i64::try_from(rounding.divide(scaled, 10_000)).ok().map(Price)
    }

    /// The smallest step the venue takes for an order at this price: a cent from one USD up,
    /// a hundredth of a cent below.
    /// Source: Alpaca, "Orders at Alpaca", minimum price variance.
    pub const fn tick(self) -> Price {
        if self.0 >= SCALE { Price(SCALE / 100) } else { Price(SCALE / 10_000) }
    }

    /// Whether an order may carry this price.
    pub const fn is_on_tick(self) -> bool {
        self.0 % self.tick().0 == 0
    }

    /// The nearest price on the tick in the direction said.
    pub fn to_tick(self, rounding: Rounding) -> Price {
        let tick = i128::from(self.tick().0);
        let ticks = rounding.divide(i128::from(self.0), tick);
        i64::try_from(ticks * tick).map(Price).unwrap_or(self)
    }
}

impl Quantity {
    /// Whether this is a whole number of shares.
    #[inline]
    pub const fn is_whole(self) -> bool {
        self.0 % SCALE == 0
    }

    /// The whole shares in it, towards zero.
    pub const fn whole(self) -> Quantity {
        Quantity(self.0 - self.0 % SCALE)
    }

    /// The smaller of two.
    pub fn min(self, other: Quantity) -> Quantity {
        Ord::min(self, other)
    }
}

impl Cash {
    /// `self × numerator / denominator`, rounded as said; `None` when it does not fit or the
    /// denominator is zero.
    pub fn proportion(self, numerator: i64, denominator: i64, rounding: Rounding) -> Option<Cash> {
        if denominator == 0 {
            return None;
        }
        let product = i128::from(self.0) * i128::from(numerator);
        i64::try_from(rounding.divide(product, i128::from(denominator))).ok().map(Cash)
    }
}
