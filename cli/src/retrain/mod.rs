//! Training in the background of a session: on a schedule, in a process of its own, and traded on only
//! if the folder of models promotes what comes of it.
//!
//! The session never waits for it. `tradewind train --background` runs at the lowest priority and ends
//! when its standard input does, which is also what it sees when this process dies; a run that was cut
//! short goes on from its checkpoint in the next session. What it makes is judged by the rules of
//! `tradewind model promote`, which here nobody can overrule. A model that passes is handed to the
//! forecasters through a [`Succession`], from the next trading day on.

mod process;
mod schedule;
mod state;
mod succession;
#[cfg(test)]
mod tests;

pub use schedule::clock_time;
pub use succession::Succession;
#[cfg(test)]
pub use tests::model_like_the_bundled;

use crate::assemble::limits_and_hours;
use crate::commands::model::folder_at;
use crate::config::settings::Speed;
use crate::config::{ConfigError, Mistake, Settings, Source, settings};
use crate::exit::Failure;
use kernel::{Notice, Span, Timestamp, TrainingStep};
use marketdata::resolution;
use model::config::Config;
use model::folder::{Folder, Model, RegistryError};
use process::{Running, Training};
use runtime::control;
use runtime::session::{Phase, Status, machine_time};
use schedule::Schedule;
use state::State;
use std::path::{Path, PathBuf};
use tokio::sync::watch;

/// The command that builds a program which can train.
const BUILD: &str = "cargo build --release --locked --features train";

/// What is said where one training would begin before another has ended.
const LEFT_OUT: &str = "a model is still being trained, so that none is begun now";

/// The training of a session's next champion.
pub struct Retraining {
    schedule: Schedule,
    training: Training,
    state: PathBuf,
    /// The session's folder, where it is told what becomes of its trainings.
    dir: PathBuf,
    gate: Gate,
    succession: Succession,
}

/// What a model must pass.
#[derive(Clone)]
struct Gate {
    folder: Folder,
    /// How long the session's bars last, where that is known.
    bar_length: Option<Span>,
}

/// What came of a training.
#[derive(Debug)]
enum Outcome {
    /// A champion.
    Promoted(Box<Model>),
    /// A model that may not take the champion's place, or is the champion.
    Stays(String),
    /// None.
    Failed(String),
}

/// Refuses a training that could never be done.
///
/// # Errors
/// Every mistake in its settings.
pub fn check(settings: &Settings) -> Result<(), Failure> {
    let mistakes = mistakes(settings);
    if mistakes.is_empty() { Ok(()) } else { Err(ConfigError(mistakes).into()) }
}

/// Everything that is wrong with the keys of the training, each of which is good by itself.
pub fn mistakes(settings: &Settings) -> Vec<Mistake> {
    if !is_on(settings) {
        return Vec::new();
    }
    let mut mistakes = Vec::new();
    let mut add = |key: &str, problem: String| {
        let source = settings.source(key).cloned().unwrap_or(Source::Default);
        mistakes.push(Mistake { source, key: key.into(), problem });
    };
    if !cfg!(feature = "train") {
        let problem = format!("training is not built into this program; build it with `{BUILD}`");
        add("model.retrain.at", problem);
    }
    let data = settings.list("model.retrain.data");
    if data.is_empty() {
        add("model.retrain.data", "it is empty: name the files of bars to train on".into());
    }
    for file in data.iter().filter(|file| !Path::new(file).is_file()) {
        add("model.retrain.data", format!("{file} is no file"));
    }
    if let Err(problem) = configured(settings) {
        add("model.retrain.config", problem);
    }
    let name = settings.text("model.name");
    if name != "champion" {
        let problem = format!("what is trained anew becomes the champion, and {name} is run here");
        add("model.name", format!("{problem}: set \"champion\", or model.retrain.at to \"off\""));
    }
    let is_alpaca =
        matches!(settings.venue(), settings::Venue::AlpacaPaper | settings::Venue::AlpacaLive);
    if settings.speed() == Speed::Max && !is_alpaca {
        let problem = "in lock step no training ends in time, and two runs would not hear the same";
        add("exchange.speed", format!("{problem}: give a number, or set model.retrain.at to off"));
    }
    mistakes
}

fn is_on(settings: &Settings) -> bool {
    clock_time(settings.text("model.retrain.at")).is_some()
}

/// What is trained; `None` where it is what `tradewind train` trains by itself.
fn configured(settings: &Settings) -> Result<Option<Config>, String> {
    let path = settings.text("model.retrain.config");
    if path.is_empty() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("{path} cannot be read: {error}"))?;
    let config = Config::from_toml(&text).map_err(|error| format!("{path}: {error}"))?;
    Ok(Some(config))
}

impl Retraining {
    /// As configured, for a session with bars of a length where that is known; `None` when it is off.
    ///
    /// # Errors
    /// When this program cannot be found, so that it cannot be started again.
    pub fn of(settings: &Settings, bar_length: Option<Span>) -> Result<Option<Self>, Failure> {
        let Some(at) = clock_time(settings.text("model.retrain.at")) else { return Ok(None) };
        let folder = folder_at(settings.text("model.folder"));
        let dir = settings.data_dir();
        let config = settings.text("model.retrain.config");
        let data = settings.list("model.retrain.data");
        Ok(Some(Self {
            schedule: Schedule::new(at, settings.integer("model.retrain.every_days")),
            training: Training {
                program: std::env::current_exe().map_err(Failure::other)?,
                config: (!config.is_empty()).then(|| PathBuf::from(config)),
                data: data.into_iter().map(PathBuf::from).collect(),
                hours: limits_and_hours(settings, bar_length).1,
                models: folder.root().to_path_buf(),
                made: dir.join("retrain.out"),
                log: dir.join("retrain.log"),
            },
            state: dir.join("retrain.json"),
            dir,
            gate: Gate { folder, bar_length },
            succession: Succession::default(),
        }))
    }

    /// Where the session's forecasters hear of a new champion.
    pub fn succession(&self) -> Succession {
        self.succession.clone()
    }

    /// Trains when it is due, as the session's status says what time it is, until that is over.
    pub async fn stand_by(self, mut status: watch::Receiver<Status>) {
        let mut next = None;
        let mut running: Option<Running> = None;
        loop {
            let now = now_of(&status.borrow_and_update());
            let ended = running.as_mut().and_then(Running::ended);
            if let Some((ended, now)) = ended.zip(now) {
                running = None;
                self.conclude(ended, now).await;
            }
            if let Some(now) = now {
                let due = *next.get_or_insert_with(|| self.first(now));
                if due <= now {
                    next = Some(self.schedule.next(now, Some(due)));
                    match running {
                        Some(_) => self.tell(TrainingStep::LeftOut, LEFT_OUT.into()).await,
                        None => running = self.begin(due).await,
                    }
                }
            }
            // A running session publishes its status ten times a second.
            if status.changed().await.is_err() {
                return;
            }
        }
    }

    /// When the first training of this session is due: at once where the last one was cut short.
    fn first(&self, now: Timestamp) -> Timestamp {
        match State::read(&self.state) {
            Some(last) if last.outcome.is_none() => last.due.min(now),
            last => self.schedule.next(now, last.map(|last| last.due)),
        }
    }

    async fn begin(&self, due: Timestamp) -> Option<Running> {
        let champion = self.gate.champion();
        match champion.and_then(|champion| {
            // Until one is promoted, the one that comes with the program is what trades.
            let running = self.training.start(due, champion.as_deref().unwrap_or("bundled"));
            running.map_err(|error| error.to_string())
        }) {
            Ok(running) => {
                self.note(State { due, outcome: None });
                let log = self.training.log.display();
                self.tell(TrainingStep::Begun, format!("a model is being trained: see {log}"))
                    .await;
                Some(running)
            }
            Err(error) => {
                self.close(due, &Outcome::Failed(error)).await;
                None
            }
        }
    }

    /// Judges what a process has made.
    async fn conclude(&self, ended: process::Ended, now: Timestamp) {
        let outcome = match ended.made {
            Err(problem) => Outcome::Failed(problem),
            Ok(id) => {
                let gate = self.gate.clone();
                let judged = tokio::task::spawn_blocking(move || gate.judge(&id)).await;
                judged.unwrap_or_else(|error| Outcome::Failed(error.to_string()))
            }
        };
        self.close(ended.due, &outcome).await;
        if let Outcome::Promoted(model) = outcome {
            self.succession.crown(*model, schedule::next_day(now));
        }
    }

    /// Tells what came of a training, and keeps it.
    async fn close(&self, due: Timestamp, outcome: &Outcome) {
        let (step, text) = match outcome {
            Outcome::Promoted(model) => (
                TrainingStep::Promoted,
                format!(
                    "model {} was trained and is the champion, from the next trading day on: {}",
                    model.id(),
                    model.card().verdict
                ),
            ),
            Outcome::Stays(why) => (TrainingStep::Refused, why.clone()),
            Outcome::Failed(why) => (TrainingStep::Failed, format!("no model is promoted: {why}")),
        };
        self.tell(step, text.clone()).await;
        self.note(State { due, outcome: Some(text) });
    }

    /// Has the session note it, so that its log, its journal and its alerts have it.
    async fn tell(&self, step: TrainingStep, text: String) {
        control::tell(&self.dir, Notice::Training { step, text: text.into() }).await;
    }

    fn note(&self, state: State) {
        if let Err(error) = state.write(&self.state) {
            tracing::error!("{} cannot be written: {error}", self.state.display());
        }
    }
}

impl Gate {
    /// The name of the model in use; none where none was promoted.
    fn champion(&self) -> Result<Option<String>, String> {
        let champion = self.folder.champion().map_err(|error| error.to_string())?;
        Ok(champion.map(|model| model.id().to_string()))
    }

    /// Promotes a model if it may be.
    fn judge(&self, id: &str) -> Outcome {
        match self.champion() {
            Ok(Some(champion)) if champion == id => {
                return Outcome::Stays(format!(
                    "the training made model {id}, which is the champion: the bars are those that it was made of"
                ));
            }
            Ok(_) => {}
            Err(error) => return Outcome::Failed(error),
        }
        match self.folder.load(id) {
            Ok(model) if self.bar_length.is_some_and(|length| length != model.bar_length()) => {
                return Outcome::Failed(format!(
                    "model {id} is of bars of {}, which are not this session's: name other files in model.retrain.data",
                    resolution::name(model.bar_length())
                ));
            }
            Ok(_) => {}
            Err(error) => return Outcome::Failed(error.to_string()),
        }
        match self.folder.promote(id, &jiff::Timestamp::now().to_string(), None) {
            Ok(model) => Outcome::Promoted(Box::new(model)),
            Err(
                refused @ (RegistryError::NoEdge { .. }
                | RegistryError::Worse { .. }
                | RegistryError::Incomparable { .. }
                | RegistryError::Retired(_)
                | RegistryError::Bundled(_)
                | RegistryError::InUse(_)),
            ) => Outcome::Stays(format!("{refused}; the champion stays")),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}

/// The exchange's time while a session runs: of a replay that of its data, else the machine's, which goes
/// on when no data come.
fn now_of(status: &Status) -> Option<Timestamp> {
    if status.phase != Phase::Running {
        return None;
    }
    match status.data.as_str() {
        "synthetic" | "file" => status.venue_time,
        _ => Some(machine_time()),
    }
}
