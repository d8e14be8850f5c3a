//! Which samples are learned from, which choose when to stop, and which judge.

use crate::dataset::Sample;
use kernel::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The parts of the samples, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Learned from.
    pub train: Range<usize>,
    /// Says when to stop.
    pub validation: Range<usize>,
    /// Seen once, at the end.
    pub test: Range<usize>,
}

/// How samples are split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// The share of samples that says when to stop, in per cent.
    pub validation_percent: f64,
    /// The share that judges, at the end, in per cent; without folds.
    pub test_percent: f64,
    /// Bars left out after a part, besides those that its answers look at.
    pub embargo: u16,
    /// Walk-forward: so many times learned from all before and judged by what comes next.
    pub folds: u16,
}

/// There are too few samples for a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{samples} samples leave none for {part} once answers that reach into the next part are left out: give more bars, or ask for a shorter horizon"
)]
pub struct SplitError {
    /// All samples.
    pub samples: usize,
    /// Which part.
    pub part: &'static str,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self { validation_percent: 15.0, test_percent: 20.0, embargo: 0, folds: 0 }
    }
}

impl SplitConfig {
    /// One split, or one for each fold.
    ///
    /// Answers that are known only after the next part has begun are left out of a part, and the
    /// embargo after them, so that nothing that is learned from lies in what judges.
    /// Source: M. Lopez de Prado, "Advances in Financial Machine Learning", 2018, 7.4.
    ///
    /// # Errors
    /// When a part would be empty.
    pub fn splits(&self, samples: &[Sample], length: Span) -> Result<Vec<Split>, SplitError> {
        let embargo = length.times(i64::from(self.embargo));
        let count = samples.len();
        let share = |of: usize, percent: f64| (of as f64 * percent / 100.0) as usize;
        let split = |test: Range<usize>| {
            let validation = share(test.start, self.validation_percent);
            cut(samples, test.start - validation, test, embargo)
        };
        if self.folds == 0 {
            return Ok(vec![split(count - share(count, self.test_percent)..count)?]);
        }
        let stretches = usize::from(self.folds) + 1;
        let bound = |stretch: usize| count * stretch / stretches;
        (1..stretches).map(|fold| split(bound(fold)..bound(fold + 1))).collect()
    }
}

/// The parts that begin at the first sample, at `validation` and at the start of `test`.
fn cut(
    samples: &[Sample],
    validation: usize,
    test: Range<usize>,
    embargo: Span,
) -> Result<Split, SplitError> {
    let begin = |at: usize| samples.get(at).map_or(Timestamp::MAX, |sample| sample.time);
    // The first of a part whose answer comes too late, and all after it, are left out.
    let until = |part: Range<usize>, next: Timestamp| {
        let inside = samples.get(part.clone()).unwrap_or_default();
        let kept = inside.iter().take_while(|sample| sample.known.plus(embargo) <= next).count();
        part.start..part.start + kept
    };
    let split = Split {
        train: until(0..validation, begin(validation)),
        validation: until(validation..test.start, begin(test.start)),
        test,
    };
    let parts =
        [(&split.train, "training"), (&split.validation, "validation"), (&split.test, "testing")];
    match parts.iter().find(|(part, _)| part.is_empty()) {
        Some((_, part)) => Err(SplitError { samples: samples.len(), part }),
        None => Ok(split),
    }
}
