//! How fast equity grew, and how unevenly.

use super::measure::{Measure, finite, ratio, undefined};
use super::moments::{Spread, deviation, mean, variance};
use super::series::Series;

const NO_TIME: &str = "no calendar day passed";

/// Compound annual growth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    /// By calendar time, with this many days in a year.
    Calendar(f64),
    /// By calendar time from the first value after the start, with this many days in a year.
    CalendarFromFirst(f64),
    /// By the count of periods.
    Periods,
}

impl Growth {
    /// The formula in words.
    pub fn formula(self) -> String {
        match self {
            Self::Calendar(days) => format!("(end / start)^({days} / calendar days) - 1"),
            Self::CalendarFromFirst(days) => {
                format!("(end / start)^({days} / calendar days from the first mark) - 1")
            }
            Self::Periods => "(end / start)^(A / n) - 1".into(),
        }
    }

    /// Growth a year.
    ///
    /// # Errors
    /// Undefined when no time passed.
    pub fn of(self, series: &Series) -> Measure {
        let years = match self {
            Self::Calendar(days) => series.calendar_days() / days,
            Self::CalendarFromFirst(days) => series.days_from_first() / days,
            Self::Periods => series.len() as f64 / series.periods_per_year(),
        };
        finite(series.growth().powf(ratio(1.0, years, NO_TIME)?) - 1.0)
    }
}

/// Volatility a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volatility {
    /// Of the sample, by the root of time.
    Sample,
    /// As compounding makes it of the sample's mean and variance.
    Compounded,
    /// Of the sample, by the periods that were seen a calendar year of 365.25 days.
    SampleByCount,
}

impl Volatility {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Sample => "s1 sqrt(A)",
            Self::Compounded => "sqrt((s1^2 + (1 + g)^2)^A - (1 + g)^(2A)), g the geometric mean",
            Self::SampleByCount => "s1 sqrt(n / years of 365.25 days)",
        }
    }

    /// Volatility.
    ///
    /// # Errors
    /// Undefined for fewer than two returns.
    pub fn of(self, series: &Series) -> Measure {
        let a = series.periods_per_year();
        match self {
            Self::Sample => Ok(deviation(series.returns(), Spread::Sample)? * a.sqrt()),
            Self::Compounded => {
                let growth = 1.0 + geometric_mean(series);
                let variance = variance(series.returns(), Spread::Sample)?;
                let squared = (variance + growth.powi(2)).powf(a) - growth.powf(2.0 * a);
                finite(squared.max(0.0).sqrt())
            }
            Self::SampleByCount => {
                let years = series.days_from_first() / 365.25;
                let count = ratio(series.len() as f64, years, NO_TIME)?;
                Ok(deviation(series.returns(), Spread::Sample)? * count.sqrt())
            }
        }
    }
}

/// The return that, repeated, gives the whole growth.
pub fn geometric_mean(series: &Series) -> f64 {
    series.growth().powf(1.0 / series.len() as f64) - 1.0
}

/// A mean return compounded over a year: `(1 + m)^A - 1`.
///
/// # Errors
/// Undefined for no returns.
pub fn compounded_mean(series: &Series) -> Measure {
    finite((1.0 + mean(series.returns())?).powf(series.periods_per_year()) - 1.0)
}

/// Variability-weighted return, in percent: the annual logarithmic growth, less what deviates from
/// a straight way to the end.
///
/// Source: backtrader's analyzer `VWR` with its defaults, tau 2 and a largest deviation of 0.20.
///
/// # Errors
/// Undefined for fewer than two returns.
pub fn variability_weighted_return(series: &Series) -> Measure {
    const LARGEST: f64 = 0.20;
    let start = series.values().first().copied().unwrap_or(1.0);
    let mean = series.growth().ln() / series.len() as f64;
    let off = (0_i32..).zip(series.values()).skip(1);
    let off: Vec<f64> =
        off.map(|(n, value)| value / (start * (mean * f64::from(n)).exp()) - 1.0).collect();
    let spread = deviation(&off, Spread::Sample)?;
    if spread > LARGEST {
        return undefined("equity deviates from steady growth by more than 0.20");
    }
    let growth = (mean * series.periods_per_year()).exp_m1() * 100.0;
    finite(growth * (1.0 - (spread / LARGEST).powi(2)))
}
