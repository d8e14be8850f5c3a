//! Bad input: one clear sentence that says what to do, a non-zero exit, nothing half written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};

/// Arguments, exit code, and what the sentence must say.
struct Case {
    args: &'static [&'static str],
    code: i32,
    says: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case { args: &["papr"], code: 2, says: &["paper"] },
    Case { args: &["paper", "--for", "soon"], code: 2, says: &["90s"] },
    Case {
        args: &["paper", "--strategy", "sma-crosover"],
        code: 2,
        says: &["sma-crosover", "sma-crossover"],
    },
    Case { args: &["paper", "--param", "fast=quick"], code: 2, says: &["fast", "quick"] },
    Case { args: &["paper", "--param", "fsat=3"], code: 2, says: &["fsat", "fast"] },
    Case { args: &["paper", "--until-end"], code: 2, says: &["--data", "--for"] },
    Case { args: &["paper", "--data", "missing.csv"], code: 2, says: &["missing.csv"] },
    Case { args: &["backtest", "--data", "missing.csv"], code: 2, says: &["missing.csv"] },
    Case { args: &["paper", "--config", "missing.toml"], code: 2, says: &["missing.toml"] },
    Case { args: &["paper", "--profile", "best"], code: 2, says: &["best", "dev, test, prod"] },
    Case {
        args: &["paper", "--set", "session.venue=alpaca-paper"],
        code: 2,
        says: &["APCA_API_KEY_ID"],
    },
    Case { args: &["live"], code: 2, says: &["i-understand-this-trades-real-money"] },
    Case {
        args: &["live", "--i-understand-this-trades-real-money"],
        code: 2,
        says: &["APCA_API_KEY_ID"],
    },
    Case {
        args: &["status", "--data-dir", "empty"],
        code: 6,
        says: &["no session", "tradewind paper"],
    },
    Case { args: &["halt", "--data-dir", "empty"], code: 6, says: &["no session"] },
    Case { args: &["resume", "--data-dir", "empty"], code: 2, says: &["reason"] },
    Case { args: &["journal", "verify", "--data-dir", "empty"], code: 2, says: &["--data-dir"] },
    Case { args: &["exchange", "--listen", "0.0.0.0:0"], code: 2, says: &["127.0.0.1"] },
    Case { args: &["strategies", "sma"], code: 2, says: &["sma-crossover"] },
];

#[test]
fn each_mistake_gets_a_sentence_and_its_exit_code() {
    let user = User::new();
    for case in CASES {
        let ended = user.run(case.args);
        assert_eq!(ended.code, case.code, "{:?}: {}", case.args, ended.err);
        for words in case.says {
            assert!(
                ended.err.contains(words),
                "{:?} does not say {words}: {}",
                case.args,
                ended.err
            );
        }
        assert!(!ended.err.contains("panicked"), "{:?}: {}", case.args, ended.err);
    }
}

#[test]
fn bad_rows_are_named_by_file_row_and_column() {
    let user = User::new();
    let head = "timestamp,open,high,low,close,volume\n";
    let rows = [
        ("NAN", "2024-03-05T14:30:00Z,NaN,1,1,1,1\n", "open"),
        ("NEGATIVE", "2024-03-05T14:30:00Z,-1,1,1,1,1\n", "open"),
        ("TIME", "yesterday,1,1,1,1,1\n", "timestamp"),
        ("EMPTY", "", "row"),
    ];
    for (name, row, says) in rows {
        std::fs::write(user.path(&format!("{name}.csv")), format!("{head}{row}")).unwrap();
        for command in ["paper", "backtest"] {
            let file = format!("{name}.csv");
            let ended = user.run(&[command, "--data", &file]);
            assert_eq!(ended.code, 2, "{name}: {}", ended.err);
            assert!(ended.err.contains(&file), "{}", ended.err);
            if name != "EMPTY" {
                assert!(ended.err.contains(says) && ended.err.contains("row"), "{}", ended.err);
            }
        }
    }
}

#[test]
fn a_port_in_use_is_named() {
    let user = User::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = user.run(&["exchange", "--listen", &address]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains(&address), "{}", ended.err);
    let metrics = format!("metrics.listen={address}");
    let file = write_bars(&user, "AAA", 10);
    let ended = user.run(&["paper", "--data", &file, "--set", &metrics, "--until-end"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains(&address), "{}", ended.err);
}

#[test]
fn keys_of_a_host_that_refuses_them_end_with_three() {
    let user = User::new();
    let exchange = common::exchange(&user, &[]);
    for (key, secret, code) in [("WRONG", "WRONG", 3), ("KEY", "", 2)] {
        let mut command = user.command(&["paper", "--for", "5s", "--symbols", "SYNA"]);
        command.env("APCA_API_BASE_URL", &exchange.url).env("APCA_API_KEY_ID", key);
        command.env("APCA_API_DATA_URL", &exchange.url).env("APCA_API_SECRET_KEY", secret);
        let ended = common::Ended::of(command.output().unwrap());
        assert_eq!(ended.code, code, "{}", ended.err);
    }
}
