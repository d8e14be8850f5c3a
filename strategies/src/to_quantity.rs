//! The only way from a float to a quantity of shares.

use kernel::Quantity;

/// Why a float is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ToQuantityError {
    /// NaN or infinite: something was divided by zero, or never computed.
    #[error("{0} is not a number of shares")]
    NotFinite(f64),
    /// Below zero: the side of an order says buy or sell, never the sign.
    #[error("{0} shares is below zero: say buy or sell with the order's side")]
    Negative(f64),
    /// More than a quantity can count.
    #[error("{0} shares is more than a quantity can count (9.2 billion)")]
    TooLarge(f64),
}

/// Whole shares, rounded down, so that a computed size never costs more than was meant.
///
/// # Errors
/// When the value is NaN, infinite, below zero or above 9.2 billion.
pub fn to_quantity(shares: f64) -> Result<Quantity, ToQuantityError> {
    if !shares.is_finite() {
        return Err(ToQuantityError::NotFinite(shares));
    }
    if shares < 0.0 {
        return Err(ToQuantityError::Negative(shares));
    }
    // The cast saturates, so what is too large for an i64 is too large for the next step as well.
    Quantity::from_whole(shares.floor() as i64).ok_or(ToQuantityError::TooLarge(shares))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_down_to_whole_shares() {
        for (shares, whole) in [(0.0, 0), (0.999, 0), (1.0, 1), (10.7, 10), (9e9, 9_000_000_000)] {
            assert_eq!(to_quantity(shares).ok(), Quantity::from_whole(whole), "{shares}");
        }
    }

    #[test]
    fn refuses_what_is_no_number_of_shares() {
        for shares in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(to_quantity(shares), Err(ToQuantityError::NotFinite(_))));
        }
        assert_eq!(to_quantity(-1e-300), Err(ToQuantityError::Negative(-1e-300)));
        assert_eq!(to_quantity(1e10), Err(ToQuantityError::TooLarge(1e10)));
        assert_eq!(to_quantity(f64::MAX), Err(ToQuantityError::TooLarge(f64::MAX)));
    }

    proptest! {
        #[test]
        fn whole_and_never_more_than_asked(shares in any::<f64>()) {
            if let Ok(quantity) = to_quantity(shares) {
                prop_assert!(quantity.is_whole() && !quantity.is_negative());
                prop_assert!(quantity.to_f64() <= shares);
                prop_assert!(shares - quantity.to_f64() < 1.0);
            }
        }
    }
}
