//! Every decoder, fed with anything: it gives a value or an error, and never panics.

use super::fixtures::{
    ACCOUNT, ASSET, BARS, CALENDAR, CLOCK, CONTROL, FEE_ACTIVITY, FILL, FILL_ACTIVITY, FRAME,
    ORDER, POSITIONS, trade_update,
};
use super::names;
use crate::alpaca::decode::MarketDecoder;
use crate::alpaca::map;
use crate::alpaca::order_stream::OrderStreamMessage;
use crate::alpaca::wire::{BarsPage, Envelope};
use kernel::Span;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Lets every decoder loose on some bytes.
fn decode_all(body: &[u8]) {
    let names = names();
    let zone = map::new_york().unwrap();
    let _ = map::account(body);
    let _ = map::positions(body, &names);
    let _ = map::orders(body, &names);
    let _ = map::parse(body).map(|wire| map::order(&wire, &names));
    let _ = map::parse(body).map(|wire| map::fill(&wire).map(|fill| fill.report(None)));
    let _ = map::parse(body).map(|wire| map::posting(&wire));
    let _ = map::clock(body);
    let _ = map::calendar(body, &zone);
    let _ = map::asset(body);
    let _ = map::update(body, &names);
    let _ = map::parse::<Envelope<'_>>(body).map(|envelope| envelope.error());
    let symbol = names.symbols().ids().next().unwrap();
    if let Ok(page) = map::parse::<BarsPage<'_>>(body) {
        for row in page.bars.iter().flatten().flat_map(|(_, rows)| rows).flatten() {
            let _ = map::bar(row, symbol, Span::from_secs(60));
        }
    }
    MarketDecoder::new(&names, Span::from_secs(60)).decode(body);
    let _: Vec<OrderStreamMessage> = super::streams::take(body);
}

fn fixtures() -> Vec<Value> {
    let texts = [
        ACCOUNT,
        ASSET,
        BARS,
        CALENDAR,
        CLOCK,
        FEE_ACTIVITY,
        FILL,
        FILL_ACTIVITY,
        FRAME,
        ORDER,
        POSITIONS,
    ];
    let texts = texts.into_iter().chain(CONTROL).map(str::to_owned);
    let texts = texts.chain([trade_update(FILL)]);
    texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
}

/// The JSON pointers of everything inside a value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, child)| (key.clone(), child)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(at, child)| (at.to_string(), child)).collect()
        }
        _ => Vec::new(),
    };
    for (key, child) in children {
        let place = format!("{at}/{key}");
        places(child, &place, found);
        found.push(place);
    }
}

fn remove(value: &mut Value, place: &str) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(map) => {
            map.remove(key);
        }
        Value::Array(list) => {
            list.remove(key.parse().unwrap());
        }
        _ => {}
    }
}

/// Conformance 12.
#[test]
fn each_field_may_be_absent_or_of_another_kind() {
    let others = [
        json!(null),
        json!(true),
        json!(""),
        json!("\u{0}é\\\""),
        json!(-1),
        json!(1e300),
        json!("99999999999999999999999999999999999999999"),
        json!([]),
        json!([[{}]]),
        json!({"a": {}}),
    ];
    for fixture in fixtures() {
        let mut found = Vec::new();
        places(&fixture, "", &mut found);
        for place in found {
            let mut without = fixture.clone();
            remove(&mut without, &place);
            decode_all(without.to_string().as_bytes());
            for other in &others {
                let mut changed = fixture.clone();
                *changed.pointer_mut(&place).unwrap() = other.clone();
                decode_all(changed.to_string().as_bytes());
            }
        }
    }
}

/// Conformance 12.
#[test]
fn unknown_fields_change_nothing() {
    let added = |text: &str| {
        let mut value: Value = serde_json::from_str(text).unwrap();
        for (key, extra) in
            [("zz", json!({"a": [1, null]})), ("A", json!("\u{e9}")), ("", json!(0))]
        {
            value[key] = extra;
        }
        value.to_string().into_bytes()
    };
    let names = names();
    assert_eq!(map::account(&added(ACCOUNT)).unwrap(), map::account(ACCOUNT.as_bytes()).unwrap());
    assert_eq!(map::clock(&added(CLOCK)).unwrap(), map::clock(CLOCK.as_bytes()).unwrap());
    assert_eq!(map::asset(&added(ASSET)).unwrap(), map::asset(ASSET.as_bytes()).unwrap());
    let plain = map::update(FILL.as_bytes(), &names).unwrap();
    assert_eq!(map::update(&added(FILL), &names).unwrap(), plain);
}

#[test]
fn a_cut_message_is_no_message() {
    for fixture in fixtures() {
        let text = fixture.to_string();
        for length in (0..text.len()).step_by(7) {
            decode_all(&text.as_bytes()[..length]);
        }
    }
}

/// Any JSON value, three levels deep, with keys that mean something.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9.eE+-]{0,30}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.Z+-]{0,20}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        any::<String>(),
        "T|S|t|p|s|o|h|l|c|v|bp|bs|ap|as|stream|data|event|order|id|qty|price|bars|symbol",
    ];
    leaf.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(body: Vec<u8>) {
        decode_all(&body);
    }

    #[test]
    fn any_json_values(value in any_json()) {
        decode_all(value.to_string().as_bytes());
        decode_all(json!([value]).to_string().as_bytes());
    }

    #[test]
    fn a_fill_with_any_value_in_any_place(value in any_json(), place in any::<prop::sample::Index>()) {
        let mut fill: Value = serde_json::from_str(FILL).unwrap();
        let mut found = Vec::new();
        places(&fill, "", &mut found);
        *fill.pointer_mut(place.get::<String>(&found)).unwrap() = value;
        decode_all(fill.to_string().as_bytes());
        decode_all(trade_update(&fill.to_string()).as_bytes());
    }
}

proptest! {
    // Sixteen values each.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_element_of_any_kind(
        kind in "b|q|t|s|u|d|success|error|subscription|tradewind_step|n",
        symbol in "SPY|AAPL|OTHER",
        values in prop::collection::vec(any_json(), 16),
    ) {
        let keys = ["t", "p", "s", "o", "h", "l", "c", "v", "bp", "bs", "ap", "as", "code", "bars",
            "step", "trade_updates"];
        let mut element = json!({"T": kind, "S": symbol});
        for (key, value) in keys.into_iter().zip(values) {
            element[key] = value;
        }
        decode_all(json!([element]).to_string().as_bytes());
    }
}
