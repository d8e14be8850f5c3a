//! Checking a journal against the kernel: the journalled inputs are decided again, and every event
//! is compared.
//!
//! The journal is the truth, so the state follows it and not the new decisions: at a restart the
//! kernel takes over what the fold says, exactly as the process did then. The journal keeps an input
//! and its events together or not at all. Where events are missing before a restart all the same,
//! that is counted and not called a difference: nothing that the input led to was sent.

use journal::{EventsHash, JournalError, Reader};
use kernel::{
    DecideError, Event, EvolveError, Input, Kernel, Output, Reading, Record, RecordBody,
    SessionStart, Stamped, State, Strategy, SymbolId, Timestamp,
};
use serde::Serialize;
use std::path::Path;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// The session's id.
    pub session: String,
    /// Inputs decided again.
    pub inputs: u64,
    /// Events compared.
    pub events: u64,
    /// How often the session was taken up again.
    pub restarts: u64,
    /// Inputs before a restart whose events are not all there; a crash leaves none.
    pub cut_inputs: u64,
    /// The first event that was decided otherwise; `null` when all are equal.
    pub difference: Option<ReplayDifference>,
    /// The digest of the journalled events.
    pub events_hash: String,
}

/// An event that was decided otherwise than the journal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayDifference {
    /// The record in the journal.
    pub seq: u64,
    /// The input that led to it.
    pub input: u64,
    /// What the journal holds there; `null` when it holds no event.
    pub journalled: Option<Event>,
    /// What was decided now; `null` when nothing was.
    pub decided: Option<Event>,
}

/// Why a journal could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<E: std::error::Error + 'static> {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The strategies it names cannot be built.
    #[error("the strategies of the session cannot be built: {0}")]
    Strategies(E),
    /// The models that it names cannot be had.
    #[error("the models of the session cannot be run: {0}")]
    Models(E),
    /// There is no session in it.
    #[error("there is no session in the journal: run one first")]
    Empty,
    /// A record does not follow from those before it.
    #[error("record {seq} does not follow from those before it: {source}")]
    Fold {
        /// The record.
        seq: u64,
        /// Why not.
        source: EvolveError,
    },
    /// An input cannot be decided again.
    #[error("input {seq} cannot be decided again: {source}")]
    Decide {
        /// The record of the input.
        seq: u64,
        /// Why not.
        source: DecideError,
    },
}

/// Decides every input of a journal again and compares the events.
///
/// # Errors
/// When the journal cannot be read, makes no sense, or names strategies that cannot be built. A
/// decision that comes out otherwise is no error: it is in the report.
pub fn verify<E: std::error::Error + 'static>(
    journal_dir: &Path,
    build: impl Fn(&SessionStart) -> Result<Vec<Box<dyn Strategy>>, E>,
) -> Result<ReplayReport, ReplayError<E>> {
    let mut records = Reader::open(journal_dir, 1)?;
    let mut replay = Replay::new(build);
    while let Some(record) = records.next()? {
        if !replay.take(record)? {
            break;
        }
    }
    replay.finish()
}

/// A session that is decided again beside the fold of its journal.
pub(super) struct Again<B> {
    build: B,
    /// The fold of the journal.
    pub(super) state: State,
    kernel: Option<Kernel>,
    out: Output,
}

impl<B, E> Again<B>
where
    B: Fn(&SessionStart) -> Result<Vec<Box<dyn Strategy>>, E>,
    E: std::error::Error + 'static,
{
    pub(super) fn new(build: B) -> Self {
        Self { build, state: State::default(), kernel: None, out: Output::default() }
    }

    /// Decides an input; the fold does not move by it.
    pub(super) fn decide(
        &mut self,
        seq: u64,
        stamped: &Stamped,
    ) -> Result<&mut Output, ReplayError<E>> {
        self.prepare(stamped)?;
        let Some(kernel) = &mut self.kernel else {
            return Err(ReplayError::Decide { seq, source: DecideError::NotStarted });
        };
        let decided = kernel.decide(stamped, &mut self.out);
        decided.map_err(|source| ReplayError::Decide { seq, source })?;
        Ok(&mut self.out)
    }

    /// What each strategy makes of a symbol after the last input that was decided.
    pub(super) fn readings(&self, symbol: SymbolId) -> Vec<Vec<Reading>> {
        self.kernel.as_ref().map(|kernel| kernel.readings(symbol)).unwrap_or_default()
    }

    /// Folds a record of the journal.
    pub(super) fn fold(&mut self, record: &Record) -> Result<(), ReplayError<E>> {
        let seq = record.seq;
        self.state.evolve(record).map_err(|source| ReplayError::Fold { seq, source })
    }

    /// Builds the kernel at the start, and anew at a restart, on what the fold says.
    fn prepare(&mut self, stamped: &Stamped) -> Result<(), ReplayError<E>> {
        let build = |start| (self.build)(start).map_err(ReplayError::Strategies);
        match (&stamped.input, self.state.session()) {
            (Input::Start(start), _) => self.kernel = Some(Kernel::new(build(start)?)),
            (Input::Restart { .. }, Some(start)) => {
                let strategies = build(start)?;
                self.kernel = Some(Kernel::recovered(self.state.clone(), strategies));
            }
            _ => {}
        }
        Ok(())
    }
}

struct Replay<B> {
    again: Again<B>,
    /// Events that were decided and have not been met in the journal yet, last first.
    due: Vec<Event>,
    at: Timestamp,
    input: u64,
    hash: EventsHash,
    report: ReplayReport,
}

impl<B, E> Replay<B>
where
    B: Fn(&SessionStart) -> Result<Vec<Box<dyn Strategy>>, E>,
    E: std::error::Error + 'static,
{
    fn new(build: B) -> Self {
        let report = ReplayReport {
            session: String::new(),
            inputs: 0,
            events: 0,
            restarts: 0,
            cut_inputs: 0,
            difference: None,
            events_hash: String::new(),
        };
        Self {
            again: Again::new(build),
            due: Vec::new(),
            at: Timestamp::default(),
            input: 0,
            hash: EventsHash::new(),
            report,
        }
    }

    /// Takes the next record; `false` when the comparison has come to its end.
    fn take(&mut self, record: Record) -> Result<bool, ReplayError<E>> {
        let seq = record.seq;
        match &record.body {
            RecordBody::Input(stamped) => {
                if !self.meet_input(seq, stamped)? {
                    return Ok(false);
                }
            }
            RecordBody::Event { at, event } => {
                self.hash.add(*at, event);
                self.report.events += 1;
                let decided = self.due.pop();
                if decided.as_ref() != Some(event) || *at != self.at {
                    return Ok(self.differs(seq, Some(event.clone()), decided));
                }
            }
        }
        self.again.fold(&record)?;
        Ok(true)
    }

    fn meet_input(&mut self, seq: u64, stamped: &Stamped) -> Result<bool, ReplayError<E>> {
        let restarts = matches!(stamped.input, Input::Restart { .. });
        if !self.due.is_empty() {
            if !restarts {
                let decided = self.due.pop();
                return Ok(self.differs(seq, None, decided));
            }
            self.due.clear();
            self.report.cut_inputs += 1;
        }
        self.report.inputs += 1;
        self.report.restarts += u64::from(restarts);
        self.input = seq;
        if let Input::Start(start) = &stamped.input {
            self.report.session = start.session.to_string();
        }
        let out = self.again.decide(seq, stamped)?;
        self.at = out.at;
        self.due.extend(out.events.drain(..).rev());
        Ok(true)
    }

    fn differs(&mut self, seq: u64, journalled: Option<Event>, decided: Option<Event>) -> bool {
        let input = self.input;
        self.report.difference = Some(ReplayDifference { seq, input, journalled, decided });
        false
    }

    fn finish(mut self) -> Result<ReplayReport, ReplayError<E>> {
        if self.report.inputs == 0 {
            return Err(ReplayError::Empty);
        }
        self.report.cut_inputs +=
            u64::from(!self.due.is_empty() && self.report.difference.is_none());
        self.report.events_hash = self.hash.finish_hex();
        Ok(self.report)
    }
}

impl ReplayReport {
    /// Whether every event was decided as the journal says.
    pub const fn is_equal(&self) -> bool {
        self.difference.is_none()
    }
}
