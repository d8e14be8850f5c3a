//! Technical indicators with no value before there is one.
//!
//! Every indicator takes one [`Sample`] or [`Candle`] at a time at a cost that does not depend on its
//! period (that of CCI grows with its logarithm), answers `None` until it has seen enough, and equals
//! TA-Lib from its first value on. The rate of change comes from the `ta` crate, whose numbers agree
//! with TA-Lib's; the rest is written here, because `ta` seeds averages with the first sample and
//! TA-Lib with a mean (EMA, MACD), smooths where Wilder does not (RSI, ATR, slow stochastic), leaves a
//! deviation of 5e-7 to a price of 100 that stands still (standard deviation, Bollinger), searches its
//! windows (fast stochastic), keeps running sums that drift in one float (simple mean, money flow,
//! on-balance volume), answers to a first bar to which TA-Lib has no true range, or does not have it.
//!
//! Running sums do not drift: that of the simple mean is begun anew with each window, and the others are
//! kept in two floats.

mod adx;
mod aroon;
mod atr;
mod bollinger;
mod candle;
mod cci;
mod chaikin;
mod dema;
mod deviation;
mod directional;
mod distribution;
mod donchian;
mod ema;
mod entry;
mod erased;
mod extreme;
mod fast_stochastic;
mod kama;
mod keltner;
mod linear_regression;
mod macd;
mod momentum;
mod money_flow;
mod natr;
mod on_balance;
mod price_mean;
mod psar;
mod ranked;
mod registry;
mod ring;
mod roc;
mod rsi;
mod sample;
mod slope;
mod sma;
mod stochastic;
mod stochastic_rsi;
mod sum;
mod supertrend;
mod tema;
mod trix;
mod true_range;
mod vwap;
mod weighted;
mod wilder;
mod williams;
mod wma;
mod z_score;

pub use adx::Adx;
pub use aroon::{Aroon, AroonValue};
pub use atr::Atr;
pub use bollinger::{Bands, Bollinger};
pub use candle::Candle;
pub use cci::Cci;
pub use chaikin::ChaikinMoneyFlow;
pub use dema::Dema;
pub use deviation::StandardDeviation;
pub use directional::{Directional, DirectionalValue};
pub use distribution::AccumulationDistribution;
pub use donchian::Donchian;
pub use ema::Ema;
pub use entry::{Entry, Field, IndicatorError, Output, Unit};
pub use erased::{AnyIndicator, Values};
pub use fast_stochastic::{FastStochastic, StochasticValue};
pub use kama::Kama;
pub use keltner::Keltner;
pub use linear_regression::LinearRegression;
pub use macd::{Macd, MacdValue};
pub use momentum::Momentum;
pub use money_flow::MoneyFlowIndex;
pub use natr::Natr;
pub use on_balance::OnBalanceVolume;
pub use price_mean::PriceMean;
pub use psar::ParabolicSar;
pub use registry::{build, find, registry};
pub use roc::RateOfChange;
pub use rsi::Rsi;
pub use sample::{Period, Sample, SampleError};
pub use slope::Slope;
pub use sma::Sma;
pub use stochastic::Stochastic;
pub use stochastic_rsi::StochasticRsi;
pub use supertrend::{SuperTrend, SuperTrendValue};
pub use tema::Tema;
pub use trix::Trix;
pub use true_range::TrueRange;
pub use vwap::Vwap;
pub use williams::WilliamsR;
pub use wma::Wma;
pub use z_score::ZScore;

use kernel::Ratio;

/// What every indicator does.
pub trait Indicator {
    /// What it takes in: one number, a [`Sample`], or a bar, a [`Candle`].
    type Input;
    /// What it says.
    type Value: Copy;

    /// Takes in the next sample or bar.
    fn update(&mut self, input: impl Into<Self::Input>);

    /// What it says now; `None` until it has seen enough, and where its formula has no value.
    fn value(&self) -> Option<Self::Value>;

    /// How many samples or bars it takes until the first value.
    fn warmup(&self) -> usize;

    /// Turns what it has seen so far into what it would be after a split.
    fn rebase(&mut self, ratio: Ratio);

    /// Forgets everything, as if just made.
    fn reset(&mut self);
}

/// What a price is multiplied with when shares are split.
fn price_factor(ratio: Ratio) -> f64 {
    ratio.old_shares() as f64 / ratio.new_shares() as f64
}

/// Whether two numbers are the same but for what rounding leaves, as TA-Lib tells it: within 1e-14 of
/// their sizes.
fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-14 * (one.abs() + other.abs())
}

/// What a number of shares is multiplied with when shares are split.
fn volume_factor(ratio: Ratio) -> f64 {
    price_factor(ratio).recip()
}
