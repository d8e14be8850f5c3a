//! Models beside a session: what they say is journalled and traded on; a slow one holds nothing up.

use crate::lock_step::verify;
use crate::support::{Plan, assert_books_agree, data_dir, exchange, generated};
use exchange::server::{Running, Speed};
use journal::Reader;
use kernel::{
    Bar, Event, Forecaster, Input, MissedPrediction, Prediction, Probability, Ratio, RecordBody,
    Span, SymbolId, Trend,
};
use runtime::session::journal_dir;
use runtime::session::recompute::{RecomputeReport, recompute};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::mpsc;

/// A model that a test writes down as one function from bars to trends.
struct Model<F> {
    say: F,
    shadow: bool,
}

impl<F> Forecaster for Model<F>
where
    F: FnMut(&Bar) -> Option<Trend> + Send,
{
    fn id(&self) -> &str {
        if self.shadow { "shadow" } else { "model" }
    }

    fn warmup_bars(&self) -> usize {
        3
    }

    fn observe(&mut self, bar: &Bar) -> Vec<Input> {
        let (symbol, model, time) = (bar.symbol, self.id().into(), bar.end_time());
        let Some(trend) = (self.say)(bar) else {
            let reason = "it has no word for this".into();
            return vec![Input::MissedPrediction(MissedPrediction { symbol, model, time, reason })];
        };
        vec![Input::Prediction(Prediction {
            symbol,
            model,
            time,
            trend,
            confidence: Probability::from_millionths(900_000).unwrap(),
            shadow: self.shadow,
            stands_in_for: None,
            latency: Span::ZERO,
        })]
    }

    fn remember(&mut self, bar: &Bar) {
        (self.say)(bar);
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

/// Up for ten minutes, then down for ten; nothing in each sixth.
fn in_turns(bar: &Bar) -> Option<Trend> {
    let minute = bar.open_time.nanos() / 60_000_000_000;
    let trend = if minute / 10 % 2 == 0 { Trend::Up } else { Trend::Down };
    (minute % 6 != 0).then_some(trend)
}

fn plan<F>(dir: &Path, exchange: &Running, say: F, shadow: bool) -> Plan
where
    F: FnMut(&Bar) -> Option<Trend> + Send + 'static,
{
    let mut plan = Plan::new(dir, exchange, &["GLD", "SPY"], "lstm");
    plan.models = vec![Box::new(Model { say, shadow })];
    plan
}

/// How often a journal holds each kind of event.
fn kinds(dir: &Path) -> BTreeMap<&'static str, usize> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut kinds = BTreeMap::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event, .. } = record.body {
            *kinds.entry(event.kind()).or_default() += 1;
        }
    }
    kinds
}

/// Each bar and the word on it, in the order in which they were decided on.
fn words(dir: &Path) -> Vec<String> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut words = Vec::new();
    while let Some(record) = records.next().unwrap() {
        match record.body {
            RecordBody::Event { at, event: Event::PredictionTaken(said) } => {
                assert!(said.latency > Span::ZERO, "it was measured");
                words.push(format!("{at} {:?} {} {}", said.symbol, said.time, said.trend.as_str()));
            }
            RecordBody::Event { at, event: Event::PredictionMissed(missed) } => {
                let time = missed.time;
                words.push(format!("{at} {:?} {time} {}", missed.symbol, missed.reason));
            }
            RecordBody::Event { .. } | RecordBody::Input(_) => {}
        }
    }
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn in_lock_step_two_runs_hear_the_same_and_are_decided_again_without_a_model() {
    let feed = generated(&["GLD", "SPY"], 300);
    let run = async || {
        let dir = data_dir();
        let exchange = exchange(feed.clone(), Speed::Max).await;
        let summary = plan(dir.path(), &exchange, in_turns, false).run().await.unwrap();
        assert_books_agree(&summary, &exchange);
        verify(dir.path(), &summary);
        (words(dir.path()), kinds(dir.path()), summary)
    };
    let (words, kinds, first) = run().await;
    assert_eq!(words.len(), 600, "a word on each bar of each symbol");
    assert_eq!((kinds["prediction_taken"], kinds["prediction_missed"]), (500, 100));
    assert!(kinds["prediction_expired"] > 490, "half a minute later each is over: {kinds:?}");
    assert!(first.fills > 20, "it trades on them: {first:#?}");
    let (again, _, second) = run().await;
    assert_eq!(words, again);
    assert_eq!(first.events_hash, second.events_hash);
}

/// Runs the model of a test again over a journal.
fn said_again(dir: &Path, say: fn(&Bar) -> Option<Trend>) -> RecomputeReport {
    let load = |_: &str| -> Result<Box<dyn Forecaster>, Infallible> {
        Ok(Box::new(Model { say, shadow: false }))
    };
    let tolerance = Probability::from_millionths(1000).unwrap();
    recompute(&journal_dir(dir), tolerance, load).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_would_be_others_now_are_told() {
    let dir = data_dir();
    let exchange = exchange(generated(&["GLD", "SPY"], 60), Speed::Max).await;
    plan(dir.path(), &exchange, in_turns, false).run().await.unwrap();
    let same = said_again(dir.path(), in_turns);
    assert_eq!((same.words, same.different, same.farthest_millionths), (100, 0, 0));
    let other = said_again(dir.path(), |bar| {
        let minute = bar.open_time.nanos() / 60_000_000_000;
        if minute % 6 == 1 { None } else { Some(Trend::Up) }
    });
    let downs = words(dir.path()).iter().filter(|word| word.ends_with(" down")).count();
    assert!(other.different > downs as u64, "downs, and what is not said now: {other:#?}");
    assert!(other.differences.iter().any(|word| word.computed.is_none()), "{other:#?}");
    assert!(other.differences.len() == 10 && other.different > 10, "{other:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_traded_on_a_challengers_word() {
    let dir = data_dir();
    let exchange = exchange(generated(&["GLD", "SPY"], 100), Speed::Max).await;
    let summary = plan(dir.path(), &exchange, in_turns, true).run().await.unwrap();
    assert!(kinds(dir.path())["prediction_taken"] > 100);
    assert_eq!(summary.orders.sent, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_worlds_time_its_answers_are_traded_on_as_they_come() {
    let dir = data_dir();
    let exchange = exchange(generated(&["GLD", "SPY"], 5_000), Speed::Times(600.0)).await;
    let mut plan = plan(dir.path(), &exchange, in_turns, false);
    // On a busy machine an answer may take as long as some minutes of this replay.
    plan.config.limits.prediction_time_to_live = Some(Span::from_secs(3600));
    let mut session = plan.start();
    session.until(|status| status.tally.fills > 3).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
    verify(dir.path(), &summary);
    assert!(!words(dir.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_never_answers_holds_nothing_up_and_is_noted_as_missed() {
    let dir = data_dir();
    let exchange = exchange(generated(&["GLD", "SPY"], 5_000), Speed::Times(600.0)).await;
    let (release, stuck) = mpsc::channel::<()>();
    let say = move |_: &Bar| {
        // Until the test has ended.
        let _ = stuck.recv();
        Some(Trend::Up)
    };
    let mut session = plan(dir.path(), &exchange, say, false).start();
    let missed = |text: &str| text.ends_with("it has not answered in time");
    let seen = session
        .until(|status| status.recent.iter().filter(|note| missed(&note.text)).count() > 4)
        .await;
    assert!(seen.tally.inputs > 10, "bars and misses come in: {seen:#?}");
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    drop(release);
    assert_eq!(summary.orders.sent, 0, "nothing was said");
    verify(dir.path(), &summary);
}
