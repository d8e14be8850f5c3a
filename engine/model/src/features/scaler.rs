//! Features brought to the same size.

use serde::{Deserialize, Serialize};

/// Beyond so many standard deviations a value is held: one bad print moves a prediction only so far.
const HELD: f64 = 8.0;

/// Mean and standard deviation of each column, as found in the training part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaler {
    /// The means.
    pub means: Vec<f64>,
    /// The standard deviations (of the population).
    pub deviations: Vec<f64>,
}

/// Why columns cannot be scaled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScalerError {
    /// There is nothing to learn from.
    #[error(
        "the training part has no row of features: give more bars, or features that need fewer"
    )]
    Empty,
    /// A column that says nothing.
    #[error(
        "feature {column} is {value} in every row of the training part, so it tells nothing: leave it out, or give data in which it moves"
    )]
    Constant {
        /// The column.
        column: String,
        /// Its value.
        value: f64,
    },
}

impl Scaler {
    /// From rows of so many columns.
    ///
    /// # Errors
    /// When there is no row, or a column has the same value in all of them.
    pub fn fit<'a>(
        columns: &[String],
        rows: impl Iterator<Item = &'a [f64]> + Clone,
    ) -> Result<Self, ScalerError> {
        let count = rows.clone().count() as f64;
        if count == 0.0 {
            return Err(ScalerError::Empty);
        }
        let sums = |of: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; columns.len()];
            for row in rows.clone() {
                for (place, (sum, value)) in sums.iter_mut().zip(row).enumerate() {
                    *sum += of(place, *value);
                }
            }
            sums.iter_mut().for_each(|sum| *sum /= count);
            sums
        };
        let means = sums(&|_, value| value);
        let mean = |place: usize| means.get(place).copied().unwrap_or_default();
        let variances = sums(&|place, value| (value - mean(place)).powi(2));
        let deviations: Vec<f64> = variances.iter().map(|variance| variance.sqrt()).collect();
        for ((column, mean), deviation) in columns.iter().zip(&means).zip(&deviations) {
            // What rounding leaves of a constant is no movement.
            if *deviation <= 1e-12 * mean.abs().max(f64::MIN_POSITIVE) {
                return Err(ScalerError::Constant { column: column.clone(), value: *mean });
            }
        }
        Ok(Self { means, deviations })
    }

    /// Adds a row, scaled.
    pub fn scale(&self, row: &[f64], to: &mut Vec<f32>) {
        let parts = row.iter().zip(&self.means).zip(&self.deviations);
        to.extend(parts.map(|((value, mean), deviation)| {
            ((value - mean) / deviation).clamp(-HELD, HELD) as f32
        }));
    }
}
