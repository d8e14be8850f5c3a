//! From bars to a model in its folder: features, split, audit, training, judgement.

use super::{Curve, Plan, Progress, TrainError, Trained, answers, train};
use crate::card::{self, Card, DataFacts, Outcome, PartFacts, Rival};
use crate::config::{Config, ConfigError};
use crate::drift::Reference;
use crate::features::ScalerError;
use crate::files::{self, FileError};
use crate::folder::{Lineage, Model, ModelError, Parts};
use crate::{
    Dataset, DatasetError, Leak, Sample, Series, Split, SplitError, audit, fit, keep_shown,
};
use kernel::{Timestamp, TradingHours};
use marketdata::resolution;
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a model is made from.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// How.
    pub config: &'a Config,
    /// From what.
    pub series: Vec<Series>,
    /// The hours of the sessions that it is meant for: of the bars, those that they show.
    pub hours: TradingHours,
    /// Whether the bars were generated.
    pub synthetic: bool,
    /// The model that it is meant to take the place of; it is judged on the same samples.
    pub parent: Option<Arc<Model>>,
    /// The name and version of this program.
    pub software: &'a str,
}

/// A model that was made.
#[derive(Debug)]
pub struct Made {
    /// The model, as it lies in the folder.
    pub model: Model,
    /// The training of each fold; the model is that of the last.
    pub folds: Vec<Curve>,
}

/// Why no model was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The bars.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Too few samples.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The features.
    #[error(transparent)]
    Scaler(#[from] ScalerError),
    /// Something is known too early: a fault of the program, and nothing is trained.
    #[error(transparent)]
    Leak(#[from] Leak),
    /// The training itself.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The model could not be kept.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Order<'_> {
    /// The same for the same configuration, hours and bars: where a run that was killed is looked for.
    pub fn key(&self) -> String {
        let mut config = self.config.clone();
        config.training.threads = 0;
        let text =
            hash_of(&config) + crate::dataset::hash_of(&self.series).as_str() + self.hours.as_str();
        let mut key = hex::encode(Sha256::digest(text));
        key.truncate(12);
        key
    }
}

/// Makes a model and keeps it under `models`; checkpoints and metrics go to `work`, for each fold of a
/// walk-forward into a folder of its own. A run that was killed goes on; one that is still at work there is
/// left alone, and this one is refused.
///
/// # Errors
/// When bars, configuration or folders do not serve. No model is left behind then.
pub fn make(
    order: Order<'_>,
    work: &Path,
    models: &Path,
    mut tell: impl FnMut(usize, usize, &Progress<'_>),
) -> Result<Made, MakeError> {
    let Order { config, mut series, hours, synthetic, parent, software } = order;
    config.training.backend.built_in()?;
    // Held until the model is kept: two that write one checkpoint would spoil each other's.
    let _held = hold(work)?;
    keep_shown(&mut series, hours)?;
    let pipeline = config.pipeline()?;
    let dataset = Dataset::new(series, &pipeline, config.network.window, config.target)?;
    let splits = config.split.splits(&dataset.samples, dataset.length)?;
    let (mut said, mut parts) = (Vec::new(), Vec::new());
    let mut others: Vec<(&str, Vec<Outcome>)> = Vec::new();
    let (mut last, mut folds) = (None, Vec::new());
    for (fold, split) in splits.iter().enumerate() {
        let scaler = fit(&dataset, split)?;
        let plan = Plan::new(config, audit(&dataset, &pipeline, split, &scaler)?);
        let place = place(work, fold, splits.len());
        let trained = train(&plan, &place, |progress| tell(fold + 1, splits.len(), progress))?;
        said.extend(outcomes(&plan, &trained));
        for (name, outcomes) in card::baselines(&dataset, split, &scaler) {
            match others.iter_mut().find(|(known, _)| *known == name) {
                Some((_, all)) => all.extend(outcomes),
                None => others.push((name, outcomes)),
            }
        }
        parts.push(part_facts(&dataset, split));
        folds.push(Curve { epochs: trained.history.clone(), best: trained.best });
        last = Some((trained, scaler));
    }
    // There is always at least one split.
    let (trained, scaler) = last.ok_or(SplitError { samples: 0, part: "training" })?;
    let (model, baselines, beats_baselines, verdict) =
        card::compare(&said, &others, config.target.horizon());
    let learned = last_of(&dataset, &splits);
    let reference = Reference::new(dataset.columns.len(), dataset.rows_until(learned), &said);
    let data = data_facts(&dataset, hours, synthetic);
    let rival = parent.as_ref().and_then(|parent| beside(parent, &dataset, &splits, &said));
    let parent = parent.map(|parent| parent.id().to_string());
    let lineage = Lineage { parent, data: data.sha256.clone(), config: hash_of(config) };
    let card = Card {
        verdict,
        beats_baselines,
        data,
        features: dataset.columns.clone(),
        config: config.clone(),
        parts,
        software: software.into(),
        epochs: (trained.history.len(), trained.best),
        model,
        baselines,
        rival,
    };
    let parts = Parts {
        weights: trained.weights,
        scaler,
        pipeline,
        reference,
        card,
        head: trained.head,
        window: config.network.window,
        horizon: config.target.horizon(),
        bar_length: dataset.length,
        lineage,
    };
    Ok(Made { model: Model::save(parts, models)?, folds })
}

/// Where a fold's checkpoints go.
fn place(work: &Path, fold: usize, folds: usize) -> PathBuf {
    if folds > 1 { work.join(format!("fold-{}", fold + 1)) } else { work.into() }
}

/// The folder of a training, for this one alone; a process that ends in any way lets it go.
fn hold(work: &Path) -> Result<File, TrainError> {
    let (file, path) = files::lock_file(work)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TrainError::Busy(work.display().to_string())),
        Err(TryLockError::Error(error)) => Err(FileError::io(&path)(error).into()),
    }
}

/// How another model does on the samples that have judged this one, which has said `said`.
fn beside(
    model: &Arc<Model>,
    dataset: &Dataset,
    splits: &[Split],
    said: &[Outcome],
) -> Option<Rival> {
    let tests: Vec<_> = splits.iter().map(|split| split.test.clone()).collect();
    let outcomes = card::outcomes_of(model, dataset, &tests)?;
    Some(Rival::new(&model.id(), &outcomes, said, dataset.question.horizon()))
}

/// When the last question was asked that the model was trained on.
fn last_of(dataset: &Dataset, splits: &[Split]) -> Timestamp {
    let train = splits.last().and_then(|split| dataset.samples.get(split.train.clone()));
    let times = train.unwrap_or_default().iter().map(|sample| sample.time);
    times.max().unwrap_or(Timestamp::MIN)
}

/// What a model said to the part that judges, and what came.
fn outcomes(plan: &Plan<'_>, trained: &Trained) -> Vec<Outcome> {
    let outputs = answers(plan, &trained.weights, &plan.split.test);
    let samples = plan.dataset.samples.get(plan.split.test.clone()).unwrap_or_default();
    let rows = outputs.chunks(trained.weights.shape.outputs);
    let outcome = |(sample, outputs): (&Sample, &[f32])| {
        let said = trained.head.probabilities(outputs);
        Outcome::new(said, sample.trend, sample.moved, sample.asked())
    };
    samples.iter().zip(rows).map(outcome).collect()
}

fn data_facts(dataset: &Dataset, hours: TradingHours, synthetic: bool) -> DataFacts {
    let (from, to) = dataset.span();
    DataFacts {
        symbols: dataset.series.iter().map(|series| series.symbol.clone()).collect(),
        bar: resolution::name(dataset.length),
        from: from.to_string(),
        to: to.to_string(),
        bars: dataset.series.iter().map(|series| series.bars.len()).sum(),
        sha256: dataset.hash(),
        synthetic,
        session: Some(hours),
    }
}

fn part_facts(dataset: &Dataset, split: &Split) -> PartFacts {
    let of = |range: &Range<usize>| {
        let samples = dataset.samples.get(range.clone()).unwrap_or_default();
        let time = |sample: Option<&Sample>| {
            sample.map(|sample| sample.time.to_string()).unwrap_or_default()
        };
        (samples.len(), time(samples.first()), time(samples.last()))
    };
    PartFacts { train: of(&split.train), validation: of(&split.validation), test: of(&split.test) }
}

fn hash_of(config: &Config) -> String {
    // Texts, numbers and lists always have a JSON form.
    hex::encode(Sha256::digest(serde_json::to_vec(config).unwrap_or_default()))
}
