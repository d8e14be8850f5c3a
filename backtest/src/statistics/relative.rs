//! Against a benchmark, on the sessions that both have.

use super::growth::{compounded_mean, geometric_mean};
use super::measure::{Measure, finite, ratio};
use super::moments::{Spread, covariance, deviation, mean, variance};
use super::series::Series;

const FLAT: &str = "the benchmark's returns do not vary";

/// Beta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beta {
    /// Of returns.
    Returns,
    /// Of logarithmic returns.
    Logarithmic,
}

impl Beta {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Returns => "cov(r, b) / var(b)",
            Self::Logarithmic => "cov / var of ln(1 + r) and ln(1 + b)",
        }
    }

    /// The slope of the returns on those of the benchmark.
    ///
    /// # Errors
    /// Undefined for fewer than two returns, or a benchmark that does not vary.
    pub fn of(self, series: &Series, benchmark: &Series) -> Measure {
        let slope = |one: &[f64], other: &[f64]| {
            let variance = variance(other, Spread::Sample)?;
            ratio(covariance(one, other, Spread::Sample)?, variance, FLAT)
        };
        match self {
            Self::Returns => slope(series.returns(), benchmark.returns()),
            Self::Logarithmic => {
                let logs = |of: &Series| of.returns().iter().map(|r| r.ln_1p()).collect::<Vec<_>>();
                slope(&logs(series), &logs(benchmark))
            }
        }
    }
}

/// Alpha: the return that beta does not explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpha {
    /// A session's, compounded over a year.
    Compounded,
    /// A session's times the sessions of a year, without a risk-free rate.
    Linear,
    /// Between the annual returns.
    Annual,
    /// Between the total returns, not annualised.
    Total,
}

impl Alpha {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Compounded => "(1 + (m - rf) - beta (mb - rf))^A - 1",
            Self::Linear => "(m - beta mb) A",
            Self::Annual => "annual - (rf + beta (annual benchmark - rf)), annual = (1 + m)^A - 1",
            Self::Total => "total return - rf - beta (total benchmark - rf), not annualised",
        }
    }

    /// Alpha at a beta and an annual risk-free rate.
    ///
    /// # Errors
    /// Undefined when beta is.
    pub fn of(self, series: &Series, benchmark: &Series, beta: Measure, risk_free: f64) -> Measure {
        let (beta, a) = (beta?, series.periods_per_year());
        let (ours, theirs) = (mean(series.returns())?, mean(benchmark.returns())?);
        let rate = series.rate_per_period(risk_free);
        finite(match self {
            Self::Compounded => (1.0 + (ours - rate) - beta * (theirs - rate)).powf(a) - 1.0,
            Self::Linear => (ours - beta * theirs) * a,
            Self::Annual => {
                let (ours, theirs) = (compounded_mean(series)?, compounded_mean(benchmark)?);
                ours - (risk_free + beta * (theirs - risk_free))
            }
            Self::Total => {
                let (ours, theirs) = (series.growth() - 1.0, benchmark.growth() - 1.0);
                ours - risk_free - beta * (theirs - risk_free)
            }
        })
    }
}

/// The information ratio: active return for active risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Information {
    /// Annualised.
    Annualised,
    /// By the session.
    BySession,
    /// The difference of the annual returns over the tracking error.
    Annual,
}

impl Information {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Annualised => "mean(r - b) / s1(r - b) sqrt(A)",
            Self::BySession => "mean(r - b) / s1(r - b), not annualised",
            Self::Annual => "(annual - annual benchmark) / tracking error, annual = (1 + m)^A - 1",
        }
    }

    /// The ratio.
    ///
    /// # Errors
    /// Undefined when the returns are those of the benchmark.
    pub fn of(self, series: &Series, benchmark: &Series) -> Measure {
        let none = "the returns are those of the benchmark";
        let active = active(series, benchmark);
        let spread = deviation(&active, Spread::Sample)?;
        let root = series.periods_per_year().sqrt();
        match self {
            Self::Annualised => ratio(mean(&active)? * root, spread, none),
            Self::BySession => ratio(mean(&active)?, spread, none),
            Self::Annual => {
                let ahead = compounded_mean(series)? - compounded_mean(benchmark)?;
                ratio(ahead, spread * root, none)
            }
        }
    }
}

/// The deviation of the active return a year: `s1(r - b) sqrt(A)`.
///
/// # Errors
/// Undefined for fewer than two returns.
pub fn tracking_error(series: &Series, benchmark: &Series) -> Measure {
    let spread = deviation(&active(series, benchmark), Spread::Sample)?;
    Ok(spread * series.periods_per_year().sqrt())
}

/// Treynor's ratio: return for beta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treynor {
    /// Of the geometric annual return.
    Geometric,
    /// Of the mean return compounded over a year.
    CompoundedMean,
    /// Of the total return.
    Total,
}

impl Treynor {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Geometric => "((1 + g)^A - 1 - rf) / beta",
            Self::CompoundedMean => "((1 + m)^A - 1 - rf) / beta",
            Self::Total => "(total return - rf) / beta",
        }
    }

    /// The ratio at a beta and an annual risk-free rate.
    ///
    /// # Errors
    /// Undefined when beta is, or is zero.
    pub fn of(self, series: &Series, beta: Measure, risk_free: f64) -> Measure {
        let annual = match self {
            Self::Geometric => (1.0 + geometric_mean(series)).powf(series.periods_per_year()) - 1.0,
            Self::CompoundedMean => compounded_mean(series)?,
            Self::Total => series.growth() - 1.0,
        };
        ratio(annual - risk_free, beta?, "beta is zero")
    }
}

fn active(series: &Series, benchmark: &Series) -> Vec<f64> {
    let pairs = series.returns().iter().zip(benchmark.returns());
    pairs.map(|(ours, theirs)| ours - theirs).collect()
}
