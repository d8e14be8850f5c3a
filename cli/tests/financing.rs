//! What borrowing costs, as it is configured.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};

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
