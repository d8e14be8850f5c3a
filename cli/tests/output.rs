//! What commands print: one JSON object for programs, plain words for people.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;
use std::process::Stdio;

/// A finished session over a file, in the default data directory of its user.
fn finished() -> (User, String) {
    let user = User::new();
    let file = write_bars(&user, "AAA", 200);
    user.json(&["paper", "--json", "--speed", "max", "--until-end", "--data", &file]);
    (user, file)
}

#[test]
fn every_command_explains_itself() {
    let user = User::new();
    let commands = [
        "paper",
        "live",
        "exchange",
        "backtest",
        "compare",
        "bootstrap",
        "journal",
        "replay",
        "status",
        "halt",
        "resume",
        "flatten",
        "cancel-all",
        "strategies",
        "config",
        "doctor",
        "completions",
    ];
    for command in commands {
        let ended = user.run(&[command, "--help"]);
        assert_eq!(ended.code, 0, "{command}: {}", ended.err);
        assert!(ended.out.contains("Usage: tradewind"), "{command}: {}", ended.out);
    }
}

#[test]
fn a_live_session_does_not_offer_what_belongs_to_the_embedded_exchange() {
    let help = User::new().run(&["live", "--help"]).out;
    for flag in ["--data <", "--seed", "--speed", "--until-end"] {
        assert!(!help.contains(flag), "{flag} is in\n{help}");
    }
}

#[test]
fn with_json_there_is_one_object_on_standard_output() {
    let (user, file) = finished();
    for args in [
        vec!["strategies", "--json"],
        vec!["strategies", "sma-crossover", "--json"],
        vec!["config", "show", "--json"],
        vec!["config", "schema", "--json"],
        vec!["journal", "show", "--json"],
        vec!["journal", "verify", "--json"],
        vec!["replay", "--verify", "--json"],
        vec!["backtest", "--json", "--data", &file],
        vec!["doctor", "--json"],
    ] {
        assert!(user.json(&args).is_object(), "{args:?}");
    }
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let (user, _) = finished();
    for args in [
        &["config", "schema"][..],
        &["config", "show", "--json"],
        &["strategies"],
        &["journal", "dump"],
        &["journal", "show"],
        &["completions", "bash"],
    ] {
        let mut command = user.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = common::Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_journal_is_shown_with_what_ran_and_how_it_ended() {
    let (user, _) = finished();
    let shown = user.run(&["journal", "show"]).out;
    for words in [
        "the embedded exchange",
        "sma-crossover direction=long",
        "fast=10",
        "AAA",
        "stopped in order",
        "USD",
    ] {
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
}

#[test]
fn every_dumped_record_is_numbered_and_names_its_symbol() {
    let (user, _) = finished();
    let dump = user.run(&["journal", "dump"]).out;
    let records: Vec<Value> =
        dump.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (index, record) in records.iter().enumerate() {
        assert_eq!(record["seq"], index as u64 + 1);
        assert_eq!(record["id"], format!("{}:{}", record["session"].as_str().unwrap(), index + 1));
        assert!(!has_symbol_id(record), "{record}");
    }
    let kinds = ["input_start", "input_report", "bar", "order_approved", "order_filled"];
    for kind in kinds {
        assert!(records.iter().any(|record| record["kind"] == kind), "there is no {kind}");
    }
    let later = user.run(&["journal", "dump", "--from", "10", "--events"]).out;
    let first: Value = serde_json::from_str(later.lines().next().unwrap()).unwrap();
    assert!(first["seq"].as_u64().unwrap() >= 10, "{first}");
}

/// Whether a symbol stands as its number somewhere.
fn has_symbol_id(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_symbol_id),
        Value::Object(fields) => {
            fields.get("symbol").is_some_and(Value::is_number) || fields.values().any(has_symbol_id)
        }
        _ => false,
    }
}

#[test]
fn the_journal_of_a_finished_session_is_read_where_it_was_put() {
    let (user, file) = finished();
    let first = user.json(&["journal", "show", "--json"]);
    user.json(&["paper", "--json", "--speed", "max", "--until-end", "--data", &file]);
    let id = first["session"]["id"].as_str().unwrap();
    let dir = user.text(&format!(".local/share/tradewind/default/journal/finished/{id}"));
    let again = user.json(&["journal", "show", "--json", "--data-dir", &dir]);
    assert_eq!(again, first);
    assert!(user.run(&["journal", "show"]).out.contains("1 session, such as --data-dir "));
}

#[test]
fn a_backtest_prints_a_table_with_units() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 380);
    let out = user.run(&["backtest", "--data", &file]).out;
    for words in ["profit USD", "entry UTC", "AAA", "return", "USD"] {
        assert!(out.contains(words), "{words} is not in\n{out}");
    }
}

#[test]
fn completions_know_the_commands() {
    let user = User::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = user.run(&["completions", shell]).out;
        for command in ["backtest", "cancel-all", "strategies"] {
            assert!(script.contains(command), "{shell} does not complete {command}");
        }
    }
}
