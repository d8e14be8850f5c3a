//! Which way a division loses its remainder.

/// The direction of a rounding; every loss of digits names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards minus infinity.
    Down,
    /// Towards plus infinity.
    Up,
    /// To the nearest, ties to the even neighbour.
    HalfEven,
}

impl Rounding {
    /// `numerator / denominator` rounded this way. The denominator must not be zero.
    pub const fn divide(self, numerator: i128, denominator: i128) -> i128 {
        let floor = numerator.div_euclid(denominator);
        let remainder = numerator.rem_euclid(denominator);
        let magnitude = denominator.unsigned_abs();
        // `div_euclid` floors for a positive denominator only; callers divide by scales,
        // ticks and quantities, whose sign they fix first.
        match self {
            Rounding::Down => floor,
            Rounding::Up => floor + (remainder != 0) as i128,
            Rounding::HalfEven => {
                let twice = remainder.unsigned_abs() * 2;
                if twice > magnitude || (twice == magnitude && floor % 2 != 0) {
                    floor + 1
                } else {
                    floor
                }
            }
        }
    }
}

/// Hundredths of a percent, signed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct BasisPoints(i32);

impl BasisPoints {
    /// `BasisPoints::new(250)` is 2.5 %.
    pub const fn new(points: i32) -> Self {
        Self(points)
    }

    /// The count, signed.
    pub const fn get(self) -> i64 {
        self.0 as i64
    }

    /// The same distance in the other direction.
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }
}
