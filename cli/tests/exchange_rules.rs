//! The rules of the embedded exchange, as they are configured.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

const SHORTS: [&str; 8] = [
    "--strategy",
    "sma-crossover",
    "--param",
    "direction=both",
    "--param",
    "quantity=100",
    "--param",
    "slow=40",
];

#[test]
fn a_paper_session_in_lock_step_pays_what_a_backtest_pays() {
    let user = User::new();
    let files = [write_bars(&user, "AAA", 1_300), write_bars(&user, "BBBB", 1_300)];
    let files = ["--data", &files[0], &files[1]];
    let rates = ["--set", "exchange.borrow_percent=90", "--set", "exchange.borrow_rates=AAA=400"];
    let run = [&SHORTS[..], &rates, &files].concat();
    let tested = user.json(&[&["backtest", "--json", "--no-keep"], &run[..]].concat());
    let paper = ["paper", "--json", "--data-dir", "d", "--speed", "max", "--until-end"];
    let traded = user.json(&[&paper, &run[..]].concat());
    for field in ["events_hash", "cash", "equity"] {
        assert_eq!(tested[field], traded[field], "{field}");
    }
    let borrowed = tested["financing"]["borrow_fees"].as_str().unwrap();
    assert!(borrowed.parse::<f64>().unwrap() > 1.0, "{tested}");
    let told = user.run(&[&["backtest", "--no-keep"], &run[..]].concat());
    assert!(told.out.contains(&format!("borrowing {borrowed}")), "{}", told.out);
}

/// Each key changes a backtest and a session in lock step alike, in the way that it says.
#[test]
fn what_the_exchange_does_follows_its_keys() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 1_300);
    let run = |set: &[&str]| {
        let sets: Vec<&str> = set.iter().flat_map(|set| ["--set", *set]).collect();
        let run = [&SHORTS[..], &["--data", &file], &sets].concat();
        let tested = user.json(&[&["backtest", "--json", "--no-keep"], &run[..]].concat());
        let folder = set.join("-").replace('=', "-");
        let paper = ["paper", "--json", "--data-dir", &folder, "--speed", "max", "--until-end"];
        let traded = user.json(&[&paper, &run[..]].concat());
        assert_eq!(tested["events_hash"], traded["events_hash"], "{set:?}");
        tested
    };
    let number = |of: &Value| of.as_str().unwrap().parse::<f64>().unwrap();
    let plain = run(&["exchange.regulatory_fees=false"]);
    let orders = plain["fills"].as_u64().unwrap();
    assert!(orders > 10 && number(&plain["fees"]) == 0.0, "{plain}");

    let paid = run(&["exchange.regulatory_fees=false", "exchange.commission_per_order_usd=1.5"]);
    // What of the last day is not posted yet is told apart.
    let fees = number(&paid["fees"]) + number(&paid["accrued_fees"]);
    assert_eq!(fees, 1.5 * orders as f64, "each order fills at once: {paid}");

    let parts = run(&["exchange.random_partial_percent=100"]);
    assert!(parts["fills"].as_u64().unwrap() > orders + orders / 2, "{parts}");

    let long = run(&["exchange.shorting=false"]);
    assert!(long["orders"]["denied"].as_u64().unwrap() > 3, "{long}");
    assert_eq!(plain["orders"]["denied"], 0, "{plain}");
}

#[test]
fn a_rate_that_is_none_is_told_with_its_place() {
    let user = User::new();
    for wrong in ["GME", "GME=high", "GME=-1", "=3"] {
        let set = format!("exchange.borrow_rates={wrong}");
        let ended = user.run(&["config", "check", "--set", &set]);
        assert_eq!(ended.code, 2, "{wrong}: {}", ended.err);
        assert!(ended.err.contains("flag --set: exchange.borrow_rates: expected SYMBOL=PERCENT"));
    }
}
