//! An equity curve with its dates and returns.

use super::measure::{Undefined, undefined};
use std::borrow::Cow;

/// Values by the session, the value at the start first, and the returns between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    days: Vec<i32>,
    values: Vec<f64>,
    returns: Vec<f64>,
    periods_per_year: f64,
}

impl Series {
    /// From points of (day, value), in order: a day is a number that grows by one with each calendar
    /// day, and the first point is the start.
    ///
    /// # Errors
    /// When there are fewer than two points, or a value is not above zero: of what was lost
    /// wholly there is no return.
    pub fn new(
        points: impl IntoIterator<Item = (i32, f64)>,
        periods_per_year: f64,
    ) -> Result<Self, Undefined> {
        let (days, values): (Vec<i32>, Vec<f64>) = points.into_iter().unzip();
        if values.len() < 2 {
            return undefined("there is no return");
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite() || *value <= 0.0) {
            let reason = format!("the equity was not above zero after {place} sessions");
            return Err(Undefined(Cow::Owned(reason)));
        }
        let pairs = values.iter().zip(values.iter().skip(1));
        let returns = pairs.map(|(before, after)| after / before - 1.0).collect();
        Ok(Self { days, values, returns, periods_per_year })
    }

    /// The values, the start first: one more than there are returns.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The day of each value.
    pub fn days(&self) -> &[i32] {
        &self.days
    }

    /// The returns.
    pub fn returns(&self) -> &[f64] {
        &self.returns
    }

    /// How many returns.
    pub fn len(&self) -> usize {
        self.returns.len()
    }

    /// Never: a series has a return.
    pub fn is_empty(&self) -> bool {
        self.returns.is_empty()
    }

    /// Sessions in a year.
    pub const fn periods_per_year(&self) -> f64 {
        self.periods_per_year
    }

    /// The same returns under another count of sessions in a year.
    #[must_use]
    pub fn with_periods(&self, periods_per_year: f64) -> Self {
        Self { periods_per_year, ..self.clone() }
    }

    /// What the value was multiplied by from start to end.
    pub fn growth(&self) -> f64 {
        let (first, last) = (self.values.first(), self.values.last());
        first.zip(last).map_or(1.0, |(first, last)| last / first)
    }

    /// Calendar days from the start to the end.
    pub fn calendar_days(&self) -> f64 {
        self.days_from(0)
    }

    /// Calendar days from the first value after the start to the end.
    pub fn days_from_first(&self) -> f64 {
        self.days_from(1)
    }

    fn days_from(&self, place: usize) -> f64 {
        let (from, to) = (self.days.get(place), self.days.last());
        from.zip(to).map_or(0.0, |(from, to)| f64::from(to - from))
    }

    /// An annual rate as one of a period: `(1 + rate)^(1/A) - 1`.
    pub fn rate_per_period(&self, annual: f64) -> f64 {
        (1.0 + annual).powf(1.0 / self.periods_per_year) - 1.0
    }

    /// The returns above an annual rate.
    pub fn excess(&self, annual: f64) -> Vec<f64> {
        let rate = self.rate_per_period(annual);
        self.returns.iter().map(|value| value - rate).collect()
    }
}
