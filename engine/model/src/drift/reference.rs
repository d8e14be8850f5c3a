//! What a model's features and errors were like where it was trained and judged.

use crate::card::{Outcome, log_loss};
use serde::{Deserialize, Serialize};

/// Rows of features that are compared with training at a time; fewer, where training had not four times
/// as many.
const ROWS: usize = 2_000;
/// Parts of that by which the compared rows move on, where it is found how far they stray within training.
const STEPS: usize = 4;
/// Groups of equal size in which the values of a column are counted, where they differ enough.
const GROUPS: usize = 100;
/// A share that is never taken for smaller, so that an empty group has a logarithm.
const LEAST: f64 = 1e-4;
/// Groups of a population stability index hold at least this share of the training part.
const TENTH: f64 = 0.1 - 1e-9;

/// The features of the training part, and the errors in the part that judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The columns, in the pipeline's order.
    pub columns: Vec<Column>,
    /// Rows of features that are compared with those of training at a time.
    pub rows: usize,
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
    /// How far so many rows in a row strayed within training at most. Rows that follow each other are
    /// alike, so that they stray much farther than independent ones would.
    pub strayed: Moved,
}

/// How far a column has moved from training.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The population stability index: over ten groups of the training part, the sum of the changes of
    /// their shares times the change of the shares' logarithm.
    ///
    /// Source: N. Siddiqi, "Credit Risk Scorecards", 2006; over 0.25 much has changed.
    pub psi: f64,
    /// The largest distance of the two distributions, from 0 to 1, as A. Kolmogorov and N. Smirnov
    /// measure it.
    pub ks: f64,
}

impl Reference {
    /// From the rows of the training part and what came of the predictions of the part that judges.
    pub fn new<'a>(
        columns: usize,
        rows: impl Iterator<Item = &'a [f64]> + Clone,
        outcomes: &[Outcome],
    ) -> Self {
        let length = ROWS.min(rows.clone().count() / 4).max(1);
        let column = |place: usize| {
            let values: Vec<f64> = rows.clone().filter_map(|row| row.get(place).copied()).collect();
            let mut column = Column::of(values.clone());
            column.strayed = column.farthest(&values, length);
            column
        };
        let count = outcomes.len().max(1) as f64;
        let mean = |of: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / count;
        let loss = mean(&log_loss);
        Self {
            columns: (0..columns).map(column).collect(),
            rows: length,
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
        let at = |group: usize| {
            let below = (group * values.len() / GROUPS).checked_sub(1)?;
            values.get(below).copied()
        };
        let mut edges: Vec<f64> = (1..GROUPS).filter_map(at).collect();
        edges.dedup();
        let (shares, strayed) = (vec![0.0; edges.len() + 1], Moved::default());
        let mut column = Self { edges, shares, strayed };
        let each = 1.0 / values.len().max(1) as f64;
        for value in values {
            let group = column.group(value);
            column.shares.get_mut(group).into_iter().for_each(|share| *share += each);
        }
        column
    }

    /// How far so many values in a row have moved at most.
    fn farthest(&self, values: &[f64], length: usize) -> Moved {
        let mut farthest = Moved::default();
        for part in values.windows(length).step_by((length / STEPS).max(1)) {
            let mut counts = vec![0; self.shares.len()];
            for value in part {
                counts.get_mut(self.group(*value)).into_iter().for_each(|count| *count += 1);
            }
            let moved = self.moved(&counts);
            farthest.psi = farthest.psi.max(moved.psi);
            farthest.ks = farthest.ks.max(moved.ks);
        }
        farthest
    }

    /// How far values have moved of which so many are in each group.
    pub fn moved(&self, counts: &[u32]) -> Moved {
        let all = counts.iter().sum::<u32>().max(1);
        let mut moved = Moved::default();
        let (mut expected, mut seen) = (0.0, 0.0);
        let (mut group_expected, mut group_seen) = (0.0, 0.0);
        let last = self.shares.len().saturating_sub(1);
        for (place, (share, count)) in self.shares.iter().zip(counts).enumerate() {
            let come = f64::from(*count) / f64::from(all);
            (expected, seen) = (expected + share, seen + come);
            moved.ks = moved.ks.max((expected - seen).abs());
            (group_expected, group_seen) = (group_expected + share, group_seen + come);
            // Small groups say more of chance than of change, so they are put together.
            let is_large = group_expected >= TENTH && 1.0 - expected >= TENTH;
            if is_large || place == last {
                moved.psi += stability(group_expected, group_seen);
                (group_expected, group_seen) = (0.0, 0.0);
            }
        }
        moved
    }

    /// The group of a value.
    pub fn group(&self, value: f64) -> usize {
        self.edges.partition_point(|edge| *edge < value)
    }
}

fn stability(expected: f64, seen: f64) -> f64 {
    if expected == 0.0 && seen == 0.0 {
        return 0.0;
    }
    let (expected, seen) = (expected.max(LEAST), seen.max(LEAST));
    (seen - expected) * (seen / expected).ln()
}
