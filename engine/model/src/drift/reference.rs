//! What a model's features and errors were like where it was trained and judged.

use crate::card::{Outcome, log_loss};
use serde::{Deserialize, Serialize};

/// Groups of equal size in which the values of a column are counted, where they differ enough.
const GROUPS: usize = 100;

/// The features of the training part, and the errors in the part that judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The columns, in the pipeline's order.
    pub columns: Vec<Column>,
    /// The mean log loss, in nats.
    pub loss: f64,
    /// Its standard deviation from one prediction to another.
    pub loss_deviation: f64,
    /// The share of predictions that came true.
    pub accuracy: f64,
}

/// How the values of a column are distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The upper ends of the groups, rising; what is above the last is a group more.
    pub edges: Vec<f64>,
    /// The share of the values in each group.
    pub shares: Vec<f64>,
}

impl Reference {
    /// From the rows of the training part and what came of the predictions of the part that judges.
    pub fn new<'a>(
        columns: usize,
        rows: impl Iterator<Item = &'a [f64]> + Clone,
        outcomes: &[Outcome],
    ) -> Self {
        let values =
            |place: usize| rows.clone().filter_map(|row| row.get(place).copied()).collect();
        let count = outcomes.len().max(1) as f64;
        let mean = |of: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / count;
        let loss = mean(&log_loss);
        Self {
            columns: (0..columns).map(|place| Column::of(values(place))).collect(),
            loss,
            loss_deviation: mean(&|outcome| (log_loss(outcome) - loss).powi(2)).sqrt(),
            accuracy: mean(&|outcome| f64::from(u8::from(outcome.trend == outcome.came))),
        }
    }
}

impl Column {
    /// Of so many values.
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |group: usize| values.get(group * values.len() / GROUPS).copied();
        let mut edges: Vec<f64> = (1..GROUPS).filter_map(at).collect();
        edges.dedup();
        let mut column = Self { shares: vec![0.0; edges.len() + 1], edges };
        let each = 1.0 / values.len().max(1) as f64;
        for value in values {
            let group = column.group(value);
            column.shares.get_mut(group).into_iter().for_each(|share| *share += each);
        }
        column
    }

    /// The group of a value.
    pub fn group(&self, value: f64) -> usize {
        self.edges.partition_point(|edge| *edge < value)
    }
}
