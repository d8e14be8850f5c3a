//! The models of a run: who says something of each bar, where a strategy listens.

use crate::commands::model::folder_at;
use crate::config::Settings;
use crate::exit::Failure;
use backtest::{Chosen, Forecasters};
use kernel::{Bar, Forecaster, Input, MissedPrediction, Notice, Probability, Span};
use marketdata::resolution;
use model::Prediction;
use model::drift::{Limits, Watch};
use model::folder::{Folder, Model};
use std::sync::Arc;

/// Rows of features between two looks at how far they have moved.
const LOOK_EVERY: u32 = 60;

/// A model at work.
pub struct AtWork {
    id: Arc<str>,
    watch: Watch,
    role: Role,
    /// Bars until the next look; `None` where nobody looks, or drift was told.
    look_in: Option<u32>,
}

/// What a model's words are for.
enum Role {
    /// They are traded on.
    InUse,
    /// They are once another model has drifted.
    StandsInFor(Arc<str>),
    /// They are noted.
    Challenger,
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
    let watches = settings.is_on("model.watch_drift");
    let first = in_use.id();
    let mut all: Forecasters = vec![Box::new(AtWork::new(in_use, Role::InUse, watches))];
    let fallback = settings.text("model.fallback");
    if !fallback.is_empty() {
        let model = check(find(&folder, fallback)?)?;
        if model.id() == first {
            return Err(Failure::usage(format!(
                "model.fallback: {fallback} is the model in use, and cannot take over from itself"
            )));
        }
        all.push(Box::new(AtWork::new(model, Role::StandsInFor(first), watches)));
    }
    for name in settings.list("model.challengers") {
        all.push(Box::new(AtWork::new(check(find(&folder, &name)?)?, Role::Challenger, false)));
    }
    Ok(all)
}

/// The model of a name: `champion`, `bundled` or that of a folder.
///
/// # Errors
/// When it is missing, damaged or of other features.
pub fn find(folder: &Folder, name: &str) -> Result<Model, Failure> {
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
    fn new(model: Model, role: Role, watches: bool) -> Self {
        let id = model.id();
        let watch = Watch::new(Arc::new(model), Limits::default());
        Self { id, watch, role, look_in: watches.then_some(LOOK_EVERY) }
    }

    /// A model as a session runs it.
    pub fn boxed(model: Model) -> Box<dyn Forecaster> {
        Box::new(Self::new(model, Role::InUse, false))
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
            shadow: matches!(self.role, Role::Challenger),
            stands_in_for: match &self.role {
                Role::StandsInFor(first) => Some(Box::from(&**first)),
                Role::InUse | Role::Challenger => None,
            },
            latency: Span::ZERO,
        })
    }

    /// That it has drifted, once.
    fn drift(&mut self) -> Option<Input> {
        let left = self.look_in?.saturating_sub(1);
        self.look_in = Some(if left == 0 { LOOK_EVERY } else { left });
        if left > 0 {
            return None;
        }
        let columns = self.watch.predictor().model().pipeline().columns();
        let found = self.watch.monitor().findings(columns);
        let (first, others) = found.split_first()?;
        self.look_in = None;
        let more = match others.len() {
            0 => String::new(),
            count => format!(", and {count} more"),
        };
        let (model, reason) = (Box::from(&*self.id), format!("{first}{more}").into());
        Some(Input::Notice(Notice::ModelDrifted { model, reason }))
    }
}

impl Forecaster for AtWork {
    fn id(&self) -> &str {
        &self.id
    }

    fn warmup_bars(&self) -> usize {
        self.watch.predictor().warmup_bars()
    }

    fn observe(&mut self, bar: &Bar) -> Vec<Input> {
        let said = self.watch.observe(bar);
        let word = match said {
            Ok(said) => said.map(|said| self.word(&said)),
            Err(error) => Some(Input::MissedPrediction(MissedPrediction {
                symbol: bar.symbol,
                model: Box::from(&*self.id),
                time: bar.end_time(),
                reason: error.to_string().into(),
            })),
        };
        self.drift().into_iter().chain(word).collect()
    }

    fn remember(&mut self, bar: &Bar) {
        // What it would have said then is history, and so is that it failed.
        let _ = self.watch.observe(bar);
    }
}
