//! Losses in the tail.

use super::measure::{Measure, finite, undefined};
use super::moments::{Spread, deviation, mean, quantile};
use super::normal;

const EMPTY: &str = "there is no return";

/// Value at risk: the return that is undercut with a probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueAtRisk {
    /// The quantile of the sample, in proportion between two values.
    Historical,
    /// The quantile of the normal distribution with the sample's mean and deviation.
    Gaussian,
    /// [`Self::Gaussian`] over the last so many returns.
    GaussianOfLast(usize),
}

impl ValueAtRisk {
    /// The formula in words.
    pub fn formula(self) -> String {
        match self {
            Self::Historical => "quantile of r, linear between two values".into(),
            Self::Gaussian => "m + z s1".into(),
            Self::GaussianOfLast(count) => format!("m + z s1 of the last {count} returns"),
        }
    }

    /// The return that is undercut with this probability.
    ///
    /// # Errors
    /// Undefined for too few returns.
    pub fn of(self, returns: &[f64], probability: f64) -> Measure {
        match self {
            Self::Historical => quantile(returns, probability),
            Self::Gaussian => {
                let spread = deviation(returns, Spread::Sample)?;
                finite(mean(returns)? + normal::quantile(probability) * spread)
            }
            Self::GaussianOfLast(count) => {
                let from = returns.len().saturating_sub(count);
                Self::Gaussian.of(returns.get(from..).unwrap_or(returns), probability)
            }
        }
    }
}

/// Conditional value at risk: the mean return below the value at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailLoss {
    /// The mean of the lowest values.
    Lowest,
    /// That of the normal distribution with the sample's mean and deviation.
    Gaussian,
    /// The mean of the returns below the Gaussian value at risk.
    BelowGaussian,
}

impl TailLoss {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Lowest => "mean of the int((n - 1) p) + 1 lowest r",
            Self::Gaussian => "m - s1 density(z) / p",
            Self::BelowGaussian => "mean of the r below m + z s1",
        }
    }

    /// The mean return in the tail of this probability.
    ///
    /// # Errors
    /// Undefined for too few returns.
    pub fn of(self, returns: &[f64], probability: f64) -> Measure {
        match self {
            Self::Lowest => {
                let Some(last) = returns.len().checked_sub(1) else {
                    return undefined(EMPTY);
                };
                let mut sorted = returns.to_vec();
                sorted.sort_unstable_by(f64::total_cmp);
                let count = (last as f64 * probability) as usize + 1;
                mean(sorted.get(..count).unwrap_or(&sorted))
            }
            Self::Gaussian => {
                let density = normal::density(normal::quantile(probability));
                let spread = deviation(returns, Spread::Sample)?;
                finite(mean(returns)? - spread * density / probability)
            }
            Self::BelowGaussian => {
                let limit = ValueAtRisk::Gaussian.of(returns, probability)?;
                let below: Vec<f64> = returns.iter().copied().filter(|r| *r < limit).collect();
                let none = "no return was below the Gaussian value at risk";
                if below.is_empty() { undefined(none) } else { mean(&below) }
            }
        }
    }
}
