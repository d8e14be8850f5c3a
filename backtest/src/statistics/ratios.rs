//! Return for risk.

use super::growth::{Growth, Volatility, compounded_mean, geometric_mean};
use super::measure::{Measure, finite, ratio};
use super::moments::{Spread, deviation, mean};
use super::series::Series;

const FLAT: &str = "the returns do not vary";
const NO_LOSS: &str = "no return was negative";

/// The Sharpe ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sharpe {
    /// Mean excess return over its deviation.
    Arithmetic(Spread),
    /// The mean return compounded over a year, over the annual deviation.
    CompoundedMean,
    /// Geometric annual return over compounded volatility.
    Geometric,
    /// Growth by calendar time over volatility by count.
    GrowthOverVolatility,
}

impl Sharpe {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Arithmetic(Spread::Sample) => "mean(r - rf) / s1(r - rf) sqrt(A)",
            Self::Arithmetic(Spread::Population) => "mean(r - rf) / s0(r - rf) sqrt(A)",
            Self::CompoundedMean => "((1 + m)^A - 1 - rf) / (s1 sqrt(A))",
            Self::Geometric => "((1 + g)^A - 1 - rf) / compounded volatility",
            Self::GrowthOverVolatility => "(CAGR - rf) / volatility",
        }
    }

    /// The ratio at an annual risk-free rate.
    ///
    /// # Errors
    /// Undefined for fewer than two returns, or when they do not vary.
    pub fn of(self, series: &Series, risk_free: f64) -> Measure {
        let a = series.periods_per_year();
        match self {
            Self::Arithmetic(spread) => {
                let excess = series.excess(risk_free);
                ratio(mean(&excess)? * a.sqrt(), deviation(&excess, spread)?, FLAT)
            }
            Self::CompoundedMean => {
                let spread = deviation(series.returns(), Spread::Sample)? * a.sqrt();
                ratio(compounded_mean(series)? - risk_free, spread, FLAT)
            }
            Self::Geometric => {
                let annual = (1.0 + geometric_mean(series)).powf(a) - 1.0;
                ratio(annual - risk_free, Volatility::Compounded.of(series)?, FLAT)
            }
            Self::GrowthOverVolatility => {
                let growth = Growth::CalendarFromFirst(365.25).of(series)?;
                ratio(growth - risk_free, Volatility::SampleByCount.of(series)?, FLAT)
            }
        }
    }
}

/// The Sortino ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sortino {
    /// Mean excess return over the root mean square of what fell short, over all periods.
    Downside,
    /// The mean return compounded over a year, over the sample deviation of the negative returns.
    SpreadOfLosses,
    /// Geometric annual return over the root mean square of the negative returns, over all periods.
    Geometric,
}

impl Sortino {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Downside => "mean(r - rf) / sqrt(sum(min(r - rf, 0)^2) / n) sqrt(A)",
            Self::SpreadOfLosses => "((1 + m)^A - 1 - rf) / (s1 of the negative returns sqrt(A))",
            Self::Geometric => "((1 + g)^A - 1 - rf) / (sqrt(sum(min(r, 0)^2) / n) sqrt(A))",
        }
    }

    /// The ratio at an annual risk-free rate.
    ///
    /// # Errors
    /// Undefined when no return was negative.
    pub fn of(self, series: &Series, risk_free: f64) -> Measure {
        let root = series.periods_per_year().sqrt();
        match self {
            Self::Downside => {
                let excess = series.excess(risk_free);
                ratio(mean(&excess)? * root, downside(&excess), NO_LOSS)
            }
            Self::SpreadOfLosses => {
                let losses = series.returns().iter().copied().filter(|value| *value < 0.0);
                let losses: Vec<f64> = losses.collect();
                let spread = deviation(&losses, Spread::Sample).map_err(|_| {
                    super::Undefined::because("fewer than two returns were negative")
                })?;
                ratio(compounded_mean(series)? - risk_free, spread * root, FLAT)
            }
            Self::Geometric => {
                let annual = (1.0 + geometric_mean(series)).powf(series.periods_per_year()) - 1.0;
                ratio(annual - risk_free, downside(series.returns()) * root, NO_LOSS)
            }
        }
    }
}

/// The root mean square of the negative values, over the count of all.
fn downside(values: &[f64]) -> f64 {
    let squares: f64 = values.iter().map(|value| value.min(0.0).powi(2)).sum();
    (squares / values.len().max(1) as f64).sqrt()
}

/// Growth over the deepest drawdown.
///
/// # Errors
/// Undefined when equity never fell, or growth is.
pub fn calmar(growth: Measure, max_drawdown: f64) -> Measure {
    ratio(growth?, max_drawdown, "equity never fell")
}

/// Gains over losses, as Omega at a threshold of zero: the sum of the positive values over that of
/// the negative ones. Of returns it is the daily profit factor.
///
/// # Errors
/// Undefined when nothing was lost.
pub fn omega(values: &[f64]) -> Measure {
    let gained: f64 = values.iter().map(|value| value.max(0.0)).sum();
    let lost: f64 = values.iter().map(|value| (-value).max(0.0)).sum();
    ratio(gained, lost, NO_LOSS)
}

/// The share of positive values among those that are not zero.
///
/// # Errors
/// Undefined when all are zero.
pub fn share_won(values: &[f64]) -> Measure {
    let won = values.iter().filter(|value| **value > 0.0).count();
    let moved = values.iter().filter(|value| **value != 0.0).count();
    ratio(won as f64, moved as f64, "every return was zero")
}

/// The share of equity to risk that makes it grow fastest, by Kelly's formula for two outcomes:
/// `w - (1 - w) / payoff`.
///
/// # Errors
/// Undefined without a win and a loss.
pub fn kelly(values: &[f64]) -> Measure {
    let payoff = payoff(values)?;
    let share = share_won(values)?;
    finite(share - ratio(1.0 - share, payoff, "nothing was won")?)
}

/// The mean gain over the mean loss.
///
/// # Errors
/// Undefined without a win or without a loss.
pub fn payoff(values: &[f64]) -> Measure {
    let average = |keep: fn(&f64) -> bool, reason| {
        let kept: Vec<f64> = values.iter().copied().filter(keep).collect();
        ratio(kept.iter().sum(), kept.len() as f64, reason)
    };
    let won = average(|value| *value > 0.0, "nothing was won")?;
    ratio(won, -average(|value| *value < 0.0, "nothing was lost")?, "nothing was lost")
}

/// System quality number: `sqrt(n) mean / s` of the trades' profits.
///
/// # Errors
/// Undefined for fewer than two trades, or when all were alike.
pub fn system_quality(profits: &[f64], spread: Spread) -> Measure {
    let few = |_| super::Undefined::because("it takes at least two trades");
    let deviation = deviation(profits, spread).map_err(few)?;
    let root = (profits.len() as f64).sqrt();
    ratio(root * mean(profits)?, deviation, "the trades' profits do not vary")
}
