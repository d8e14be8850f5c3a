//! The flags that every run over market data takes, whichever command it is of.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

const RESEARCH: [&[&str]; 3] = [
    &["sweep", "--grid", "fast=3,5", "--no-keep"],
    &["walk-forward", "--grid", "fast=3,5", "--train", "2", "--test", "1", "--no-keep"],
    &["lookahead", "--cuts", "3"],
];

fn research(user: &User, command: &[&str], file: &str, more: &[&str]) -> Value {
    let run = ["--json", "--strategy", "sma-crossover", "--param", "slow=12", "--data", file];
    user.json(&[command, &run, more].concat())
}

/// What a dividend or other rules change: the returns of trials, or the decisions.
fn outcome(answer: &Value) -> &Value {
    ["trials", "windows", "decisions"].iter().find_map(|key| answer.get(*key)).unwrap()
}

#[test]
fn rules_take_effect_in_every_command() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 1_560);
    for command in RESEARCH {
        let share = ["--param", "equity_percent=20"];
        let broker = research(&user, command, &file, &share);
        let plain = research(&user, command, &file, &[&share[..], &["--rules", "plain"]].concat());
        assert_ne!(outcome(&broker), outcome(&plain), "{command:?}");
    }
}

/// A trade far below in the middle of each minute: with detail, that is where orders fill.
#[test]
fn detail_takes_effect_in_every_command() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 1_560);
    let minutes = (5..9).flat_map(|day| (30..59).map(move |minute| (day, minute)));
    let rows = minutes.map(|(day, minute)| format!("2024-02-{day:02}T15:{minute}:30Z,90,5\n"));
    let text = format!("timestamp,price,size\n{}", rows.collect::<String>());
    std::fs::write(user.path("AAA_trades.csv"), text).unwrap();
    let detail = ["--detail", "AAA_trades.csv"];
    for command in &RESEARCH[..2] {
        let without = research(&user, command, &file, &[]);
        let with = research(&user, command, &file, &detail);
        assert_ne!(outcome(&without), outcome(&with), "{command:?}");
    }
    assert_eq!(research(&user, RESEARCH[2], &file, &detail)["passed"], true);
    let backtest = ["backtest", "--json", "--data-dir", "d", "--data", &file, "--param", "fast=3"];
    let first = user.json(&[&backtest[..], &detail].concat());
    let trades = first["trades"].as_array().unwrap();
    assert!(trades.iter().any(|trade| trade["entry_price"] == "90"), "{trades:?}");
    assert!(trades.iter().any(|trade| trade["entry_price"] != "90"), "where there is none: bars");
    let again = ["backtest", "--json", "--data-dir", "d", "--from", first["run"].as_str().unwrap()];
    assert_eq!(user.json(&again)["run"], first["run"]);
    std::fs::write(user.path("BBB.csv"), "timestamp,price,size\n2024-02-05T15:00:30Z,90,5\n")
        .unwrap();
    let other = user.run(&["backtest", "--data", &file, "--detail", "BBB.csv"]);
    assert_eq!(
        (other.code, other.sentence().contains("--detail BBB.csv: the detail has none")),
        (2, true)
    );
}

#[test]
fn dividends_take_effect_in_every_command_that_measures() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 1_560);
    let days = ["2024-02-06", "2024-02-07", "2024-02-08"];
    let rows: String = days.iter().map(|day| format!("AAA,{day},dividend,25\n")).collect();
    let text = format!("symbol,ex_date,type,ratio_or_cash\n{rows}");
    std::fs::write(user.path("actions.csv"), text).unwrap();
    let holding = ["--json", "--no-keep", "--strategy", "buy-and-hold", "--grid", "quantity=5,7"];
    for command in [&["sweep"][..], &["walk-forward", "--train", "2", "--test", "2"]] {
        let run = |more: &[&str]| {
            let answer = user.json(&[command, &holding, &["--data", &file], more].concat());
            outcome(&answer).clone()
        };
        let actions = ["--corporate-actions", "actions.csv"];
        let (without, paid) = (run(&[]), run(&actions));
        assert_ne!(without, paid, "{command:?}");
        // Shares that are bought at the last close are worth what they cost.
        let reinvested = run(&[&actions[..], &["--dividends", "reinvest"]].concat());
        assert_eq!(paid == reinvested, command[0] == "walk-forward", "{command:?}");
    }
    for command in RESEARCH {
        let args = [command, &["--data", &file, "--corporate-actions", "none.csv"]].concat();
        let ended = user.run(&args);
        assert_eq!((ended.code, ended.sentence().contains("none.csv")), (2, true), "{}", ended.err);
    }
}
