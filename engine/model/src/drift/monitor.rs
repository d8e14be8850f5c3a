//! Features and errors of late, held against those of training.

use super::Reference;
use crate::card::{Outcome, log_loss};
use std::collections::VecDeque;
use std::fmt;

/// A share that is never taken for smaller, so that an empty group has a logarithm.
const LEAST: f64 = 1e-4;
/// Groups of a population stability index hold at least this share of the training part.
const TENTH: f64 = 0.1 - 1e-9;
/// What of each error, in standard deviations, is not counted as a change.
///
/// Source: E. Page, "Continuous Inspection Schemes", 1954; half the change that is to be found.
const SLACK: f64 = 0.5;
/// Standard errors by which accuracy must lie under the card's.
const ERRORS: f64 = 3.0;

/// How far things may move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Rows of features that are compared with those of training.
    pub rows: usize,
    /// The population stability index of a feature: under 0.1 nothing has changed, over 0.25 much has.
    ///
    /// Source: N. Siddiqi, "Credit Risk Scorecards", 2006.
    pub psi: f64,
    /// The largest distance of a feature's two distributions, as A. Kolmogorov and N. Smirnov measure
    /// it, from 0 to 1. The distance itself: rows that follow each other are alike, so that the test for
    /// independent ones would always find a difference.
    pub ks: f64,
    /// The cumulated sum of errors over their mean, in standard deviations.
    pub residual: f64,
    /// Predictions of which the accuracy is taken.
    pub judged: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 2_000, psi: 0.25, ks: 0.2, residual: 10.0, judged: 200 }
    }
}

/// One thing that has moved too far.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// A feature's population stability index.
    Psi {
        /// The column.
        column: String,
        /// What it is.
        value: f64,
        /// What it may be.
        limit: f64,
    },
    /// The distance of a feature's distributions.
    Ks {
        /// The column.
        column: String,
        /// What it is.
        value: f64,
        /// What it may be.
        limit: f64,
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

/// How far a column has moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnDrift {
    /// The population stability index.
    pub psi: f64,
    /// The distance of Kolmogorov and Smirnov.
    pub ks: f64,
}

/// How far everything has moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Rows that were compared; while there are fewer than wanted, features say nothing.
    pub rows: usize,
    /// Each column, in the pipeline's order; empty while there are too few rows.
    pub columns: Vec<ColumnDrift>,
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
        if self.rows.len() > self.limits.rows
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
        let is_enough = self.rows.len() == self.limits.rows;
        let columns = self.reference.columns.iter().zip(&self.counts).filter(|_| is_enough);
        let right = self.judged.iter().filter(|right| **right).count();
        let judged = self.judged.len();
        Report {
            rows: self.rows.len(),
            columns: columns.map(|(column, counts)| moved(&column.shares, counts)).collect(),
            residual: self.residual,
            accuracy: (judged == self.limits.judged)
                .then(|| (judged, right as f64 / judged.max(1) as f64)),
        }
    }

    /// What has moved too far by now; `columns` are the names of the features.
    pub fn findings(&self, columns: &[String]) -> Vec<Drift> {
        let (report, limits) = (self.report(), &self.limits);
        let mut found = Vec::new();
        for (name, moved) in columns.iter().zip(&report.columns) {
            let column = || name.clone();
            if moved.psi > limits.psi {
                found.push(Drift::Psi { column: column(), value: moved.psi, limit: limits.psi });
            }
            if moved.ks > limits.ks {
                found.push(Drift::Ks { column: column(), value: moved.ks, limit: limits.ks });
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

/// How far a column's shares have moved from those of training.
fn moved(shares: &[f64], counts: &[u32]) -> ColumnDrift {
    let all = counts.iter().sum::<u32>().max(1);
    let (mut psi, mut ks) = (0.0, 0.0_f64);
    let (mut expected, mut seen) = (0.0, 0.0);
    let (mut group_expected, mut group_seen) = (0.0, 0.0);
    let last = shares.len().saturating_sub(1);
    for (place, (share, count)) in shares.iter().zip(counts).enumerate() {
        let come = f64::from(*count) / f64::from(all);
        (expected, seen) = (expected + share, seen + come);
        ks = ks.max((expected - seen).abs());
        (group_expected, group_seen) = (group_expected + share, group_seen + come);
        // Small groups say more of chance than of change, so they are put together.
        if group_expected >= TENTH || place == last {
            psi += stability(group_expected, group_seen);
            (group_expected, group_seen) = (0.0, 0.0);
        }
    }
    ColumnDrift { psi, ks }
}

fn stability(expected: f64, seen: f64) -> f64 {
    if expected == 0.0 && seen == 0.0 {
        return 0.0;
    }
    let (expected, seen) = (expected.max(LEAST), seen.max(LEAST));
    (seen - expected) * (seen / expected).ln()
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Psi { column, value, limit } => write!(
                f,
                "feature {column} is distributed otherwise than in training: stability index {value:.3}, limit {limit}"
            ),
            Self::Ks { column, value, limit } => write!(
                f,
                "feature {column} is distributed otherwise than in training: distance {value:.3}, limit {limit}"
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
