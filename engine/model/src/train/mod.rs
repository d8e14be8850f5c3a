//! Training, with burn's optimiser and schedules around the fused network.

mod checkpoint;
mod events;
mod make;
mod network;
mod order;
mod report;
pub mod speed;
mod tensors;

use crate::audit::Audited;
use crate::config::{Config, ConfigError, Schedule, TrainingConfig};
use crate::dataset::{Dataset, Sample};
use crate::features::Scaler;
use crate::files::FileError;
use crate::lstm::{Batches, Dropout, Example, Loss, Shape, Target, Weights};
use crate::predict::Head;
use crate::split::Split;
use burn::lr_scheduler::constant::ConstantLr;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use checkpoint::Checkpoint;
use events::Events;
use network::Learner;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tensors::Tensors;

pub use make::{Made, MakeError, Order, make};
pub use report::{Curve, curves};

/// What is trained on what.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    config: &'a Config,
    dataset: &'a Dataset,
    split: &'a Split,
    scaler: &'a Scaler,
}

impl<'a> Plan<'a> {
    /// How, and on what: only on what an audit has found without leaks.
    pub const fn new(config: &'a Config, audited: Audited<'a>) -> Self {
        let (dataset, split, scaler) = (audited.dataset(), audited.split(), audited.scaler());
        Self { config, dataset, split, scaler }
    }
}

/// What an epoch came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// The mean loss of the training samples while they were learned from.
    pub train_loss: f64,
    /// The mean loss of the validation samples after it.
    pub validation_loss: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// How far training is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The epochs that are over.
    pub history: &'a [Epoch],
    /// Samples of this epoch that are over, and all of them.
    pub samples: (usize, usize),
    /// Seconds until the last epoch is over, if none is left out.
    pub left: Option<f64>,
}

/// What training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The weights of the best epoch.
    pub weights: Weights,
    /// Every epoch.
    pub history: Vec<Epoch>,
    /// The best epoch, counted from 1.
    pub best: usize,
    /// How outputs become probabilities.
    pub head: Head,
}

/// Why training ended without a model.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Its numbers left what floats hold.
    #[error(
        "the loss of epoch {0} is no number: training.learning_rate is too high, or training.clip too"
    )]
    Diverged(usize),
    /// The checkpoint is of something else.
    #[error(
        "{0} is the checkpoint of another configuration or other data: give another folder, or remove it"
    )]
    OtherPlan(String),
    /// Another process trains the same there.
    #[error(
        "another training of the same configuration and data is at work in {0}: wait until it has ended, or end it"
    )]
    Busy(String),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// burn's state.
    #[error("{0}")]
    State(String),
    /// The program was built without the backend.
    #[error(transparent)]
    Backend(#[from] ConfigError),
}

/// Trains, or goes on where a run in this folder was killed.
///
/// The folder gets `checkpoint`, written whole after each epoch, and a metrics file for TensorBoard.
/// With the same plan the weights are the same to the last bit on one machine, however often it was
/// killed and however many threads there are.
///
/// # Errors
/// When the loss is no number, or the folder cannot be used.
pub fn train(
    plan: &Plan<'_>,
    folder: &Path,
    mut tell: impl FnMut(&Progress<'_>),
) -> Result<Trained, TrainError> {
    std::fs::create_dir_all(folder).map_err(FileError::io(folder))?;
    let mut run = Run::begin(plan, folder)?;
    let epochs = plan.config.training.epochs;
    while run.at.history.len() < epochs && !run.is_over() {
        run.epoch(&mut tell)?;
    }
    let head = run.head();
    let Checkpoint { best_weights, history, best, .. } = run.at;
    Ok(Trained { weights: best_weights, history, best, head })
}

/// A training run between two epochs.
struct Run<'a> {
    plan: &'a Plan<'a>,
    path: std::path::PathBuf,
    learner: Learner,
    batches: Batches,
    /// What makes gradients in the place of the fused network.
    tensors: Option<Tensors>,
    at: Checkpoint,
    scheduler: ModuleLrScheduler,
    events: Events,
    loss: Loss,
    windows: Windows<'a>,
}

/// The windows of a plan and what should come out of them.
struct Windows<'a> {
    plan: &'a Plan<'a>,
    /// The features of every row, scaled.
    rows: Vec<f32>,
    /// What targets are divided by, where the network says a number.
    scale: f64,
}

impl<'a> Run<'a> {
    fn begin(plan: &'a Plan<'a>, folder: &Path) -> Result<Self, TrainError> {
        let training = &plan.config.training;
        let shape = shape(plan);
        let fresh = Weights::random(shape, training.seed);
        let (path, id) = (folder.join("checkpoint"), fingerprint(plan));
        let at = Checkpoint::load(&path, &fresh)?;
        if at.as_ref().is_some_and(|at| at.plan != id) {
            return Err(TrainError::OtherPlan(path.display().to_string()));
        }
        let at = at.unwrap_or_else(|| Checkpoint {
            plan: id,
            history: Vec::new(),
            best: 0,
            weights: fresh.clone(),
            best_weights: fresh,
            state: Vec::new(),
        });
        let learner = Learner::new(at.weights.clone()).with_state(at.state.clone());
        let learner = learner.map_err(|error| TrainError::State(error.to_string()))?;
        let mut scheduler = scheduler(training).map_err(TrainError::State)?;
        for _ in &at.history {
            scheduler.step();
        }
        let mut events = Events::create(folder, now()).map_err(FileError::io(folder))?;
        // What a run wrote that was killed stands in its own file; this one tells it all again.
        at.history
            .iter()
            .try_for_each(|epoch| log(&mut events, epoch))
            .map_err(FileError::io(folder))?;
        let batches = Batches::new(learner.weights(), plan.dataset.window, threads(training));
        let device = tensors::device(training.backend)?;
        let tensors = device.map(|device| Tensors::new(device, plan.dataset.window));
        let (loss, windows) = (loss(plan), Windows::new(plan));
        Ok(Self { plan, path, learner, batches, tensors, at, scheduler, events, loss, windows })
    }

    /// Whether the best epoch lies too far back.
    fn is_over(&self) -> bool {
        let patience = self.plan.config.training.patience;
        patience > 0 && self.at.history.len() >= self.at.best + patience
    }

    fn epoch(&mut self, tell: &mut impl FnMut(&Progress<'_>)) -> Result<(), TrainError> {
        let (config, started) = (self.plan.config, Instant::now());
        let number = self.at.history.len() + 1;
        let rate = self.scheduler.step().base();
        let seed = order::mixed(config.training.seed, number as u64);
        let order = order::shuffled(self.plan.split.train.clone(), seed);
        let dropout = (config.network.dropout > 0.0)
            .then_some(Dropout { rate: config.network.dropout, seed });
        let (mut total, mut seen) = (0.0, 0);
        for batch in order.chunks(config.training.batch) {
            let examples: Vec<Example<'_>> =
                batch.iter().filter_map(|sample| self.windows.example(*sample)).collect();
            let weights = self.learner.weights();
            let (loss, mut gradient) = if let Some(tensors) = &self.tensors {
                tensors.gradient(weights, &examples, &self.loss, dropout)
            } else {
                self.batches.take(weights);
                self.batches.gradient(&examples, &self.loss, dropout)
            };
            let norm = gradient.norm();
            if !(loss.is_finite() && norm.is_finite()) {
                return Err(TrainError::Diverged(number));
            }
            if config.training.clip > 0.0 && norm > config.training.clip {
                gradient.scale((config.training.clip / norm) as f32);
            }
            self.learner.step(rate, &gradient);
            (total, seen) = (total + loss, seen + batch.len());
            let left = self.left(started.elapsed().as_secs_f64(), seen, order.len());
            tell(&Progress { history: &self.at.history, samples: (seen, order.len()), left });
        }
        self.batches.take(self.learner.weights());
        let validation_loss = self.validation();
        if !validation_loss.is_finite() {
            return Err(TrainError::Diverged(number));
        }
        let (train_loss, seconds) = (total / seen.max(1) as f64, started.elapsed().as_secs_f64());
        self.finish(Epoch { number, train_loss, validation_loss, learning_rate: rate, seconds })?;
        tell(&Progress { history: &self.at.history, samples: (0, order.len()), left: None });
        Ok(())
    }

    /// Keeps what an epoch came to.
    fn finish(&mut self, epoch: Epoch) -> Result<(), TrainError> {
        let best = self.at.best.checked_sub(1).and_then(|best| self.at.history.get(best));
        let is_best = best.is_none_or(|best| epoch.validation_loss < best.validation_loss);
        self.at.history.push(epoch);
        self.at.weights.clone_from(self.learner.weights());
        if is_best {
            self.at.best = epoch.number;
            self.at.best_weights.clone_from(self.learner.weights());
        }
        let state = self.learner.state();
        self.at.state = state.map_err(|error| TrainError::State(error.to_string()))?;
        self.at.save(&self.path)?;
        Ok(log(&mut self.events, &epoch).map_err(FileError::io(&self.path))?)
    }

    fn left(&self, elapsed: f64, seen: usize, of: usize) -> Option<f64> {
        let epoch = elapsed * of as f64 / seen.max(1) as f64;
        let after = self.plan.config.training.epochs.saturating_sub(self.at.history.len() + 1);
        Some(epoch - elapsed + epoch * after as f64)
    }

    fn validation(&mut self) -> f64 {
        let part = self.plan.split.validation.clone();
        let outputs = self.windows.outputs(&mut self.batches, &part);
        let width = self.batches.shape().outputs;
        let losses = self.windows.samples(&part).iter().zip(outputs.chunks(width));
        let losses =
            losses.map(|(sample, outputs)| self.loss.of(self.windows.target(sample), outputs));
        losses.sum::<f64>() / part.len().max(1) as f64
    }

    /// How the best weights' outputs become probabilities; the spread of what a number leaves open is
    /// that of the validation part.
    fn head(&mut self) -> Head {
        if let Loss::CrossEntropy { weights } = &self.loss {
            let weight = |class: usize| weights.get(class).map_or(1.0, |weight| f64::from(*weight));
            return Head::Classes { weights: [0, 1, 2].map(weight) };
        }
        self.batches.take(&self.at.best_weights);
        let (part, scale) = (self.plan.split.validation.clone(), self.windows.scale);
        let outputs = self.windows.outputs(&mut self.batches, &part);
        let squares = self.windows.samples(&part).iter().zip(&outputs);
        let squares =
            squares.map(|(sample, output)| (sample.moved / scale - f64::from(*output)).powi(2));
        let spread = (squares.sum::<f64>() / part.len().max(1) as f64).sqrt() * scale;
        Head::Value { scale, spread, band: self.plan.dataset.question.band() }
    }
}

impl<'a> Windows<'a> {
    fn new(plan: &'a Plan<'a>) -> Self {
        let mut rows = Vec::with_capacity(plan.dataset.rows.len());
        for row in 0..plan.dataset.times.len() {
            plan.scaler.scale(plan.dataset.row(row), &mut rows);
        }
        Self { plan, rows, scale: scale(plan) }
    }

    fn samples(&self, part: &Range<usize>) -> &[Sample] {
        self.plan.dataset.samples.get(part.clone()).unwrap_or_default()
    }

    fn example(&self, number: usize) -> Option<Example<'_>> {
        let sample = self.plan.dataset.samples.get(number)?;
        let target = self.target(sample);
        Some(Example { window: self.window(sample)?, target, number: number as u64 })
    }

    fn window(&self, sample: &Sample) -> Option<&[f32]> {
        let width = self.plan.dataset.columns.len();
        let first = (sample.row + 1).checked_sub(self.plan.dataset.window)?;
        self.rows.get(first * width..(sample.row + 1) * width)
    }

    fn target(&self, sample: &Sample) -> Target {
        if self.plan.dataset.question.is_value() {
            Target::Value((sample.moved / self.scale) as f32)
        } else {
            Target::Class(sample.trend.class())
        }
    }

    /// What the network says to a part, row by row.
    fn outputs(&self, batches: &mut Batches, part: &Range<usize>) -> Vec<f32> {
        let mut outputs = Vec::new();
        for samples in self.samples(part).chunks(1024) {
            let windows = samples.iter().filter_map(|sample| self.window(sample));
            let examples: Vec<Example<'_>> = windows
                .map(|window| Example { window, target: Target::Class(0), number: 0 })
                .collect();
            outputs.extend(batches.outputs(&examples));
        }
        outputs
    }
}

/// The size of a plan's network.
pub fn shape(plan: &Plan<'_>) -> Shape {
    Shape {
        features: plan.dataset.columns.len(),
        hidden: plan.config.network.hidden,
        layers: plan.config.network.layers,
        outputs: if plan.dataset.question.is_value() { 1 } else { crate::TRENDS.len() },
    }
}

/// What a network with these weights says to the samples of a part, row by row.
pub fn answers(plan: &Plan<'_>, weights: &Weights, part: &Range<usize>) -> Vec<f32> {
    let threads = threads(&plan.config.training);
    let mut batches = Batches::new(weights, plan.dataset.window, threads);
    Windows::new(plan).outputs(&mut batches, part)
}

/// Weighs classes against how often they come in the training part.
fn loss(plan: &Plan<'_>) -> Loss {
    if plan.dataset.question.is_value() {
        return Loss::Squared;
    }
    let mut counts = [0.0_f32; 3];
    let samples = plan.dataset.samples.get(plan.split.train.clone()).unwrap_or_default();
    for sample in samples {
        if let Some(count) = counts.get_mut(sample.trend.class()) {
            *count += 1.0;
        }
    }
    let present = counts.iter().filter(|count| **count > 0.0).count() as f32;
    let all: f32 = counts.iter().sum();
    let weigh = plan.config.training.class_weights;
    let weight = |count: f32| if weigh && count > 0.0 { all / (present * count) } else { 1.0 };
    Loss::CrossEntropy { weights: counts.into_iter().map(weight).collect() }
}

/// The spread of what is asked in the training part.
fn scale(plan: &Plan<'_>) -> f64 {
    let samples = plan.dataset.samples.get(plan.split.train.clone()).unwrap_or_default();
    let squares: f64 = samples.iter().map(|sample| sample.moved.powi(2)).sum();
    let spread = (squares / samples.len().max(1) as f64).sqrt();
    if spread > 0.0 { spread } else { 1.0 }
}

fn scheduler(training: &TrainingConfig) -> Result<ModuleLrScheduler, String> {
    let rate = training.learning_rate;
    match training.schedule {
        Schedule::Constant => Ok(ModuleLrScheduler::new(ConstantLr::from(rate))),
        Schedule::Cosine => {
            let config = CosineAnnealingLrSchedulerConfig::new(rate, training.epochs);
            config.with_min_lr(rate / 100.0).init()
        }
        Schedule::Exponential => ExponentialLrSchedulerConfig::new(rate, 0.9).init(),
    }
}

fn threads(training: &TrainingConfig) -> NonZeroUsize {
    let asked = NonZeroUsize::new(training.threads);
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// The SHA-256 of everything that decides what comes out; threads do not.
fn fingerprint(plan: &Plan<'_>) -> String {
    let mut config = plan.config.clone();
    config.training.threads = 0;
    // Texts, numbers and lists always have a JSON form.
    let text =
        serde_json::to_string(&(config, plan.split, plan.dataset.hash())).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}

fn log(events: &mut Events, epoch: &Epoch) -> std::io::Result<()> {
    let (now, step) = (now(), epoch.number as u64);
    events.scalar(now, step, "loss/train", epoch.train_loss)?;
    events.scalar(now, step, "loss/validation", epoch.validation_loss)?;
    events.scalar(now, step, "learning_rate", epoch.learning_rate)
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
