//! `tradewind compare --live`: real sessions in lock step against their simulation.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

const CAUSES: [&str; 7] =
    ["data_revision", "orders", "latency", "fill_model", "fees", "account", "other"];

/// A session in lock step over a week of bars, and what its comparison says.
fn compared(user: &User, dir: &str, more: &[&str]) -> Value {
    let file = write_bars(user, "AAA", 800);
    let session = ["paper", "--json", "--until-end", "--speed", "max", "--data-dir", dir];
    let summary = user.json(&[&session[..], more, &["--data", &file]].concat());
    assert!(summary["fills"].as_u64().unwrap() > 4, "{summary}");
    user.json(&["compare", "--live", dir, "--json"])
}

fn part(compared: &Value, cause: &str) -> f64 {
    compared["parts"][cause].as_str().unwrap().parse().unwrap()
}

/// All of the difference is of one cause.
fn assert_only(compared: &Value, cause: &str) {
    assert_ne!(compared["difference"], "0", "{compared}");
    for other in CAUSES {
        let expected = if other == cause { &compared["difference"] } else { &Value::from("0") };
        assert_eq!(&compared["parts"][other], expected, "{other}");
    }
}

#[test]
fn a_lock_step_session_equals_its_simulation_to_the_cent() {
    let user = User::new();
    for strategy in ["sma-crossover", "rsi-mean-reversion", "macd-trend"] {
        let compared = compared(&user, strategy, &["--strategy", strategy]);
        assert_eq!(compared["difference"], "0", "{compared}");
        assert_eq!(compared["same_events"], true);
        assert!(CAUSES.iter().all(|cause| part(&compared, cause) == 0.0));
        let told = user.run(&["compare", "--live", strategy]).out;
        assert!(told.contains("There is no difference: every event is the same."), "{told}");
    }
}

#[test]
fn each_cause_is_told_apart() {
    let user = User::new();
    let free = ["--set", "exchange.regulatory_fees=false"];
    let slow =
        compared(&user, "slow", &[&free[..], &["--set", "exchange.latency_ms=100"]].concat());
    // The session paid no fees of regulators, the simulation of the default venue did.
    assert!(part(&slow, "latency") != 0.0 && part(&slow, "fees") > 0.0, "{slow}");
    assert_eq!(part(&slow, "fill_model") + part(&slow, "orders") + part(&slow, "other"), 0.0);
    let args = ["compare", "--live", "slow", "--json"];
    assert_only(&user.json(&[&args[..], &free].concat()), "latency");
    let fees = compared(&user, "fees", &["--set", "exchange.commission_per_share_usd=0.01"]);
    assert_only(&fees, "fees");
}

#[test]
fn an_order_that_the_venue_rejects_is_named_with_what_followed() {
    let user = User::new();
    let script = "[[fault]]\non = \"submit\"\nnth = 3\ninject = \"reject\"\n";
    std::fs::write(user.path("faults.toml"), script).unwrap();
    let faults = format!("exchange.faults={}", user.text("faults.toml"));
    let compared = compared(&user, "rejected", &["--set", &faults]);
    assert!(part(&compared, "orders") != 0.0, "{compared}");
    assert_eq!(part(&compared, "latency") + part(&compared, "fill_model"), 0.0);
    assert_eq!(part(&compared, "other"), 0.0);
    let rows = compared["orders"].as_array().unwrap();
    let rejected = rows.iter().find(|row| row["session"]["status"] == "rejected").unwrap();
    assert_eq!(rejected["session"]["number"], 3);
    let told = user.run(&["compare", "--live", "rejected"]).out;
    assert!(told.contains("rejected by the venue"), "{told}");
}

#[test]
fn a_session_is_found_by_its_id_also_when_it_is_an_earlier_one() {
    let user = User::new();
    let first = compared(&user, "place", &[]);
    let second = compared(&user, "place", &[]);
    for session in [&first["session"], &second["session"]] {
        let id = &session.as_str().unwrap()[..8];
        let found = user.json(&["compare", "--live", id, "--data-dir", "place", "--json"]);
        assert_eq!(&found["session"], session);
    }
    let unknown = user.run(&["compare", "--live", "ffffffff", "--data-dir", "place"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.sentence().contains("there is no session ffffffff"), "{}", unknown.err);
    assert_eq!(user.run(&["compare", "aaaa"]).code, 2);
}
