//! Market data on the command line: in, out, and what is wrong with it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};

fn events(user: &User, args: &[&str]) -> (String, String) {
    let result = user.json(args);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&result["data"]["hash"]), text(&result["events_hash"]))
}

#[test]
fn what_is_found_has_its_place_and_exit_code_five() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 780);
    let sound = user.run(&["data", "check", &file]);
    assert_eq!(sound.code, 0, "{}{}", sound.out, sound.err);
    assert!(sound.out.contains("780 rows, nothing found"), "{}", sound.out);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.drain(100..105);
    let gap = user.text("BBB.csv");
    std::fs::write(&gap, lines.join("\n") + "\n").unwrap();
    let ended = user.run(&["data", "check", &gap, "--json"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let finding = &json["checked"][0]["findings"][0];
    assert_eq!((json["findings"].as_u64(), finding["row"].as_u64()), (Some(1), Some(101)));
    assert_eq!((finding["kind"].as_str(), finding["symbol"].as_str()), (Some("gap"), Some("BBB")));
    let twice = user.text("CCC.csv");
    std::fs::write(&twice, text.clone() + lines[lines.len() - 1] + "\n").unwrap();
    let ended = user.run(&["data", "check", &twice]);
    assert_eq!(ended.code, 5);
    assert!(
        ended.out.contains("CCC.csv, row 782, unusable: column timestamp: a second bar"),
        "{}",
        ended.out
    );
}

#[test]
fn quotes_and_trades_are_looked_through_too() {
    let user = User::new();
    let quotes = "timestamp,bid_price,bid_size,ask_price,ask_size\n\
                  2024-02-05T14:30:00Z,10.00,1,10.02,1\n2024-02-05T14:30:01Z,10.03,1,10.02,1\n";
    std::fs::write(user.path("QQQ.csv"), quotes).unwrap();
    let ended = user.run(&["data", "check", "QQQ.csv"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    let said =
        "QQQ.csv, row 3, 2024-02-05 14:30:01Z, crossed: the bid 10.03 is above the ask 10.02";
    assert!(ended.out.contains(said), "{}", ended.out);
    let rows = (10..60).map(|second| format!("2024-02-05T14:30:{second}Z,50.5{},5\n", second % 2));
    let mut rows: Vec<String> = rows.collect();
    rows[30] = "2024-02-05T14:30:40Z,5.05,5\n".into();
    let text = format!("timestamp,price,size\n{}", rows.concat());
    std::fs::write(user.path("TTT.csv"), text).unwrap();
    let ended = user.run(&["data", "check", "TTT.csv"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert!(
        ended.out.contains("TTT.csv, row 32, 2024-02-05 14:30:40Z, bad_tick:"),
        "{}",
        ended.out
    );
}

#[test]
fn files_can_be_streamed_and_cut() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 780);
    let whole = events(&user, &["backtest", "--json", "--data", &file]);
    assert_eq!(events(&user, &["backtest", "--json", "--stream", "--data", &file]), whole);
    let day = ["backtest", "--json", "--data", &file, "--from", "2024-02-06"];
    assert_ne!(events(&user, &day).0, whole.0);
    let ended = user.run(&["backtest", "--data", &file, "--from", "tomorrow"]);
    assert_eq!((ended.code, ended.sentence().contains("--from: `tomorrow` is no time")), (2, true));
}

#[test]
fn generated_and_converted_data_is_the_same_data() {
    let user = User::new();
    let (file, hours) = (user.text("SYN.csv"), user.text("hours.csv.gz"));
    let made = user.run(&["data", "generate", "--symbols", "SYN", "--bars", "800", "--out", &file]);
    assert_eq!(made.out, "800 minute bars of SYN, synthetic, seed 1\n", "{}", made.err);
    let ended = user.run(&["data", "convert", &file, "--resample", "1Hour", "--out", &hours]);
    assert_eq!(
        (ended.code, ended.out.ends_with("hours.csv.gz: 15 rows\n")),
        (0, true),
        "{}",
        ended.err
    );
    let ended = user.run(&[
        "data",
        "convert",
        &hours,
        "--symbol",
        "SYN",
        "--resample",
        "5Min",
        "--out",
        &file,
    ]);
    assert_eq!((ended.code, ended.sentence().contains("out of shorter ones")), (2, true));
    let days = user.text("days.csv");
    let join = ["data", "convert", &hours, "--symbol", "SYN", "--resample", "2Day", "--out", &days];
    let ended = user.run(&join);
    assert_eq!((ended.code, ended.sentence().contains("joins sessions")), (2, true));
    assert!(!user.path("days.csv").exists());
    let always = user.run(&[&join[..], &["--calendar", "always"]].concat());
    assert!(always.out.ends_with("days.csv: 2 rows\n"), "{}{}", always.out, always.err);
}

/// A file that holds one symbol behind the other is read once for each, and gives the same files as
/// one that is in the order of time.
#[test]
fn conversion_does_not_care_how_symbols_lie_in_a_file() {
    let user = User::new();
    let files = [write_bars(&user, "AAA", 500), write_bars(&user, "BBB", 700)];
    let rows = |name: &str, file: &str| -> Vec<String> {
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().skip(1).map(|row| row.replacen(',', &format!(",{name},"), 1)).collect()
    };
    let apart = [rows("AAA", &files[0]), rows("BBB", &files[1])].concat();
    let mut mixed = apart.clone();
    mixed.sort();
    let convert = |name: &str, lines: &[String]| {
        let header = "timestamp,symbol,open,high,low,close,volume\n".to_owned();
        let (file, out) = (user.text(&format!("{name}.csv")), user.text(&format!("{name}/")));
        std::fs::write(&file, header + &lines.join("\n") + "\n").unwrap();
        let args =
            ["data", "convert", &file, "--resample", "5Min", "--from", "2024-02-05T16:00:00Z"];
        let ended = user.run(&[&args[..], &["--out", &out]].concat());
        assert_eq!(ended.code, 0, "{}", ended.err);
        let read = |symbol: &str| std::fs::read_to_string(out.clone() + symbol).unwrap();
        (read("AAA.csv"), read("BBB.csv"))
    };
    let (apart, mixed) = (convert("apart", &apart), convert("mixed", &mixed));
    assert_eq!(apart, mixed);
    assert_eq!(apart.1.lines().nth(1).map(|row| &row[..20]), Some("2024-02-05T16:00:00Z"));
}

/// What fails when half of it is written leaves nothing, and what was there stays.
#[test]
fn a_conversion_that_fails_leaves_nothing_behind() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 500);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::create_dir(user.path("again")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let late = format!("{}\n{}\n", lines[0], lines[450..].join("\n"));
    std::fs::write(user.path("again/AAA.csv"), late).unwrap();
    std::fs::create_dir(user.path("out")).unwrap();
    std::fs::write(user.path("out/AAA.csv"), "before").unwrap();
    for out in ["out/", "out/AAA.csv"] {
        let ended = user.run(&[
            "data",
            "convert",
            &file,
            "again/AAA.csv",
            "--resolution",
            "1Min",
            "--out",
            out,
        ]);
        assert_eq!((ended.code, ended.sentence().contains("AAA")), (2, true), "{}", ended.err);
        let left: Vec<_> = std::fs::read_dir(user.path("out")).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(std::fs::read_to_string(user.path("out/AAA.csv")).unwrap(), "before");
    }
}

/// The benchmark's file begins days before the run does.
#[test]
fn a_benchmark_begins_with_the_run_and_not_with_its_file() {
    let user = User::new();
    let (file, other) = (write_bars(&user, "AAA", 1_170), write_bars(&user, "BBB", 1_170));
    let text = std::fs::read_to_string(&other).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let close = |row: usize| rows[row][4].parse::<f64>().unwrap();
    let third_day = &rows[780][0][..10];
    let folder = user.text("facts");
    let run = user.run(&[
        "backtest",
        "--data",
        &file,
        "--from",
        third_day,
        "--benchmark",
        &other,
        "--facts",
        &folder,
        "--facts-format",
        "json",
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    let sessions = std::fs::read_to_string(user.path("facts").join("sessions.json")).unwrap();
    let sessions: serde_json::Value = serde_json::from_str(&sessions).unwrap();
    let values: Vec<f64> =
        sessions.as_array().unwrap().iter().map(|row| row["benchmark"].as_f64().unwrap()).collect();
    assert_eq!(values.len(), 2, "{sessions}");
    assert_eq!(values[0], 1.0);
    assert!((values[1] - close(1_169) / close(779)).abs() < 1e-12, "{values:?}");
}

/// Every file in the user's home, with its length.
fn files(user: &User) -> Vec<(std::path::PathBuf, u64)> {
    let mut folders = vec![user.path("")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.metadata().unwrap() {
                about if about.is_dir() => folders.push(entry.path()),
                about => found.push((entry.path(), about.len())),
            }
        }
    }
    found.sort();
    found
}

/// Bad files: name, bytes, and what the sentence must say of the place.
fn bad_files(user: &User, good: &str) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let text = std::fs::read_to_string(good).unwrap();
    let row = |line: &str| (text.clone() + line + "\n").into_bytes();
    let mut cases = vec![
        (
            "MISSING.csv",
            text.replace("volume", "size").into_bytes(),
            "MISSING.csv, row 1, column volume: the column is missing",
        ),
        (
            "UNSORTED.csv",
            row("2024-02-05T14:31:00Z,1,1,1,1,1"),
            "UNSORTED.csv, row 22, column timestamp: 2024-02-05T14:31",
        ),
        (
            "TWICE.csv",
            row("2024-02-05T14:49:00Z,1,1,1,1,1"),
            "TWICE.csv, row 22, column timestamp: a second bar",
        ),
        ("NAN.csv", row("2024-02-06T14:49:00Z,NaN,1,1,1,1"), "NAN.csv, row 22, column open: `NaN`"),
        (
            "NEGATIVE.csv",
            row("2024-02-06T14:49:00Z,1,1,-1,1,1"),
            "NEGATIVE.csv, row 22, column low: -1 cannot be",
        ),
        (
            "ZONES.csv",
            row("2024-02-06T14:49:00-05:00,1,1,1,1,1"),
            "ZONES.csv, row 22, column timestamp: the time is in UTC-05:00",
        ),
        ("EMPTY.csv", text.lines().next().unwrap().into(), "EMPTY.csv: the file has no rows"),
    ];
    if cfg!(feature = "parquet") {
        let parquet = user.text("whole.parquet");
        assert_eq!(user.run(&["data", "convert", good, "--out", &parquet]).code, 0);
        let mut cut = std::fs::read(&parquet).unwrap();
        cut.truncate(cut.len() - 7);
        cases.push(("CUT.parquet", cut, "CUT.parquet: the file is not sound Parquet"));
    }
    cases
}

#[test]
fn bad_files_are_one_sentence_and_nothing_is_written() {
    let user = User::new();
    let good = write_bars(&user, "AAA", 20);
    let mut commands: Vec<&[&str]> = vec![
        &["data", "convert", "--symbol", "BBB", "--out", "out"],
        &["data", "convert", "--symbol", "BBB", "--out", "out.csv.gz", "--symbols", "BBB"],
        &["backtest", "--trades", "trades.csv", "--report", "report.html", "--data"],
        &["backtest", "--stream", "--data"],
        &["sweep", "--grid", "fast=2..3:1", "--data"],
        &["walk-forward", "--grid", "fast=2..3:1", "--data"],
        &["lookahead", "--data"],
    ];
    if cfg!(feature = "parquet") {
        commands.push(&["data", "import", "--symbol", "BBB", "--store", "st"]);
        commands.push(&["data", "convert", "--symbol", "BBB", "--out", "out.parquet"]);
    }
    for (name, bytes, expected) in bad_files(&user, &good) {
        std::fs::write(user.path(name), bytes).unwrap();
        let before = files(&user);
        for command in &commands {
            // What streams CSV files reads no others.
            if name.ends_with(".parquet") && command.contains(&"--stream") {
                continue;
            }
            // Where several files are taken a good one comes first, and is not written either.
            let is_import = command.contains(&"import");
            let files_given: &[&str] = if is_import { &[&good, name] } else { &[name] };
            let ended = user.run(&[command, files_given].concat());
            assert_eq!(ended.code, 2, "{command:?} {name}: {}", ended.out);
            assert!(ended.sentence().contains(expected), "{command:?} {name}: {}", ended.err);
            assert_eq!(ended.err.lines().count(), 1, "{command:?} {name}: {}", ended.err);
            assert_eq!(files(&user), before, "{command:?} {name}");
        }
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_the_feature_the_store_names_the_build() {
    let user = User::new();
    let file = write_bars(&user, "AAA", 10);
    for args in
        [&["data", "list"][..], &["data", "import", &file], &["backtest", "--store", "here"]]
    {
        let ended = user.run(args);
        assert_eq!(ended.code, 2, "{args:?}");
        assert!(ended.sentence().contains("cargo build --release --locked --features parquet"));
    }
}

#[cfg(feature = "parquet")]
mod store {
    use super::*;

    #[test]
    fn one_result_from_csv_and_parquet() {
        let user = User::new();
        let files = ["AAA", "BBB"].map(|name| write_bars(&user, name, 780));
        let import = user.run(&["data", "import", &files[0], &files[1], "--store", "st"]);
        assert_eq!(import.code, 0, "{}", import.err);
        assert!(
            import.out.contains("1Min bars of AAA, raw: 780 rows added, 780 in all"),
            "{}",
            import.out
        );
        let again = user.run(&["data", "import", &files[0], "--store", "st"]);
        assert!(again.out.contains("0 rows added, 780 known already"), "{}", again.out);
        let expected = events(&user, &["backtest", "--json", "--data", &files[0], &files[1]]);
        assert_eq!(events(&user, &["backtest", "--json", "--store", "st"]), expected);
        let out = user.text("AAA.parquet");
        let ended =
            user.run(&["data", "convert", "--store", "st", "--symbols", "AAA", "--out", &out]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let one = events(&user, &["backtest", "--json", "--data", &files[0]]);
        assert_eq!(events(&user, &["backtest", "--json", "--data", &out]), one);
        let streamed = ["backtest", "--json", "--stream", "--data", &out, &files[1]];
        assert_eq!(events(&user, &streamed), expected);
        let back = user.text("AAA.csv");
        assert_eq!(user.run(&["data", "convert", &out, "--out", &back]).code, 0);
        assert_eq!(events(&user, &["backtest", "--json", "--data", &back]), one);
        let list = user.json(&["data", "list", "--store", "st", "--json"]);
        let series = &list["series"][1];
        assert_eq!((series["symbol"].as_str(), series["rows"].as_u64()), (Some("BBB"), Some(780)));
        assert_eq!(
            (series["feed"].as_str(), series["adjustment"].as_str()),
            (Some("file"), Some("raw"))
        );
        assert_eq!(user.run(&["data", "check", "--store", "st"]).code, 0);
        let absent = user.run(&["backtest", "--store", "st", "--symbols", "CCC"]);
        assert_eq!(absent.code, 2);
        assert!(absent.sentence().contains("holds no raw data of CCC"), "{}", absent.err);
    }

    /// Two files of one symbol whose trades share instants, beside its bars.
    #[test]
    fn ties_are_broken_alike_in_csv_and_parquet_in_whatever_order() {
        let user = User::new();
        let bars = write_bars(&user, "AAA", 780);
        let trades = |name: &str, cents: u32| {
            let rows = (30..59).map(|minute| format!("2024-02-05T14:{minute}:30Z,99.{cents},5\n"));
            let text = format!("timestamp,price,size\n{}", rows.collect::<String>());
            std::fs::write(user.path(&format!("{name}.csv")), text).unwrap();
            let (csv, parquet) = (format!("{name}.csv"), format!("{name}.parquet"));
            let ended = user.run(&["data", "convert", &csv, "--out", &parquet]);
            assert_eq!(ended.code, 0, "{}", ended.err);
        };
        trades("AAA_one", 10);
        trades("AAA_two", 90);
        let run = |files: &[&str]| {
            events(&user, &[&["backtest", "--json", "--no-keep", "--data", &bars], files].concat())
        };
        let expected = run(&["AAA_one.csv", "AAA_two.csv"]);
        for files in [
            ["AAA_two.csv", "AAA_one.csv"],
            ["AAA_one.parquet", "AAA_two.parquet"],
            ["AAA_two.parquet", "AAA_one.parquet"],
        ] {
            assert_eq!(run(&files), expected, "{files:?}");
        }
        assert_eq!(run(&["AAA_two.csv", "AAA_one.csv", "--stream"]), expected);
    }

    #[test]
    fn a_session_that_was_recorded_is_data() {
        let user = User::new();
        let file = write_bars(&user, "AAA", 400);
        let session = [
            "paper",
            "--data",
            &file,
            "--speed",
            "max",
            "--until-end",
            "--no-view",
            "--data-dir",
            "rec",
        ];
        let ran = user.run(&session);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let ended =
            user.run(&["data", "import", "--session", "rec", "--feed", "iex", "--store", "st"]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains("1Min bars of AAA, raw: 400 rows added"), "{}", ended.out);
        let expected = events(&user, &["backtest", "--json", "--data", &file]);
        assert_eq!(events(&user, &["backtest", "--json", "--store", "st"]), expected);
    }
}
