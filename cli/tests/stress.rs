//! `tradewind stress`: every scenario, the strategies of users, and what is said of mistakes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;
use serde_json::Value;

/// Runs scenarios; the command may fail by its exit code, and must print its report.
fn stress(user: &User, args: &[&str]) -> (i32, Value) {
    let args: Vec<&str> = ["stress", "--json"].iter().chain(args).copied().collect();
    let ended = user.run(&args);
    let report = serde_json::from_str(&ended.out);
    (ended.code, report.unwrap_or_else(|error| panic!("{error}: {} {}", ended.out, ended.err)))
}

#[test]
fn every_scenario_is_reached_and_passes() {
    let user = User::new();
    let (code, report) = stress(&user, &[]);
    let scenarios = report["scenarios"].as_array().unwrap();
    // Exact, so that none can vanish unnoticed.
    assert_eq!(scenarios.len(), 48);
    let bad: Vec<&Value> =
        scenarios.iter().filter(|scenario| scenario["verdict"] != "passed").collect();
    assert!(bad.is_empty(), "{bad:#?}");
    // A fault that keeps orders back may leave no time for a few.
    let whole = scenarios.iter().filter(|scenario| sent(scenario) == KINDS).count();
    assert!(whole >= 46, "{whole} of {} met every kind of order", scenarios.len());
    assert_eq!((code, &report["strategy"]), (0, &Value::from("drill")));
}

const QUIET: &str = "\
[scenario]
fault = \"nothing\"
outcome = \"Every kind of order is sent.\"
";

/// What can be ordered, by its name in the report.
const KINDS: [&str; 21] = [
    "bracket",
    "cancel",
    "cls",
    "day",
    "extended",
    "fok",
    "fractional",
    "gtc",
    "ioc",
    "limit",
    "market",
    "notional",
    "oco",
    "opg",
    "oto",
    "replace",
    "short",
    "stop",
    "stop-limit",
    "trail-percent",
    "trail-price",
];

/// The kinds of order that a scenario's exchange was sent.
fn sent(scenario: &Value) -> Vec<&str> {
    scenario["kinds"].as_object().unwrap().keys().map(String::as_str).collect()
}

/// Counted in the exchange's own record.
#[test]
fn the_drill_sends_every_kind_of_order() {
    let user = User::new();
    std::fs::write(user.path("quiet.toml"), QUIET).unwrap();
    let (code, report) = stress(&user, &["--scenario", "quiet.toml"]);
    let quiet = &report["scenarios"][0];
    assert_eq!((code, &quiet["verdict"]), (0, &Value::from("passed")), "{quiet}");
    assert_eq!(sent(quiet), KINDS);
    assert_eq!(quiet["events"]["order_denied"], Value::Null, "nothing is refused");
}

#[test]
fn a_strategy_of_the_registry_goes_through_a_scenario() {
    let user = User::new();
    let args = ["--strategy", "sma-crossover", "--param", "fast=3", "--param", "slow=8"];
    let (code, report) = stress(&user, &[&args[..], &["--scenario", "answer-504"]].concat());
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["strategy"], "sma-crossover");
    assert_eq!(report["scenarios"][0]["verdict"], "passed");
    assert!(report["scenarios"][0]["injected"].as_u64().unwrap() > 0);
}

/// In lock step and at a pace, over a split, and with its words in the journal.
#[test]
fn a_strategy_goes_through_scenarios_with_its_model() {
    let user = User::new();
    let args = ["--strategy", "lstm", "--param", "confidence_percent=34"];
    let scenarios = ["answer-504", "data-mute", "split"].map(|name| ["--scenario", name]);
    let (code, report) = stress(&user, &[&args[..], &scenarios.concat()].concat());
    assert_eq!((code, &report["passed"]), (0, &Value::from(3)), "{report:#}");
    for scenario in report["scenarios"].as_array().unwrap() {
        assert!(scenario["events"]["prediction_taken"].as_u64() > Some(100), "{scenario:#}");
        assert!(scenario["orders"].as_u64() > Some(5), "{scenario:#}");
    }
}

/// A strategy that trades seldom does not reach every fault as often as its scenario asks for, and has
/// done nothing wrong.
#[test]
fn strategies_of_the_registry_fail_no_scenario() {
    let user = User::new();
    let crossover = ["--strategy", "sma-crossover", "--param", "fast=3", "--param", "slow=8"];
    let strategies = [&["--strategy", "buy-and-hold"][..], &crossover[..]];
    for args in strategies {
        let (code, report) = stress(&user, args);
        let scenarios = report["scenarios"].as_array().unwrap();
        let ended = |verdict: &str| -> Vec<&Value> {
            scenarios.iter().filter(|scenario| scenario["verdict"] == verdict).collect()
        };
        assert!(ended("failed").is_empty(), "{args:?}: {:#?}", ended("failed"));
        assert_eq!(code, 0, "{args:?}");
        // What lies with the market reaches whoever trades at all.
        assert!(ended("passed").len() >= 20, "{args:?}: {:#?}", ended("not_reached"));
        assert!(!ended("not_reached").is_empty(), "{args:?} reaches everything");
        for scenario in ended("not_reached") {
            assert_ne!(scenario["why"], Value::Array(Vec::new()), "{}", scenario["name"]);
        }
    }
}

/// Too little of what is counted is held against a strategy once every fault has struck in full.
#[test]
fn an_excuse_ends_where_every_fault_has_struck() {
    let user = User::new();
    let others = |text: &str| {
        std::fs::write(user.path("short.toml"), text).unwrap();
        let args = ["--strategy", "buy-and-hold", "--scenario", "short.toml"];
        let (code, report) = stress(&user, &args);
        (code, report["scenarios"][0].clone())
    };
    let (code, full) = others(MINE);
    assert_eq!((code, &full["verdict"]), (5, &Value::from("failed")), "{full}");
    let (code, short) = others(&format!("{MINE}nth = 700\ntimes = 1000\n"));
    assert_eq!((code, &short["verdict"]), (0, &Value::from("not_reached")), "{short}");
    let why = short["why"].to_string();
    assert!(
        why.contains("of 1000 times") && why.contains("flattened is in the journal 0"),
        "{why}"
    );
}

const MINE: &str = "\
[scenario]
fault = \"nothing\"
outcome = \"It is flat.\"

[[check]]
event = \"flattened\"
at_least = 1

[[fault]]
on = \"bar\"
inject = \"duplicate\"
";

#[test]
fn a_scenario_that_fails_ends_with_five_and_says_why() {
    let user = User::new();
    std::fs::write(user.path("mine.toml"), MINE).unwrap();
    let (code, report) = stress(&user, &["--scenario", "mine.toml"]);
    let why = report["scenarios"][0]["why"][0].as_str().unwrap();
    assert_eq!((code, why), (5, "flattened is in the journal 0 times, and must be at least 1"));
    let ended = user.run(&["stress", "--scenario", "mine.toml"]);
    assert_eq!(ended.code, 5);
    assert!(ended.sentence().contains("1 scenario failed: mine"), "{}", ended.err);
    assert!(ended.out.contains("scenario") && ended.out.contains("failed"), "{}", ended.out);
}

/// The drill must put every fault to the test; a strategy of one's own need not send what it is about.
#[test]
fn a_fault_that_strikes_nothing_fails_the_drill_and_is_not_reached_by_others() {
    let user = User::new();
    let text = MINE.replace("at_least", "at_most").replace("\"bar\"", "\"close\"");
    let text = text.replace("inject = \"duplicate\"", "inject = \"hang\"");
    std::fs::write(user.path("idle.toml"), text).unwrap();
    let (code, report) = stress(&user, &["--scenario", "idle.toml"]);
    let idle = &report["scenarios"][0];
    assert_eq!((code, &idle["verdict"]), (5, &Value::from("failed")));
    assert_eq!(idle["why"][0], "fault 1 never struck");
    let others = ["--strategy", "sma-crossover", "--scenario", "idle.toml"];
    let (code, report) = stress(&user, &others);
    assert_eq!((code, &report["scenarios"][0]["verdict"]), (0, &Value::from("not_reached")));
}

#[test]
fn a_figure_of_nothing_fails_the_drill() {
    let user = User::new();
    let figure = "[[expect]]\nthat = \"sent\"\non = \"submit\"\nat_most = 1\n\n[[fault]]";
    let text = MINE.replace("at_least", "at_most").replace("[[fault]]", figure);
    std::fs::write(user.path("empty.toml"), text).unwrap();
    let (code, report) = stress(&user, &["--scenario", "empty.toml"]);
    let why = &report["scenarios"][0]["why"][0];
    assert_eq!((code, why.as_str().unwrap()), (5, "there is nothing to take sent on submit of"));
}

const STRUCK: &str = "\
[scenario]
fault = \"a field that changes nothing\"
outcome = \"It is traded on as ever.\"

[[expect]]
that = \"entries\"
during = \"struck_data\"
at_most = 0

[[fault]]
on = \"bar\"
inject = \"add\"
nth = 15
every = 29
times = \"all\"
";

/// Bars are struck on the rhythm of the scenarios whose bars must not be traded on; these may be, and the
/// figure sees it.
#[test]
fn an_order_that_was_decided_on_struck_data_is_seen() {
    let user = User::new();
    std::fs::write(user.path("struck.toml"), STRUCK).unwrap();
    let (code, report) = stress(&user, &["--scenario", "struck.toml"]);
    let why = report["scenarios"][0]["why"].as_array().unwrap();
    let sentence = "the exchange's record: entries on data that a fault struck is ";
    assert_eq!((code, why.len()), (5, 1), "{why:?}");
    assert!(why[0].as_str().unwrap().starts_with(sentence), "{why:?}");
}

const CASH: &str = "\
[scenario]
fault = \"an account that says another cash\"
outcome = \"The broker is right, and an operator looks.\"
compares = true

[[fault]]
on = \"account\"
inject = \"set\"
field = \"cash\"
value = \"77777\"
nth = 20
times = \"all\"
";

/// The broker said so, and its record has nothing that explains it: the checkers of the record tell.
#[test]
fn books_that_were_moved_without_a_reason_fail_a_scenario() {
    let user = User::new();
    std::fs::write(user.path("cash.toml"), CASH).unwrap();
    let (code, report) = stress(&user, &["--scenario", "cash.toml"]);
    let why = report["scenarios"][0]["why"].to_string();
    assert_eq!(code, 5);
    for words in ["the books were moved at", "cash is 77777 in the books and"] {
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn what_there_is_can_be_listed_and_what_there_is_not_is_told() {
    let user = User::new();
    let listed = user.json(&["stress", "--list", "--json"]);
    assert!(listed["scenarios"].as_array().unwrap().iter().any(|one| one["name"] == "hang"));
    assert!(user.run(&["stress", "--list"]).out.contains("504 after accepting"));
    let ended = user.run(&["stress", "--scenario", "nothing-of-the-kind"]);
    assert_eq!(ended.code, 2);
    assert!(ended.sentence().contains("there is no scenario nothing-of-the-kind"));
    let ended = user.run(&["stress", "--strategy", "sma-crosover", "--scenario", "hang"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
}

#[test]
fn a_fault_script_with_mistakes_is_refused_with_all_of_them() {
    let user = User::new();
    let script =
        "[[fault]]\non = 'submit'\ninject = 'answer'\n\n[[fault]]\non = 'moon'\ninject = 'drop'\n";
    std::fs::write(user.path("bad.toml"), script).unwrap();
    let ended = user.run(&["exchange", "--listen", "127.0.0.1:0", "--faults", "bad.toml"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("bad.toml, line 1: `status` is missing"), "{}", ended.err);
    assert!(ended.err.contains("bad.toml, line 6: `on` cannot be \"moon\""), "{}", ended.err);
}
