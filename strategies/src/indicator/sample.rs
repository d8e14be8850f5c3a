//! What goes into an indicator.

use kernel::Price;
use std::num::NonZeroUsize;

/// The largest magnitude of a sample: far above every price, and its square is still finite.
const LARGEST: f64 = 1e100;

/// A number that no indicator can be spoilt by. One NaN in a running sum stays for ever, so it is
/// refused at the door.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Sample(f64);

/// Why a float is no sample.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} cannot be taken into an indicator: samples are finite and below 1e100")]
pub struct SampleError(f64);

impl Sample {
    /// From any float.
    ///
    /// # Errors
    /// When it is NaN, infinite or beyond 1e100 in magnitude.
    pub fn new(value: f64) -> Result<Self, SampleError> {
        if value.abs() <= LARGEST { Ok(Self(value)) } else { Err(SampleError(value)) }
    }

    /// From what was computed from samples, and is therefore finite.
    pub(super) const fn computed(value: f64) -> Self {
        Self(value)
    }

    /// The float.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl From<Price> for Sample {
    fn from(price: Price) -> Self {
        Self(price.to_f64())
    }
}

impl TryFrom<f64> for Sample {
    type Error = SampleError;

    fn try_from(value: f64) -> Result<Self, SampleError> {
        Self::new(value)
    }
}

/// How many samples an indicator looks back on; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(NonZeroUsize);

impl Period {
    /// `None` for zero.
    pub const fn new(samples: usize) -> Option<Self> {
        match NonZeroUsize::new(samples) {
            Some(samples) => Some(Self(samples)),
            None => None,
        }
    }

    /// How many.
    pub const fn get(self) -> usize {
        self.0.get()
    }
}
