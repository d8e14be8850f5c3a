//! Walk-forward and the search for look-ahead as a user runs them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

#[test]
fn a_walk_is_the_same_on_any_number_of_threads_and_is_kept() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 3_900);
    let args = ["walk-forward", "--json", "--data-dir", "place", "--strategy", "sma-crossover"];
    let grid = ["--grid", "fast=3..9:3", "--grid", "slow=12,20", "--train", "4", "--test", "2"];
    let walk =
        |threads| user.json(&[&args[..], &grid, &["--threads", threads, "--data", &file]].concat());
    let first = walk("1");
    assert_eq!(first["windows"].as_array().unwrap().len(), 3, "{first}");
    assert_eq!(first["equity"].as_array().unwrap().len(), 6);
    assert_eq!(walk("2"), first);
    let kept = format!("place/runs/walk-{}", &first["results_hash"].as_str().unwrap()[..16]);
    let text = std::fs::read_to_string(user.path(&kept).join("walk.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), first);
    let page = std::fs::read_to_string(user.path(&kept).join("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Walk forward"));
    let short = user.run(&[&args[..], &["--grid", "fast=3,5", "--data", &file]].concat());
    assert_eq!(short.code, 2);
    assert!(short.sentence().contains("the data has 10 sessions"), "{}", short.err);
}

#[test]
fn an_honest_strategy_passes_and_one_that_decides_nothing_shows_nothing() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 400);
    let args = ["lookahead", "--data", &file, "--strategy", "sma-crossover", "--param"];
    let passed = user.run(&[&args[..], &["fast=3", "--param", "slow=9"]].concat());
    assert_eq!(passed.code, 0, "{}", passed.err);
    assert!(passed.out.contains("No look-ahead: "), "{}", passed.out);
    let silent = user.run(&[&args[..], &["fast=100", "--param", "slow=500", "--json"]].concat());
    assert_eq!(silent.code, 5);
    assert!(silent.sentence().contains("nothing is shown"), "{}", silent.err);
    let result: Value = serde_json::from_str(&silent.out).unwrap();
    assert!(result["passed"].is_null(), "{result}");
}
