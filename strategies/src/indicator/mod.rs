//! Technical indicators with no value before there is one.
//!
//! Every indicator takes one [`Sample`] at a time in constant time and without allocating, answers
//! `None` until it has seen enough, and equals TA-Lib from its first value on. Deviations over a
//! window come from the `ta` crate, whose numbers agree with TA-Lib's. The recursive ones are
//! written here, because `ta` seeds them with the first sample and TA-Lib with a mean; the mean of a
//! window too, because sums alone can be begun anew without a second window.

mod bollinger;
mod ema;
mod macd;
mod renewed;
mod rsi;
mod sample;
mod sma;

pub use bollinger::{Bands, Bollinger};
pub use ema::Ema;
pub use macd::{Macd, MacdValue};
pub use rsi::Rsi;
pub use sample::{Period, Sample, SampleError};
pub use sma::Sma;

/// What a price is multiplied with when shares are split.
fn price_factor(ratio: kernel::Ratio) -> f64 {
    ratio.old_shares() as f64 / ratio.new_shares() as f64
}
