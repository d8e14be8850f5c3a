//! Indicators by name.

use super::entry::{Entry, IndicatorError};
use super::{
    AnyIndicator, adx, aroon, atr, bollinger, cci, chaikin, dema, deviation, directional,
    distribution, donchian, ema, fast_stochastic, kama, keltner, linear_regression, macd, momentum,
    money_flow, natr, on_balance, psar, roc, rsi, slope, sma, stochastic, stochastic_rsi,
    supertrend, tema, trix, true_range, vwap, williams, wma, z_score,
};
use std::collections::BTreeMap;

/// Every indicator, in the order of names. A new one is a file beside this one and a line here.
static REGISTRY: &[&Entry] = &[
    &distribution::ENTRY,
    &adx::ENTRY,
    &aroon::ENTRY,
    &atr::ENTRY,
    &bollinger::ENTRY,
    &cci::ENTRY,
    &chaikin::ENTRY,
    &dema::ENTRY,
    &directional::ENTRY,
    &donchian::ENTRY,
    &ema::ENTRY,
    &fast_stochastic::ENTRY,
    &kama::ENTRY,
    &keltner::ENTRY,
    &linear_regression::ENTRY,
    &macd::ENTRY,
    &money_flow::ENTRY,
    &momentum::ENTRY,
    &natr::ENTRY,
    &on_balance::ENTRY,
    &psar::ENTRY,
    &roc::ENTRY,
    &rsi::ENTRY,
    &slope::ENTRY,
    &sma::ENTRY,
    &deviation::ENTRY,
    &stochastic::ENTRY,
    &stochastic_rsi::ENTRY,
    &supertrend::ENTRY,
    &tema::ENTRY,
    &trix::ENTRY,
    &true_range::ENTRY,
    &vwap::ENTRY,
    &williams::ENTRY,
    &wma::ENTRY,
    &z_score::ENTRY,
];

/// Every indicator, by name.
pub fn registry() -> &'static [&'static Entry] {
    REGISTRY
}

/// What there is to know of an indicator.
///
/// # Errors
/// When none has this name.
pub fn find(name: &str) -> Result<&'static Entry, IndicatorError> {
    let found = REGISTRY.iter().find(|entry| entry.name == name);
    found.copied().ok_or_else(|| IndicatorError::unknown(name, REGISTRY))
}

/// Makes an indicator by name from parameters as texts, with defaults for what is not given.
///
/// # Errors
/// When none has this name, or with every mistake in its parameters.
pub fn build(
    name: &str,
    params: &BTreeMap<String, String>,
) -> Result<AnyIndicator, IndicatorError> {
    find(name)?.create(params).map(|(indicator, _)| indicator)
}
