//! Exact numbers: fixed-point integers at one scale for the whole program.
//!
//! | type | integer | unit of one | range |
//! | --- | --- | --- | --- |
//! | [`Price`] | `i64` | 1e-9 USD per share | ± 9.2 billion USD |
//! | [`Quantity`] | `i64` | 1e-9 shares, signed | ± 9.2 billion shares |
//! | [`Cash`] | `i64` | 1e-9 USD, signed | ± 9.2 billion USD |
//! | [`Percent`] | `i64` | 1e-9 % | ± 9.2 billion % |
//! | [`Notional`] | `i128` | 1e-18 USD, signed | every product of a price and a quantity |
//! | [`Volume`] | `u128` | 1e-9 shares | a bar's volume, which is never traded with |
//!
//! Operators: same type ± same type through `checked_*`; `Price × Quantity = Notional`, which
//! cannot overflow; `Notional → Cash` and every other loss of digits names its [`Rounding`].
//! There is no constructor from `f64`; `to_f64` exists for indicators and statistics only.

mod decimal;
mod fixed;
mod notional;
mod rounding;
mod volume;

pub use fixed::{Cash, Percent, Price, Quantity};
pub use notional::Notional;
pub use rounding::{BasisPoints, Rounding};
pub use volume::Volume;

/// Units of a fixed-point number in one whole: nine decimal digits.
pub const SCALE: i64 = 1_000_000_000;

/// Why a text is not a number of ours, or an operation has no exact result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is empty or holds something other than digits, a sign and one point.
    #[error("not a decimal number")]
    NotANumber,
    /// More than nine digits after the point that are not zero.
    #[error("more than nine digits after the point")]
    TooPrecise,
    /// The value does not fit the type.
    #[error("number out of range")]
    OutOfRange,
}
