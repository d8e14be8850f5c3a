//! The model in use on the samples that judge the one that is meant to take its place.

use super::judge::{Judgement, Outcome, advantage, judge};
use crate::dataset::Dataset;
use crate::folder::Model;
use crate::predict::Predictor;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// Another model on the samples that judged this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    /// Its id.
    pub id: String,
    /// How it did.
    pub judgement: Judgement,
    /// How many standard errors this model's log loss lies below its own; none where the two always said
    /// the same.
    pub advantage: Option<f64>,
}

impl Rival {
    /// Of what both said to the same samples; `horizon` bars lie between a question and its answer.
    pub fn new(id: &str, said: &[Outcome], own: &[Outcome], horizon: usize) -> Self {
        let (judgement, advantage) = (judge(said, horizon), advantage(own, said, horizon));
        Self { id: id.into(), judgement, advantage }
    }
}

/// What a model says to some samples of a dataset, fed with its bars one by one; `None` where it is asked
/// something else, knows other bars, or has nothing to say of one of them: two models are compared on the
/// same samples or not at all.
pub fn outcomes_of(
    model: &Arc<Model>,
    dataset: &Dataset,
    parts: &[Range<usize>],
) -> Option<Vec<Outcome>> {
    if model.card().config.target != dataset.question || model.bar_length() != dataset.length {
        return None;
    }
    let says = |bars: &[kernel::Bar]| {
        let mut predictor = Predictor::new(model.clone());
        let said = bars.iter().map(|bar| Some(predictor.observe(bar).ok()??.probabilities));
        said.collect::<Vec<_>>()
    };
    let said: Vec<_> = dataset.series.iter().map(|series| says(&series.bars)).collect();
    let samples = parts.iter().flat_map(|part| dataset.samples.get(part.clone()));
    let outcome = |sample: &crate::Sample| {
        let said = said.get(sample.series)?.get(sample.bar).copied()??;
        Some(Outcome::new(said, sample.trend, sample.moved, sample.asked()))
    };
    samples.flatten().map(outcome).collect()
}
