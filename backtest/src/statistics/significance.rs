//! How likely a Sharpe ratio is luck.
//!
//! Everything here takes the ratio of one session, not annualised, with the moments of the same
//! returns, so that all figures of one report rest on one series.

use super::measure::{Measure, Undefined, finite, undefined};
use super::moments::{Spread, corrected_shape, deviation, mean, shape};
use super::normal;
use std::f64::consts::E;

/// Euler's and Mascheroni's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// The moments from which significance is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moments {
    /// Of the population, with the raw kurtosis (3 for a normal distribution).
    Biased,
    /// Corrected for the bias of a sample, with the raw kurtosis.
    Corrected,
    /// Of the population, with the excess kurtosis in place of the raw one: a slip of some systems.
    ExcessInPlaceOfRaw,
}

impl Moments {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Biased => {
                "Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (k - 1) / 4 SR^2)), k raw, biased"
            }
            Self::Corrected => {
                "Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (k - 1) / 4 SR^2)), k raw, corrected"
            }
            Self::ExcessInPlaceOfRaw => {
                "Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (k - 1) / 4 SR^2)), k excess: a slip"
            }
        }
    }
}

/// A sample's Sharpe ratio by the session, with what its precision depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Mean over sample deviation of the excess returns, not annualised.
    pub sharpe: f64,
    /// How many returns.
    pub count: f64,
    /// Skew.
    pub skew: f64,
    /// Kurtosis, 3 for a normal distribution.
    pub kurtosis: f64,
}

impl Sample {
    /// Of excess returns.
    ///
    /// # Errors
    /// Undefined for too few returns, or when they do not vary.
    pub fn of(excess: &[f64], moments: Moments) -> Result<Self, Undefined> {
        let shape = match moments {
            Moments::Biased | Moments::ExcessInPlaceOfRaw => shape(excess)?,
            Moments::Corrected => corrected_shape(excess)?,
        };
        let raw = match moments {
            Moments::Biased | Moments::Corrected => 3.0,
            Moments::ExcessInPlaceOfRaw => 0.0,
        };
        Ok(Self {
            sharpe: mean(excess)? / deviation(excess, Spread::Sample)?,
            count: excess.len() as f64,
            skew: shape.skew,
            kurtosis: shape.excess_kurtosis + raw,
        })
    }

    /// The variance of the ratio times the count of returns less one.
    fn variance(&self) -> Measure {
        let Self { sharpe, skew, kurtosis, .. } = *self;
        let variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
        let none = "the ratio's variance by skew and kurtosis is not above zero";
        if variance > 0.0 { finite(variance) } else { undefined(none) }
    }
}

/// The probabilistic Sharpe ratio: how sure it is that the true ratio exceeds `threshold`, both by
/// the session. Bailey and Lopez de Prado, "The Sharpe ratio efficient frontier" (2012).
///
/// # Errors
/// Undefined for too few returns.
pub fn probabilistic_sharpe(sample: &Sample, threshold: f64) -> Measure {
    let root = (sample.count - 1.0).sqrt() / sample.variance()?.sqrt();
    finite(normal::cumulative((sample.sharpe - threshold) * root))
}

/// The count of returns from which [`probabilistic_sharpe`] reaches a confidence.
///
/// # Errors
/// Undefined when the ratio is not above the threshold: no record is long enough then.
pub fn minimum_track_record(sample: &Sample, threshold: f64, confidence: f64) -> Measure {
    if sample.sharpe <= threshold {
        return undefined("the Sharpe ratio is not above the one it is compared with");
    }
    let z = normal::quantile(confidence) / (sample.sharpe - threshold);
    finite(1.0 + sample.variance()? * z * z)
}

/// The tries from which a strategy was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trials {
    /// How many independent ones.
    pub count: f64,
    /// The variance of their Sharpe ratios, by the session.
    pub variance: f64,
}

impl Trials {
    /// From every trial's Sharpe ratio by the session.
    ///
    /// # Errors
    /// Undefined for fewer than two trials.
    pub fn of(sharpes: &[f64]) -> Result<Self, Undefined> {
        let few = |_| Undefined::because("it takes at least two trials");
        let deviation = deviation(sharpes, Spread::Sample).map_err(few)?;
        Ok(Self { count: sharpes.len() as f64, variance: deviation * deviation })
    }

    /// The highest ratio, by the session, to be expected of so many tries without any skill.
    ///
    /// # Errors
    /// Undefined for fewer than two trials.
    pub fn expected_highest(&self) -> Measure {
        if self.count < 2.0 {
            return undefined("it takes at least two trials");
        }
        let tail = |share: f64| normal::quantile(1.0 - share);
        let (one, e) = (tail(1.0 / self.count), tail(1.0 / (self.count * E)));
        finite(self.variance.sqrt() * ((1.0 - GAMMA) * one + GAMMA * e))
    }
}

/// The deflated Sharpe ratio: [`probabilistic_sharpe`] over the highest ratio that so many tries
/// give by luck. Bailey and Lopez de Prado, "The deflated Sharpe ratio" (2014).
///
/// # Errors
/// Undefined for fewer than two trials or too few returns.
pub fn deflated_sharpe(sample: &Sample, trials: &Trials) -> Measure {
    probabilistic_sharpe(sample, trials.expected_highest()?)
}
