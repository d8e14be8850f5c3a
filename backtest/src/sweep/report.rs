//! What a sweep found, and how much of it is luck.

use super::ledger::Ledger;
use super::luck::{Luck, Record};
use super::run::Tried;
use super::space::{Axis, Search, Space};
use super::trial::Trial;
use crate::forecast::{ModelFacts, notes_of_run};
use crate::statistics::{Measure, Overfitting, Undefined, overfitting_of_blocks};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Above it, the choice of the best is no better than a bad guess.
const OVERFITTED: f64 = 0.5;
/// Below it, the choice of the best held outside of the sample.
const HOLDS: f64 = 0.2;
/// Sessions below which nothing can be told from chance.
const FEW: u32 = 30;

/// By which figure the best is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The Sharpe ratio.
    Sharpe,
    /// The total return.
    Return,
    /// The annual return over the deepest drawdown.
    Calmar,
}

impl Objective {
    /// The figure of a trial, the larger the better; `None` when it is undefined.
    pub fn of(self, trial: &Trial) -> Option<f64> {
        match self {
            Self::Sharpe => trial.annual_sharpe(),
            Self::Return => trial.total_return,
            Self::Calmar => {
                let fall = trial.max_drawdown.filter(|fall| *fall > 0.0)?;
                Some(trial.annual_return()? / fall)
            }
        }
    }

    /// Why a trial that has a return and a ratio has no such figure.
    fn undefined(self, trial: &Trial) -> Option<&'static str> {
        self.of(trial).is_none().then_some("equity never fell")
    }

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sharpe => "Sharpe ratio",
            Self::Return => "return",
            Self::Calmar => "Calmar ratio",
        }
    }

    /// The places of trials from the best to the worst; undefined ones come last, equal ones stay in
    /// their order.
    pub fn ranked<'a>(self, trials: impl Iterator<Item = &'a Trial>) -> Vec<usize> {
        let value = |trial: &Trial| self.of(trial).unwrap_or(f64::NEG_INFINITY);
        let mut places: Vec<(usize, f64)> = trials.map(value).enumerate().collect();
        places.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        places.into_iter().map(|(place, _)| place).collect()
    }
}

/// A figure as it is stored: a number, or `null` with a reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// The figure.
    pub value: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<Measure> for Figure {
    fn from(measure: Measure) -> Self {
        match measure {
            Ok(value) => Self { value: Some(value), reason: None },
            Err(reason) => Self { value: None, reason: Some(reason.to_string()) },
        }
    }
}

/// One trial in the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialRow {
    /// Of what was varied.
    pub params: BTreeMap<String, String>,
    /// What it was chosen by.
    pub objective: Option<f64>,
    /// The annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// What equity grew by.
    #[serde(rename = "return")]
    pub total_return: Option<f64>,
    /// The deepest fall of equity by the step.
    pub max_drawdown: Option<f64>,
    /// Closed trades.
    pub trades: u64,
    /// The digest of its events.
    pub events_hash: String,
    /// Why a figure is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undefined: Option<&'static str>,
}

/// The result of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SweepReport {
    /// The strategy.
    pub strategy: String,
    /// The symbols.
    pub symbols: Vec<String>,
    /// The digest of the data.
    pub data_hash: String,
    /// When the first of it is known, and the last.
    pub span: (Timestamp, Timestamp),
    /// How many bars, quotes and trades.
    pub rows: u64,
    /// What was varied.
    pub axes: Vec<Axis>,
    /// Which combinations were tried.
    pub search: Search,
    /// By which figure the best was chosen.
    pub by: Objective,
    /// Returns by the session of each trial.
    pub sessions: u32,
    /// The trials, the best first.
    pub trials: Vec<TrialRow>,
    /// How many of them were in the ledger already.
    pub known: usize,
    /// Combinations that make no strategy.
    pub refused: usize,
    /// What is wrong with the first of these.
    pub refused_because: Option<String>,
    /// How much of the best is luck.
    pub luck: Luck,
    /// One plain sentence.
    pub verdict: String,
    /// What must be known to read the figures.
    pub notes: Vec<String>,
    /// A digest of every trial in the order of the space, the same however many threads tried them.
    pub results_hash: String,
    /// The splits of the cross-validation: the logit of the winner's rank outside.
    #[serde(skip)]
    pub logits: Vec<f64>,
}

/// What a sweep went over.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The strategy.
    pub strategy: String,
    /// The symbols.
    pub symbols: Vec<String>,
    /// The digest of the data.
    pub data_hash: String,
    /// When the first of it is known, and the last.
    pub span: (Timestamp, Timestamp),
    /// How many bars, quotes and trades.
    pub rows: u64,
    /// The models that strategies listen to.
    pub models: Vec<ModelFacts>,
}

/// Judges what was tried, with everything that the ledger knows of earlier tries.
pub fn judge_sweep(
    subject: Subject,
    space: &Space,
    tried: &Tried,
    ledger: &Ledger,
    by: Objective,
) -> SweepReport {
    let ranked = by.ranked(tried.trials.iter().map(|(_, trial)| trial));
    let best = ranked.first().and_then(|place| tried.trials.get(*place)).map(|(_, trial)| trial);
    let sums: Vec<_> = tried.trials.iter().map(|(_, trial)| trial.block_sums()).collect();
    let overfitting = overfitting_of_blocks(&sums);
    let luck = luck(best, ledger, &overfitting);
    let rows = ranked.iter().filter_map(|place| tried.trials.get(*place));
    let Subject { strategy, symbols, data_hash, span, rows: count, models } = subject;
    let mut report = SweepReport {
        strategy,
        symbols,
        data_hash,
        span,
        rows: count,
        axes: space.axes().to_vec(),
        search: space.search(),
        by,
        sessions: best.map_or(0, |trial| trial.sessions),
        trials: rows.map(|(point, trial)| row(point, trial, by)).collect(),
        known: tried.known,
        refused: tried.refused.0,
        refused_because: tried.refused.1.clone(),
        luck,
        verdict: String::new(),
        notes: Vec::new(),
        results_hash: digest(tried),
        logits: overfitting.map(|result| result.logits).unwrap_or_default(),
    };
    report.verdict = verdict(&report);
    report.notes = notes(&report);
    report.notes.extend(notes_of_run(&models, &report.symbols, span));
    report
}

fn row(point: &BTreeMap<String, String>, trial: &Trial, by: Objective) -> TrialRow {
    TrialRow {
        params: point.clone(),
        objective: by.of(trial),
        sharpe: trial.annual_sharpe(),
        total_return: trial.total_return,
        max_drawdown: trial.max_drawdown,
        trades: trial.trades,
        events_hash: trial.events_hash.clone(),
        undefined: trial.undefined().or_else(|| by.undefined(trial)),
    }
}

fn luck(best: Option<&Trial>, ledger: &Ledger, pbo: &Result<Overfitting, Undefined>) -> Luck {
    let sample = best.and_then(Trial::sample);
    let of = |value: fn(&Overfitting) -> f64| pbo.as_ref().map(value).map_err(Clone::clone);
    Luck::of(
        &Record {
            sample: sample.ok_or(Undefined::because("the best trial has no Sharpe ratio")),
            periods_per_year: best.map_or(1.0, |trial| trial.periods_per_year),
        },
        &ledger.tries(),
        of(|result| result.probability),
        of(|result| result.probability_of_loss),
    )
}

fn digest(tried: &Tried) -> String {
    let mut digest = Sha256::new();
    for (_, trial) in &tried.trials {
        let figures = [trial.total_return, trial.max_drawdown, trial.sharpe];
        digest.update(&trial.id);
        digest.update(&trial.events_hash);
        for figure in figures.into_iter().flatten() {
            digest.update(figure.to_bits().to_le_bytes());
        }
        for sum in trial.blocks.iter().flatten() {
            digest.update(sum.to_bits().to_le_bytes());
        }
    }
    hex::encode(digest.finalize())
}

/// One plain sentence.
fn verdict(report: &SweepReport) -> String {
    let (luck, count) = (&report.luck, report.trials.len());
    if report.sessions < FEW {
        let sessions = report.sessions;
        return format!(
            "Nothing can be said of the best of {count}: {sessions} sessions tell nothing of skill."
        );
    }
    let Some(sure) = luck.deflated_sharpe.value else {
        let reason = luck.deflated_sharpe.reason.as_deref().unwrap_or("no figure");
        return format!("Nothing can be said of the best of {count}: {reason}.");
    };
    let all = luck.trials;
    // Rounded up it could read as enough where it is not.
    let sure_text = if (0.945..0.95).contains(&sure) { "under 95 %".into() } else { percent(sure) };
    let outside = luck.overfitting.value;
    let held = outside.map_or(String::new(), |share| {
        format!(
            ", and the best of one half of the sessions was below the median in the other half {} of the time",
            percent(share)
        )
    });
    match (sure, outside) {
        (0.95.., None | Some(..HOLDS)) => format!(
            "The best of {count} stands: after all {all} trials it is {sure_text} sure that it is more than luck{held}."
        ),
        (_, Some(OVERFITTED..)) => format!(
            "Do not trust the best of {count}: after all {all} trials it is {sure_text} sure that it is more than luck{held}."
        ),
        (0.95.., _) => format!(
            "The best of {count} may be skill, but which one is best does not hold: after all {all} trials it is {sure_text} sure that it is more than luck{held}."
        ),
        _ => format!(
            "The best of {count} may well be luck: after all {all} trials it is only {sure_text} sure that it is more{held}."
        ),
    }
}

fn notes(report: &SweepReport) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(highest) = report.luck.expected_highest_sharpe.value {
        notes.push(format!(
            "{} tries without any skill would show a best Sharpe ratio of about {highest:.2}",
            report.luck.trials
        ));
    }
    if let (true, Some(reason)) = (report.refused > 0, &report.refused_because) {
        let first = reason.lines().next().unwrap_or_default();
        notes.push(format!("{} combinations make no strategy: {first}", report.refused));
    }
    if let Some(reason) = &report.luck.overfitting.reason {
        notes.push(format!("the probability of overfitting is undefined: {reason}"));
    }
    if report.trials.first().is_some_and(|best| (1..30).contains(&best.trades)) {
        notes.push("the best has fewer than 30 closed trades: its figures are rough".into());
    }
    notes
}

/// Never wholly sure, and never not at all.
fn percent(share: f64) -> String {
    match share {
        0.995.. => "over 99 %".into(),
        ..0.005 => "under 1 %".into(),
        _ => format!("{:.0} %", share * 100.0),
    }
}
