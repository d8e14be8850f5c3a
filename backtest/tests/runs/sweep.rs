//! Sweeps: the same on any number of threads, resumed or not, and every try is counted.

use backtest::sweep::{
    Bench, Ledger, Objective, Search, Space, Subject, SweepReport, Trial, Tried, judge_sweep,
    try_all,
};
use backtest::workload::swings;
use backtest::{BacktestConfig, Chosen};
use marketdata::{Facts, Feed};
use std::collections::BTreeMap;
use std::path::Path;

const GRID: [&str; 2] = ["fast=5..20:5", "slow=15..60:15"];

struct Scene {
    feed: Feed,
    facts: Facts,
    config: BacktestConfig,
}

impl Scene {
    fn new() -> Self {
        let feed = swings(390 * 40);
        let (facts, config) = (feed.facts(), BacktestConfig::for_feed(&feed));
        Self { feed, facts, config }
    }

    /// Without the rows before one.
    fn from(&self, row: usize) -> Self {
        let feed = Feed { data: self.feed.data[row..].to_vec(), ..self.feed.clone() };
        let (facts, config) = (feed.facts(), BacktestConfig::for_feed(&feed));
        Self { feed, facts, config }
    }

    fn bench(&self) -> Bench<'_> {
        let (config, data, facts) = (&self.config, &self.feed.data[..], &self.facts);
        Bench { config, data, facts, program: "one", by: "sweep", words: None }
    }

    fn try_all(&self, space: &Space, ledger: &mut Ledger, threads: usize) -> Tried {
        let build = |params: &BTreeMap<String, String>| -> Result<Chosen, String> {
            let built = strategies::build("sma-crossover", params, &self.feed.symbols);
            built.map_err(|error| error.to_string())
        };
        try_all(self.bench(), &build, space, ledger, threads, &mut |_| {}).unwrap()
    }

    fn ledger(&self, runs: &Path) -> Ledger {
        ledger(runs, "sma-crossover", &["SYN"])
    }

    fn judge(&self, space: &Space, tried: &Tried, ledger: &Ledger) -> SweepReport {
        let subject = Subject {
            strategy: "sma-crossover".into(),
            symbols: vec!["SYN".into()],
            data_hash: self.facts.content_hash.clone(),
            span: self.facts.span.unwrap(),
            rows: self.facts.rows,
            models: Vec::new(),
        };
        judge_sweep(subject, space, tried, ledger, Objective::Sharpe)
    }
}

fn ledger(runs: &Path, strategy: &str, symbols: &[&str]) -> Ledger {
    let symbols: Vec<String> = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
    Ledger::open(runs, strategy, &symbols).unwrap()
}

fn space(axes: &[&str]) -> Space {
    let axes = axes.iter().map(|text| text.parse().unwrap()).collect();
    Space::new(axes, Search::Grid).unwrap()
}

#[test]
fn the_result_is_the_same_on_any_number_of_threads() {
    let (scene, space) = (Scene::new(), space(&GRID));
    let on = |threads| {
        let mut ledger = Ledger::unkept();
        let tried = scene.try_all(&space, &mut ledger, threads);
        let report = scene.judge(&space, &tried, &ledger);
        assert_eq!(report.logits.len(), 12_870);
        SweepReport { logits: Vec::new(), ..report }
    };
    let one = on(1);
    assert_eq!((one.trials.len(), one.refused), (14, 2), "fast must be below slow");
    assert_eq!(on(2), one);
    assert_eq!(on(7), one);
    assert!(one.luck.overfitting.value.is_some(), "{:?}", one.luck);
    assert!(one.trials.iter().any(|row| row.trades > 5));
}

#[test]
fn a_sweep_that_was_killed_goes_on_where_it_was() {
    let (scene, space, home) = (Scene::new(), space(&GRID), tempfile::tempdir().unwrap());
    let mut ledger = scene.ledger(home.path());
    let whole = scene.try_all(&space, &mut ledger, 2);
    let report = scene.judge(&space, &whole, &ledger);
    let path = ledger.path().unwrap().to_owned();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 14);
    // Killed in the middle of the sixth line.
    let half = lines[5].split_at(lines[5].len() / 2).0;
    std::fs::write(&path, format!("{}\n{half}", lines[..5].join("\n"))).unwrap();
    let mut again = scene.ledger(home.path());
    let resumed = scene.try_all(&space, &mut again, 2);
    assert_eq!((resumed.known, &resumed.trials), (5, &whole.trials));
    assert_eq!(scene.judge(&space, &resumed, &again).results_hash, report.results_hash);
    // Everything is known now, and the file can be read to its end.
    let mut third = scene.ledger(home.path());
    assert_eq!(scene.try_all(&space, &mut third, 2).known, 14);
    assert_eq!(third.distinct().len(), 14);
}

#[test]
fn every_try_counts_once_whoever_made_it() {
    let (scene, home) = (Scene::new(), tempfile::tempdir().unwrap());
    let narrow = space(&["fast=5,10", "slow=30,60"]);
    let mut ledger = scene.ledger(home.path());
    let tried = scene.try_all(&narrow, &mut ledger, 2);
    let alone = scene.judge(&narrow, &tried, &ledger);
    assert_eq!(alone.luck.trials, 4);
    // A backtest of one of them is no further try, one with other parameters is.
    for (fast, trials) in [("10", 4), ("11", 5)] {
        let strategy =
            crate::common::chosen("sma-crossover", &[("fast", fast), ("slow", "30")], &scene.feed);
        let report = crate::common::run(&scene.config, &scene.feed, strategy);
        ledger.add(Trial::of_report(&report, "one", "backtest").unwrap()).unwrap();
        assert_eq!(ledger.distinct().len(), trials, "fast {fast}");
    }
    let wide = scene.try_all(&space(&GRID), &mut ledger, 2);
    let counted = scene.judge(&narrow, &tried, &ledger).luck;
    assert_eq!(counted.trials, 5 + wide.trials.len() as u64 - wide.known as u64);
    // The same code built anew tries again, and the same result is no further try.
    let other = Bench { program: "two", ..scene.bench() };
    let strategy =
        crate::common::chosen("sma-crossover", &[("fast", "5"), ("slow", "30")], &scene.feed);
    ledger.add(other.run(strategy.into_iter().next().unwrap()).unwrap()).unwrap();
    assert_eq!(ledger.distinct().len() as u64, counted.trials);
}

/// Whoever tries dates picks, too.
#[test]
fn tries_on_the_same_symbols_count_whatever_the_stretch() {
    let (whole, home) = (Scene::new(), tempfile::tempdir().unwrap());
    let narrow = space(&["fast=5,10", "slow=30,60"]);
    let stretches = [0, 10, 20].map(|day| whole.from(390 * day));
    for (scene, count) in stretches.iter().zip([4, 8, 12]) {
        let mut ledger = scene.ledger(home.path());
        let tried = scene.try_all(&narrow, &mut ledger, 2);
        let luck = scene.judge(&narrow, &tried, &ledger).luck;
        assert_eq!((tried.known, luck.trials), (0, count));
        // Once more is no further try.
        let mut again = scene.ledger(home.path());
        let tried = scene.try_all(&narrow, &mut again, 2);
        assert_eq!((tried.known, scene.judge(&narrow, &tried, &again).luck), (4, luck));
    }
    for (strategy, symbols, count) in [
        ("sma-crossover", &["SYN"][..], 12),
        ("sma-crossover", &["AAA", "SYN"], 12),
        ("sma-crossover", &["AAA"], 0),
        ("macd-trend", &["SYN"], 0),
    ] {
        let ledger = ledger(home.path(), strategy, symbols);
        assert_eq!(ledger.distinct().len(), count, "{strategy} on {symbols:?}");
    }
}

#[test]
fn a_trial_is_what_a_backtest_says() {
    let scene = Scene::new();
    let strategy =
        || crate::common::chosen("sma-crossover", &[("fast", "5"), ("slow", "15")], &scene.feed);
    let trial = scene.bench().run(strategy().into_iter().next().unwrap()).unwrap();
    let report = crate::common::run(&scene.config, &scene.feed, strategy());
    assert_eq!(Trial::of_report(&report, "one", "sweep").unwrap(), trial);
    let annual = report.metrics.get("sharpe").unwrap();
    assert!((trial.annual_sharpe().unwrap() / annual - 1.0).abs() < 1e-12);
    assert_eq!(report.metrics.get("sessions").unwrap(), f64::from(trial.sessions));
    // To the last bit through the ledger's text.
    let text = serde_json::to_string(&trial).unwrap();
    assert_eq!(serde_json::from_str::<Trial>(&text).unwrap(), trial);
}
