//! The numbers that limits are: each exact, as billionths of the unit that its key names.

use crate::{BasisPoints, Cash, Price, Quantity, SCALE, Span};
use serde::{Deserialize, Serialize};

/// Billionths of a unit per hundredth of a percent, where the unit is a percent.
const POINT: i64 = SCALE / 100;

/// A number that a limit can be. What is finer than its type is cut off.
pub(super) trait Figure: Copy {
    /// From billionths of the unit.
    fn of(nanos: i64) -> Self;
    /// Billionths of the unit.
    fn nanos(self) -> i64;
}

/// A time that configuration gives in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minutes(Span);

impl Minutes {
    /// So many whole minutes.
    pub const fn new(minutes: i64) -> Self {
        Self(Span::from_secs(minutes.saturating_mul(60)))
    }

    /// How long that is.
    pub const fn span(self) -> Span {
        self.0
    }
}

impl Figure for Minutes {
    fn of(nanos: i64) -> Self {
        Self(Span::from_nanos(nanos.saturating_mul(60)))
    }

    fn nanos(self) -> i64 {
        self.0.nanos() / 60
    }
}

impl Figure for u32 {
    fn of(nanos: i64) -> Self {
        u32::try_from(nanos / SCALE).unwrap_or(0)
    }

    fn nanos(self) -> i64 {
        i64::from(self) * SCALE
    }
}

impl Figure for BasisPoints {
    fn of(nanos: i64) -> Self {
        BasisPoints::new(i32::try_from(nanos / POINT).unwrap_or(i32::MAX))
    }

    fn nanos(self) -> i64 {
        self.get() * POINT
    }
}

macro_rules! billionths {
    ($($figure:ty),+) => {$(
        impl Figure for $figure {
            fn of(nanos: i64) -> Self {
                <$figure>::from_nanos(nanos)
            }

            fn nanos(self) -> i64 {
                <$figure>::nanos(self)
            }
        }
    )+};
}

billionths!(Cash, Price, Quantity, Span);
