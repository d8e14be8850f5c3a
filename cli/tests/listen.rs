//! A strategy that listens to a model, from the command line.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;

fn generated(user: &User, bars: &str) -> String {
    let file = user.text("SYNA_made.csv");
    user.run(&["data", "generate", "--symbols", "SYNA", "--bars", bars, "--out", &file]);
    file
}

#[test]
fn the_model_that_comes_with_the_program_trades_and_its_verdict_is_told() {
    let user = User::new();
    let file = generated(&user, "4000");
    let args = ["backtest", "--strategy", "lstm", "--data", &file, "--no-keep", "--json"];
    let ended = user.run(&args);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("No edge shown"), "{}", ended.err);
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert!(report["fills"].as_u64().unwrap() > 10, "{report:#}");
    let held = &report["manifest"]["config"]["risk.prediction_time_to_live_s"];
    assert_eq!(held, "30", "what it says does not stand for ever");
    let again = user.json(&args);
    let words = |report: &serde_json::Value| report["events_hash"].as_str().map(str::to_owned);
    assert!(words(&report).is_some());
    assert_eq!(words(&again), words(&report), "the same words, the same trades");
}

#[test]
fn a_session_is_traded_as_the_backtest_and_its_words_are_the_same_when_they_are_computed_again() {
    let user = User::new();
    let file = generated(&user, "2000");
    let backtest =
        user.json(&["backtest", "--strategy", "lstm", "--data", &file, "--no-keep", "--json"]);
    let challenged = ["--set", "model.challengers=bundled"];
    let session =
        ["paper", "--strategy", "lstm", "--data", &file, "--speed", "max", "--until-end", "--json"];
    let summary = user.json(&session);
    assert_eq!(summary["events_hash"], backtest["events_hash"]);
    let told = user.run(&["explain", "1"]);
    assert!(told.out.contains(" said of SYNA: up, "), "{}", told.out);
    let report = user.json(&["replay", "--recompute-models", "--json"]);
    assert_eq!(report["equal"], true);
    assert!(report["report"]["words"].as_u64().unwrap() > 1900, "{report:#}");
    let summary = user.json(&[&session[..], &challenged].concat());
    assert_eq!(summary["cash"], backtest["cash"], "a challenger changes nothing");
    let report = user.json(&["replay", "--recompute-models", "--json"]);
    assert!(report["report"]["words"].as_u64().unwrap() > 3800, "{report:#}");
}

#[test]
fn a_model_of_other_bars_or_none_at_all_is_told_before_anything_runs() {
    let user = User::new();
    let file = generated(&user, "400");
    let long = user.text("SYNA_long.csv");
    let ended = user.run(&["data", "convert", &file, "--resample", "15Min", "--out", &long]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let backtest = ["backtest", "--strategy", "lstm", "--data", &long, "--no-keep"];
    let cases: [(&[&str], &str); 3] = [
        (&backtest, "was trained on bars of 1Min, and these last 15Min: give it its own"),
        (&["sweep", "--strategy", "lstm", "--data", &file, "--grid", "quantity=1,2"], "runs none"),
        (
            &["backtest", "--strategy", "lstm", "--data", &file, "--set", "model.name=3f2a"],
            "there is no model 3f2a",
        ),
    ];
    for (args, sentence) in cases {
        let ended = user.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.sentence().contains(sentence), "{}", ended.err);
    }
}

/// The bundled model knows the synthetic market; bars that swing to and fro are another world.
#[test]
fn a_model_that_has_drifted_is_told_and_traded_on_no_more() {
    let user = User::new();
    let file = common::write_bars(&user, "AAA", 5_000);
    let args =
        ["paper", "--strategy", "lstm", "--data", &file, "--speed", "max", "--until-end", "--json"];
    let summary = user.json(&args);
    let shown = user.run(&["journal", "show"]);
    assert!(shown.out.contains("model_drifted"), "{}", shown.out);
    let unwatched = user.json(&[&args[..], &["--set", "model.watch_drift=false"]].concat());
    assert_eq!(unwatched["alerts"].as_u64().map(|alerts| alerts + 1), summary["alerts"].as_u64());
    assert!(unwatched["fills"].as_u64() > summary["fills"].as_u64(), "{unwatched:#}");
    let ended = user.run(&[&args[..], &["--set", "model.fallback=bundled"]].concat());
    assert_eq!(ended.code, 2);
    assert!(ended.sentence().contains("cannot take over from itself"), "{}", ended.err);
}
