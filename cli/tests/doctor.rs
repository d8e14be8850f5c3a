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
}
