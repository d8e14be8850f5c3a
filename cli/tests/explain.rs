//! Asking why, of a session that has run, as a trader does.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;

/// A user whose session over a file has ended, with some flags.
fn traded(more: &[&str]) -> User {
    let user = User::new();
    let file = write_bars(&user, "AAA", 300);
    let run = ["paper", "--speed", "max", "--until-end", "--data", &file, "--strategy"];
    let ended = user.run(&[&run, ["sma-crossover"].as_slice(), more].concat());
    assert_eq!(ended.code, 0, "{}", ended.err);
    user
}

fn usd(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// A check's measure by its key.
fn measure<'a>(proposal: &'a Value, key: &str) -> &'a Value {
    let checks = proposal["checks"].as_array().unwrap();
    let mut all = checks.iter().flat_map(|check| check["margins"].as_array().unwrap());
    all.find(|measure| measure["key"] == key).unwrap()
}

#[test]
fn an_order_is_told_from_its_signal_to_its_cost() {
    let user = traded(&[]);
    let told = user.json(&["explain", "1", "--json"]);
    let readings = &told["strategies"][0]["readings"];
    let (fast, slow) = (&readings[0]["value"], &readings[1]["value"]);
    assert!(usd(fast) > usd(slow), "long only: it bought at {fast} over {slow}");

    let proposals = told["proposals"].as_array().unwrap();
    assert_eq!(proposals.len(), 1);
    let (order, account) = (&proposals[0]["order"], &proposals[0]["account"]);
    assert_eq!(order["approved"]["number"], 1);
    assert_eq!(account["position"], "0");
    let needs = |key: &str| measure(&proposals[0], key)["needs"].as_i64().unwrap();
    assert_eq!(needs("max_order_quantity"), 10 * 1_000_000_000);
    assert_eq!(needs("max_orders_per_minute"), 1_000_000_000);

    let cost = &order["cost"];
    assert_eq!(cost["quantity"], "10");
    let worse = usd(&cost["value"]) - 10.0 * usd(&account["arrival"]);
    assert!((usd(&cost["slippage"]) - worse).abs() < 1e-6);
    let kinds: Vec<&str> = order["events"].as_array().unwrap().iter().map(kind).collect();
    assert!(kinds.contains(&"order_updated") && kinds.contains(&"order_filled"), "{kinds:?}");

    let by_our_id = format!("tw-{}-1", &told["session"].as_str().unwrap()[..8]);
    assert_eq!(user.json(&["explain", &by_our_id, "--json"]), told);
    let updates = order["events"].as_array().unwrap().iter();
    let mut ids = updates.filter_map(|one| one["event"]["order_updated"]["broker_id"].as_str());
    let broker_id = ids.next().unwrap();
    assert_eq!(user.json(&["explain", broker_id, "--json"]), told);

    let text = user.run(&["explain", "1"]).out;
    for words in ["order 1: buy 10 AAA market day", "fast = 10", "filled 10 at", "arrival price"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

fn kind(happened: &Value) -> &str {
    happened["event"].as_object().unwrap().keys().next().unwrap()
}

#[test]
fn a_signal_without_an_order_is_told_too() {
    let user = traded(&[]);
    let early = user.json(&["explain", "AAA@2024-02-05T14:36:00Z", "--json"]);
    assert_eq!(early["proposals"], Value::Array(vec![]));
    assert_eq!(early["strategies"][0]["readings"][0]["value"], Value::Null);
    let text = user.run(&["explain", "AAA@2024-02-05T14:36:00Z"]).out;
    assert!(text.contains("fast is not known yet") && text.contains("Nothing was asked for."));
    let newest = user.json(&["explain", "AAA", "--json"]);
    assert!(newest["seq"].as_u64() > early["seq"].as_u64());
}

#[test]
fn a_denial_names_the_limit_and_what_the_order_needed() {
    let user = traded(&["--set", "risk.max_order_quantity=4"]);
    let dump = user.run(&["journal", "dump"]).out;
    let denied = dump.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let record = denied.filter(|record| record["kind"] == "order_denied");
    let seq = record.map(|record| record["seq"].as_u64().unwrap()).next().unwrap();
    let told = user.json(&["explain", &format!("record:{seq}"), "--json"]);
    let proposal = &told["proposals"][0];
    let measured = measure(proposal, "max_order_quantity");
    assert_eq!(
        (&measured["limit"], &measured["needs"]),
        (&4_000_000_000_i64.into(), &10_000_000_000_i64.into())
    );
    let text = user.run(&["explain", &format!("record:{seq}")]).out;
    assert!(text.contains("DENIED by order quantity: order quantity 10 is above 4"), "{text}");
}

#[test]
fn the_arithmetic_of_a_size_is_told() {
    let user = traded(&["--set", "strategy.sizing.model=notional"]);
    let sized = user.json(&["explain", "1", "--json"])["proposals"][0]["sized"].clone();
    let shares = usd(&sized["budget"]) / usd(&sized["per_share"]);
    assert_eq!(usd(&sized["shares"]), shares.floor());
    let text = user.run(&["explain", "1"]).out;
    assert!(text.contains("sized by notional: 10,000.00 USD / "), "{text}");
}

#[test]
fn what_is_not_there_is_said_in_one_sentence() {
    let user = traded(&[]);
    for (what, said) in [
        ("9999", "there is no 9999 in the journal"),
        ("QQQ", "there is no QQQ in the journal"),
        ("AAA@yesterday", "AAA@yesterday is not SYMBOL@TIME"),
        ("record:x", "record:x is not a record's number"),
        ("record:99999999", "there is no record:99999999"),
    ] {
        let ended = user.run(&["explain", what]);
        assert_eq!(ended.code, 2, "{what}");
        assert!(ended.sentence().contains(said), "{what}: {}", ended.sentence());
        assert!(ended.out.is_empty());
    }
    let ended = User::new().run(&["explain", "1"]);
    assert_eq!(ended.code, 2);
    assert!(ended.sentence().contains("there is no journal"), "{}", ended.sentence());
}

#[test]
fn an_order_is_judged_without_being_sent() {
    let user = traded(&[]);
    let before = user.json(&["journal", "show", "--json"])["last_seq"].clone();
    let big = user.run(&["risk", "check", "--order", "buy 100000 AAA limit 100", "--json"]);
    assert_eq!(big.code, 5, "{}", big.err);
    let told: Value = serde_json::from_str(&big.out).unwrap();
    assert_eq!(told["passes"], false);
    assert_eq!(measure(&told, "max_order_quantity")["needs"], 100_000 * 1_000_000_000_i64);
    let wrong = user.run(&["risk", "check", "--order", "buy ten AAA"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.sentence().contains("expected a quantity, found \"ten\""));
    let nobody = user.run(&["risk", "check", "--order", "buy 1 AAA", "--strategy", "nobody"]);
    assert!(nobody.sentence().contains("does not run nobody, but sma-crossover"));
    assert_eq!(user.json(&["journal", "show", "--json"])["last_seq"], before);
}
