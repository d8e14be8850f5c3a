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
    // What `tradewind train` reads is no session's configuration; the models' tests load it.
    let files = files.filter(|path| !path.ends_with("train.toml"));
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
    for profile in ["dev", "test", "prod", "tuned"] {
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

/// A configuration that `paper` would refuse, and what `config check` says of it.
struct Refused {
    set: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
}

const REFUSED: &[Refused] = &[
    Refused {
        set: &["session.venue=alpaca-paper", "alpaca.data_url=http://example.com"],
        environment: &[("APCA_API_BASE_URL", "https://api.alpaca.markets")],
        says: &[
            "environment APCA_API_BASE_URL: alpaca.trading_url: `tradewind paper` refuses the trading address",
            "flag --set: alpaca.data_url: the market data address http://example.com is not encrypted",
        ],
    },
    Refused {
        set: &["session.venue=alpaca-live", "alpaca.trading_url=https://paper-api.alpaca.markets"],
        environment: &[],
        says: &["alpaca.trading_url: `tradewind live` refuses the trading address"],
    },
    Refused {
        set: &[],
        environment: &[("APCA_API_KEY_ID", "PK1")],
        says: &[
            "environment APCA_API_KEY_ID: alpaca.key_id: APCA_API_KEY_ID is set and APCA_API_SECRET_KEY is not",
        ],
    },
    Refused {
        set: &["strategy.params.fsat=3", "session.symbols=not a symbol", "risk.max_leverage=9"],
        environment: &[],
        says: &["fsat", "session.symbols: \"not a symbol\" is not a symbol", "risk.max_leverage"],
    },
    Refused {
        set: &["exchange.seed=1", "exchange.seed=2"],
        environment: &[],
        says: &["flag --set: exchange.seed: flag --set sets the same key to something else"],
    },
    Refused {
        set: &["kafka.brokers=broker"],
        environment: &[],
        says: &["kafka.brokers: expected a list host:port,host:port, found \"broker\""],
    },
];

#[test]
fn what_a_session_would_refuse_is_found_without_one() {
    let user = User::new();
    for case in REFUSED {
        let set = case.set.iter().flat_map(|set| ["--set", *set]).collect::<Vec<_>>();
        for command in [&["config", "check"][..], &["paper", "--for", "1s"]] {
            let mut run = user.command(&[command, &set].concat());
            run.envs(case.environment.iter().copied());
            let ended = common::Ended::of(run.output().unwrap());
            assert_eq!(ended.code, 2, "{command:?} {set:?}: {}", ended.err);
            if command[0] == "config" {
                for words in case.says {
                    assert!(ended.err.contains(words), "{words}\nis not in\n{}", ended.err);
                }
            }
        }
    }
}

#[test]
fn a_configuration_that_waits_for_its_keys_is_good_and_says_so() {
    let user = User::new();
    let ended = user.run(&["config", "check", "--set", "session.venue=alpaca-paper"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("No keys are set"), "{}", ended.out);
}

/// A session with a broker and everything it writes: the output of every command, its log at the
/// finest level, and each file of its folder.
#[test]
fn no_secret_reaches_an_output_a_log_or_a_file() {
    let user = User::new();
    let (key, secret) = ("PKTRADEWINDKEY", "hunter2hunter2");
    let exchange = common::exchange_with(&user, key, secret, &["--symbols", "SYNA"]);
    let with_keys = |args: &[&str]| {
        let mut command = user.command(args);
        command.env("APCA_API_KEY_ID", key).env("APCA_API_SECRET_KEY", secret);
        command.env("APCA_API_BASE_URL", &exchange.url).env("APCA_API_DATA_URL", &exchange.url);
        command.env("APCA_API_STREAM_URL", exchange.url.replace("http", "ws"));
        command.env("RUST_LOG", "trace");
        common::Ended::of(command.output().unwrap())
    };
    let dir = user.text("d");
    let place = ["--data-dir", &dir];
    let mut printed = Vec::new();
    for args in [
        &["paper", "--symbols", "SYNA", "--for", "1s"][..],
        &["journal", "dump"],
        &["journal", "show"],
        &["doctor"],
    ] {
        let ended = with_keys(&[args, &place].concat());
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
        printed.push((args.join(" "), (ended.out + &ended.err).into_bytes()));
    }
    let mut folders = vec![user.path("d")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                printed.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    assert!(printed.len() > 7, "a journal, a store and their like: {}", printed.len());
    for (what, bytes) in printed {
        for hidden in [key, secret] {
            let found = bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes());
            assert!(!found, "{hidden} is in {what}");
        }
    }
}
