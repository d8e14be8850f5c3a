//! As fast as both can, and always the same.

use crate::support::{
    Plan, assert_books_agree, assert_sent_once, data_dir, exchange, generated, real_data,
};
use exchange::server::Speed;
use kernel::StrategySpec;
use marketdata::{Feed, read_files};
use runtime::session::replay::{self, ReplayReport};
use runtime::session::{Summary, journal_dir};
use std::path::Path;

const STRATEGIES: [&str; 5] =
    ["sma-crossover", "rsi-mean-reversion", "macd-trend", "bollinger-breakout", "buy-and-hold"];

/// Runs a strategy over a feed in lock step and checks what must hold of every such run.
async fn run(dir: &Path, feed: &Feed, strategy: &str) -> Summary {
    let exchange = exchange(feed.clone(), Speed::Max).await;
    let symbols: Vec<&str> = feed.symbols.names().collect();
    let summary = Plan::new(dir, &exchange, &symbols, strategy).run().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_sent_once(&summary, &exchange);
    exchange.shutdown().await;
    verify(dir, &summary);
    summary
}

/// The journal checks out and every event is decided again as it was.
fn verify(dir: &Path, summary: &Summary) {
    journal::verify(&journal_dir(dir)).unwrap();
    let report = decide_again(dir, &[]);
    assert_eq!(report.difference, None);
    assert_eq!(Some(report.events_hash), summary.events_hash);
    assert_eq!(report.inputs, summary.inputs);
}

/// Decides the inputs of a journal again, with some parameters of the strategies changed.
fn decide_again(dir: &Path, changes: &[(&str, &str)]) -> ReplayReport {
    let report = replay::verify(&journal_dir(dir), |start| {
        let build = |spec: &StrategySpec| {
            let held = spec.params.iter().map(|(name, value)| (&**name, &**value));
            let params = held.chain(changes.iter().copied());
            let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            strategies::build(&spec.name, &params, &start.symbols).map(|built| built.0)
        };
        start.strategies.iter().map(build).collect::<Result<Vec<_>, _>>()
    });
    report.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_that_decides_otherwise_is_found() {
    let dir = data_dir();
    run(dir.path(), &generated(&["SPY"], 200), "sma-crossover").await;
    let report = decide_again(dir.path(), &[("slow", "40")]);
    let difference = report.difference.expect("another window decides otherwise");
    assert!(difference.seq > difference.input);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_strategy_ends_with_the_exchanges_books_and_twice_the_same() {
    let feed = generated(&["GLD", "SPY", "TSLA"], 800);
    for strategy in STRATEGIES {
        let first = run(data_dir().path(), &feed, strategy).await;
        assert!(first.fills > 0, "{strategy} did not trade");
        let second = run(data_dir().path(), &feed, strategy).await;
        assert_ne!(first.session, second.session);
        assert_eq!(first.events_hash, second.events_hash, "{strategy}");
        assert_eq!((first.cash, first.fees), (second.cash, second.fees));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_week_of_four_symbols_trades_on_all_of_them() {
    let Some(folder) = real_data() else { return };
    let file = |symbol: &str| folder.join(format!("bars/1Min/{symbol}_2019-02.csv"));
    let feed = read_files(&["AAPL", "GLD", "MSFT", "TSLA"].map(file)).unwrap();
    for strategy in ["sma-crossover", "rsi-mean-reversion"] {
        let dir = data_dir();
        let summary = run(dir.path(), &feed, strategy).await;
        assert!(summary.fills > 8, "{strategy}: {summary:#?}");
    }
}
