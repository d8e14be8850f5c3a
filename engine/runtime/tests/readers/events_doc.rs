//! `docs/EVENTS.md` against what is published: every kind, every field, and nothing else.

use crate::envelopes::{begun, event, market};
use crate::events::{market_samples, samples};
use kernel::{Event, Record, State, Timestamp};
use runtime::envelope::{DeadLetter, Envelope, Topic};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Topic, key and fields of each kind.
type Kinds = BTreeMap<String, (String, BTreeSet<String>)>;

const DOC: &str = include_str!("../../../../docs/EVENTS.md");

/// What the document says: under each heading "### `kind` on `topic`" a table of fields.
fn documented() -> Kinds {
    let (mut kinds, mut current) = (Kinds::new(), None);
    for line in DOC.lines() {
        if line.starts_with('#') {
            let words: Vec<_> = line.split('`').collect();
            current = match words.as_slice() {
                ["### ", kind, " on ", topic, ""] => {
                    let fresh = kinds.insert((*kind).into(), ((*topic).into(), BTreeSet::new()));
                    assert!(fresh.is_none(), "{kind} is documented twice");
                    Some((*kind).to_owned())
                }
                _ => None,
            };
        } else if let Some((field, _)) =
            line.strip_prefix("| `").and_then(|rest| rest.split_once('`'))
            && let Some((_, fields)) = current.as_ref().and_then(|kind| kinds.get_mut(kind))
        {
            assert!(fields.insert(field.into()), "{field} of {current:?} is documented twice");
        }
    }
    kinds
}

/// The paths of all fields: `a`, `list[].b`. What is inside `params` is the strategy's own.
fn fields(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if path != "strategies[].params" => {
            for (name, value) in map {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                fields(value, &path, into);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            for value in list {
                fields(value, &format!("{path}[]"), into);
            }
        }
        _ => {
            into.insert(path.to_owned());
        }
    }
}

fn add(kinds: &mut Kinds, envelope: &Envelope<'_>) {
    let mut json = Vec::new();
    envelope.write(&mut json).unwrap();
    let value: Value = serde_json::from_slice(&json).unwrap();
    let mut found = BTreeSet::new();
    fields(&value["payload"], "", &mut found);
    let topic = envelope.topic().as_str().to_owned();
    kinds.insert(envelope.kind().to_owned(), (topic, found));
}

fn published() -> Kinds {
    let state = begun();
    let mut kinds = Kinds::new();
    let events = samples(state.symbols()).into_iter().map(event);
    let records: Vec<Record> = events.chain(market_samples(state.symbols()).map(market)).collect();
    for record in &records {
        add(&mut kinds, &Envelope::of(record, &state, Timestamp::MIN).unwrap());
    }
    let letter = DeadLetter { topic: "t", error: "e", bytes: 1, excerpt: "x" };
    add(&mut kinds, &Envelope::dead_letter(1, &state, Timestamp::MIN, letter));
    kinds
}

#[test]
fn the_document_is_true() {
    let (documented, published) = (documented(), published());
    for (kind, what) in &published {
        assert_eq!(documented.get(kind), Some(what), "{kind} in docs/EVENTS.md");
    }
    let kinds = |kinds: &Kinds| kinds.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(kinds(&documented), kinds(&published), "kinds in docs/EVENTS.md");
}

#[test]
fn every_topic_is_documented() {
    for topic in Topic::ALL {
        let row = format!("| `tradewind.{}` |", topic.as_str());
        assert!(DOC.contains(&row), "{row}");
    }
}

/// The fields of the envelope itself.
#[test]
fn the_envelope_is_documented() {
    let state: State = begun();
    let record = event(Event::Flattened);
    let mut json = Vec::new();
    Envelope::of(&record, &state, Timestamp::MIN).unwrap().write(&mut json).unwrap();
    let value: Value = serde_json::from_slice(&json).unwrap();
    for name in value.as_object().unwrap().keys() {
        assert!(DOC.contains(&format!("| `{name}` |")), "{name}");
    }
}
