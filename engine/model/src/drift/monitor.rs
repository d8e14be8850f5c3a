//! Features and errors of late, held against those of training.

use super::{Moved, Reference};
use crate::card::{Outcome, log_loss};
use std::collections::VecDeque;
use std::fmt;

/// What of each error, in standard deviations, is not counted as a change.
///
/// Source: E. Page, "Continuous Inspection Schemes", 1954; half the change that is to be found.
const SLACK: f64 = 0.5;
/// The distance of two distributions without a value in common, less what rounding leaves: never usual.
const APART: f64 = 0.999;
/// Standard errors by which accuracy must lie under the card's.
const ERRORS: f64 = 3.0;

/// How far things may move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The population stability index of a feature; more, where rows strayed farther within training.
    pub psi: f64,
    /// The distance of a feature's two distributions; more, where rows strayed farther within training.
    pub ks: f64,
    /// How many times as far as within training rows may stray.
    pub strayed: f64,
    /// The cumulated sum of errors over their mean, in standard deviations.
    pub residual: f64,
    /// Predictions of which the accuracy is taken.
    pub judged: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { psi: 0.25, ks: 0.2, strayed: 1.5, residual: 10.0, judged: 200 }
    }
}

/// One thing that has moved too far.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// A feature is distributed otherwise than in training, by both measures.
    Feature {
        /// The column.
        column: String,
        /// How far it has moved.
        moved: Moved,
        /// How far it may.
        limit: Moved,
    },
    /// The cumulated sum of errors.
    Residual {
        /// What it is.
        value: f64,
        /// What it may be.
        limit: f64,
    },
    /// The accuracy of late.
    Accuracy {
        /// What it is.
        value: f64,
        /// What it may fall to.
        limit: f64,
        /// Of so many predictions.
        of: usize,
    },
}

/// How far everything has moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Rows that were compared; while there are fewer than wanted, features say nothing.
    pub rows: usize,
    /// Each column, in the pipeline's order; empty while there are too few rows.
    pub columns: Vec<Moved>,
    /// The cumulated sum of errors, in standard deviations.
    pub residual: f64,
    /// Predictions that were judged, and the share of them that came true; none while there are too few.
    pub accuracy: Option<(usize, f64)>,
}

/// Keeps what is needed to say how far a model's world has moved: as much for each row, however many
/// there were.
#[derive(Debug, Clone)]
pub struct Monitor {
    reference: Reference,
    limits: Limits,
    /// The group of each column, row by row.
    rows: VecDeque<Box<[u8]>>,
    /// Rows in each group, by column.
    counts: Vec<Vec<u32>>,
    residual: f64,
    judged: VecDeque<bool>,
}

impl Monitor {
    /// One that has seen nothing.
    pub fn new(reference: Reference, limits: Limits) -> Self {
        let counts = reference.columns.iter().map(|column| vec![0; column.shares.len()]).collect();
        let (rows, judged) = (VecDeque::new(), VecDeque::new());
        Self { reference, limits, rows, counts, residual: 0.0, judged }
    }

    /// Takes in a row of features, not scaled.
    pub fn see(&mut self, row: &[f64]) {
        let columns = self.reference.columns.iter().zip(row);
        // There are at most a hundred groups.
        let groups: Box<[u8]> = columns.map(|(column, value)| column.group(*value) as u8).collect();
        self.count(&groups, true);
        self.rows.push_back(groups);
        if self.rows.len() > self.reference.rows
            && let Some(oldest) = self.rows.pop_front()
        {
            self.count(&oldest, false);
        }
    }

    fn count(&mut self, groups: &[u8], comes: bool) {
        for (counts, group) in self.counts.iter_mut().zip(groups) {
            if let Some(count) = counts.get_mut(usize::from(*group)) {
                *count = if comes { *count + 1 } else { count.saturating_sub(1) };
            }
        }
    }

    /// Takes in what came of a prediction. Answers of predictions that follow each other overlap: give
    /// such that do not.
    pub fn judge(&mut self, outcome: &Outcome) {
        let deviation = self.reference.loss_deviation.max(f64::MIN_POSITIVE);
        let error = (log_loss(outcome) - self.reference.loss) / deviation;
        self.residual = (self.residual + error - SLACK).max(0.0);
        self.judged.push_back(outcome.trend == outcome.came);
        if self.judged.len() > self.limits.judged {
            self.judged.pop_front();
        }
    }

    /// How far everything has moved by now.
    pub fn report(&self) -> Report {
        let is_enough = self.rows.len() == self.reference.rows;
        let columns = self.reference.columns.iter().zip(&self.counts).filter(|_| is_enough);
        let right = self.judged.iter().filter(|right| **right).count();
        let judged = self.judged.len();
        Report {
            rows: self.rows.len(),
            columns: columns.map(|(column, counts)| column.moved(counts)).collect(),
            residual: self.residual,
            accuracy: (judged == self.limits.judged)
                .then(|| (judged, right as f64 / judged.max(1) as f64)),
        }
    }

    /// What has moved too far by now; `columns` are the names of the features.
    pub fn findings(&self, columns: &[String]) -> Vec<Drift> {
        let (report, limits) = (self.report(), &self.limits);
        let mut found = Vec::new();
        let usual = self.reference.columns.iter().map(|column| column.strayed);
        for ((name, moved), usual) in columns.iter().zip(&report.columns).zip(usual) {
            let limit = Moved {
                psi: limits.psi.max(limits.strayed * usual.psi),
                ks: limits.ks.max(limits.strayed * usual.ks).min(APART),
            };
            // The index alone would be moved by prices that lie on another grid of ticks.
            if moved.psi > limit.psi && moved.ks > limit.ks {
                found.push(Drift::Feature { column: name.clone(), moved: *moved, limit });
            }
        }
        if report.residual > limits.residual {
            found.push(Drift::Residual { value: report.residual, limit: limits.residual });
        }
        if let Some((of, value)) = report.accuracy {
            let expected = self.reference.accuracy;
            let error = (expected * (1.0 - expected) / of.max(1) as f64).sqrt();
            let limit = expected - ERRORS * error;
            if value < limit {
                found.push(Drift::Accuracy { value, limit, of });
            }
        }
        found
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feature { column, moved, limit } => write!(
                f,
                "feature {column} is distributed otherwise than in training: stability index {:.3}, limit {:.3}, and distance {:.3}, limit {:.3}",
                moved.psi, limit.psi, moved.ks, limit.ks
            ),
            Self::Residual { value, limit } => write!(
                f,
                "its errors have grown: their cumulated sum is {value:.1} standard deviations, limit {limit}"
            ),
            Self::Accuracy { value, limit, of } => write!(
                f,
                "{:.1} % of the last {of} predictions came true, limit {:.1} %",
                100.0 * value,
                100.0 * limit
            ),
        }
    }
}
