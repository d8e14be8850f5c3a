//! What is told later of market data that were told wrong.

use super::script::{Fault, Wrong};
use crate::server::hub::{Element, Item};
use crate::server::stream::subscription::Channel;
use crate::server::wire::time::WireTime;
use kernel::{SymbolId, Timestamp};
use serde_json::{Map, Value, json};

/// What puts right an element that a fault has told wrong, and after how many steps; of a trade
/// without the time, which is when it is told. `was` is the element as it is, `told` as it was told.
pub(in crate::server) fn revision(
    fault: &Fault,
    symbol: SymbolId,
    was: &Value,
    told: &Value,
) -> Option<(u64, Element)> {
    let (channel, fields, steps) = match fault {
        Fault::Correct(Wrong { steps, .. }) => (Channel::Corrections, corrected(was, told), steps),
        Fault::CancelError(Wrong { steps, .. }) => {
            (Channel::CancelErrors, taken_back(was, told), steps)
        }
        Fault::UpdateBar(Wrong { steps, .. }) => (Channel::UpdatedBars, counted_again(was)?, steps),
        _ => return None,
    };
    Some((*steps, Element { channel, symbol, item: Item::Written(fields) }))
}

/// The same with the time at which it is told. A bar keeps its own.
pub(in crate::server) fn told_at(mut element: Element, time: Timestamp) -> Element {
    if element.channel != Channel::UpdatedBars
        && let Item::Written(fields) = &mut element.item
    {
        fields.insert("t".into(), json!(WireTime(time)));
    }
    element
}

/// Source: Alpaca, "Real-time Stock Data", trade corrections.
fn corrected(was: &Value, told: &Value) -> Map<String, Value> {
    fields(json!({
        "T": "c", "S": was["S"], "x": was["x"],
        "oi": was["i"], "op": told["p"], "os": was["s"], "oc": was["c"],
        "ci": was["i"], "cp": was["p"], "cs": was["s"], "cc": was["c"],
        "z": was["z"],
    }))
}

/// Source: Alpaca, "Real-time Stock Data", trade cancels/errors.
fn taken_back(was: &Value, told: &Value) -> Map<String, Value> {
    fields(json!({
        "T": "x", "S": was["S"], "i": was["i"], "x": was["x"], "p": told["p"],
        "s": was["s"], "a": "E", "z": was["z"],
    }))
}

/// The bar with every trade in it, as it is.
fn counted_again(was: &Value) -> Option<Map<String, Value>> {
    let mut bar = was.as_object()?.clone();
    bar.insert("T".into(), json!("u"));
    Some(bar)
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
