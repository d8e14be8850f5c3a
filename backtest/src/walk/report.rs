//! What a walk forward earned outside of its samples.

use super::{WalkPlan, Walked, windows::Length};
use crate::dates::{day_count, written};
use crate::forecast::notes_of_tests;
use crate::statistics::{
    Measure, Moments, Overfitting, Sample, Series, Undefined, max_drawdown, mean,
};
use crate::sweep::{Figure, Ledger, Luck, Objective, Record, Subject, Trial, Tries};
use kernel::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Sessions below which nothing can be told from chance.
const FEW: usize = 30;

/// The chosen one in a sample or in a test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sampled {
    /// The first and the last instant.
    pub span: (Timestamp, Timestamp),
    /// Returns by the session.
    pub sessions: u32,
    /// What equity grew by.
    #[serde(rename = "return")]
    pub total_return: Option<f64>,
    /// The same by the year.
    pub annual_return: Option<f64>,
    /// The annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Closed trades.
    pub trades: u64,
    /// Why a figure is `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undefined: Option<&'static str>,
}

impl Sampled {
    fn of(trial: &Trial, span: (Timestamp, Timestamp)) -> Self {
        Self {
            span,
            sessions: trial.sessions,
            total_return: trial.total_return,
            annual_return: trial.annual_return(),
            sharpe: trial.annual_sharpe(),
            trades: trial.trades,
            undefined: trial.undefined(),
        }
    }
}

/// One sample with its test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowRow {
    /// What was chosen.
    pub params: BTreeMap<String, String>,
    /// Among how many.
    pub tried: usize,
    /// In the sample.
    pub inside: Sampled,
    /// In the test.
    pub outside: Sampled,
}

/// The result of a walk forward.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WalkReport {
    /// The strategy.
    pub strategy: String,
    /// The symbols.
    pub symbols: Vec<String>,
    /// The digest of the data.
    pub data_hash: String,
    /// How the walk went.
    pub plan: String,
    /// By which figure the best of a sample was chosen.
    pub by: Objective,
    /// The samples with their tests.
    pub windows: Vec<WindowRow>,
    /// Equity by the session of all tests, one after the other, over what it was at the start; with
    /// the date.
    pub equity: Vec<(String, f64)>,
    /// What following the procedure earned.
    #[serde(rename = "return")]
    pub total_return: f64,
    /// The same by the year.
    pub annual_return: Figure,
    /// The annual Sharpe ratio of all tests.
    pub sharpe: Figure,
    /// The deepest fall by the session.
    pub max_drawdown: f64,
    /// Tests that earned.
    pub won: usize,
    /// The mean annual return of the tests over that of the samples (Pardo, "The evaluation and
    /// optimization of trading strategies", 2008: walk-forward efficiency).
    pub efficiency: Figure,
    /// How much of what the tests earned is luck, counting every try that the ledger knows; overfitting
    /// is that of the choices within the samples, on average.
    pub luck: Luck,
    /// One plain sentence.
    pub verdict: String,
    /// What must be known to read the figures.
    pub notes: Vec<String>,
    /// A digest of what was chosen and what came of it.
    pub results_hash: String,
}

/// Judges a walk, with everything that the ledger knows of its samples and of earlier tries.
pub fn judge_walk(
    subject: Subject,
    plan: &WalkPlan,
    by: Objective,
    start: f64,
    walked: &[Walked],
    ledger: &Ledger,
) -> WalkReport {
    let stitched = stitched(walked, start);
    let periods = walked.first().map_or(252.0, |first| first.outside.periods_per_year);
    let day_before = |date: u32| day_count(date) - 1;
    let first = stitched.first().map(|(date, _)| (day_before(*date), 1.0));
    let points = stitched.iter().map(|(date, value)| (day_count(*date), *value));
    let series = Series::new(first.into_iter().chain(points), periods);
    let values: Vec<f64> =
        std::iter::once(1.0).chain(stitched.iter().map(|(_, value)| *value)).collect();
    let total_return = values.last().map_or(0.0, |last| last - 1.0);
    let years = stitched.len() as f64 / periods;
    let annual = (1.0 + total_return).max(0.0).powf(1.0 / years.max(1e-9)) - 1.0;
    let sample = series
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|series| Sample::of(series.returns(), Moments::Biased));
    let row = |one: &Walked| WindowRow {
        params: one.params.clone(),
        tried: one.tried,
        inside: Sampled::of(&one.inside, one.sample),
        outside: Sampled::of(&one.outside, one.test),
    };
    let won = |one: &&Walked| one.outside.total_return.is_some_and(|earned| earned > 0.0);
    let mut report = WalkReport {
        strategy: subject.strategy,
        symbols: subject.symbols,
        data_hash: subject.data_hash,
        plan: described(plan),
        by,
        windows: walked.iter().map(row).collect(),
        equity: stitched.iter().map(|(date, value)| (written(*date), *value)).collect(),
        total_return,
        annual_return: Ok(annual).into(),
        sharpe: sample
            .as_ref()
            .map_err(Clone::clone)
            .map(|sample| sample.sharpe * periods.sqrt())
            .into(),
        max_drawdown: max_drawdown(&values),
        won: walked.iter().filter(won).count(),
        efficiency: efficiency(walked).into(),
        luck: luck(walked, &Record { sample, periods_per_year: periods }, &ledger.tries()),
        verdict: String::new(),
        notes: Vec::new(),
        results_hash: digest(walked),
    };
    report.verdict = verdict(&report);
    let tests: Vec<_> = walked.iter().map(|one| one.test).collect();
    report.notes = notes_of_tests(&subject.models, &report.symbols, &tests);
    report
}

/// The growth of all tests, one after the other, with the dates of their sessions.
fn stitched(walked: &[Walked], start: f64) -> Vec<(u32, f64)> {
    let mut value = 1.0;
    let mut all = Vec::new();
    for one in walked {
        let begins = value;
        for day in &one.daily {
            value = if start > 0.0 { begins * (day.equity.to_f64() / start) } else { begins };
            all.push((day.date, value));
        }
    }
    all
}

/// The tests are one record, and whatever was tried on the samples went before it.
fn luck(walked: &[Walked], record: &Record, tries: &Tries) -> Luck {
    let on_average = |of: fn(&Overfitting) -> f64| -> Measure {
        let each: Result<Vec<f64>, Undefined> = walked
            .iter()
            .map(|one| one.overfitting.as_ref().map(of).map_err(Clone::clone))
            .collect();
        mean(&each?)
    };
    let overfitting = on_average(|result| result.probability);
    Luck::of(record, tries, overfitting, on_average(|result| result.probability_of_loss))
}

fn efficiency(walked: &[Walked]) -> Result<f64, Undefined> {
    let pace = |of: fn(&Walked) -> Option<f64>| {
        let returns: Vec<f64> = walked.iter().filter_map(of).collect();
        mean(&returns)
    };
    let inside = pace(|one| one.inside.annual_return())?;
    let outside = pace(|one| one.outside.annual_return())?;
    if inside <= 0.0 {
        return Err(Undefined::because("the samples earned nothing on average"));
    }
    Ok(outside / inside)
}

fn described(plan: &WalkPlan) -> String {
    let told = |length: Length| match length {
        Length::Sessions(count) => format!("{count} sessions"),
        Length::Bars(count) => format!("{count} bars"),
    };
    let way = if plan.anchored { "anchored" } else { "rolling" };
    format!(
        "{way}, samples of {}, tests of {}, purge {}, embargo {}",
        told(plan.train),
        told(plan.test),
        told(plan.purge),
        told(plan.embargo)
    )
}

fn digest(walked: &[Walked]) -> String {
    let mut digest = Sha256::new();
    for trial in walked.iter().flat_map(|one| [&one.inside, &one.outside]) {
        digest.update(&trial.id);
        digest.update(&trial.events_hash);
    }
    for day in walked.iter().flat_map(|one| &one.daily) {
        digest.update(day.equity.nanos().to_le_bytes());
    }
    hex::encode(digest.finalize())
}

/// One plain sentence.
fn verdict(report: &WalkReport) -> String {
    let count = report.windows.len();
    let result = if report.total_return >= 0.0 { "gained" } else { "lost" };
    let earned = format!("{:.1} %", report.total_return.abs() * 100.0);
    let pace = report.efficiency.value.map_or(String::new(), |share| {
        format!(", at {:.0} % of the pace of the samples", share * 100.0)
    });
    let luck = &report.luck;
    let sure = match (luck.probabilistic_sharpe.value, luck.deflated_sharpe.value) {
        _ if report.equity.len() < FEW => "so few sessions tell nothing of skill".into(),
        (Some(sure), deflated) => {
            let after = deflated.map_or(String::new(), |deflated| {
                format!(
                    ", and {} that it is more than the best of the {} trials before it by luck",
                    percent(deflated),
                    luck.trials
                )
            });
            format!("it is {} sure that its Sharpe ratio is above zero{after}", percent(sure))
        }
        (None, _) => "whether that is luck cannot be said".into(),
    };
    format!(
        "Outside of its samples it {result} {earned} over {count} tests, {} of them won{pace}; {sure}.",
        report.won
    )
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
