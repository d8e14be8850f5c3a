//! Restoring a venue from whatever stands in its log.

use super::*;
use crate::server::config::{Source, Synthetic};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Write;

fn config(dir: &std::path::Path) -> ServerConfig {
    let synthetic = Synthetic::new(1, ["SYNA"]);
    let mut config = ServerConfig::new(Source::Synthetic(synthetic), Speed::Max);
    config.state_dir = Some(dir.into());
    config
}

/// An instant near the first steps, or anywhere.
fn any_time() -> impl Strategy<Value = String> {
    let near = (0_i64..400_000).prop_map(|seconds| 1_767_700_000 + seconds);
    prop_oneof![
        9 => near.prop_map(Timestamp::from_secs),
        1 => any::<i64>().prop_map(Timestamp::from_nanos),
        1 => Just(Timestamp::MAX),
    ]
    .prop_map(|at| at.to_string())
}

fn any_order() -> impl Strategy<Value = Value> {
    let decimal = || prop_oneof!["[0-9]{1,4}", "-?[0-9]{1,10}\\.[0-9]{0,9}"];
    let fields = (0_u16..3, "buy|sell", decimal(), decimal(), "day|gtc", any::<bool>());
    fields.prop_map(|(symbol, side, qty, price, time_in_force, limit)| {
        let kind = if limit { json!({"limit": {"limit": price}}) } else { json!("market") };
        json!({
            "symbol": symbol, "side": side, "qty": qty, "kind": kind,
            "time_in_force": time_in_force, "client_order_id": null, "extended_hours": limit,
        })
    })
}

/// A line that is of the log's form, whether or not it makes sense where it stands.
fn any_line() -> impl Strategy<Value = Value> {
    let request = prop_oneof![
        4 => any_order().prop_map(|order| json!({"submit": order})),
        1 => ".*".prop_map(|id| json!({"cancel": id})),
        1 => ".*".prop_map(|id| json!({"replace": [id, {"qty": "5", "limit_price": "-1"}]})),
    ];
    let number = prop_oneof![9 => 1_u64..6, 1 => any::<u64>()];
    prop_oneof![
        4 => (number, any_time())
            .prop_map(|(number, at)| json!({"step": {"number": number, "at": at}})),
        1 => any_time().prop_map(|at| json!({"clock": at})),
        4 => (any_time(), request)
            .prop_map(|(at, request)| json!({"ask": {"at": at, "request": request}})),
        1 => crate::server::tests::any_json(),
    ]
}

fn opened(dir: &std::path::Path) -> Result<(), String> {
    Venue::open(&config(dir)).map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_clock_at_the_end_of_time_stands_still() {
    let dir = tempfile::tempdir().unwrap();
    opened(dir.path()).unwrap();
    let path = dir.path().join("exchange.jsonl");
    let mut log = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    writeln!(log, "{}", json!({"clock": Timestamp::MAX.to_string()})).unwrap();
    opened(dir.path()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in the lines, the exchange is restored or the first bad line is named.
    #[test]
    fn any_lines_are_done_again_or_named(
        steps in 0_u64..4,
        lines in prop::collection::vec(any_line(), 0..8),
    ) {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path()).unwrap();
        let path = dir.path().join("exchange.jsonl");
        let mut log = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        for number in 1..=steps {
            let step = json!({"step": {"number": number, "at": "2026-01-06T15:00:00Z"}});
            writeln!(log, "{step}").unwrap();
        }
        for line in lines {
            writeln!(log, "{line}").unwrap();
        }
        if let Err(error) = opened(dir.path()) {
            prop_assert!(error.starts_with("line "), "{error}");
        }
    }
}
