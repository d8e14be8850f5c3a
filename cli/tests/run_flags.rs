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
fn write_trades(user: &User) {
    let minutes = (5..9).flat_map(|day| (30..59).map(move |minute| (day, minute)));
    let rows = minutes.map(|(day, minute)| format!("2024-02-{day:02}T15:{minute}:30Z,90,5\n"));
    let text = format!("timestamp,price,size\n{}", rows.collect::<String>());
    std::fs::write(user.path("AAA_trades.csv"), text).unwrap();
}

#[test]
fn detail_takes_effect_in_every_command() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 1_560);
    write_trades(&user);
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

/// What a run reads of its store beside the data that strategies see.
#[cfg(feature = "parquet")]
mod store {
    use super::*;

    const RUN: [&str; 4] = ["backtest", "--json", "--data-dir", "d"];
    const STORE: [&str; 4] = ["--store", "st", "--symbols", "AAA"];

    fn import(user: &User, files: &[&str]) {
        let ended = user.run(&[&["data", "import", "--store", "st"], files].concat());
        assert_eq!(ended.code, 0, "{}", ended.err);
    }

    #[test]
    fn a_benchmark_is_read_from_the_store() {
        let user = User::new();
        let (file, other) = (write_bars(&user, "AAA", 1_170), write_bars(&user, "BBBB", 1_170));
        let days = (5..8).map(|day| format!("2024-02-{day:02}T05:00:00Z,7,9,4,{day},100\n"));
        let days = format!("timestamp,open,high,low,close,volume\n{}", days.collect::<String>());
        std::fs::write(user.path("DAYS.csv"), days).unwrap();
        import(&user, &[&file, &other, "DAYS.csv"]);
        let metrics = |data: &[&str], more: &[&str]| {
            user.json(&[&RUN[..], data, more].concat())["metrics"].clone()
        };
        // Of the run's minutes, and from before the run's first session; or of the days there are.
        for (name, csv) in [("BBBB", other.as_str()), ("DAYS", "DAYS.csv")] {
            for from in ["2024-02-05", "2024-02-06"] {
                let stored = metrics(&STORE, &["--from", from, "--benchmark", name]);
                let files = metrics(&["--data", &file], &["--from", from, "--benchmark", csv]);
                assert!(stored["benchmark_return"].is_number(), "{stored}");
                assert_eq!(stored, files, "{name} from {from}");
            }
        }
        let absent = user.run(&[&RUN[..], &STORE, &["--benchmark", "CCC"]].concat());
        assert_eq!(absent.code, 2);
        let says = "--benchmark CCC: neither a file nor a symbol of the run; the store st holds no";
        assert!(absent.sentence().contains(says), "{}", absent.err);
    }

    #[test]
    fn detail_is_read_from_the_store() {
        let user = User::new();
        let (file, other) = (write_bars(&user, "AAA", 1_560), write_bars(&user, "BBBB", 1_560));
        write_trades(&user);
        import(&user, &[&file, &other, "AAA_trades.csv"]);
        let fast = ["--param", "fast=3"];
        let run = |data: &[&str], more: &[&str]| {
            user.json(&[&RUN[..], &fast, data, &["--detail"], more].concat())
        };
        let files = run(&["--data", &file, "--symbols", "AAA"], &["AAA_trades.csv"]);
        let stored = run(&STORE, &["trades"]);
        let trades = stored["trades"].as_array().unwrap();
        assert!(trades.iter().any(|trade| trade["entry_price"] == "90"), "{trades:?}");
        for field in ["events_hash", "run", "rules"] {
            assert_eq!(stored[field], files[field], "{field}");
        }
        let again = ["--from", stored["run"].as_str().unwrap()];
        assert_eq!(user.json(&[&RUN[..], &again].concat())["run"], stored["run"]);
        // Of a part of the symbols.
        let both = run(&["--data", &file, &other], &["AAA_trades.csv"]);
        assert_eq!(run(&["--store", "st"], &["trades"])["events_hash"], both["events_hash"]);
        // The same bars change nothing.
        let bars = user.json(&[&RUN[..], &fast, &STORE].concat());
        assert_eq!(run(&STORE, &["1Min"])["trades"], bars["trades"]);

        let sweep = |data: &[&str], detail: &str| {
            let args = ["sweep", "--grid", "fast=3,5", "--no-keep", "--json", "--detail", detail];
            user.json(&[&args, data].concat())["trials"].clone()
        };
        assert_eq!(sweep(&STORE, "trades"), sweep(&["--data", &file], "AAA_trades.csv"));
    }

    #[test]
    fn detail_that_the_store_has_not_is_told_in_a_sentence() {
        let user = User::new();
        let (file, other) = (write_bars(&user, "AAA", 390), write_bars(&user, "BBBB", 390));
        write_trades(&user);
        import(&user, &[&file, &other, "AAA_trades.csv"]);
        for (symbols, detail, sentence) in [
            ("AAA", &["quotes"][..], "holds no raw data of that kind"),
            ("AAA", &["5Min"], "holds no raw data of that kind"),
            ("AAA", &["1Min", "5Min"], "name one length"),
            ("AAA", &["trades", "AAA_trades.csv"], "name files, or data of the store, not both"),
            ("BBBB", &["trades"], "the store st holds none of that of BBBB"),
        ] {
            let args = [&RUN[..], &["--store", "st", "--symbols", symbols, "--detail"], detail];
            let ended = user.run(&args.concat());
            assert_eq!(ended.code, 2, "{detail:?}: {}", ended.err);
            assert!(ended.sentence().contains(sentence), "{detail:?}: {}", ended.err);
        }
    }
}
