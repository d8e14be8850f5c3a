//! The models of a run: who says something of each bar, where a strategy listens.

use crate::commands::model::folder_at;
use crate::config::Settings;
use crate::exit::Failure;
use backtest::{Chosen, Forecasters};
use kernel::{Bar, Forecaster, Input, MissedPrediction, Probability, Span};
use marketdata::resolution;
use model::folder::{Folder, Model};
use model::{Prediction, Predictor};
use std::sync::Arc;

/// A model at work. A challenger's words are noted and not traded on.
pub struct AtWork {
    id: Arc<str>,
    predictor: Predictor,
    is_challenger: bool,
}

/// The model in use and its challengers, for bars of a length where that is known; none where no
/// strategy listens.
///
/// # Errors
/// When a model is missing, damaged, of other features or of other bars.
pub fn at_work(
    settings: &Settings,
    strategies: &[Chosen],
    bar_length: Option<Span>,
) -> Result<Forecasters, Failure> {
    if !strategies.iter().any(|(strategy, _)| strategy.listens_to_models()) {
        return Ok(Vec::new());
    }
    let check = |model: Model| match bar_length {
        Some(length) if length != model.bar_length() => Err(Failure::usage(format!(
            "model {} was trained on bars of {}, and these last {}: give it its own",
            model.id(),
            resolution::name(model.bar_length()),
            resolution::name(length),
        ))),
        Some(_) | None => Ok(model),
    };
    let folder = folder_at(settings.text("model.folder"));
    let in_use = check(find(&folder, settings.text("model.name"))?)?;
    eprintln!("note: model {}: {}", in_use.id(), in_use.card().verdict);
    let mut all: Forecasters = vec![Box::new(AtWork::new(in_use, false))];
    for name in settings.list("model.challengers") {
        all.push(Box::new(AtWork::new(check(find(&folder, &name)?)?, true)));
    }
    Ok(all)
}

fn find(folder: &Folder, name: &str) -> Result<Model, Failure> {
    match name {
        "bundled" => Model::bundled().map_err(Failure::usage),
        // Until a model was promoted, the bundled one trades.
        "champion" => match folder.champion().map_err(Failure::usage)? {
            Some(champion) => Ok(champion),
            None => Model::bundled().map_err(Failure::usage),
        },
        name => folder.load(name).map_err(Failure::usage),
    }
}

/// Refuses a strategy that listens to a model, where none is run.
///
/// # Errors
/// When it does.
pub fn refuse((strategy, spec): &Chosen, command: &str) -> Result<(), Failure> {
    if strategy.listens_to_models() {
        return Err(Failure::usage(format!(
            "{} listens to a model, and {command} runs none: take `tradewind backtest`",
            spec.name
        )));
    }
    Ok(())
}

impl AtWork {
    fn new(model: Model, is_challenger: bool) -> Self {
        let id = model.id();
        Self { id, predictor: Predictor::new(Arc::new(model)), is_challenger }
    }

    /// A model as a session runs it.
    pub fn boxed(model: Model) -> Box<dyn Forecaster> {
        Box::new(Self::new(model, false))
    }

    fn word(&self, said: &Prediction) -> Input {
        let trend = match said.trend {
            model::Trend::Down => kernel::Trend::Down,
            model::Trend::Flat => kernel::Trend::Flat,
            model::Trend::Up => kernel::Trend::Up,
        };
        // A probability lies between 0 and 1, and the cast saturates.
        let millionths = (said.confidence * 1e6).round() as u32;
        Input::Prediction(kernel::Prediction {
            symbol: said.symbol,
            model: Box::from(&*said.model),
            time: said.time,
            trend,
            confidence: Probability::from_millionths(millionths).unwrap_or(Probability::ONE),
            shadow: self.is_challenger,
            latency: Span::ZERO,
        })
    }
}

impl Forecaster for AtWork {
    fn id(&self) -> &str {
        &self.id
    }

    fn warmup_bars(&self) -> usize {
        self.predictor.warmup_bars()
    }

    fn observe(&mut self, bar: &Bar) -> Option<Input> {
        match self.predictor.observe(bar) {
            Ok(said) => said.map(|said| self.word(&said)),
            Err(error) => Some(Input::MissedPrediction(MissedPrediction {
                symbol: bar.symbol,
                model: Box::from(&*self.id),
                time: bar.end_time(),
                reason: error.to_string().into(),
            })),
        }
    }
}
