//! Models beside strategies: what is told of them, and the same words in many runs.

use crate::common::*;
use backtest::sweep::{Bench, Ledger, Objective, Search, Space, Subject, Trial, try_all};
use backtest::walk::{Length, Walk, WalkPlan, WalkReport, judge_walk, windows};
use backtest::workload::swings;
use backtest::{
    BacktestConfig, BacktestReport, Chosen, MadeFrom, ModelFacts, ModelPart, Models, Quiet, Words,
};
use kernel::{
    Bar, Forecaster, Input, MissedPrediction, Notice, Prediction, Price, Probability, Ratio, Span,
    SymbolId, Trend,
};
use marketdata::{Feed, FeedSource};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Says that the price goes on as in the last bar.
struct Scripted {
    id: &'static str,
    part: ModelPart,
    /// The bar at which it has drifted.
    drifts: Option<usize>,
    /// The bars at which it fails.
    fails: &'static [usize],
    last: i64,
    seen: usize,
}

impl Scripted {
    fn boxed(id: &'static str, part: ModelPart) -> Box<Self> {
        Box::new(Self { id, part, drifts: None, fails: &[], last: 0, seen: 0 })
    }
}

impl Forecaster for Scripted {
    fn id(&self) -> &str {
        self.id
    }

    fn warmup_bars(&self) -> usize {
        1
    }

    fn observe(&mut self, bar: &Bar) -> Vec<Input> {
        let (close, before) = (bar.close.nanos(), self.last);
        self.remember(bar);
        let model: Box<str> = self.id.into();
        let (symbol, time) = (bar.symbol, bar.end_time());
        let drift = (self.drifts == Some(self.seen)).then(|| {
            Input::Notice(Notice::ModelDrifted { model: model.clone(), reason: "rsi".into() })
        });
        let word = if self.fails.contains(&self.seen) {
            Input::MissedPrediction(MissedPrediction { symbol, model, time, reason: "no".into() })
        } else {
            Input::Prediction(Prediction {
                symbol,
                model,
                time,
                trend: if close > before { Trend::Up } else { Trend::Down },
                confidence: Probability::from_millionths(620_000).unwrap(),
                shadow: self.part == ModelPart::Challenger,
                stands_in_for: (self.part == ModelPart::StandsIn).then(|| "first".into()),
                latency: Span::ZERO,
            })
        };
        drift.into_iter().chain([word]).collect()
    }

    fn remember(&mut self, bar: &Bar) {
        self.last = bar.close.nanos();
        self.seen += 1;
    }

    fn rebase(&mut self, _: SymbolId, ratio: Ratio) {
        self.last = ratio.price(Price::from_nanos(self.last)).unwrap().nanos();
    }
}

fn facts(id: &str, part: ModelPart, made_from: Option<MadeFrom>) -> ModelFacts {
    ModelFacts { id: id.into(), part, watched: true, needs: 1, made_from, shown: None }
}

/// One that drifts at a bar, one that stands in for it and fails twice, and one that is only noted.
fn cast(drifts: Option<usize>) -> Models {
    let parts = [
        ("first", ModelPart::InUse),
        ("second", ModelPart::StandsIn),
        ("third", ModelPart::Challenger),
    ];
    let [mut first, mut second, third] = parts.map(|(id, part)| Scripted::boxed(id, part));
    first.drifts = drifts;
    second.fails = &[40, 50];
    Models {
        facts: parts.iter().map(|(id, part)| facts(id, *part, None)).collect(),
        forecasters: vec![first, second, third],
    }
}

fn lstm(feed: &Feed) -> impl Fn(&BTreeMap<String, String>) -> Result<Chosen, String> {
    let symbols = feed.symbols.clone();
    move |params| {
        let mut params = params.clone();
        params.entry("quantity".into()).or_insert_with(|| "1".into());
        strategies::build("lstm", &params, &symbols).map_err(|error| error.to_string())
    }
}

fn run_with(
    feed: &Feed,
    config: &BacktestConfig,
    confidence: &str,
    models: Models,
) -> BacktestReport {
    let params = BTreeMap::from([("confidence_percent".to_owned(), confidence.to_owned())]);
    let strategies = vec![lstm(feed)(&params).unwrap()];
    let mut source = FeedSource::new(feed);
    backtest::run_with_models(config, &mut source, strategies, models, &mut Quiet).unwrap()
}

#[test]
fn a_report_tells_that_a_model_drifted_which_took_over_and_which_failed() {
    let feed = swings(100);
    let config = BacktestConfig::for_feed(&feed);
    let mut report = run_with(&feed, &config, "60", cast(Some(21)));
    let counts = |line: &backtest::ModelLine| (line.traded_on, line.noted, line.missed);
    let [first, second, third] = &report.models[..] else { panic!("{:?}", report.models) };
    assert_eq!(counts(first), (20, 80, 0));
    assert_eq!(counts(second), (78, 20, 2));
    assert_eq!(counts(third), (0, 100, 0));
    let at = |bar: usize| feed.data[bar - 1].time();
    assert_eq!(
        first.drifted.as_ref().map(|told| (told.at, told.reason.as_str())),
        Some((at(21), "rsi"))
    );
    assert_eq!(second.took_over, Some(at(21)));
    assert_eq!(second.first_missed.as_ref().map(|told| told.at), Some(at(40)));

    let told = |start: &str| {
        let notes: Vec<_> = report.notes.iter().filter(|note| note.starts_with(start)).collect();
        assert_eq!(notes.len(), 1, "{:?}", report.notes);
        notes[0].clone()
    };
    let drifted = told("model_drifted: model first had drifted at ");
    assert!(
        drifted.contains("(rsi)") && drifted.contains("model second was traded on from"),
        "{drifted}"
    );
    assert!(told("prediction_missed: ").contains("model second had nothing to say after 2 bars"));
    let judgement = report.judge(&backtest::Yardstick::default());
    let html = backtest::html_report(&report, &judgement, &[]);
    assert!(html.contains("model_drifted: model first") && html.contains("prediction_missed"));
    assert!(html.contains("third (challenger): 0 words traded on, 100 noted, 0 missed"));
    let json = serde_json::to_string(&report).unwrap();
    let read: BacktestReport = serde_json::from_str(&json).unwrap();
    assert_eq!((read.models, read.notes), (report.models, report.notes));
}

#[test]
fn nothing_is_told_of_models_that_did_what_they_should_or_of_none() {
    let feed = swings(100);
    let config = BacktestConfig::for_feed(&feed);
    let report = run_with(&feed, &config, "60", cast(None));
    assert!(!report.notes.iter().any(|note| note.contains("model_drifted")), "{:?}", report.notes);
    assert_eq!(report.models[0].traded_on, 100);
    let none = run(&config, &feed, chosen("sma-crossover", &[("fast", "3"), ("slow", "9")], &feed));
    assert_eq!(none.models, []);
    assert!(!serde_json::to_string(&none).unwrap().contains("\"models\""));
}

fn space(axis: &str) -> Space {
    Space::new(vec![axis.parse().unwrap()], Search::Grid).unwrap()
}

#[test]
fn a_sweep_repeats_what_was_said_once_and_comes_to_what_each_run_alone_does() {
    let feed = swings(390 * 4);
    let config = BacktestConfig::for_feed(&feed);
    let data_facts = feed.facts();
    let hear = |models| {
        let data = (&feed.data[..], &data_facts);
        Arc::new(Words::hear(&config, data, models, &mut Quiet).unwrap())
    };
    let words = hear(cast(Some(700)));
    let bench = Bench {
        config: &config,
        data: &feed.data,
        facts: &data_facts,
        program: "one",
        by: "sweep",
        words: Some(&words),
    };
    let build = lstm(&feed);
    let space = space("confidence_percent=60,65");
    let mut ledger = Ledger::unkept();
    let tried = try_all(bench, &build, &space, &mut ledger, 2, &mut |_| {}).unwrap();
    let mut fills = Vec::new();
    for (point, trial) in &tried.trials {
        let alone = run_with(&feed, &config, &point["confidence_percent"], cast(Some(700)));
        assert_eq!(trial.events_hash, alone.events_hash, "{point:?}");
        assert_eq!(trial.id, Trial::of_report(&alone, "one", "backtest").unwrap().id, "{point:?}");
        fills.push(alone.fills);
    }
    assert!(fills[0] > 100 && fills[1] == 0, "{fills:?}");

    // Another model is another try.
    let mut other = cast(Some(700));
    other.facts[0].id = "another".into();
    let (other, params) = (hear(other), BTreeMap::new());
    let id = |words| Bench { words: Some(words), ..bench }.id(&build(&params).unwrap()).unwrap();
    assert_ne!(id(&other), id(&words));
    let rule = strategies::build(
        "sma-crossover",
        &BTreeMap::from([("quantity".to_owned(), "1".to_owned())]),
        &feed.symbols,
    );
    let rule = rule.unwrap();
    assert_eq!(bench.id(&rule).unwrap(), Bench { words: None, ..bench }.id(&rule).unwrap());
}

fn walk_with(feed: &Feed, models: Models) -> WalkReport {
    let config = BacktestConfig::for_feed(feed);
    let words = Words::hear(&config, (&feed.data, &feed.facts()), models, &mut Quiet).unwrap();
    let words = Arc::new(words);
    let (build, space) = (lstm(feed), space("confidence_percent=55,60"));
    let walk = Walk {
        config: &config,
        feed,
        space: &space,
        build: &build,
        by: Objective::Sharpe,
        threads: 2,
        program: "one",
        words: Some(&words),
    };
    let plan = WalkPlan {
        train: Length::Bars(200),
        test: Length::Bars(100),
        anchored: false,
        purge: Length::Bars(0),
        embargo: Length::Bars(0),
    };
    let laid = windows(&plan, feed, &config.calendar).unwrap();
    let mut ledger = Ledger::unkept();
    let walked = walk.run(&laid, &mut ledger, &mut |_| {}).unwrap();
    let subject = Subject {
        strategy: "lstm".into(),
        symbols: vec!["SYN".into()],
        data_hash: feed.content_hash(),
        span: feed.span().unwrap(),
        rows: feed.data.len() as u64,
        models: words.facts().to_vec(),
    };
    let start = config.exchange.starting_cash.to_f64();
    judge_walk(subject, &plan, walk.by, start, &walked, &ledger)
}

#[test]
fn a_walk_says_what_its_model_was_made_from_and_forgets_no_drift() {
    let feed = swings(500);
    let made_from = MadeFrom {
        symbols: vec!["SYN".into()],
        first: feed.data[0].time(),
        last: feed.data[350].time(),
        synthetic: true,
    };
    let alone = |drifts| {
        let mut first = Scripted::boxed("first", ModelPart::InUse);
        first.drifts = drifts;
        let facts = vec![facts("first", ModelPart::InUse, Some(made_from.clone()))];
        Models { facts, forecasters: vec![first] }
    };
    let report = walk_with(&feed, alone(None));
    assert_eq!(report.windows.len(), 3);
    assert!(report.windows.iter().all(|window| window.outside.trades > 10), "{report:?}");
    let [note] = &report.notes[..] else { panic!("{:?}", report.notes) };
    assert!(note.starts_with("model first was made from generated bars of SYN, "), "{note}");
    assert!(note.contains("2 of 3 tests overlap them and are not out of sample"), "{note}");
    assert!(backtest::walk_html(&report).contains("2 of 3 tests overlap them"));

    // It drifts in the middle of the first test.
    let drifted = walk_with(&feed, alone(Some(250)));
    let trades: Vec<u64> = drifted.windows.iter().map(|window| window.outside.trades).collect();
    assert!(trades[0] > 0 && trades[0] < report.windows[0].outside.trades, "{trades:?}");
    assert_eq!(trades[1..], [0, 0], "what had drifted by then is not traded on");
}
