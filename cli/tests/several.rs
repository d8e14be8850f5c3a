//! Several strategies in one account, as a user names them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

/// Two of the same kind, each on a symbol of its own.
const FLAGS: [&str; 14] = [
    "--strategy",
    "quick=sma-crossover",
    "--strategy",
    "steady=sma-crossover",
    "--param",
    "quick.fast=3",
    "--param",
    "quick.slow=12",
    "--param",
    "quick.symbols=AAA",
    "--param",
    "steady.slow=40",
    "--param",
    "steady.symbols=BBBB",
];

const TABLES: &str = "\
[strategies.quick]
name = \"sma-crossover\"
symbols = [\"AAA\"]
params = { fast = 3, slow = 12 }

[strategies.steady]
name = \"sma-crossover\"
symbols = [\"BBBB\"]

[strategies.steady.params]
slow = 40
";

fn backtest(user: &User, files: &[&str], more: &[&str]) -> Value {
    user.json(&[&["backtest", "--json", "--no-keep"], more, &["--data"], files].concat())
}

fn nanos(value: &Value) -> i128 {
    let text = value.as_str().unwrap();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{part:0<9}").parse::<i128>().unwrap()
}

fn sum(rows: &Value, key: &str) -> i128 {
    rows.as_array().unwrap().iter().map(|row| nanos(&row[key])).sum()
}

#[test]
fn flags_and_tables_name_the_same_strategies_and_each_is_told_apart() {
    let user = User::new();
    let (one, other) = (write_bars(&user, "AAA", 780), write_bars(&user, "BBBB", 780));
    std::fs::write(user.path("two.toml"), TABLES).unwrap();
    let by_flags = backtest(&user, &[&one, &other], &FLAGS);
    let by_tables = backtest(&user, &[&one, &other], &["--config", "two.toml"]);
    assert_eq!(by_flags["trades"], by_tables["trades"]);
    assert_eq!(by_flags["events_hash"], by_tables["events_hash"]);
    assert_eq!(by_flags["strategy"], "sma-crossover+sma-crossover");
    assert_eq!(by_flags["params"]["quick.fast"], "3");
    assert_eq!(by_flags["params"]["steady.fast"], "10");
    let lines = by_flags["strategies"].as_array().unwrap();
    assert_eq!((&lines[0]["label"], &lines[1]["label"]), (&"quick".into(), &"steady".into()));
    for (line, symbol) in lines.iter().zip(["AAA", "BBBB"]) {
        let trades = by_flags["trades"].as_array().unwrap();
        let own = trades.iter().filter(|trade| trade["strategy"] == line["label"]);
        assert!(own.clone().count() > 2 && own.clone().all(|trade| trade["symbol"] == symbol));
        assert_eq!(line["trades"], own.count());
        assert_eq!(line["shared"], 0);
    }
    assert_eq!(sum(&by_flags["strategies"], "pnl"), sum(&by_flags["trades"], "pnl"));

    // Alone on its symbol each trades as it does beside the other.
    let alone = ["--strategy", "sma-crossover", "--param", "fast=3", "--param", "slow=12"];
    let alone = backtest(&user, &[&one], &alone);
    assert_eq!(sum(&alone["trades"], "pnl"), nanos(&lines[0]["pnl"]));
    assert!(alone.get("strategies").is_none());
}

#[test]
fn a_paper_session_in_lock_step_decides_the_same_with_several() {
    let user = User::new();
    let (one, other) = (write_bars(&user, "AAA", 400), write_bars(&user, "BBBB", 400));
    let files = [one.as_str(), &other];
    let tested = backtest(&user, &files, &FLAGS);
    let paper = ["paper", "--json", "--data-dir", "d", "--speed", "max", "--until-end"];
    let traded = user.json(&[&paper, &FLAGS[..], &["--data"], &files].concat());
    assert_eq!(traded["events_hash"], tested["events_hash"]);
    let again = user.run(&["replay", "--verify", "--data-dir", "d"]);
    assert_eq!(again.code, 0, "{}", again.err);
}

/// Two on one symbol, each with capital of its own.
const APART: [&str; 12] = [
    "--strategy",
    "quick=sma-crossover",
    "--strategy",
    "steady=sma-crossover",
    "--param",
    "quick.fast=3",
    "--param",
    "quick.slow=12",
    "--set",
    "strategies.quick.capital_usd=30000",
    "--set",
    "strategies.steady.capital_percent=40",
];

fn account<'a>(result: &'a Value, name: &str) -> &'a Value {
    let accounts = result["accounts"].as_array().unwrap();
    accounts.iter().find(|account| account["account"] == name).unwrap()
}

#[test]
fn with_capital_each_has_a_position_and_a_result_of_its_own() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 780);
    let tested = backtest(&user, &[&file], &APART);
    let names = tested["accounts"].as_array().unwrap().iter().map(|one| one["account"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["house", "quick", "steady"]);
    assert_eq!(account(&tested, "quick")["capital"], "30000");
    assert_eq!(account(&tested, "steady")["capital"], "40000");
    for key in ["cash", "equity", "fees"] {
        assert_eq!(sum(&tested["accounts"], key), nanos(&tested[key]), "{key}");
    }
    // What is asked first trades as it does alone, whatever the other holds of the same symbol.
    let alone = ["--strategy", "sma-crossover", "--param", "fast=3", "--param", "slow=12"];
    let alone = backtest(&user, &[&file], &alone);
    assert!(alone.get("accounts").is_none());
    assert_eq!(sum(&alone["trades"], "pnl"), nanos(&account(&tested, "quick")["realised"]));
    assert_ne!(nanos(&account(&tested, "steady")["realised"]), 0);

    // A session decides the same, says the same and is replayed.
    let paper = ["paper", "--json", "--data-dir", "d", "--speed", "max", "--until-end"];
    let traded = user.json(&[&paper, &APART[..], &["--data", &file]].concat());
    assert_eq!(traded["events_hash"], tested["events_hash"]);
    assert_eq!(traded["accounts"], tested["accounts"]);
    let again = user.run(&["replay", "--verify", "--data-dir", "d"]);
    assert_eq!(again.code, 0, "{}", again.err);
    let shown = user.run(&[&["backtest", "--no-keep", "--data", &file], &APART[..]].concat()).out;
    assert!(shown.contains("\naccount ") && shown.contains("\nhouse "), "{shown}");
}

#[test]
fn a_run_with_several_is_run_again_with_one_thing_changed() {
    let user = User::new();
    let (one, other) = (write_bars(&user, "AAA", 400), write_bars(&user, "BBBB", 400));
    let kept = ["backtest", "--json", "--data-dir", "place"];
    let first = user.json(&[&kept, &FLAGS[..], &["--data", &one, &other]].concat());
    let again = ["--from", first["run"].as_str().unwrap()];
    assert_eq!(user.json(&[&kept[..], &again].concat())["run"], first["run"]);
    let changed = user.json(&[&kept[..], &again, &["--param", "steady.slow=25"]].concat());
    assert_eq!(changed["params"]["steady.slow"], "25");
    assert_eq!(changed["params"]["quick.slow"], "12");
    let page = format!("place/runs/{}/report.html", changed["run"].as_str().unwrap());
    let page = std::fs::read_to_string(user.path(&page)).unwrap();
    assert!(page.contains("Strategies in this account"));
    let single = ["--strategy", "macd-trend"];
    assert_eq!(user.json(&[&kept[..], &again, &single].concat())["strategy"], "macd-trend");
}

#[test]
fn a_mistake_in_one_of_several_is_told_with_its_place() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 100);
    let two = ["--strategy", "a=sma-crossover", "--strategy", "b=macd-trend"];
    let both = "[strategies.a]\nname = \"macd-trend\"\n[strategy]\nname = \"buy-and-hold\"\n";
    std::fs::write(user.path("both.toml"), both).unwrap();
    let cases: [(&[&str], &str); 9] = [
        (&["--param", "b.fsat=3"], "flag --param: strategies.b.params.fsat: strategy macd-trend"),
        (&["--param", "fast=3"], "there are several strategies (a, b): say whose parameter it is"),
        (&["--param", "c.fast=3"], "there is no strategy \"c\""),
        (&["--param", "a.symbols=ZZZ"], "strategy sma-crossover: symbols: there is no ZZZ"),
        (&["--strategy", "a=macd-trend"], "flag --strategy: a: two strategies are called so"),
        (&["--strategy", "x y=macd-trend"], "called by letters, digits, - and _"),
        (&["--set", "strategies.a.nme=macd-trend"], "no such key"),
        (
            &["--set", "strategies.a.capital_usd=-5"],
            "strategies.a.capital_usd: expected a number from 1",
        ),
        (&["--config", "both.toml"], "both.toml: strategy.name: it names one strategy"),
    ];
    for (more, says) in cases {
        let ended = user.run(&[&["backtest", "--data", &file], &two[..], more].concat());
        assert_eq!(ended.code, 2, "{more:?}: {}", ended.err);
        assert!(ended.err.contains(says), "{more:?}: {says}\nis not in\n{}", ended.err);
    }
}

#[test]
fn what_looks_at_one_strategy_refuses_several_in_a_sentence() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 780);
    std::fs::write(user.path("two.toml"), TABLES).unwrap();
    let says = "this command looks at one strategy, and quick and steady are named: name one with --strategy NAME";
    for command in [
        &["sweep", "--grid", "fast=3,5"][..],
        &["walk-forward", "--grid", "fast=3,5", "--train", "1", "--test", "1"],
        &["lookahead"],
    ] {
        for named in [&FLAGS[..], &["--config", "two.toml"]] {
            let ended = user.run(&[command, &["--data", &file], named].concat());
            assert_eq!(ended.code, 2, "{command:?}: {}", ended.err);
            assert!(ended.sentence().contains(says), "{command:?}: {}", ended.err);
            assert!(ended.out.is_empty() && !user.path(".local").exists(), "{}", ended.out);
        }
    }
}
