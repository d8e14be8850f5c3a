//! The models of a run: who says something of each bar, where a strategy listens.

use crate::commands::model::folder_at;
use crate::config::Settings;
use crate::exit::Failure;
use backtest::Forecasters;
use kernel::{Bar, Forecaster, Input, MissedPrediction, Probability, Span};
use model::folder::Model;
use model::{Prediction, Predictor};
use std::sync::Arc;

/// The strategies that listen to models.
const LISTENERS: [&str; 1] = ["lstm"];

/// A model at work. A challenger's words are noted and not traded on.
pub struct AtWork {
    predictor: Predictor,
    is_challenger: bool,
}

/// The model in use and its challengers; none where no strategy listens.
///
/// # Errors
/// When a model is missing, damaged, or of other features.
pub fn at_work(settings: &Settings) -> Result<Forecasters, Failure> {
    let listens = |name: &str| LISTENERS.contains(&name);
    if !settings.strategies().iter().any(|one| listens(&one.name)) {
        return Ok(Vec::new());
    }
    let folder = folder_at(settings.text("model.folder"));
    let in_use = match settings.text("model.name") {
        "bundled" => Model::bundled().map_err(Failure::usage)?,
        // Until a model was promoted, the bundled one trades.
        "champion" => match folder.champion().map_err(Failure::usage)? {
            Some(champion) => champion,
            None => Model::bundled().map_err(Failure::usage)?,
        },
        name => folder.load(name).map_err(Failure::usage)?,
    };
    let mut all: Forecasters = vec![Box::new(AtWork::new(in_use, false))];
    for name in settings.list("model.challengers") {
        let challenger = folder.load(&name).map_err(Failure::usage)?;
        all.push(Box::new(AtWork::new(challenger, true)));
    }
    Ok(all)
}

impl AtWork {
    fn new(model: Model, is_challenger: bool) -> Self {
        Self { predictor: Predictor::new(Arc::new(model)), is_challenger }
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
    fn observe(&mut self, bar: &Bar) -> Option<Input> {
        match self.predictor.observe(bar) {
            Ok(said) => said.map(|said| self.word(&said)),
            Err(error) => Some(Input::MissedPrediction(MissedPrediction {
                symbol: bar.symbol,
                model: Box::from(&*self.predictor.model().id()),
                time: bar.end_time(),
                reason: error.to_string().into(),
            })),
        }
    }
}
