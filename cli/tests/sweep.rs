//! Sweeps as a user runs them, and the ledger that every report counts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

const SWEEP: [&str; 7] = [
    "sweep",
    "--json",
    "--strategy",
    "sma-crossover",
    "--grid",
    "fast=3..9:3",
    "--grid=slow=9..27:6",
];

fn sweep(user: &User, file: &str, place: &str, more: &[&str]) -> Value {
    user.json(&[&SWEEP[..], &["--data", file, "--data-dir", place], more].concat())
}

#[test]
fn a_sweep_is_the_same_on_any_number_of_threads_and_is_not_done_twice() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 1170);
    let first = sweep(&user, &file, "place", &["--threads", "1"]);
    assert_eq!(first["trials"].as_array().unwrap().len(), 11, "{first}");
    assert_eq!((&first["refused"], &first["known"]), (&1.into(), &0.into()));
    let again = sweep(&user, &file, "place", &["--threads", "3"]);
    assert_eq!(again["known"], 11);
    let elsewhere = sweep(&user, &file, "other", &["--threads", "3"]);
    assert_eq!(elsewhere["known"], 0);
    for field in ["results_hash", "trials", "luck", "verdict"] {
        assert_eq!((&first[field], &first[field]), (&again[field], &elsewhere[field]), "{field}");
    }
    let kept = format!("place/runs/sweep-{}", &first["results_hash"].as_str().unwrap()[..16]);
    let page = std::fs::read_to_string(user.path(&kept).join("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("class=\"heat map\""));
}

#[test]
fn a_backtest_counts_the_trials_of_a_sweep() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 1170);
    let args = ["backtest", "--json", "--data-dir", "place", "--data", &file, "--strategy"];
    let args = [&args[..], &["sma-crossover", "--param", "slow=15", "--param"]].concat();
    let backtest = |fast: &str| user.json(&[&args[..], &[fast]].concat());
    assert_eq!(backtest("fast=3")["trials"], 1);
    sweep(&user, &file, "place", &[]);
    assert_eq!(backtest("fast=3")["trials"], 11, "it was one of them");
    assert_eq!(backtest("fast=4")["trials"], 12);
    let told = user.run(&[&args[..1], &args[2..], &["fast=4"]].concat());
    assert!(told.out.contains("after 12 trials"), "{}", told.out);
}

/// Whoever tries dates picks, too; whoever repeats a run does not.
#[test]
fn a_backtest_counts_what_was_tried_over_other_dates() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 3_900);
    let other = write_bars(&user, "BBBB", 3_900);
    let backtest = |data: &[&str], from: &str| {
        let args = ["backtest", "--json", "--data-dir", "place", "--strategy", "sma-crossover"];
        user.json(&[&args[..], &["--from", from, "--data"], data].concat())
    };
    for (from, trials) in [("2024-02-05", 1), ("2024-02-07", 2), ("2024-02-09", 3)] {
        assert_eq!(backtest(&[&file], from)["trials"], trials, "{from}");
        let again = backtest(&[&file], from);
        assert_eq!(again["trials"], trials, "{from} again");
        assert_eq!(again["metrics"]["dsr"].is_null(), trials == 1, "{again}");
    }
    assert_eq!(backtest(&[&other], "2024-02-07")["trials"], 1, "of another symbol");
    assert_eq!(backtest(&[&file, &other], "2024-02-07")["trials"], 5, "of both");
}

#[test]
fn a_random_search_is_drawn_from_a_seed_and_read_from_a_file() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 400);
    let space = "random = 5\nseed = 4\n[grid]\nfast = \"2..9\"\nslow = [20, 30, 40]\n";
    std::fs::write(user.path("space.toml"), space).unwrap();
    let base = ["sweep", "--json", "--no-keep", "--data", &file, "--strategy", "sma-crossover"];
    let from_file = user.json(&[&base[..], &["--space", "space.toml"]].concat());
    let flags =
        ["--grid", "fast=2..9", "--grid", "slow=20,30,40", "--random", "5", "--draw-seed", "4"];
    let from_flags = user.json(&[&base[..], &flags].concat());
    assert_eq!(from_file["trials"], from_flags["trials"]);
    assert_eq!(from_file["trials"].as_array().unwrap().len(), 5);
    assert!(!user.path(".local").exists(), "nothing is kept");
}

#[test]
fn a_mistake_is_told_in_a_sentence() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 100);
    let base = ["sweep", "--data", &file, "--strategy", "sma-crossover"];
    for (more, sentence) in [
        (&["--grid", "fast=5"][..], ""),
        (&[], "nothing is varied"),
        (&["--grid", "fast=9..5"], "is no range of a parameter"),
        (&["--grid", "fasst=1..5"], "none of the combinations can be tried"),
        (&["--grid", "fast=50..60", "--param", "slow=20"], "none of the combinations"),
        (&["--space", "none.toml"], "cannot be read"),
    ] {
        let ended = user.run(&[&base[..], more].concat());
        let expected = if sentence.is_empty() { 0 } else { 2 };
        assert_eq!(ended.code, expected, "{more:?}: {}", ended.err);
        assert!(ended.err.contains(sentence), "{more:?}: {}", ended.err);
    }
}
