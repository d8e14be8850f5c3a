//! Every record as a line of JSON, in the form in which it is published.

use super::Folded;
use crate::exit::Failure;
use kernel::{Input, Record, RecordBody, State, Timestamp};
use runtime::envelope::{Envelope, VERSION, session_of};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};
use std::path::Path;

/// An input that is not published, in the form of those records that are.
#[derive(Serialize)]
struct Plain<'a> {
    seq: u64,
    id: String,
    session: &'a str,
    ts_event: Timestamp,
    ts_seen: Timestamp,
    kind: String,
    version: u8,
    payload: Value,
}

/// Prints the records from `from` on; with `events_only` no inputs.
///
/// # Errors
/// When the journal cannot be read.
pub fn run(folder: &Path, from: u64, events_only: bool) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut records = Folded::open(folder, from.saturating_sub(1))?;
    let mut seen = records.state.now();
    while let Some(record) = records.next()? {
        if let RecordBody::Input(stamped) = &record.body {
            seen = stamped.seen;
            if events_only {
                continue;
            }
        }
        let mut line = line(&record, &records.state, seen)?;
        line.push(b'\n');
        if out.write_all(&line).is_err() {
            // Whoever reads has seen enough.
            return Ok(());
        }
    }
    let _ = out.flush();
    Ok(())
}

/// The envelope of a record; an input that is not published gets one of the same form, with the
/// input as it is journalled but for the names of symbols.
fn line(record: &Record, state: &State, seen: Timestamp) -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    match (Envelope::of(record, state, seen), &record.body) {
        (Some(envelope), _) => envelope.write(&mut line).map_err(Failure::other)?,
        (None, RecordBody::Input(stamped)) => {
            let session = session_of(state);
            let (kind, payload) = named(&stamped.input, state)?;
            let plain = Plain {
                seq: record.seq,
                id: format!("{session}:{}", record.seq),
                session,
                ts_event: stamped.at,
                ts_seen: seen,
                kind: format!("input_{kind}"),
                version: VERSION,
                payload,
            };
            serde_json::to_writer(&mut line, &plain).map_err(Failure::other)?;
        }
        (None, RecordBody::Event { .. }) => {
            serde_json::to_writer(&mut line, record).map_err(Failure::other)?;
        }
    }
    Ok(line)
}

/// An input's kind and what it carries.
fn named(input: &Input, state: &State) -> Result<(String, Value), Failure> {
    let (kind, mut payload) = match serde_json::to_value(input).map_err(Failure::other)? {
        Value::Object(tagged) => match tagged.into_iter().next() {
            Some(pair) => pair,
            None => return Ok(("unknown".into(), Value::Null)),
        },
        Value::String(kind) => (kind, json!({})),
        other => ("unknown".into(), other),
    };
    name_symbols(&mut payload, state);
    Ok((kind.to_lowercase(), payload))
}

/// Puts the names of symbols where their ids stand.
fn name_symbols(value: &mut Value, state: &State) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| name_symbols(item, state)),
        Value::Object(fields) => {
            for (key, field) in fields {
                let id = field.as_u64().filter(|_| key == "symbol");
                let id = id.and_then(|id| usize::try_from(id).ok());
                match id.and_then(|id| state.symbols().names().nth(id)) {
                    Some(name) => *field = name.into(),
                    None => name_symbols(field, state),
                }
            }
        }
        _ => {}
    }
}
