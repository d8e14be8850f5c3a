//! A sweep of 100 SMA pairs over 100,000 minute bars in memory: wall time on two threads, beside its
//! budget, and where it goes.

use backtest::sweep::{Bench, Ledger, Objective, Search, Space, Subject, judge_sweep, try_all};
use backtest::workload::swings;
use backtest::{BacktestConfig, Chosen};
use std::collections::BTreeMap;
use std::time::Instant;

const BARS: usize = 100_000;
const ROUNDS: usize = 9;
const THREADS: usize = 2;
/// Seconds.
const BUDGET: f64 = 0.2;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    if let Err(error) = measure() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn measure() -> Result<(), String> {
    let feed = swings(BARS);
    let (facts, config) = (feed.facts(), BacktestConfig::for_feed(&feed));
    let axes =
        ["fast=2..20:2", "slow=30..120:10"].map(|text| text.parse().map_err(|e| format!("{e}")));
    let axes = axes.into_iter().collect::<Result<_, _>>()?;
    let space = Space::new(axes, Search::Grid).map_err(|error| error.to_string())?;
    let build = |params: &BTreeMap<String, String>| -> Result<Chosen, String> {
        let mut params = params.clone();
        params.insert("quantity".into(), "100".into());
        let built = strategies::build("sma-crossover", &params, &feed.symbols);
        built.map_err(|error| error.to_string())
    };
    let bench = Bench {
        config: &config,
        data: &feed.data,
        facts: &facts,
        program: "bench",
        by: "sweep",
        words: None,
    };
    for threads in [1, THREADS] {
        let mut best = [f64::INFINITY; 2];
        let mut fills = 0;
        for _ in 0..ROUNDS {
            let mut ledger = Ledger::unkept();
            let started = Instant::now();
            let tried = try_all(bench, &build, &space, &mut ledger, threads, &mut |_| {})
                .map_err(|error| error.to_string())?;
            let ran = started.elapsed().as_secs_f64();
            fills = tried.trials.iter().map(|(_, trial)| trial.trades).sum();
            let span = facts.span.unwrap_or_default();
            let subject = Subject {
                strategy: "sma-crossover".into(),
                symbols: vec!["SYN".into()],
                data_hash: facts.content_hash.clone(),
                span,
                rows: facts.rows,
                models: Vec::new(),
            };
            let report = judge_sweep(subject, &space, &tried, &ledger, Objective::Sharpe);
            assert!(!report.verdict.is_empty());
            let judged = started.elapsed().as_secs_f64() - ran;
            best = [best[0].min(ran), best[1].min(judged)];
        }
        let rate = BARS as f64 * 100.0 / best[0] / 1e6;
        let budget =
            if threads == THREADS { format!(" (budget {BUDGET} s)") } else { String::new() };
        println!(
            "100 SMA pairs over {BARS} bars, {threads} threads: {:.3} s at best{budget}, {rate:.1} million \
             bars a second, {fills} trades; judging, with 12,870 splits, {:.3} s more",
            best[0], best[1]
        );
    }
    Ok(())
}
