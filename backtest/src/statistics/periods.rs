//! Returns by the month and the year, and figures over a moving window.

use super::convention::TRADEWIND;
use super::measure::Measure;
use super::relative::Beta;
use super::series::Series;

/// The return of a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodReturn<K> {
    /// Which.
    pub period: K,
    /// The return.
    pub value: f64,
}

/// Returns by the stretches of time to which the sessions belong: each from the last value of the
/// one before to its own last value. `key` says to which a day belongs, and grows with it.
pub fn period_returns<K: PartialEq>(
    series: &Series,
    key: impl Fn(i32) -> K,
) -> Vec<PeriodReturn<K>> {
    let mut all: Vec<PeriodReturn<K>> = Vec::new();
    let mut before = series.values().first().copied().unwrap_or(1.0);
    let mut last = before;
    for (day, value) in series.days().iter().zip(series.values()).skip(1) {
        let period = key(*day);
        match all.last_mut() {
            Some(current) if current.period == period => current.value = value / before - 1.0,
            Some(_) | None => {
                before = last;
                all.push(PeriodReturn { period, value: value / before - 1.0 });
            }
        }
        last = *value;
    }
    all
}

/// Sharpe ratios over windows of so many returns, each at the window's last: our own convention.
/// Windows in which nothing moves have none.
pub fn rolling_sharpe(series: &Series, window: usize, risk_free: f64) -> Vec<Option<f64>> {
    rolling(series, window, |part, _| {
        let sharpe = match TRADEWIND.ratios {
            super::convention::RatiosOf::Returns(Some(sharpe), _) => sharpe,
            _ => super::ratios::Sharpe::Arithmetic(super::moments::Spread::Sample),
        };
        sharpe.of(part, risk_free)
    })
}

/// Betas over windows of so many returns, each at the window's last.
pub fn rolling_beta(series: &Series, benchmark: &Series, window: usize) -> Vec<Option<f64>> {
    rolling(series, window, |part, end| {
        let other = slice(benchmark, end, window).ok_or(super::Undefined::because("too short"))?;
        Beta::Returns.of(part, &other)
    })
}

fn rolling(
    series: &Series,
    window: usize,
    measure: impl Fn(&Series, usize) -> Measure,
) -> Vec<Option<f64>> {
    let at = |end: usize| slice(series, end, window).and_then(|part| measure(&part, end).ok());
    (0..series.len()).map(at).collect()
}

/// The part of a series whose last return is at `end`.
fn slice(series: &Series, end: usize, window: usize) -> Option<Series> {
    let first = (end + 1).checked_sub(window)?;
    let days = series.days().get(first..=end + 1)?.iter().copied();
    let values = series.values().get(first..=end + 1)?.iter().copied();
    Series::new(days.zip(values), series.periods_per_year()).ok()
}
