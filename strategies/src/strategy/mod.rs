//! One strategy, one file.

pub(crate) mod bollinger_breakout;
pub(crate) mod buy_and_hold;
pub(crate) mod ensemble;
#[cfg(feature = "failpoints")]
pub(crate) mod every_kind;
pub(crate) mod lstm;
pub(crate) mod macd_trend;
pub(crate) mod momentum_rotation;
pub(crate) mod pairs;
pub(crate) mod rsi_mean_reversion;
pub(crate) mod sma_crossover;
