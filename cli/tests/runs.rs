//! Runs are kept, run again, compared and resampled.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

/// A user with a finished backtest: its id, and the file it went over.
fn finished() -> (User, String, String) {
    let user = User::new();
    let file = write_bars(&user, "AAA", 200);
    let result = user.json(&["backtest", "--json", "--data-dir", "place", "--data", &file]);
    let run = result["run"].as_str().unwrap().to_owned();
    (user, run, file)
}

#[test]
fn a_run_is_kept_with_its_report() {
    let (user, run, _) = finished();
    let folder = user.path("place/runs").join(&run);
    let result = std::fs::read_to_string(folder.join("result.json")).unwrap();
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!(result["run"], run.as_str());
    assert!(result["metrics"]["sharpe_reason"].is_string(), "one session has no Sharpe ratio");
    assert!(result["metrics"]["sharpe"].is_null());
    for (file, begins) in [
        ("trades.csv", "symbol,side,qty,entry_time,"),
        ("equity.csv", "date,time,equity,gross,benchmark\n"),
        ("report.html", "<!DOCTYPE html>"),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.starts_with(begins), "{file}");
    }
}

#[test]
fn a_run_that_is_not_to_be_kept_leaves_nothing() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 50);
    let args =
        ["backtest", "--no-keep", "--data-dir", "place", "--report", "r.html", "--data", &file];
    assert_eq!(user.run(&args).code, 0);
    assert!(!user.path("place").exists());
    assert!(user.path("r.html").exists());
}

#[test]
fn a_run_is_run_again_from_its_id() {
    let (user, run, file) = finished();
    let args = ["backtest", "--data-dir", "place", "--from", &run[..6]];
    let again = user.run(&args);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.contains("the same events as before"), "{}", again.out);
    let changed = user.json(&[&args[..], &["--json", "--param", "fast=7"]].concat());
    assert_eq!(changed["params"]["fast"], "7");
    assert_ne!(changed["run"], run.as_str());
    std::fs::copy(user.path(&write_bars(&user, "BBB", 60)), &file).unwrap();
    let refused = user.run(&args);
    assert_eq!(refused.code, 5);
    assert!(refused.sentence().contains("the data has changed"), "{}", refused.err);
}

#[test]
fn two_runs_stand_side_by_side() {
    let (user, run, file) = finished();
    let other = user.json(&[
        "backtest",
        "--json",
        "--data-dir",
        "place",
        "--param",
        "fast=7",
        "--data",
        &file,
    ]);
    let other = other["run"].as_str().unwrap();
    let args = ["compare", &run, other, "--data-dir", "place"];
    let compared = user.json(&[&args[..], &["--json"]].concat());
    let settings = compared["settings"].as_array().unwrap();
    assert!(settings.iter().any(|one| one["name"] == "param.fast"), "{settings:?}");
    assert!(user.run(&args).out.contains("param.fast"));
    let same = user.json(&["compare", &run, &run, "--data-dir", "place", "--json"]);
    assert_eq!(same["same_events"], true);
    assert!(same["settings"].as_array().unwrap().is_empty() && same["first_trade"].is_null());
}

#[test]
fn what_cannot_be_resampled_says_why() {
    let (user, run, _) = finished();
    let args = ["bootstrap", &run, "--data-dir", "place", "--resamples", "50", "--json"];
    let bands = user.json(&args);
    assert_eq!(bands["returns_reason"], "it takes at least two returns");
    let unknown = user.run(&["bootstrap", "ffffffff", "--data-dir", "place"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.sentence().contains("there is no run ffffffff"), "{}", unknown.err);
}

#[test]
fn a_convention_that_is_none_lists_those_there_are() {
    let ended = User::new().run(&["backtest", "--convention", "mine", "--data", "x.csv"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("quantstats") && ended.err.contains("lean"), "{}", ended.err);
}

/// Six days of bars, and the band of a backtest over them.
fn with_a_band(days: &str) -> (User, String) {
    let user = User::new();
    let file = write_bars(&user, "AAA", 6 * 390);
    let result = user.json(&["backtest", "--json", "--data-dir", "place", "--data", &file]);
    let run = result["run"].as_str().unwrap();
    let args = ["bootstrap", run, "--data-dir", "place", "--expected", "band.json", "--days", days];
    let ended = user.run(&args);
    assert_eq!(ended.code, 0, "{}", ended.err);
    (user, file)
}

fn session_with_the_band(user: &User, file: &str, dir: &str) -> common::Ended {
    let run =
        ["paper", "--json", "--speed", "max", "--until-end", "--data", file, "--data-dir", dir];
    user.run(&[&run[..], &["--set", "risk.expected=band.json"]].concat())
}

#[test]
fn a_session_stays_in_the_band_of_its_backtest_and_is_stopped_outside_of_it() {
    let (user, file) = with_a_band("4");
    let band: Value =
        serde_json::from_str(&std::fs::read_to_string(user.path("band.json")).unwrap()).unwrap();
    let rows = band["returns"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    let mut rows = rows.clone();
    // Twice as wide as found, so that the very days that it was made of lie inside.
    for row in &mut rows {
        for edge in row.as_object_mut().unwrap().iter_mut().filter(|(key, _)| key.starts_with('p'))
        {
            let below = if ["p1", "p5"].contains(&edge.0.as_str()) { -0.01 } else { 0.01 };
            *edge.1 = (edge.1.as_f64().unwrap() * 2.0 + below).into();
        }
    }
    let write = |rows: &[Value]| {
        let band = serde_json::json!({ "run": band["run"], "seed": band["seed"], "returns": rows });
        std::fs::write(user.path("band.json"), band.to_string()).unwrap();
    };
    rows.iter_mut().for_each(|row| row["p25"] = row["p5"].clone());
    rows.iter_mut().for_each(|row| row["p50"] = row["p5"].clone());
    write(&rows);
    let inside = session_with_the_band(&user, &file, "inside");
    assert_eq!(inside.code, 0, "{}", inside.err);
    // A band that asks for half as much again on the second day.
    for edge in ["p5", "p25", "p50", "p75", "p95", "p99"] {
        rows[1][edge] = 0.5.into();
    }
    write(&rows);
    let reduced = session_with_the_band(&user, &file, "reduced");
    assert!(reduced.err.contains("outside_expectation"), "{}", reduced.err);
    let status = user.run(&["journal", "show", "--data-dir", "reduced"]);
    let told = "After 2 trading days the session is at";
    assert!(
        status.out.contains(told) && status.out.contains("below the 50.00 %"),
        "{}",
        status.out
    );
    rows[1]["p1"] = 0.4.into();
    write(&rows);
    let halted = session_with_the_band(&user, &file, "halted");
    assert_eq!(halted.code, 4, "{}", halted.err);
}

#[test]
fn a_file_that_is_no_band_is_refused_with_its_row() {
    let (user, file) = with_a_band("2");
    let good = std::fs::read_to_string(user.path("band.json")).unwrap();
    for (text, says) in [
        (good.replace("\"session\":2", "\"session\":3"), "row 2 is of session 3"),
        (good.replacen("\"p1\":", "\"p1\":9", 1), "the quantiles of session 1 do not rise"),
        (good.replace("\"p95\"", "\"p96\""), "p96"),
        ("{}".into(), "missing field"),
        (String::new(), "EOF"),
    ] {
        std::fs::write(user.path("band.json"), text).unwrap();
        let refused = session_with_the_band(&user, &file, "none");
        assert_eq!(refused.code, 2);
        assert!(refused.sentence().contains(says), "{says}: {}", refused.err);
        assert!(refused.sentence().contains("risk.expected: band.json"), "{}", refused.err);
    }
    std::fs::remove_file(user.path("band.json")).unwrap();
    assert_eq!(session_with_the_band(&user, &file, "none").code, 2);
    assert!(!user.path("none/journal").exists(), "nothing was begun");
}
