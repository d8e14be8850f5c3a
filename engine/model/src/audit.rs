//! Finds out whether what judges a model has been looked at while it was made.
//!
//! Training asks before it begins, with the very data, split and scaler that it will use.

use crate::dataset::{Dataset, Sample};
use crate::features::{Pipeline, Scaler};
use crate::split::Split;
use kernel::Timestamp;
use std::ops::Range;

/// How many rows are computed again from the bars before them alone.
const PROBES: usize = 8;

/// What is known too early.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Leak {
    /// Two parts share time.
    #[error("a leak: the {earlier} sample of {time} is answered after the {later} part has begun")]
    Overlap {
        /// The part that is learned from.
        earlier: &'static str,
        /// The part that comes after it.
        later: &'static str,
        /// When the sample was asked.
        time: Timestamp,
    },
    /// The answer lies in what is seen.
    #[error("a leak: the answer to the sample of {time} is made of a bar that its window shows")]
    Label {
        /// When the sample was asked.
        time: Timestamp,
    },
    /// The answer is not that of its bars.
    #[error("a leak: the answer to the sample of {time} is not what its bars say")]
    Answer {
        /// When the sample was asked.
        time: Timestamp,
    },
    /// The scaler has seen more than the training part.
    #[error("a leak: the scaler of {column} is not that of the training part alone")]
    Scaler {
        /// Which column.
        column: String,
    },
    /// A feature depends on later bars.
    #[error("a leak: {column} at {time} changes with bars that come later")]
    Future {
        /// Which column.
        column: String,
        /// The end of its bar.
        time: Timestamp,
    },
}

/// What was looked through for leaks and had none: nothing is trained on anything else.
#[derive(Debug, Clone, Copy)]
pub struct Audited<'a> {
    dataset: &'a Dataset,
    split: &'a Split,
    scaler: &'a Scaler,
}

impl<'a> Audited<'a> {
    /// The samples.
    pub const fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// Their parts.
    pub const fn split(&self) -> &'a Split {
        self.split
    }

    /// The scaler of the training part.
    pub const fn scaler(&self) -> &'a Scaler {
        self.scaler
    }
}

/// Looks for every leak there is.
///
/// # Errors
/// With the first one found.
pub fn audit<'a>(
    dataset: &'a Dataset,
    pipeline: &Pipeline,
    split: &'a Split,
    scaler: &'a Scaler,
) -> Result<Audited<'a>, Leak> {
    overlap(dataset, ("training", &split.train), ("validation", &split.validation))?;
    overlap(dataset, ("training", &split.train), ("testing", &split.test))?;
    overlap(dataset, ("validation", &split.validation), ("testing", &split.test))?;
    dataset.samples.iter().try_for_each(|sample| label(dataset, sample))?;
    fitted(dataset, split, scaler)?;
    future(dataset, pipeline)?;
    Ok(Audited { dataset, split, scaler })
}

fn part<'a>(dataset: &'a Dataset, range: &Range<usize>) -> &'a [Sample] {
    dataset.samples.get(range.clone()).unwrap_or_default()
}

fn overlap(
    dataset: &Dataset,
    (earlier, before): (&'static str, &Range<usize>),
    (later, after): (&'static str, &Range<usize>),
) -> Result<(), Leak> {
    let begins = part(dataset, after).iter().map(|sample| sample.time).min();
    let late = part(dataset, before).iter().find(|sample| Some(sample.known) > begins);
    match (begins, late) {
        (Some(_), Some(sample)) => Err(Leak::Overlap { earlier, later, time: sample.time }),
        _ => Ok(()),
    }
}

fn label(dataset: &Dataset, sample: &Sample) -> Result<(), Leak> {
    let time = sample.time;
    if sample.answered_by.start <= sample.bar {
        return Err(Leak::Label { time });
    }
    let bars = dataset.series.get(sample.series).map(|series| series.bars.as_slice());
    let bars = bars.unwrap_or_default();
    let answer = bars.get(sample.bar).zip(bars.get(sample.answered_by.clone()));
    let answer = answer.and_then(|(bar, after)| dataset.question.answer(bar, after));
    let same = answer.is_some_and(|answer| {
        answer.trend == sample.trend && answer.moved.to_bits() == sample.moved.to_bits()
    });
    if same { Ok(()) } else { Err(Leak::Answer { time }) }
}

fn fitted(dataset: &Dataset, split: &Split, scaler: &Scaler) -> Result<(), Leak> {
    let other =
        |column: Option<&String>| Err(Leak::Scaler { column: column.cloned().unwrap_or_default() });
    let Ok(right) = fit(dataset, split) else { return other(dataset.columns.first()) };
    let of = |scaler: &Scaler| {
        let pairs = scaler.means.iter().zip(&scaler.deviations);
        pairs.map(|(mean, deviation)| (mean.to_bits(), deviation.to_bits())).collect::<Vec<_>>()
    };
    let (right, given) = (of(&right), of(scaler));
    match right.iter().zip(&given).position(|(right, given)| right != given) {
        Some(place) => other(dataset.columns.get(place)),
        None if right.len() != given.len() => other(dataset.columns.first()),
        None => Ok(()),
    }
}

/// The scaler of a split's training part: of the rows that had ended when its last question was asked.
///
/// # Errors
/// When a column does not move in it.
pub fn fit(dataset: &Dataset, split: &Split) -> Result<Scaler, crate::features::ScalerError> {
    let last = part(dataset, &split.train).iter().map(|sample| sample.time).max();
    Scaler::fit(&dataset.columns, dataset.rows_until(last.unwrap_or(Timestamp::MIN)))
}

/// Computes some rows again from the bars up to theirs, and compares every bit.
fn future(dataset: &Dataset, pipeline: &Pipeline) -> Result<(), Leak> {
    let step = (dataset.samples.len() / PROBES).max(1);
    for sample in dataset.samples.iter().step_by(step) {
        let bars = dataset.series.get(sample.series).map(|series| series.bars.as_slice());
        let mut stream = pipeline.stream();
        let mut row = Vec::new();
        for bar in bars.unwrap_or_default().iter().take(sample.bar + 1) {
            row = stream.push(bar).ok().flatten().unwrap_or_default().to_vec();
        }
        let known = dataset.row(sample.row);
        let differs = |place: &usize| {
            let bits = |row: &[f64]| row.get(*place).map(|value| value.to_bits());
            bits(&row) != bits(known)
        };
        if let Some(place) = (0..dataset.columns.len()).find(differs) {
            let column = dataset.columns.get(place).cloned().unwrap_or_default();
            return Err(Leak::Future { column, time: sample.time });
        }
    }
    Ok(())
}
