//! The hash tells decisions apart, and nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::storage::MemoryStorage;
use journal::{EventsHash, verify_on};
use kernel::*;
use support::*;

type Timed = (Timestamp, Event);

fn events(records: &[Record]) -> Vec<Timed> {
    let event = |record: &Record| match &record.body {
        RecordBody::Event { at, event } => Some((*at, event.clone())),
        RecordBody::Input(_) => None,
    };
    records.iter().filter_map(event).collect()
}

fn hash(events: &[Timed]) -> String {
    let mut hash = EventsHash::new();
    for (at, event) in events {
        hash.add(*at, event);
    }
    hash.finish_hex()
}

fn alert(code: &str, text: &str) -> Event {
    let severity = Severity::Warning;
    Event::AlertRaised(Alert { severity, code: code.into(), text: text.into() })
}

#[test]
fn session_ids_broker_ids_and_arrival_times_do_not_matter() {
    let ours = events(&records(20));
    let names = Names { session: "ffeeddccbbaa99887766554433221100", broker: "other", seen: 99 };
    let theirs = events(&records_of(20, names));
    assert_ne!(ours, theirs);
    assert_eq!(hash(&ours), hash(&theirs));
    assert_eq!(hash(&ours).len(), 64);
}

#[test]
fn amounts_prices_times_and_order_matter() {
    let original = events(&records(20));
    let changed = |change: &dyn Fn(&mut Vec<Timed>)| {
        let mut events = original.clone();
        change(&mut events);
        assert_ne!(events, original);
        hash(&events)
    };
    let cent = Cash::from_nanos(10_000_000);
    let mut hashes = vec![
        hash(&original),
        changed(&|events| events.swap(4, 5)),
        changed(&|events| events.truncate(7)),
        changed(&|events| events[6].0 = events[6].0.plus(Span::from_nanos(1))),
        changed(&|events| {
            fill(events, |_, price, _| *price = Price::from_nanos(price.nanos() + 1))
        }),
        changed(&|events| fill(events, |quantity, _, _| *quantity = Quantity::ZERO)),
        changed(&|events| fill(events, |_, _, cash| *cash = cash.checked_add(cent).unwrap())),
    ];
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

fn fill(events: &mut [Timed], change: impl Fn(&mut Quantity, &mut Price, &mut Cash)) {
    let fill = events.iter_mut().find_map(|(_, event)| match event {
        Event::OrderFilled { quantity, price, cash, .. } => Some((quantity, price, cash)),
        _ => None,
    });
    let (quantity, price, cash) = fill.unwrap();
    change(quantity, price, cash);
}

#[test]
fn transport_and_words_for_people_are_left_out() {
    let original = events(&records(6));
    let with = |event: Event| [original.clone(), vec![(Timestamp::from_secs(1), event)]].concat();
    for silent in [
        Event::SessionResumed,
        Event::LinkChanged { link: Link::Orders, up: false },
        alert("link_down", "The order stream is down"),
    ] {
        assert_eq!(hash(&with(silent)), hash(&original));
    }
    let one = hash(&with(alert("order_rejected", "The broker refused order 3: no")));
    assert_ne!(one, hash(&original));
    assert_eq!(one, hash(&with(alert("order_rejected", "in other words"))));
    assert_ne!(one, hash(&with(alert("account_blocked", "The broker refused order 3: no"))));
}

#[test]
fn foreign_orders_are_told_apart_by_when_they_were_first_seen() {
    let foreign = |id: &str| Difference::OrderForeign { broker_id: BrokerOrderId(id.into()) };
    let run = |first: &str, second: &str, again: &str| {
        let differences = vec![foreign(first), foreign(second)];
        let suspected = Event::DifferenceSuspected { differences };
        hash(&[
            (Timestamp::from_secs(1), suspected),
            (Timestamp::from_secs(2), Event::DifferenceFound(foreign(again))),
        ])
    };
    assert_eq!(run("a", "b", "a"), run("x", "y", "x"));
    assert_ne!(run("a", "b", "a"), run("a", "b", "b"));
}

#[test]
fn a_verified_journal_tells_the_hash_of_its_events() {
    let storage = MemoryStorage::new();
    let records = records(20);
    drop(write(&storage, &records, small(1_000), 3, 2));
    assert_eq!(verify_on(&storage).unwrap().events_hash, Some(hash(&events(&records))));
}
