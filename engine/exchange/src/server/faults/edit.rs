//! Changes to a JSON message.

use super::script::{BadPrice, Fault, Wrong};
use crate::server::wire::market::Number;
use crate::server::wire::time::WireTime;
use kernel::{BasisPoints, Price, Rounding, Span, Timestamp};
use serde_json::{Map, Value, json};

/// Makes the changes that a fault makes to the fields of a message; nothing for other faults. `false`
/// when the message has no place for what is done to a field.
pub(super) fn edit(fault: &Fault, message: &mut Value) -> bool {
    let mut is_done =
        !matches!(fault, Fault::Remove { .. } | Fault::Set { .. } | Fault::Add { .. });
    match fault {
        Fault::Remove { field } => at_field(message, field, &mut |parent, key| {
            is_done |= parent.remove(key).is_some();
        }),
        Fault::Set { field, value } => at_field(message, field, &mut |parent, key| {
            parent.insert(key.into(), value.clone());
            is_done = true;
        }),
        Fault::Add { field } => at_field(message, field, &mut |parent, key| {
            parent.insert(key.into(), json!({"new": [1, null, "x"]}));
            is_done = true;
        }),
        Fault::Huge { bytes } => {
            let padding = "x".repeat(usize::try_from(*bytes).unwrap_or(0));
            at_field(message, "padding", &mut |parent, key| {
                parent.insert(key.into(), json!(padding));
            });
        }
        Fault::Shift { seconds } => {
            for field in ["t", "timestamp", "at", "created_at", "updated_at"] {
                shift(message, field, *seconds);
            }
        }
        Fault::Price { bad } => spoil(message, *bad),
        Fault::Correct(wrong) | Fault::CancelError(wrong) => misprint(message, "p", *wrong),
        Fault::UpdateBar(wrong) => misprint(message, "c", *wrong),
        Fault::Answer { .. }
        | Fault::Hang { .. }
        | Fault::Reset { .. }
        | Fault::Hold { .. }
        | Fault::Malformed
        | Fault::Drop { .. }
        | Fault::Mute
        | Fault::Error { .. }
        | Fault::Missing
        | Fault::Duplicate { .. }
        | Fault::Late { .. }
        | Fault::Reorder
        | Fault::Fill { .. }
        | Fault::Reject
        | Fault::CloseByHand
        | Fault::Split { .. }
        | Fault::PayFraction
        | Fault::Rename { .. }
        | Fault::MoveCash { .. }
        | Fault::BeginAnew { .. }
        | Fault::Luld { .. }
        | Fault::Halt { .. }
        | Fault::News { .. } => {}
    }
    is_done
}

/// Tells a price so far from what it is; a bar's bounds give way.
fn misprint(message: &mut Value, field: &str, wrong: Wrong) {
    let price = |value: &Value| value.to_string().parse::<Price>().ok();
    let Some(fields) = message.as_object_mut() else { return };
    let by = BasisPoints::new(wrong.bps);
    let told = fields.get(field).and_then(price);
    let Some(told) = told.and_then(|told| told.shifted(by, Rounding::HalfEven)) else { return };
    let told = told.to_tick(Rounding::HalfEven);
    fields.insert(field.into(), json!(Number::from(told)));
    let low = fields.get("l").and_then(price);
    let high = fields.get("h").and_then(price);
    if let Some((low, high)) = low.zip(high) {
        fields.insert("l".into(), json!(Number::from(low.min(told))));
        fields.insert("h".into(), json!(Number::from(high.max(told))));
    }
}

/// Does something to a field by its path, in each element of every list on the way.
fn at_field(value: &mut Value, path: &str, change: &mut impl FnMut(&mut Map<String, Value>, &str)) {
    match value {
        Value::Array(elements) => {
            elements.iter_mut().for_each(|element| at_field(element, path, change));
        }
        Value::Object(parent) => match path.split_once('.') {
            None => {
                let keys =
                    if path == "*" { parent.keys().cloned().collect() } else { vec![path.into()] };
                keys.iter().for_each(|key| change(parent, key));
            }
            Some(("*", rest)) => {
                parent.values_mut().for_each(|child| at_field(child, rest, change));
            }
            Some((key, rest)) => {
                if let Some(child) = parent.get_mut(key) {
                    at_field(child, rest, change);
                }
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Moves a time where there is one.
fn shift(message: &mut Value, field: &str, seconds: i64) {
    let targets =
        [message.get_mut(field).is_some(), message.pointer(&format!("/data/{field}")).is_some()];
    let path = match targets {
        [true, _] => format!("/{field}"),
        [false, true] => format!("/data/{field}"),
        [false, false] => return,
    };
    let Some(value) = message.pointer_mut(&path) else { return };
    let time = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    if let Some(time) = time {
        *value = json!(WireTime(time.plus(Span::from_secs(seconds))));
    }
}

/// The prices of each kind of market data: bars, quotes, trades.
const PRICES: [&str; 7] = ["o", "h", "l", "c", "bp", "ap", "p"];

fn spoil(message: &mut Value, bad: BadPrice) {
    let Some(fields) = message.as_object_mut() else { return };
    if bad == BadPrice::Crossed {
        for (low, high) in [("bp", "ap"), ("l", "h")] {
            cross(fields, low, high);
        }
        return;
    }
    for name in PRICES {
        let Some(price) = fields.get_mut(name) else { continue };
        *price = match bad {
            BadPrice::Nan => json!("NaN"),
            BadPrice::Zero => json!(0),
            BadPrice::Negative => json!(price.as_f64().map_or(-1.0, |price| -price)),
            BadPrice::Crossed => continue,
        };
    }
}

/// Puts a price above the higher of two, by a tenth of it, where the lower belongs: whoever believes
/// it asks for something that nobody trades at.
fn cross(fields: &mut Map<String, Value>, low: &str, high: &str) {
    let number = |name: &str| fields.get(name).and_then(Value::as_f64);
    if let (Some(lower), Some(higher)) = (number(low), number(high)) {
        fields.insert(low.into(), json!(higher * 1.1));
        fields.insert(high.into(), json!(lower));
    }
}

/// The first half of a text: no JSON any more.
pub(super) fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(bytes.len() / 2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edited(fault: &str, message: Value) -> Value {
        let text = format!("[[fault]]\non='market_data'\n{fault}");
        let script = super::super::FaultScript::parse(&text).unwrap();
        let mut message = message;
        edit(&script.rules[0].fault, &mut message);
        message
    }

    #[test]
    fn fields_are_found_by_their_path_in_objects_lists_and_maps() {
        let page = || json!({"bars": {"A": [{"t": 1, "o": 2}, {"t": 3}], "B": []}, "next": null});
        let removed = edited("inject='remove'\nfield='bars.*.t'", page());
        assert_eq!(removed, json!({"bars": {"A": [{"o": 2}, {}], "B": []}, "next": null}));
        let set = edited("inject='set'\nfield='next'\nvalue='x'", page());
        assert_eq!(set["next"], "x");
        let list = edited("inject='remove'\nfield='a.b'", json!([{"a": {"b": 1}}, {"a": 2}, {}]));
        assert_eq!(list, json!([{"a": {}}, {"a": 2}, {}]));
        let added = edited("inject='add'\nfield='order.surprise'", json!({"order": {"id": 1}}));
        assert!(added["order"]["surprise"].is_object());
        let huge = edited("inject='huge'\nbytes=5", json!({"a": 1}));
        assert_eq!(huge["padding"], "xxxxx");
    }

    #[test]
    fn what_there_is_no_place_for_is_not_done() {
        for (fault, is_done) in [
            ("inject='remove'\nfield='a.b'", true),
            ("inject='remove'\nfield='a.c'", false),
            ("inject='remove'\nfield='x.*'", false),
            ("inject='set'\nfield='a.c'\nvalue=1", true),
            ("inject='set'\nfield='b.c'\nvalue=1", false),
            ("inject='add'\nfield='a.c'", true),
            ("inject='add'\nfield='b.c'", false),
            ("inject='malformed'", true),
        ] {
            let text = format!("[[fault]]\non='market_data'\n{fault}");
            let script = super::super::FaultScript::parse(&text).unwrap();
            let mut message = json!({"a": [{"b": 1}, {}]});
            assert_eq!(edit(&script.rules[0].fault, &mut message), is_done, "{fault}");
        }
    }

    #[test]
    fn prices_and_times_are_spoilt() {
        let quote = || json!({"bp": 10.0, "ap": 10.5, "t": "2026-01-06T15:00:00Z"});
        let crossed = edited("inject='price'\nas='crossed'", quote());
        assert!(crossed["bp"].as_f64() > crossed["ap"].as_f64());
        assert_eq!(edited("inject='price'\nas='nan'", quote())["bp"], "NaN");
        assert_eq!(edited("inject='price'\nas='zero'", quote())["ap"], 0);
        assert_eq!(edited("inject='price'\nas='negative'", quote())["ap"], -10.5);
        let stale = edited("inject='shift'\nseconds=-3600", quote());
        assert_eq!(stale["t"], "2026-01-06T14:00:00Z");
    }

    proptest! {
        #[test]
        fn any_message_can_be_edited(
            message in crate::server::tests::any_json(), path in "[a*]?(\\.[a*])?",
            seconds in -9_i64..9,
        ) {
            let mut message = message;
            for fault in [
                Fault::Remove { field: path.clone() },
                Fault::Add { field: path.clone() },
                Fault::Set { field: path, value: json!(1) },
                Fault::Shift { seconds },
                Fault::Price { bad: BadPrice::Crossed },
                Fault::Price { bad: BadPrice::Nan },
                Fault::Huge { bytes: 3 },
            ] {
                edit(&fault, &mut message);
            }
        }
    }
}
