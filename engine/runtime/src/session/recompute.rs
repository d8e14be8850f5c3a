//! Running models again over the bars of a journal, beside what they said then.
//!
//! Bars are shown in the order in which the session showed them, a restart with models that have seen
//! nothing, as then. Floating point may come out otherwise on another machine, so words are compared with
//! a tolerance; the journal stays what it is, whatever they say now.

use super::replay::ReplayError;
use journal::Reader;
use kernel::{
    Bar, Event, Forecaster, Input, MarketData, Prediction, Probability, Ratio, RecordBody, State,
    SymbolId, Timestamp, Trend,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Differences that are told one by one; the others are counted.
const TOLD: usize = 10;

/// What models say now, beside what they said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecomputeReport {
    /// The session's id.
    pub session: String,
    /// The models that said something in it.
    pub models: Vec<String>,
    /// Words compared.
    pub words: u64,
    /// Of those, how many differ by more than the tolerance.
    pub different: u64,
    /// The farthest that a probability is off, in millionths, where the trend is the same.
    pub farthest_millionths: u32,
    /// The first that differ.
    pub differences: Vec<WordDifference>,
}

/// A word that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordDifference {
    /// The record in the journal.
    pub seq: u64,
    /// Of what.
    pub symbol: String,
    /// The model's id.
    pub model: String,
    /// When the bar ended.
    pub time: Timestamp,
    /// What it said.
    pub journalled: Word,
    /// What it says now; `null` when it says nothing.
    pub computed: Option<Word>,
}

/// A trend with its probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Word {
    /// The likeliest way.
    pub trend: Trend,
    /// Its probability, in millionths.
    pub confidence: Probability,
}

/// Runs the models of a journalled session again, each given by `load` for its id, and compares.
///
/// # Errors
/// When the journal cannot be read or makes no sense, or a model cannot be had.
pub fn recompute<E: std::error::Error + 'static>(
    journal_dir: &Path,
    tolerance: Probability,
    load: impl Fn(&str) -> Result<Box<dyn Forecaster>, E>,
) -> Result<RecomputeReport, ReplayError<E>> {
    let mut again = Again::new(named_in(journal_dir)?, tolerance);
    let mut records = Reader::open(journal_dir, 1)?;
    while let Some(record) = records.next()? {
        let fold = again.state.evolve(&record);
        fold.map_err(|source| ReplayError::Fold { seq: record.seq, source })?;
        let stamped = match &record.body {
            RecordBody::Input(stamped) => stamped,
            RecordBody::Event { event: Event::SharesSplit { symbol, ratio, .. }, .. } => {
                again.rebase(*symbol, *ratio);
                continue;
            }
            RecordBody::Event { .. } => continue,
        };
        match &stamped.input {
            Input::Start(_) | Input::Restart { .. } => again.begin(&load)?,
            // A session shows models whatever it warms strategies up with, before its time has begun.
            Input::Warmup(MarketData::Bar(bar)) => again.show(bar),
            Input::Market(data @ MarketData::Bar(bar))
            | Input::Late(data @ MarketData::Bar(bar))
                if again.state.strategies_see(data) =>
            {
                again.show(bar);
            }
            Input::Prediction(said) => again.compare(record.seq, said),
            _ => {}
        }
    }
    again.finish()
}

/// The models that say something in a journal.
fn named_in<E: std::error::Error + 'static>(
    journal_dir: &Path,
) -> Result<BTreeSet<Box<str>>, ReplayError<E>> {
    let mut records = Reader::open(journal_dir, 1)?;
    let mut models = BTreeSet::new();
    while let Some(record) = records.next()? {
        if let RecordBody::Input(stamped) = record.body
            && let Input::Prediction(said) = stamped.input
        {
            models.insert(said.model);
        }
    }
    Ok(models)
}

struct Again {
    state: State,
    /// By id, each with what it says of each bar.
    models: BTreeMap<Box<str>, Model>,
    names: BTreeSet<Box<str>>,
    tolerance: Probability,
    report: RecomputeReport,
}

struct Model {
    model: Box<dyn Forecaster>,
    says: BTreeMap<(SymbolId, Timestamp), Word>,
}

impl Again {
    fn new(names: BTreeSet<Box<str>>, tolerance: Probability) -> Self {
        let report = RecomputeReport {
            session: String::new(),
            models: names.iter().map(|name| name.to_string()).collect(),
            words: 0,
            different: 0,
            farthest_millionths: 0,
            differences: Vec::new(),
        };
        Self { state: State::default(), models: BTreeMap::new(), names, tolerance, report }
    }

    /// Models that have seen nothing, at a start and at each restart.
    fn begin<E: std::error::Error + 'static>(
        &mut self,
        load: impl Fn(&str) -> Result<Box<dyn Forecaster>, E>,
    ) -> Result<(), ReplayError<E>> {
        for name in &self.names {
            let model = load(name).map_err(ReplayError::Models)?;
            self.models.insert(name.clone(), Model { model, says: BTreeMap::new() });
        }
        Ok(())
    }

    fn show(&mut self, bar: &Bar) {
        for Model { model, says } in self.models.values_mut() {
            for word in model.observe(bar) {
                if let Input::Prediction(said) = word {
                    says.insert((said.symbol, said.time), Word::of(&said));
                }
            }
        }
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        self.models.values_mut().for_each(|it| it.model.rebase(symbol, ratio));
    }

    fn compare(&mut self, seq: u64, said: &Prediction) {
        let model = self.models.get(&said.model);
        let computed = model.and_then(|model| model.says.get(&(said.symbol, said.time)).copied());
        let (journalled, report) = (Word::of(said), &mut self.report);
        report.words += 1;
        if let Some(off) = computed.and_then(|word| word.off(journalled)) {
            report.farthest_millionths = report.farthest_millionths.max(off);
            if off <= self.tolerance.millionths() {
                return;
            }
        }
        report.different += 1;
        if report.differences.len() < TOLD {
            report.differences.push(WordDifference {
                seq,
                symbol: self.state.symbols().name(said.symbol).to_owned(),
                model: said.model.to_string(),
                time: said.time,
                journalled,
                computed,
            });
        }
    }

    fn finish<E: std::error::Error + 'static>(mut self) -> Result<RecomputeReport, ReplayError<E>> {
        let session = self.state.session().ok_or(ReplayError::Empty)?;
        self.report.session = session.session.to_string();
        Ok(self.report)
    }
}

impl Word {
    const fn of(said: &Prediction) -> Self {
        Self { trend: said.trend, confidence: said.confidence }
    }

    /// How far its probability is from another's, in millionths; `None` when the trends differ.
    fn off(self, other: Self) -> Option<u32> {
        let off = self.confidence.millionths().abs_diff(other.confidence.millionths());
        (self.trend == other.trend).then_some(off)
    }
}
