//! What an envelope says of a record.

use crate::events::{any_event, market_samples, samples};
use crate::support::{SESSION, start};
use kernel::*;
use proptest::prelude::*;
use runtime::envelope::{Envelope, Topic};
use serde_json::{Value, json};

/// The state of a session that has only begun.
pub fn begun() -> State {
    let mut state = State::default();
    let at = Timestamp::from_secs(1_767_623_400);
    let input = Input::Start(Box::new(start(SESSION)));
    let body = RecordBody::Input(Stamped { at, seen: at, input });
    state.evolve(&Record { seq: 1, body }).unwrap();
    state
}

fn encoded(record: &Record, state: &State, seen: Timestamp) -> Option<(Topic, String, Value)> {
    let envelope = Envelope::of(record, state, seen)?;
    let mut json = Vec::new();
    envelope.write(&mut json).unwrap();
    let value = serde_json::from_slice(&json).unwrap();
    Some((envelope.topic(), envelope.key().to_owned(), value))
}

pub fn event(event: Event) -> Record {
    Record { seq: 42, body: RecordBody::Event { at: Timestamp::from_secs(1), event } }
}

pub fn market(data: MarketData) -> Record {
    let (at, input) = (data.time(), Input::Market(data));
    Record { seq: 42, body: RecordBody::Input(Stamped { at, seen: at, input }) }
}

#[test]
fn a_fill_in_full() {
    let state = begun();
    let fill = samples(state.symbols()).into_iter().find(|one| one.kind() == "order_filled");
    let seen = "2026-01-05T14:30:00.000000007Z".parse().unwrap();
    let (topic, key, value) = encoded(&event(fill.unwrap()), &state, seen).unwrap();
    assert_eq!((topic, key.as_str()), (Topic::Fills, "MSFT"));
    let wanted = json!({
        "seq": 42,
        "id": format!("{SESSION}:42"),
        "session": SESSION,
        "ts_event": "1970-01-01T00:00:01.000000000Z",
        "ts_seen": "2026-01-05T14:30:00.000000007Z",
        "kind": "order_filled",
        "version": 1,
        "payload": {
            "order": 1,
            "execution": "e",
            "symbol": "MSFT",
            "side": "buy",
            "quantity": "10",
            "price": "99.95",
            "status": "filled",
            "realised": "0",
            "position": "10",
            "cash": "99000.5",
        },
    });
    assert_eq!(value, wanted);
}

#[test]
fn a_denial_says_what_was_compared() {
    let state = begun();
    let denied = samples(state.symbols()).into_iter().find(|one| one.kind() == "order_denied");
    let (topic, _, value) = encoded(&event(denied.unwrap()), &state, Timestamp::MIN).unwrap();
    let payload = &value["payload"];
    assert_eq!(topic, Topic::Risk);
    assert_eq!((&payload["origin"], &payload["strategy"]), (&json!("strategy"), &json!("turns")));
    assert_eq!(payload["code"], "stale_data");
    assert_eq!((&payload["value"], &payload["limit"]), (&json!("130.5"), &json!("120")));
    assert_eq!(payload["unit"], "seconds");
}

#[test]
fn an_order_event_has_the_key_of_its_symbol() {
    let mut state = begun();
    let msft = state.symbols().id("MSFT").unwrap();
    let order = crate::events::sample_order(msft);
    let approved = event(Event::OrderApproved(Box::new(order)));
    state.evolve(&Record { seq: 2, ..approved }).unwrap();
    let cancel = event(Event::CancelApproved { order: OrderNumber(1), origin: Origin::Operator });
    let (topic, key, value) = encoded(&cancel, &state, Timestamp::MIN).unwrap();
    assert_eq!((topic, key.as_str()), (Topic::Orders, "MSFT"));
    assert_eq!(value["payload"]["symbol"], "MSFT");
}

#[test]
fn only_market_data_is_published_of_the_inputs() {
    let state = begun();
    let input = |input| {
        let at = Timestamp::from_secs(1);
        Record { seq: 42, body: RecordBody::Input(Stamped { at, seen: at, input }) }
    };
    assert!(encoded(&input(Input::Timer), &state, Timestamp::MIN).is_none());
    for data in market_samples(state.symbols()) {
        assert!(encoded(&input(Input::Warmup(data)), &state, Timestamp::MIN).is_none());
        let (topic, key, value) = encoded(&market(data), &state, Timestamp::MIN).unwrap();
        assert_eq!((topic, key.as_str()), (Topic::Market, "MSFT"));
        let time: Timestamp = value["ts_event"].as_str().unwrap().parse().unwrap();
        assert_eq!(time, data.time(), "the data's own time");
    }
}

/// Whether a value has no JSON number with a fraction anywhere: money is text.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(list) => list.iter().all(is_exact),
        Value::Object(map) => map.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

proptest! {
    /// Every event has an envelope, which is JSON, on a topic, under a key, and says exactly when.
    #[test]
    fn every_event_can_be_published(
        one in any_event(),
        seq in 1..=u64::MAX,
        at in any::<i64>(),
        seen in any::<i64>(),
    ) {
        let state = begun();
        let (at, seen) = (Timestamp::from_nanos(at), Timestamp::from_nanos(seen));
        let kind = one.kind();
        let record = Record { seq, body: RecordBody::Event { at, event: one } };
        let (topic, key, value) = encoded(&record, &state, seen).expect("every event is published");
        prop_assert!(Topic::ALL.contains(&topic) && topic != Topic::DeadLetter);
        prop_assert!(!key.is_empty());
        prop_assert_eq!(value["seq"].as_u64(), Some(seq));
        prop_assert_eq!(value["kind"].as_str(), Some(kind));
        prop_assert_eq!(value["ts_event"].as_str().unwrap().parse::<Timestamp>(), Ok(at));
        prop_assert_eq!(value["ts_seen"].as_str().unwrap().parse::<Timestamp>(), Ok(seen));
        prop_assert!(value["payload"].is_object());
        prop_assert!(is_exact(&value), "{}", value);
    }

    /// Numbers come back as they went.
    #[test]
    fn money_survives(nanos in any::<[i64; 5]>()) {
        let state = begun();
        let mut fill = samples(state.symbols()).into_iter().find(|one| one.kind() == "order_filled");
        if let Some(Event::OrderFilled { quantity, price, realised, position, cash, .. }) = &mut fill {
            *quantity = Quantity::from_nanos(nanos[0]);
            *price = Price::from_nanos(nanos[1]);
            *realised = Cash::from_nanos(nanos[2]);
            *position = Quantity::from_nanos(nanos[3]);
            *cash = Cash::from_nanos(nanos[4]);
        }
        let (_, _, value) = encoded(&event(fill.unwrap()), &state, Timestamp::MIN).unwrap();
        let names = ["quantity", "price", "realised", "position", "cash"];
        for (name, nanos) in names.iter().zip(nanos) {
            let text = value["payload"][name].as_str().unwrap();
            prop_assert_eq!(text.parse(), Ok(Cash::from_nanos(nanos)));
        }
    }
}
