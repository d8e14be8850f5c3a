//! A strategy that listens to a model, from the command line.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;
use model::features::{Declared, Pipeline};
use model::folder::{Model, Parts};
use std::path::Path;

/// The bundled model with something changed, kept in a folder.
fn kept(root: &Path, change: impl FnOnce(&mut Parts)) -> String {
    let bundled = Model::bundled().unwrap();
    let mut parts = Parts {
        weights: bundled.weights().clone(),
        scaler: bundled.scaler().clone(),
        pipeline: bundled.pipeline().clone(),
        reference: bundled.reference().clone(),
        card: bundled.card().clone(),
        head: *bundled.head(),
        window: bundled.window(),
        horizon: bundled.horizon(),
        bar_length: bundled.bar_length(),
        lineage: bundled.lineage().clone(),
    };
    change(&mut parts);
    Model::save(parts, root).unwrap().id().to_string()
}

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
    let cases: [(&[&str], &str); 4] = [
        (&backtest, "was trained on bars of 1Min, and these last 15Min: give it its own"),
        (
            &["sweep", "--strategy", "lstm", "--data", &long, "--grid", "quantity=1,2"],
            "was trained on bars of 1Min, and these last 15Min: give it its own",
        ),
        (
            &["lookahead", "--strategy", "lstm", "--data", &long],
            "was trained on bars of 1Min, and these last 15Min: give it its own",
        ),
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

#[test]
fn a_damaged_model_or_one_of_another_feature_pipeline_trades_nothing() {
    let user = User::new();
    let file = generated(&user, "400");
    let root = user.path(".local/share/tradewind/models");
    let rsi = Pipeline::new(&[Declared::named("rsi")]).unwrap();
    let of_others = kept(&root, |parts| parts.pipeline = rsi);
    let damaged = kept(&root, |parts| parts.card.software = "a test".into());
    let done = user.run(&["model", "promote", &damaged, "--anyway", "a trial"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let path = root.join(&damaged).join("weights.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let name = format!("model.name={of_others}");
    let cases: [(&[&str], String); 2] = [
        (&[], format!("model {damaged} is damaged: weights.safetensors is not what was written")),
        (&["--set", &name], format!("model {of_others} was trained on another feature pipeline")),
    ];
    let session = ["paper", "--speed", "max", "--until-end"];
    for (more, sentence) in cases {
        for command in [&session[..], &["backtest", "--no-keep"]] {
            let args = [command, &["--strategy", "lstm", "--data", &file], more].concat();
            let ended = user.run(&args);
            assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
            assert!(ended.sentence().contains(&sentence), "{}", ended.err);
            assert!(ended.sentence().contains("nothing is traded on it"), "{}", ended.err);
        }
    }
    let begun = user.run(&["journal", "show"]);
    assert_ne!(begun.code, 0, "no session has begun: {}", begun.out);
}

/// What `model list` calls damaged is not traded on because the program has another copy of it.
#[test]
fn a_damaged_copy_of_the_bundled_model_trades_nothing() {
    let user = User::new();
    let file = generated(&user, "400");
    let id = Model::bundled().unwrap().id().to_string();
    let copy = user.path(".local/share/tradewind/models").join(&id);
    std::fs::create_dir_all(&copy).unwrap();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/model/bundled");
    for file in std::fs::read_dir(bundled).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let args = ["backtest", "--no-keep", "--strategy", "lstm", "--data", &file];
    assert_eq!(user.run(&args).code, 0, "a whole copy is as good");
    std::fs::write(copy.join("weights.safetensors"), "none").unwrap();
    let ended = user.run(&args);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    let sentence = format!("model {id} is damaged: weights.safetensors");
    assert!(ended.sentence().contains(&sentence), "{}", ended.err);
}

#[test]
fn a_model_of_other_hours_is_told() {
    let user = User::new();
    let file = generated(&user, "400");
    let args = ["backtest", "--strategy", "lstm", "--data", &file, "--no-keep"];
    let told =
        "learned from bars of regular hours, and is shown those of regular and extended hours";
    let ended = user.run(&[&args[..], &["--session", "extended"]].concat());
    assert!(ended.err.contains(told), "{}", ended.err);
    let ended = user.run(&args);
    assert!(ended.code == 0 && !ended.err.contains("learned from bars"), "{}", ended.err);
}

/// A model that has nothing to say, in a file too short or too still for it.
#[test]
fn a_model_that_said_nothing_is_told_with_what_it_needs() {
    let user = User::new();
    let few = generated(&user, "19");
    let still = user.text("STILL.csv");
    let row = |at: u32| {
        let minute = 14 * 60 + 30 + at;
        format!("2024-02-05T{:02}:{:02}:00Z,9,9,9,9,1\n", minute / 60, minute % 60)
    };
    let rows: String = (0..390).map(row).collect();
    std::fs::write(&still, format!("timestamp,open,high,low,close,volume\n{rows}")).unwrap();
    let why = "said nothing: it must see 63 bars of a symbol first, and has nothing to say where \
               prices do not move";
    for file in [&few, &still] {
        let backtest =
            user.run(&["backtest", "--strategy", "lstm", "--data", file, "--no-keep", "--json"]);
        let report: serde_json::Value = serde_json::from_str(&backtest.out).unwrap();
        assert!(report["notes"].to_string().contains(why), "{file}: {:#}", report["notes"]);
        let session = ["paper", "--strategy", "lstm", "--speed", "max", "--until-end", "--json"];
        let ended = user.run(&[&session[..], &["--data", file]].concat());
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.err.contains(why), "{file}: {}", ended.err);
    }
    let file = generated(&user, "100");
    let ended = user.run(&[
        "paper",
        "--strategy",
        "lstm",
        "--speed",
        "max",
        "--until-end",
        "--data",
        &file,
    ]);
    assert!(!ended.err.contains("said nothing"), "{}", ended.err);
}

/// In the first hour of the market that a session has when nothing is set.
#[test]
fn the_model_that_comes_with_the_program_trades_within_an_hour() {
    let user = User::new();
    let summary =
        user.json(&["paper", "--strategy", "lstm", "--speed", "max", "--for", "3s", "--json"]);
    assert_eq!(summary["data"], "synthetic");
    let again = user.json(&["replay", "--recompute-models", "--json"]);
    assert_eq!(again["equal"], true, "warm-up bars of another day included: {again}");
    let dump = user.run(&["journal", "dump"]).out;
    let first = dump.lines().position(|line| line.contains("order_approved"));
    let first = first.unwrap_or_else(|| panic!("no order: {summary}"));
    let is_word = |line: &&str| line.contains("prediction_taken") && line.contains("\"SYNA\"");
    let words = dump.lines().take(first).filter(is_word).count();
    assert!(words > 0 && words <= 60, "the first order comes after {words} minutes");
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
    let args = ["backtest", "--strategy", "lstm", "--data", &file];
    let told = user.run(&args);
    let sentence = "note: model_drifted: model ";
    assert!(told.out.contains(sentence) && told.out.contains("no other took over"), "{}", told.out);
    assert!(told.out.contains("\nmodels    "), "{}", told.out);
    let page = told.out.lines().find_map(|line| line.strip_prefix("report")).unwrap().trim();
    assert!(std::fs::read_to_string(page).unwrap().contains("model_drifted: model "));
    let report = user.json(&[&args[..], &["--no-keep", "--json"]].concat());
    let line = &report["models"][0];
    assert!(line["drifted"]["reason"].is_string() && line["noted"].as_u64() > Some(0), "{line:#}");
    assert_eq!(report["positions"], serde_json::json!({}), "nobody is left to close them");
    let ruled = ["--param", "after_drift=sma-crossover", "--no-keep", "--json"];
    let ruled = user.json(&[&args[..], &ruled].concat());
    assert!(ruled["fills"].as_u64() > report["fills"].as_u64(), "{ruled:#}");
    let args =
        ["paper", "--strategy", "lstm", "--data", &file, "--speed", "max", "--until-end", "--json"];
    let unwatched = user.json(&[&args[..], &["--set", "model.watch_drift=false"]].concat());
    assert_eq!(unwatched["alerts"].as_u64().map(|alerts| alerts + 1), summary["alerts"].as_u64());
    assert!(unwatched["fills"].as_u64() > summary["fills"].as_u64(), "{unwatched:#}");
    let ended = user.run(&[&args[..], &["--set", "model.fallback=bundled"]].concat());
    assert_eq!(ended.code, 2);
    assert!(ended.sentence().contains("cannot take over from itself"), "{}", ended.err);
}

/// Two models like the bundled one, of which one never finds that anything has moved.
#[test]
fn the_model_promoted_before_takes_over_from_one_that_has_drifted_and_is_named() {
    let user = User::new();
    let file = common::write_bars(&user, "AAA", 5_000);
    let root = user.path(".local/share/tradewind/models");
    let steady = kept(&root, |parts| {
        parts.reference.loss = f64::MAX.sqrt();
        parts.reference.accuracy = 0.0;
        let columns = parts.reference.columns.iter_mut();
        columns.for_each(|column| column.strayed.psi = f64::MAX.sqrt());
    });
    let newer = kept(&root, |parts| parts.card.software = "a test".into());
    for id in [&steady, &newer] {
        assert_eq!(user.run(&["model", "promote", id, "--anyway", "a trial"]).code, 0);
    }
    let args = ["--strategy", "lstm", "--data", &file, "--json"];
    let report = user.json(&[&["backtest", "--no-keep"], &args[..]].concat());
    let [first, second] = report["models"].as_array().unwrap().as_slice() else {
        panic!("{:#}", report["models"])
    };
    assert_eq!((&first["model"], &second["model"]), (&newer.into(), &steady.clone().into()));
    let reason = first["drifted"]["reason"].as_str().unwrap();
    assert!(reason.ends_with(&format!("; model {steady} takes over")), "{reason}");
    assert_eq!(first["traded_on"], second["noted"], "one after the other");
    assert!(second["traded_on"].as_u64() > Some(0) && second["took_over"].is_string());
    let session = ["paper", "--speed", "max", "--until-end"];
    assert_eq!(user.json(&[&session, &args[..]].concat())["cash"], report["cash"]);
    let shown = user.run(&["journal", "show"]).out;
    assert!(shown.contains(&format!("model {steady} takes over")), "{shown}");

    let alone = [&["backtest", "--no-keep"], &args[..], &["--set", "model.fallback="]].concat();
    assert_eq!(user.json(&alone)["models"].as_array().unwrap().len(), 1);
    assert_eq!(user.run(&["model", "retire", &steady]).code, 0);
    let alone = user.json(&[&["backtest", "--no-keep"], &args[..]].concat());
    assert_eq!(alone["models"].as_array().unwrap().len(), 1, "a retired one does not take over");
}

#[test]
fn a_sweep_over_how_sure_a_model_must_be_comes_to_what_backtests_come_to() {
    let user = User::new();
    let file = generated(&user, "2000");
    let of = ["--strategy", "lstm", "--data", &file, "--json"];
    let grid = ["sweep", "--grid", "confidence_percent=45,55"];
    let report = user.json(&[&grid[..], &of].concat());
    let trials = report["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 2, "{report:#}");
    for trial in trials {
        let sure = format!(
            "confidence_percent={}",
            trial["params"]["confidence_percent"].as_str().unwrap()
        );
        let alone = user.json(&[&["backtest", "--param", &sure][..], &of].concat());
        assert_eq!(trial["events_hash"], alone["events_hash"], "{sure}");
        assert_eq!(alone["trials"], 2, "it is one of those of the sweep");
    }
    assert_ne!(trials[0]["trades"], trials[1]["trades"]);
    assert!(
        report["notes"].to_string().contains("was made from generated bars of SYNA"),
        "{report:#}"
    );
    // Another model is another try.
    let args = ["--set", "model.watch_drift=false"];
    let again = user.json(&[&grid[..], &of, &args].concat());
    assert_eq!(again["known"], 0);
    assert_eq!(user.json(&[&grid[..], &of].concat())["known"], 2);
}

#[test]
fn a_walk_forward_says_whether_its_model_has_seen_the_tests() {
    let user = User::new();
    let file = generated(&user, "2340");
    let grid = ["--grid", "confidence_percent=45,55", "--train", "2", "--test", "1"];
    let args = ["walk-forward", "--strategy", "lstm", "--data", &file];
    let told = user.run(&[&args[..], &grid].concat());
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.contains("note: model "), "{}", told.out);
    assert!(told.out.contains("of 4 tests overlap them and are not out of sample"), "{}", told.out);
}

#[test]
fn what_a_model_says_is_searched_for_look_ahead() {
    let user = User::new();
    let file = generated(&user, "800");
    let args = ["lookahead", "--strategy", "lstm", "--data", &file, "--param"];
    let told = user.run(&[&args[..], &["confidence_percent=45", "--cuts", "4"]].concat());
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    assert!(told.out.contains(" words of models stayed the same"), "{}", told.out);
}
