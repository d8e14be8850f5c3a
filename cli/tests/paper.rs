//! Whole paper sessions through sockets, REST, journal, risk, fills and ledger.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, bars, market_data, write_bars};
use serde_json::Value;

const STRATEGIES: [&str; 5] =
    ["sma-crossover", "rsi-mean-reversion", "macd-trend", "bollinger-breakout", "buy-and-hold"];

/// A lock-step session over files in a folder of its own.
fn session(user: &User, dir: &str, strategy: &str, files: &[String]) -> Value {
    let mut args = vec!["paper", "--json", "--until-end", "--speed", "max", "--data-dir", dir];
    args.extend(["--strategy", strategy, "--data"]);
    args.extend(files.iter().map(String::as_str));
    user.json(&args)
}

fn backtest(user: &User, strategy: &str, files: &[String]) -> Value {
    let mut args = vec!["backtest", "--json", "--strategy", strategy, "--data"];
    args.extend(files.iter().map(String::as_str));
    user.json(&args)
}

/// The session's books are the exchange's to the last digit.
fn assert_books_agree(summary: &Value) {
    assert_eq!(summary["cash"], summary["broker"]["cash"]);
    let shares = |positions: &Value| -> Vec<(String, Value)> {
        let rows = positions.as_object().unwrap().iter();
        rows.map(|(symbol, row)| (symbol.clone(), row["qty"].clone())).collect()
    };
    assert_eq!(shares(&summary["positions"]), shares(&summary["broker"]["positions"]));
}

fn assert_journal_is_good(user: &User, dir: &str) {
    let verified = user.json(&["journal", "verify", "--json", "--data-dir", dir]);
    assert_eq!(verified["good"], true);
    let replayed = user.json(&["replay", "--verify", "--json", "--data-dir", dir]);
    assert_eq!(replayed["equal"], true, "{replayed}");
}

/// Everything that must hold of a session over some files with some strategy.
fn prove(strategy: &str, files: &[String]) -> Value {
    let user = User::new();
    let first = session(&user, "a", strategy, files);
    let second = session(&user, "b", strategy, files);
    assert_books_agree(&first);
    assert_eq!(first["venue"], "embedded");
    assert_eq!(first["data"], "file");
    assert_eq!(first["events_hash"], second["events_hash"], "two runs decide the same");
    let backtest = backtest(&user, strategy, files);
    for field in ["events_hash", "cash", "equity", "fees"] {
        assert_eq!(first[field], backtest[field], "{field}");
    }
    assert_journal_is_good(&user, "a");
    assert!(first["fills"].as_u64().unwrap() > 0, "{first}");
    first
}

#[test]
fn every_strategy_trades_and_is_the_same_in_backtest_and_paper() {
    let user = User::new();
    let files = [write_bars(&user, "AAA", 380), write_bars(&user, "BBB", 380)];
    for strategy in STRATEGIES {
        prove(strategy, &files);
    }
}

#[test]
fn a_year_file_of_real_minute_bars() {
    let Some(folder) = market_data("a_year_file_of_real_minute_bars") else { return };
    let files = [bars(&folder, "SPY_2011.csv.gz")];
    for strategy in ["sma-crossover", "rsi-mean-reversion"] {
        prove(strategy, &files);
    }
}

#[test]
fn a_real_week_of_four_symbols_together() {
    let Some(folder) = market_data("a_real_week_of_four_symbols_together") else { return };
    let names = ["AAPL", "MSFT", "TSLA", "GLD"];
    let files = names.map(|name| bars(&folder, &format!("{name}_2019-02.csv")));
    for strategy in ["sma-crossover", "rsi-mean-reversion"] {
        let user = User::new();
        prove(strategy, &files);
        session(&user, "c", strategy, &files);
        let dump = user.run(&["journal", "dump", "--events", "--data-dir", "c"]).out;
        for name in names {
            let filled = format!("\"symbol\":\"{name}\",");
            let traded =
                dump.lines().any(|line| line.contains("order_filled") && line.contains(&filled));
            assert!(traded, "{strategy} traded {name}");
        }
    }
}

#[test]
fn with_nothing_set_a_session_trades_synthetic_data_and_says_so() {
    let user = User::new();
    let summary = user.json(&["paper", "--json", "--for", "20s", "--set", "exchange.speed=600"]);
    assert_eq!(summary["data"], "synthetic");
    assert!(summary["orders"]["sent"].as_u64().unwrap() > 0, "{summary}");
    assert_books_agree(&summary);
}

#[test]
fn a_finished_session_is_followed_by_a_new_one_with_a_new_account() {
    let user = User::new();
    let files = [write_bars(&user, "AAA", 200)];
    let first = session(&user, "d", "buy-and-hold", &files);
    let other = [write_bars(&user, "BBB", 200)];
    let second = session(&user, "d", "buy-and-hold", &other);
    let third = session(&user, "d", "buy-and-hold", &files);
    assert_ne!(first["session"], second["session"]);
    assert_eq!(first["events_hash"], third["events_hash"]);
}

#[test]
fn the_first_lines_of_a_log_name_no_time_that_was_not() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 60);
    let ended = user.run(&["paper", "--speed", "max", "--until-end", "--data", &file]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("session started"), "{}", ended.err);
    assert!(!ended.err.contains("1970"), "{}", ended.err);
    assert!(ended.err.contains("at=2024-02-05T14:3"), "{}", ended.err);
}
