//! The session's directory, and which session is in it.
//!
//! ```text
//! DIR/journal/       the truth; its lock keeps a second session out
//! DIR/control.sock   the control socket, or DIR/control.path when that path is too long
//! DIR/exchange/      the embedded exchange's own log
//! DIR/tradewind.db   the store
//! DIR/left.json      what the last session left to the next one, until that has journalled it
//! ```
//!
//! A session is this directory and its start record. A journal whose session was stopped and had
//! settled is finished: it is put aside, unless the session is taken up again (see `startup::taken_up`).
//! Any other goes on.

use super::{SessionConfig, SessionError};
use journal::{Journal, JournalError, Reader, Recovered};
use kernel::{
    CarriedOver, Event, RecordBody, SessionStart, State, StrategySpec, Symbols, TradingState,
};
use serde::{Deserialize, Serialize};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Holds what a session leaves to the next one, between the end of one and the start of the other.
const LEFT: &str = "left.json";
const LEFT_UNFINISHED: &str = "left.json.new";

/// The journal of a directory, with what it holds.
pub(super) struct Opened {
    pub journal: Journal,
    /// Empty when a new session begins.
    pub state: State,
    /// What the last session left to one that begins anew.
    pub left: Left,
}

/// What a session that has ended leaves to the next one in its directory.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Left {
    /// How far trading may go.
    pub trading: TradingState,
    /// What goes on in the same account.
    pub carried_over: Option<Box<CarriedOver>>,
}

/// Where the journal of a data directory is.
pub fn journal_dir(dir: &Path) -> PathBuf {
    dir.join("journal")
}

/// Whether a directory holds a session that was not ended, which the next one would continue.
///
/// # Errors
/// When the journal cannot be read, or a session is running on it.
pub fn is_unfinished(dir: &Path, options: journal::Options) -> Result<bool, SessionError> {
    let path = journal_dir(dir);
    if !path.is_dir() {
        return Ok(false);
    }
    let (_, recovered) = Journal::open(&path, options)?;
    Ok(recovered.state.session().is_some() && !is_finished(&recovered.state))
}

/// Opens the journal of a data directory, which is made if need be, readable by its owner alone.
pub(super) fn open(config: &SessionConfig) -> Result<Opened, SessionError> {
    let dir = &config.data_dir;
    make(dir).map_err(|source| SessionError::DataDir { dir: dir.clone(), source })?;
    let (journal, recovered) = Journal::open(&journal_dir(dir), config.journal)?;
    tell(&recovered);
    Ok(Opened { journal, state: recovered.state, left: left(dir)? })
}

impl Opened {
    /// Whether its session was stopped and everything its policy asked for has happened.
    pub fn has_ended(&self) -> bool {
        is_finished(&self.state)
    }

    /// Puts the journal of a session that has ended aside. The state is empty then.
    pub fn begin_anew(self, config: &SessionConfig) -> Result<Self, SessionError> {
        let dir = &config.data_dir;
        note_left(dir, &self.state)?;
        let kept = self.journal.retire()?;
        tracing::info!("the last session had ended; its journal is in {}", kept.display());
        let (journal, recovered) = Journal::open(&journal_dir(dir), config.journal)?;
        Ok(Self { journal, state: recovered.state, left: left(dir)? })
    }
}

/// Notes what a session leaves, until the next one's own journal says so: a start that fails in between
/// lifts no halt and begins no day anew.
fn note_left(dir: &Path, state: &State) -> Result<(), SessionError> {
    let trading = state.trading_state();
    let left = Left { trading, carried_over: Some(Box::new(state.carry_over())) };
    let wrong = |source| SessionError::DataDir { dir: dir.into(), source };
    let text = serde_json::to_vec(&left).map_err(|error| wrong(error.into()))?;
    let (path, unfinished) = (dir.join(LEFT), dir.join(LEFT_UNFINISHED));
    std::fs::write(&unfinished, text).map_err(wrong)?;
    std::fs::rename(&unfinished, &path).map_err(wrong)
}

/// What was noted. Anything unreadable is a halt: somebody may have meant trading to stop.
fn left(dir: &Path) -> Result<Left, SessionError> {
    match std::fs::read(dir.join(LEFT)) {
        Ok(text) => Ok(serde_json::from_slice(&text)
            .unwrap_or(Left { trading: TradingState::Halted, carried_over: None })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Left::default()),
        Err(source) => Err(SessionError::DataDir { dir: dir.into(), source }),
    }
}

/// Forgets it: the journal of the session that began holds it now, on disk.
pub(super) fn forget_left(dir: &Path) -> Result<(), SessionError> {
    match std::fs::remove_file(dir.join(LEFT)) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(SessionError::DataDir { dir: dir.into(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn make(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a directory"))
        }
        made => made,
    }
}

/// Whether a session was stopped and everything its policy asked for has happened.
fn is_finished(state: &State) -> bool {
    state.stopping().is_some() && state.is_settled()
}

fn tell(recovered: &Recovered) {
    if recovered.last_seq == 0 {
        return;
    }
    if recovered.torn_bytes > 0 {
        tracing::warn!("{} bytes of a torn write were cut off the journal", recovered.torn_bytes);
    }
    if !is_finished(&recovered.state) {
        tracing::info!("going on with the session after record {}", recovered.last_seq);
    }
}

/// The symbols that a session is wanted for, by the names that its journal has for them now: whoever
/// starts it again need not know of a new name.
pub(super) fn as_called_now(
    held: &SessionStart,
    config: &SessionConfig,
) -> Result<Symbols, JournalError> {
    if held.symbols == config.symbols {
        return Ok(config.symbols.clone());
    }
    let mut records = match Reader::open(&journal_dir(&config.data_dir), 1) {
        Err(JournalError::Missing { .. }) => return Ok(config.symbols.clone()),
        records => records?,
    };
    let mut names: Vec<Box<str>> = config.symbols.names().map(Box::from).collect();
    while let Some(record) = records.next()? {
        let RecordBody::Event { event: Event::SymbolRenamed { from, to, .. }, .. } = record.body
        else {
            continue;
        };
        names.iter_mut().filter(|name| **name == from).for_each(|name| name.clone_from(&to));
    }
    Ok(Symbols::new(names).unwrap_or_else(|_| config.symbols.clone()))
}

/// In what a session that a directory holds differs from the one that is asked for.
pub(super) struct Difference {
    what: &'static str,
    held: String,
    wanted: String,
}

impl Difference {
    /// Symbols, strategies, hours and the venue make a session what it is, and of the limits what cannot
    /// be set while it runs.
    pub fn between(
        held: &SessionStart,
        symbols: &Symbols,
        config: &SessionConfig,
    ) -> Option<Difference> {
        let names = |symbols: &Symbols| symbols.names().collect::<Vec<_>>().join(",");
        let pairs = [
            ("venue", held.venue.to_string(), config.venue.as_str().to_owned()),
            ("symbols", names(&held.symbols), names(symbols)),
            ("strategies", strategies(&held.strategies), strategies(&config.strategies)),
            ("hours", json(&held.hours), json(&config.hours)),
        ];
        let limits = || {
            let may_be_set = held.limits.changes_to(&config.limits).is_some();
            (!may_be_set).then(|| ("limits", json(&held.limits), json(&config.limits)))
        };
        let differs = pairs.into_iter().find(|(_, held, wanted)| held != wanted).or_else(limits);
        differs.map(|(what, held, wanted)| Difference { what, held, wanted })
    }

    /// The key's name.
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Why an unfinished session cannot be gone on with.
    pub fn refusal(self, held: &SessionStart, config: &SessionConfig) -> SessionError {
        SessionError::OtherSession {
            dir: config.data_dir.clone(),
            session: held.session.chars().take(8).collect(),
            what: self.what,
            held: self.held,
            wanted: self.wanted,
        }
    }
}

/// `sma-crossover(fast=10, slow=30)`.
fn strategies(specs: &[StrategySpec]) -> String {
    let one = |spec: &StrategySpec| {
        let params: Vec<String> =
            spec.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}({})", spec.name, params.join(", "))
    };
    specs.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// A value as people read it in the configuration.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
