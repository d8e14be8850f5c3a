//! The examinations, with the bundled exchange where the broker would be.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{Ended, RunningExchange, User, exchange};

/// A command of a user whose keys and addresses are those of an exchange.
fn run(user: &User, exchange: &RunningExchange, secret: &str, args: &[&str]) -> Ended {
    let mut command = user.command(args);
    command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", secret);
    command.env("APCA_API_BASE_URL", &exchange.url).env("APCA_API_DATA_URL", &exchange.url);
    command.env("APCA_API_STREAM_URL", exchange.url.replace("http", "ws"));
    Ended::of(command.output().unwrap())
}

#[test]
fn conformance_is_checked_an_order_placed_and_cancelled_and_all_of_it_reported() {
    let user = User::new();
    let exchange = exchange(&user, &["--symbols", "SYNA"]);
    let args = ["doctor", "--conformance", "--place-order", "--report", "report.md"];
    let args = [&args[..], &["--set", "session.symbols=SYNA"]].concat();
    let ended = run(&user, &exchange, "SECRET", &args);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    let report = std::fs::read_to_string(user.path("report.md")).unwrap();
    assert!(report.contains("| one order and its cancel | passed |"), "{report}");
    assert!(!report.contains("SECRET"), "{report}");
}

#[test]
fn a_check_that_fails_ends_with_five_and_refused_keys_with_three() {
    let user = User::new();
    let exchange = exchange(&user, &["--symbols", "SYNA"]);
    let unknown = ["doctor", "--conformance", "--json", "--set", "session.symbols=NONE"];
    let failed = run(&user, &exchange, "SECRET", &unknown);
    assert_eq!(failed.code, 5, "{}{}", failed.out, failed.err);
    let found: serde_json::Value = serde_json::from_str(&failed.out).unwrap();
    let rows = found["findings"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["check"] == "assets" && row["outcome"] == "failed"));
    for args in [&["doctor"][..], &["doctor", "--conformance"]] {
        let refused = run(&user, &exchange, "WRONG", args);
        assert_eq!(refused.code, 3, "{args:?}: {}{}", refused.out, refused.err);
    }
}

#[test]
fn generated_data_are_called_synthetic_behind_the_addresses_of_alpaca_too() {
    let user = User::new();
    let exchange = exchange(&user, &["--symbols", "SYNA"]);
    let ended = run(&user, &exchange, "SECRET", &["paper", "--for", "2s", "--symbols", "SYNA"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("SYNTHETIC"), "{}", ended.out);
    let venue =
        format!("an exchange on this machine at {}, in place of alpaca-paper", exchange.url);
    assert!(ended.out.contains(&venue), "{}", ended.out);
    let shown = user.run(&["journal", "show"]).out;
    assert!(shown.contains(&venue), "{shown}");
}

/// The rows of a report in JSON as `what verdict text`.
fn rows(ended: &Ended) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let rows = report["examinations"].as_array().unwrap().iter();
    let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.map(|row| format!("{} {} {}", word(row, "what"), word(row, "verdict"), word(row, "text")))
        .collect()
}

fn has(rows: &[String], beginning: &str) -> bool {
    rows.iter().any(|row| row.starts_with(beginning))
}

#[test]
fn every_part_names_its_version() {
    let ended = User::new().run(&["doctor", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let rows = rows(&ended);
    for part in [
        "tradewind 0.",
        "journal format ",
        "configuration schema ",
        "exchange state ",
        "Alpaca protocol reference 20",
        "event envelope ",
        "librdkafka 2.",
        "store schema ",
        "SQLite 3.",
        "time zone database 20",
    ] {
        assert!(
            has(&rows, &format!("version good {part}")),
            "{part} is not in\n{}",
            rows.join("\n")
        );
    }
}

const TRIED: [&str; 4] = ["trading", "market data", "data stream", "order stream"];

#[test]
fn addresses_that_accept_connections_are_good_and_the_keys_are_shown_to_the_broker() {
    let user = User::new();
    let exchange = exchange(&user, &["--symbols", "SYNA"]);
    for venue in ["auto", "alpaca-paper", "alpaca-live"] {
        let set = format!("session.venue={venue}");
        let ended = run(&user, &exchange, "SECRET", &["doctor", "--json", "--set", &set]);
        assert_eq!(ended.code, 0, "{venue}: {}{}", ended.out, ended.err);
        let rows = rows(&ended);
        for what in TRIED {
            assert!(has(&rows, &format!("{what} good ")), "{what} is not in\n{}", rows.join("\n"));
        }
        assert!(has(&rows, "keys good ") && has(&rows, "account good "), "{}", rows.join("\n"));
    }
}

/// Where news keep entries away it is seen whether they can be read; else there is nothing to see.
#[test]
fn the_news_are_read_where_a_blackout_is_set() {
    let user = User::new();
    let exchange = exchange(&user, &["--symbols", "SYNA"]);
    let args = ["doctor", "--json", "--set", "session.symbols=SYNA"];
    let without = run(&user, &exchange, "SECRET", &args);
    assert!(has(&rows(&without), "news note no news blackout is set"), "{}", without.out);
    let blackout = ["--set", "risk.symbols.SYNA.news_blackout_s=600"];
    let with = run(&user, &exchange, "SECRET", &[&args[..], &blackout].concat());
    assert_eq!(with.code, 0, "{}{}", with.out, with.err);
    assert!(has(&rows(&with), "news good 0 pieces about the symbols in the last 600 s"));
}

#[test]
fn each_address_that_nothing_listens_on_is_bad() {
    let user = User::new();
    let exchange = exchange(&user, &["--symbols", "SYNA"]);
    // Bound and dropped: nothing listens there now.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (key, what) in [
        ("alpaca.data_url=http", "market data"),
        ("alpaca.stream_url=ws", "data stream"),
        ("alpaca.trading_stream_url=ws", "order stream"),
        ("kafka.brokers", "kafka"),
    ] {
        let set = match key.split_once('=') {
            Some((key, scheme)) => format!("{key}={scheme}://{closed}"),
            None => format!("{key}={closed}"),
        };
        let mut command = user.command(&["doctor", "--json", "--set", &set]);
        command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
        command.env("APCA_API_BASE_URL", &exchange.url);
        for (name, scheme, own) in [
            ("APCA_API_DATA_URL", "http", "market data"),
            ("APCA_API_STREAM_URL", "ws", "data stream"),
        ] {
            if own != what {
                command.env(name, exchange.url.replace("http", scheme));
            }
        }
        let ended = Ended::of(command.output().unwrap());
        assert_eq!(ended.code, 1, "{key}: {}{}", ended.out, ended.err);
        let rows = rows(&ended);
        assert!(has(&rows, &format!("{what} bad ")), "{what} is not in\n{}", rows.join("\n"));
        let bad = rows.iter().filter(|row| row.contains(" bad "));
        assert_eq!(bad.count(), 1, "{}", rows.join("\n"));
    }
}

#[test]
fn what_a_session_cannot_do_without_is_told_with_its_exit_code() {
    let user = User::new();
    std::fs::write(user.path("file"), "").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = format!("metrics.listen={}", taken.local_addr().unwrap());
    let live = "session.venue=alpaca-live";
    for (args, what) in [
        (&["--set", &metrics][..], "metrics bad "),
        (&["--data-dir", "file/in/it"], "data directory bad "),
        (&["--set", live], "keys bad "),
        (
            &["--set", live, "--set", "alpaca.trading_url=https://paper-api.alpaca.markets"],
            "configuration bad ",
        ),
    ] {
        let ended = user.run(&[&["doctor", "--json"], args].concat());
        assert_eq!(ended.code, 2, "{args:?}: {}{}", ended.out, ended.err);
        let rows = rows(&ended);
        assert!(has(&rows, what), "{what} is not in\n{}", rows.join("\n"));
    }
}
