//! A market that never closes: its data, its days and its year.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;
use std::fmt::Write;

const DAYS: usize = 10;

/// Minute bars of ten whole days of UTC from Friday 2024-03-01 on: two weekends, and the night in
/// which New York changes its clocks.
fn write_coins(user: &User) -> String {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    let cents = |minute: usize| 6_000 + ((minute as f64 / 40.0).sin() * 150.0) as i64;
    for minute in 0..DAYS * 1_440 {
        let (day, hour) = (minute / 1_440 + 1, minute / 60 % 24);
        let (open, close) = (cents(minute), cents(minute + 1));
        let usd = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        let (high, low) = (open.max(close) + 1, open.min(close) - 1);
        writeln!(
            text,
            "2024-03-{day:02}T{hour:02}:{:02}:00Z,{},{},{},{},12.5",
            minute % 60,
            usd(open),
            usd(high),
            usd(low),
            usd(close)
        )
        .unwrap();
    }
    let path = user.text("coins.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn names(user: &User) -> String {
    let file = write_coins(user);
    let named = user.text("COIN.csv");
    std::fs::rename(file, &named).unwrap();
    named
}

#[test]
fn its_data_has_no_gaps_and_its_days_begin_at_midnight_of_utc() {
    let user = User::new();
    let file = names(&user);
    for calendar in ["auto", "always"] {
        let checked = user.run(&["data", "check", &file, "--calendar", calendar]);
        assert_eq!(checked.code, 0, "{calendar}: {}{}", checked.out, checked.err);
    }
    let mut lines: Vec<String> =
        std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    // Of the Saturday's night.
    lines.drain(2_000..2_010);
    std::fs::write(user.path("GAP.csv"), lines.join("\n") + "\n").unwrap();
    let checked = user.run(&["data", "check", "GAP.csv"]);
    assert!(checked.out.contains("10 bars missing, the first at 09:19Z"), "{}", checked.out);

    let days = user.text("days.csv");
    let made = user.run(&[
        "data",
        "convert",
        &file,
        "--resample",
        "1Day",
        "--calendar",
        "always",
        "--out",
        &days,
    ]);
    assert!(made.out.ends_with("days.csv: 10 rows\n"), "{}{}", made.out, made.err);
    let text = std::fs::read_to_string(&days).unwrap();
    assert!(text.lines().nth(2).unwrap().starts_with("2024-03-02T00:00:00Z,"), "{text}");
}

#[test]
fn a_backtest_trades_at_every_hour_and_counts_365_days_to_the_year() {
    let user = User::new();
    let file = names(&user);
    let run = |more: &[&str]| {
        user.json(&[&["backtest", "--json", "--no-keep", "--data", &file], more].concat())
    };
    let new_york = run(&[]);
    assert_eq!(new_york["convention"]["periods_per_year"].as_f64(), Some(252.0));
    let always = run(&["--calendar", "always"]);
    assert_eq!(always["convention"]["periods_per_year"].as_f64(), Some(365.0));
    assert_eq!(always["activity"]["sessions_open"].as_u64(), Some(DAYS as u64));
    let notes = always["notes"].to_string();
    assert!(notes.contains("sessions are days of UTC, 365 to the year"), "{notes}");
    let trades = always["trades"].as_array().unwrap();
    let on = |day: &str| {
        let entry = |row: &serde_json::Value| row["entry_time"].as_str().unwrap().starts_with(day);
        trades.iter().filter(|row| entry(row)).count()
    };
    assert!(on("2024-03-02") > 2 && on("2024-03-03") > 2 && on("2024-03-10") > 2, "{trades:#?}");
    assert!(trades.len() > new_york["trades"].as_array().unwrap().len());
    assert_eq!(run(&["--calendar", "always", "--stream"])["events_hash"], always["events_hash"]);

    std::fs::write(
        user.path("windows.toml"),
        "[backtest]\ncalendar = \"always\"\n[risk]\ntrading_windows = [\"09:45-15:30\"]\n",
    )
    .unwrap();
    let refused = user.run(&["backtest", "--data", &file, "--config", "windows.toml"]);
    assert_eq!((refused.code, refused.sentence().contains("risk.trading_windows")), (2, true));
}

#[test]
fn a_walk_forward_counts_days_of_utc() {
    let user = User::new();
    let file = names(&user);
    let walked = user.run(&[
        "walk-forward",
        "--data",
        &file,
        "--calendar",
        "always",
        "--grid",
        "fast=5,10",
        "--grid",
        "slow=30,60",
        "--train",
        "4",
        "--test",
        "2",
        "--no-keep",
    ]);
    assert_eq!(walked.code, 0, "{}", walked.err);
    assert!(walked.out.contains("over 6 sessions"), "{}", walked.out);
}

/// The symbol has a folder of its own, whose name holds no slash.
#[cfg(feature = "parquet")]
#[test]
fn a_pair_of_currencies_goes_through_the_store() {
    let user = User::new();
    let file = write_coins(&user);
    let named = ["data", "import", &file, "--symbol", "BTC/USD", "--store", "st"];
    let ended = user.run(&named);
    assert!(ended.out.contains("1Min bars of BTC/USD, raw: 14400 rows added"), "{}", ended.err);
    assert!(user.path("st/raw/bars/1Min/BTC%2FUSD/meta.json").exists());
    let checked = user.run(&["data", "check", "--store", "st", "--calendar", "always"]);
    assert!(checked.out.contains("14400 rows, nothing found"), "{}{}", checked.out, checked.err);
    let run = [
        "backtest",
        "--json",
        "--no-keep",
        "--store",
        "st",
        "--symbols",
        "BTC/USD",
        "--calendar",
        "always",
        "--from",
        "2024-03-02T00:00:00Z",
        "--to",
        "2024-03-04T00:00:00Z",
    ];
    let report = user.json(&run);
    assert_eq!(report["symbols"][0].as_str(), Some("BTC/USD"));
    assert_eq!(report["activity"]["sessions_open"].as_u64(), Some(2), "a weekend");
}
