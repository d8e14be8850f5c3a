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
    Case {
        args: &["paper", "--set", "session.data=alpha-vantage", "--for", "1s"],
        code: 2,
        says: &["the embedded exchange", "alpaca-paper"],
    },
    Case {
        args: &["data", "download", "--symbols", "A", "--from", "2024-01-01", "--out", "a.csv"],
        code: 2,
        says: &["APCA_API_KEY_ID"],
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
    Case {
        args: &[
            "paper",
            "--set",
            "alpaca.key_id=PK1",
            "--set",
            "alpaca.secret_key=s",
            "--set",
            "alpaca.oauth_token=t",
        ],
        code: 2,
        says: &["both keys and APCA_API_OAUTH_TOKEN"],
    },
    Case {
        args: &["paper", "--set", "alpaca.oauth_token=t", "--set", "alpaca.oauth_refresh_token=r"],
        code: 2,
        says: &["missing: alpaca.oauth_client_id, alpaca.oauth_client_secret;"],
    },
    Case {
        args: &[
            "paper",
            "--set",
            "alpaca.oauth_token=t",
            "--set",
            "alpaca.oauth_refresh_token=r",
            "--set",
            "alpaca.oauth_client_id=c",
            "--set",
            "alpaca.oauth_client_secret=s",
            "--set",
            "alpaca.oauth_token_url=http://example.com/token",
        ],
        code: 2,
        says: &["OAuth token", "https://example.com/token"],
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
    #[cfg(not(feature = "kafka-tls"))]
    Case {
        args: &["paper", "--set", "kafka.brokers=b:9093", "--set", "kafka.security_protocol=ssl"],
        code: 2,
        says: &["kafka.security_protocol", "cargo build --release --locked --features kafka-tls"],
    },
    Case { args: &["paper", "--symbols", "aapl"], code: 2, says: &["flag --symbols", "aapl"] },
    Case {
        args: &["paper", "--param", "quantity=-3"],
        code: 2,
        says: &["flag --param: strategy.params.quantity: strategy sma-crossover: quantity = -3"],
    },
    Case {
        args: &["backtest", "--data", "missing.csv", "--trades", "nowhere/trades.csv"],
        code: 2,
        says: &["nowhere/trades.csv", "there is no folder nowhere"],
    },
    Case { args: &["exchange", "--listen", "8080"], code: 2, says: &["127.0.0.1:8080"] },
    Case { args: &["paper", "--data-dir", "/dev/null/d"], code: 2, says: &["--data-dir"] },
    Case { args: &["backtest"], code: 2, says: &["--data"] },
    Case { args: &["journal", "dump", "--data-dir", "empty"], code: 2, says: &["--data-dir"] },
    Case { args: &["replay", "--data-dir", "empty"], code: 2, says: &["--data-dir"] },
    Case { args: &["doctor", "--conformance"], code: 2, says: &["APCA_API_KEY_ID"] },
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
        let sentences =
            ended.err.matches("tradewind: ").count() + ended.err.matches("error: ").count();
        assert_eq!(sentences, 1, "{:?}: {}", case.args, ended.err);
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

/// A broker that answers every request for an account with the same: its address.
fn broker(status: &'static str, account: &'static str) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let clock = r#"{"timestamp":"2026-11-20T15:00:00Z","is_open":true,"next_open":"2026-11-23T14:30:00Z","next_close":"2026-11-20T21:00:00Z"}"#;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap_or(Ok(String::new())).unwrap_or_default();
            // The head ends with an empty line; none of these requests has a body.
            lines.map_while(Result::ok).find(String::is_empty);
            let asks_for_clock = request.contains("/v2/clock");
            let (status, body) = if asks_for_clock { ("200 OK", clock) } else { (status, account) };
            let length = body.len();
            // Whoever asked may have left.
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn what_a_broker_refuses_is_told_with_its_exit_code() {
    const BLOCKED: &str = r#"{"id":"1","status":"ACTIVE","cash":"5","equity":"5","buying_power":"5","multiplier":"1","account_blocked":true}"#;
    const NO_TRADING: &str = r#"{"id":"1","status":"ACTIVE","cash":"5","equity":"5","buying_power":"5","multiplier":"1","trading_blocked":true}"#;
    let user = User::new();
    for (status, account, code, says) in [
        ("200 OK", BLOCKED, 3, "settled with the broker"),
        ("200 OK", NO_TRADING, 3, "settled with the broker"),
        ("401 Unauthorized", r#"{"message":"unauthorized."}"#, 3, "check APCA_API_KEY_ID"),
        ("403 Forbidden", r#"{"message":"forbidden."}"#, 3, "check APCA_API_KEY_ID"),
        ("404 Not Found", "", 1, "cannot read the account"),
        ("200 OK", "<html>", 1, "cannot read the account"),
    ] {
        let url = broker(status, account);
        for args in [&["paper", "--symbols", "AAA"][..], &["doctor", "--json"]] {
            let mut command = user.command(args);
            command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
            command.env("APCA_API_BASE_URL", &url).env("APCA_API_DATA_URL", &url);
            command.env("APCA_API_STREAM_URL", url.replace("http", "ws"));
            let ended = common::Ended::of(command.output().unwrap());
            assert_eq!(ended.code, code, "{args:?} {status} {account}: {}{}", ended.out, ended.err);
            if args[0] == "paper" {
                assert!(ended.sentence().contains(says), "{says} is not in {}", ended.err);
            }
        }
    }
}

#[test]
fn a_broker_that_is_not_there_is_named() {
    let user = User::new();
    // Bound and dropped: nothing listens there now.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = user.command(&["paper", "--symbols", "AAA"]);
    command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
    command.env("APCA_API_BASE_URL", format!("http://{closed}"));
    let ended = common::Ended::of(command.output().unwrap());
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.sentence().contains(&format!("Is {closed} reachable?")), "{}", ended.err);
}

#[test]
fn files_that_are_no_data_are_named() {
    let user = User::new();
    std::fs::write(user.path("BINARY.csv"), [0_u8, 159, 146, 150, 10, 255]).unwrap();
    std::fs::write(user.path("CUT.csv.gz"), [0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
    std::fs::create_dir(user.path("FOLDER.csv")).unwrap();
    std::fs::write(user.path("NOTHING.csv"), "").unwrap();
    for file in ["BINARY.csv", "CUT.csv.gz", "FOLDER.csv", "NOTHING.csv"] {
        for command in ["paper", "backtest", "exchange"] {
            let ended = user.run(&[command, "--data", file]);
            assert_eq!(ended.code, 2, "{command} {file}: {}", ended.err);
            assert!(ended.sentence().contains(file), "{command} {file}: {}", ended.err);
        }
    }
    std::fs::write(user.path("broken.toml"), "[risk\nmax_leverage = 1\n").unwrap();
    std::fs::write(user.path("binary.toml"), [0_u8, 159, 146, 150]).unwrap();
    for file in ["broken.toml", "binary.toml", "FOLDER.csv"] {
        for command in [&["paper"][..], &["config", "check"], &["doctor"]] {
            let ended = user.run(&[command, &["--config", file]].concat());
            assert_eq!(ended.code, 2, "{command:?} {file}: {}", ended.err);
            assert!((ended.out + &ended.err).contains(file), "{command:?} {file}");
        }
    }
}

#[test]
fn a_full_disk_under_standard_output_is_told_of() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else {
        eprintln!("SKIPPED: a_full_disk_under_standard_output_is_told_of: there is no /dev/full");
        return;
    };
    let user = User::new();
    let mut command = user.command(&["config", "show"]);
    let ended = common::Ended::of(
        command
            .stdout(full)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap(),
    );
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.sentence().contains("standard output cannot be written"), "{}", ended.err);
}
