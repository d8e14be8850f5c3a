//! `tradewind indicators` and `tradewind indicator`, and the strategies on several symbols by name.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};

#[test]
fn all_are_listed_and_each_is_explained() {
    let user = User::new();
    let all = user.json(&["indicators", "--json"]);
    let all = all["indicators"].as_array().unwrap().clone();
    assert_eq!(all.len(), strategies::indicator::registry().len());
    let text = user.run(&["indicators"]).out;
    for one in &all {
        let name = one["name"].as_str().unwrap();
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        assert!(line.contains(&format!("{} bar", one["warmup_bars"])), "{line}");
        let said = user.json(&["indicators", name, "--json"]);
        assert_eq!(said, *one);
    }
    let rsi = user.run(&["indicators", "rsi"]).out;
    for words in ["--param period=14", "1 to 100000 bars", "rsi (0 to 100)", "15 bars", "Wilder"] {
        assert!(rsi.contains(words), "{words}: {rsi}");
    }
}

#[test]
fn values_are_printed_from_the_first_on() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 40);
    let csv = user.run(&["indicator", "rsi", "--period", "14", "--data", &file]).out;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("time,close,rsi", 41));
    assert!(lines[1].starts_with("2024-02-05T14:30:00.000000000Z,100.01"), "{}", lines[1]);
    assert!(lines[1].ends_with(','), "{}", lines[1]);
    assert!(lines[14].ends_with(','), "{}", lines[14]);
    let first: f64 = lines[15].rsplit(',').next().unwrap().parse().unwrap();
    assert!((0.0..=100.0).contains(&first), "{first}");

    let args =
        ["indicator", "macd", "--param", "slow=20", "--data", &file, "--last", "13", "--json"];
    let said = user.json(&args);
    assert_eq!((&said["params"]["slow"], &said["params"]["fast"]), (&"20".into(), &"12".into()));
    assert_eq!((&said["warmup_bars"], &said["symbol"]), (&28.into(), &"AAA".into()));
    let rows = said["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 13);
    assert!(rows.iter().all(|row| row["histogram"].is_number()), "{rows:?}");
    let early = user.json(&["indicator", "macd", "--data", &file, "--json"]);
    assert!(early["rows"][0]["line"].is_null() && early["null"].is_string());
}

#[test]
fn one_is_drawn_under_the_closes() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 300);
    let drawn = user.run(&["indicator", "bollinger", "--data", &file, "--plot"]).out;
    for words in ["bollinger deviations=2 period=20 of AAA, 281 bars", "close, last", "upper, last"]
    {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    assert!(
        drawn.chars().filter(|letter| ('\u{2801}'..='\u{28ff}').contains(letter)).count() > 200
    );
}

#[test]
fn what_is_wrong_is_a_sentence() {
    let user = User::new();
    let few = write_bars(&user, "FEW", 10);
    let bad = user.text("BAD_2024.csv");
    let rows = "timestamp,open,high,low,close,volume\n2024-02-05T14:30:00Z,1,1,1,1,1\n2024-02-05T14:31:00Z,1,NaN,1,1,1\n";
    std::fs::write(&bad, rows).unwrap();
    let two = user.text("two.csv");
    let rows = "symbol,timestamp,open,high,low,close,volume\nAAA,2024-02-05T14:30:00Z,1,1,1,1,1\nBBB,2024-02-05T14:30:00Z,1,1,1,1,1\nAAA,2024-02-05T14:31:00Z,1,1,1,1,1\nBBB,2024-02-05T14:31:00Z,1,1,1,1,1\n";
    std::fs::write(&two, rows).unwrap();
    let cases: [(&[&str], &[&str]); 7] = [
        (&["rsii", "--data", &few], &["rsii", "did you mean rsi?"]),
        (&["rsi", "--period", "x", "--data", &few], &["period = \"x\" is not a whole number"]),
        (&["rsi", "--param", "fast=2", "--data", &few], &["no parameter fast: it has period"]),
        (&["rsi", "--data", &few], &["FEW_2024-02.csv has 10 bars: rsi needs 15"]),
        (&["obv", "--data", &bad], &["BAD_2024.csv", "row 3", "NaN"]),
        (&["obv", "--data", &two], &["AAA, BBB", "--symbols"]),
        (&["obv", "--data", "missing.csv"], &["missing.csv"]),
    ];
    for (args, words) in cases {
        let ended = user.run(&[&["indicator"], args].concat());
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        for words in words {
            assert!(ended.err.contains(words), "{words}: {}", ended.err);
        }
    }
    let one = user.run(&["indicator", "obv", "--data", &two, "--symbols", "BBB"]);
    assert_eq!(one.out.lines().count(), 3, "{}", one.err);
}

#[test]
fn strategies_on_several_symbols_are_chosen_by_name() {
    let user = User::new();
    let (first, second) = (write_bars(&user, "AAA", 780), write_bars(&user, "BBBBBBBB", 780));
    let pair = [
        "--strategy",
        "pairs",
        "--param",
        "period=30",
        "--param",
        "entry=1",
        "--data",
        &first,
        &second,
    ];
    let backtest = [&["backtest", "--json", "--no-keep"], &pair[..]].concat();
    let ran = user.json(&backtest);
    assert_eq!(ran["strategy"], "pairs");
    assert!(ran["orders"]["filled"].as_u64().unwrap() > 0, "{}", ran["orders"]);
    let paper = ["paper", "--json", "--speed", "max", "--until-end"];
    let ended = user.json(&[&paper, &pair[..]].concat());
    assert_eq!((&ended["venue"], &ended["data"]), (&"embedded".into(), &"file".into()));
    let rotation = ["--strategy", "momentum-rotation", "--data", &first, &second];
    let ran = user.json(&[&["backtest", "--json", "--no-keep"], &rotation[..]].concat());
    assert_eq!(ran["strategy"], "momentum-rotation");
    let alone = user.run(&["backtest", "--strategy", "pairs", "--data", &first]);
    assert_eq!(alone.code, 2);
    assert!(alone.sentence().contains("it trades two symbols, and has AAA"), "{}", alone.err);
}
