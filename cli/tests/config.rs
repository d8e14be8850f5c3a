//! The configuration: every shipped file is good, and every mistake is named at once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;
use std::path::Path;

fn shipped() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect()
}

#[test]
fn every_shipped_file_is_good() {
    let user = User::new();
    assert!(shipped().len() >= 7);
    for file in shipped() {
        let ended = user.run(&["config", "check", "--config", &file.display().to_string()]);
        assert_eq!(ended.code, 0, "{}: {}", file.display(), ended.err);
    }
    for profile in ["dev", "test", "prod"] {
        assert_eq!(user.run(&["config", "check", "--profile", profile]).code, 0);
    }
}

#[test]
fn all_mistakes_are_listed_at_once_with_file_key_and_what_was_expected() {
    let user = User::new();
    let text = "[risk]\nmax_leverage = 9\nprice_colar_percent = 5\nstale_after_s = \"soon\"\n[nonsense]\na = 1\n[strategy.params]\nfsat = 3\n";
    std::fs::write(user.path("mine.toml"), text).unwrap();
    let mut command = user.command(&["config", "check", "--config", "mine.toml"]);
    command.env("TRADEWIND__EXCHANGE__SEED", "many");
    let ended = common::Ended::of(command.output().unwrap());
    assert_eq!(ended.code, 2);
    let expected = [
        "mine.toml: risk.max_leverage: expected a whole number from 1 to 4, found 9",
        "mine.toml: risk.price_colar_percent: no such key; did you mean risk.price_collar_percent?",
        "mine.toml: risk.stale_after_s: expected a number from 0.001 to 86400, or \"off\", found \"soon\"",
        "mine.toml: nonsense: no such key",
        "fsat",
        "environment TRADEWIND__EXCHANGE__SEED: exchange.seed: expected a whole number",
    ];
    for line in expected {
        assert!(ended.err.contains(line), "{line}\nis not in\n{}", ended.err);
    }
}

#[test]
fn later_layers_win_and_show_where_each_value_came_from() {
    let user = User::new();
    std::fs::write(user.path("mine.toml"), "[exchange]\nseed = 3\nspeed = 10\n").unwrap();
    let args = ["config", "show", "--json", "--config", "mine.toml", "--set", "exchange.speed=max"];
    let mut command = user.command(&args);
    command.env("TRADEWIND__EXCHANGE__SEED", "5");
    let ended = common::Ended::of(command.output().unwrap());
    let shown: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(shown["exchange.seed"]["value"], "5");
    assert_eq!(shown["exchange.seed"]["source"], "environment TRADEWIND__EXCHANGE__SEED");
    assert_eq!(shown["exchange.speed"]["value"], "\"max\"");
    assert_eq!(shown["exchange.multiplier"]["source"], "config/default.toml");
}

#[test]
fn secrets_are_never_printed() {
    let user = User::new();
    for args in [&["config", "show"][..], &["config", "show", "--json"], &["doctor"]] {
        let mut command = user.command(args);
        command.env("APCA_API_KEY_ID", "PKSECRETKEYID").env("APCA_API_SECRET_KEY", "s3cr3t-s3cr3t");
        command.env("APCA_API_BASE_URL", "http://127.0.0.1:9");
        let ended = common::Ended::of(command.output().unwrap());
        let all = ended.out + &ended.err;
        assert!(!all.contains("s3cr3t-s3cr3t") && !all.contains("PKSECRETKEYID"), "{all}");
    }
}

#[test]
fn the_same_value_set_twice_differently_is_an_error() {
    let user = User::new();
    let mut command = user.command(&["config", "check"]);
    command.env("APCA_API_BASE_URL", "https://a.example");
    command.env("TRADEWIND__ALPACA__TRADING_URL", "https://b.example");
    let ended = common::Ended::of(command.output().unwrap());
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("sets the same key to something else"), "{}", ended.err);
}

#[test]
fn a_strategy_of_another_name_does_not_inherit_parameters() {
    let user = User::new();
    let text = "[strategy]\nname = \"sma-crossover\"\n[strategy.params]\nfast = 5\n";
    std::fs::write(user.path("mine.toml"), text).unwrap();
    let args = ["config", "check", "--config", "mine.toml", "--set", "strategy.name=buy-and-hold"];
    let ended = user.run(&args);
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn a_session_is_found_whatever_else_is_wrong_in_the_configuration() {
    let user = User::new();
    std::fs::write(
        user.path("mine.toml"),
        "[risk]\nmax_leverage = 9\n[session]\ndata_dir = \"d\"\n",
    )
    .unwrap();
    let ended = user.run(&["halt", "--config", "mine.toml"]);
    assert_eq!(ended.code, 6, "{}", ended.err);
    assert!(ended.sentence().contains(" d"), "{}", ended.err);
}

#[test]
fn an_environment_that_is_no_text_does_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let user = User::new();
    let mut command = user.command(&["config", "check"]);
    command.env("X", std::ffi::OsStr::from_bytes(b"\xff"));
    assert_eq!(common::Ended::of(command.output().unwrap()).code, 0);
}

#[test]
fn no_log_level_shows_what_goes_over_the_wire() {
    let user = User::new();
    let mut command = user.command(&["paper", "--json", "--for", "2s", "--symbols", "SYNA"]);
    command.env("RUST_LOG", "trace,tungstenite::protocol=trace");
    let ended = common::Ended::of(command.output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.sentence());
    assert!(ended.err.contains("TRACE") || ended.err.contains("DEBUG"), "the level was taken");
    assert!(!ended.err.contains("\"secret\\\""), "a secret was logged");
    assert!(!ended.err.contains("tungstenite"), "frames were logged");
}
