//! A statistic, or why there is none.

use std::borrow::Cow;

/// A statistic, or the reason why it is undefined. It is never an infinity or a stand-in.
pub type Measure = Result<f64, Undefined>;

/// Why a statistic is undefined, as a clause that follows "undefined:".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undefined(pub Cow<'static, str>);

impl Undefined {
    /// A reason known beforehand.
    pub const fn because(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }
}

/// Undefined for a reason known beforehand.
pub(crate) const fn undefined<T>(reason: &'static str) -> Result<T, Undefined> {
    Err(Undefined::because(reason))
}

/// A quotient; undefined, for this reason, when there is nothing to divide by.
pub(crate) fn ratio(part: f64, whole: f64, reason: &'static str) -> Measure {
    if whole == 0.0 { undefined(reason) } else { finite(part / whole) }
}

/// A result that must be a number: what overflowed is undefined.
pub(crate) fn finite(value: f64) -> Measure {
    if value.is_finite() {
        Ok(value)
    } else {
        undefined("the figures are beyond what a float holds")
    }
}
