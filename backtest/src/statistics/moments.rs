//! Sums over samples: means, spreads, shapes, quantiles.

use super::measure::{Measure, finite, ratio, undefined};

const EMPTY: &str = "there is no return";
const FEW: &str = "it takes at least two returns";
const FLAT: &str = "the returns do not vary";

/// How a spread counts its observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Over n - 1: of a sample.
    Sample,
    /// Over n: of a whole population.
    Population,
}

/// The arithmetic mean.
///
/// # Errors
/// Undefined for no values.
pub fn mean(values: &[f64]) -> Measure {
    ratio(values.iter().sum(), values.len() as f64, EMPTY)
}

/// The variance.
///
/// # Errors
/// Undefined for fewer than two values.
pub fn variance(values: &[f64], spread: Spread) -> Measure {
    covariance(values, values, spread)
}

/// The standard deviation; rounding noise around equal values counts as none.
///
/// # Errors
/// Undefined for fewer than two values.
pub fn deviation(values: &[f64], spread: Spread) -> Measure {
    let deviation = variance(values, spread)?.sqrt();
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    Ok(if deviation <= largest * 1e-14 { 0.0 } else { deviation })
}

/// The covariance of two series of one length; the longer one is cut.
///
/// # Errors
/// Undefined for fewer than two pairs.
pub fn covariance(one: &[f64], other: &[f64], spread: Spread) -> Measure {
    let n = one.len().min(other.len());
    if n < 2 {
        return undefined(FEW);
    }
    let (one, other) = (one.get(..n).unwrap_or(one), other.get(..n).unwrap_or(other));
    let (mean_one, mean_other) = (mean(one)?, mean(other)?);
    let products = one.iter().zip(other).map(|(a, b)| (a - mean_one) * (b - mean_other));
    let count = match spread {
        Spread::Sample => n - 1,
        Spread::Population => n,
    };
    finite(products.sum::<f64>() / count as f64)
}

/// The correlation of two series.
///
/// # Errors
/// Undefined for fewer than two pairs, or when one of them does not vary.
pub fn correlation(one: &[f64], other: &[f64]) -> Measure {
    let spreads = deviation(one, Spread::Sample)? * deviation(other, Spread::Sample)?;
    ratio(covariance(one, other, Spread::Sample)?, spreads, FLAT)
}

/// Third and fourth moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Asymmetry, 0 for a normal distribution.
    pub skew: f64,
    /// Excess kurtosis, 0 for a normal distribution.
    pub excess_kurtosis: f64,
}

/// Skew and excess kurtosis of a population, which as estimates for a sample are biased:
/// `m3 / m2^1.5` and `m4 / m2^2 - 3`.
///
/// # Errors
/// Undefined for fewer than two values, or when they do not vary.
pub fn shape(values: &[f64]) -> Result<Shape, super::Undefined> {
    let deviation = deviation(values, Spread::Population)?;
    let mean = mean(values)?;
    let moment = |power: i32| {
        let sum: f64 = values.iter().map(|value| ((value - mean) / deviation).powi(power)).sum();
        sum / values.len() as f64
    };
    if deviation == 0.0 {
        return undefined(FLAT);
    }
    Ok(Shape { skew: finite(moment(3))?, excess_kurtosis: finite(moment(4) - 3.0)? })
}

/// Skew and excess kurtosis corrected for the bias of a sample (pandas, Excel, "type 2").
///
/// # Errors
/// Undefined for fewer than four values, or when they do not vary.
pub fn corrected_shape(values: &[f64]) -> Result<Shape, super::Undefined> {
    if values.len() < 4 {
        return undefined("it takes at least four returns");
    }
    let n = values.len() as f64;
    let Shape { skew, excess_kurtosis } = shape(values)?;
    let kurtosis = ((n + 1.0) * excess_kurtosis + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0));
    Ok(Shape { skew: skew * (n * (n - 1.0)).sqrt() / (n - 2.0), excess_kurtosis: kurtosis })
}

/// The value below which a share of all values lies, between two of them in proportion.
///
/// # Errors
/// Undefined for no values.
pub fn quantile(values: &[f64], share: f64) -> Measure {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_of_sorted(&sorted, share)
}

/// [`quantile`] of values that are in order already.
///
/// # Errors
/// Undefined for no values.
pub fn quantile_of_sorted(sorted: &[f64], share: f64) -> Measure {
    let Some(last) = sorted.len().checked_sub(1) else {
        return undefined(EMPTY);
    };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (Some(low), high) = (sorted.get(below).copied(), sorted.get(below + 1).copied()) else {
        return undefined(EMPTY);
    };
    Ok(high.map_or(low, |high| low + (place - place.floor()) * (high - low)))
}
