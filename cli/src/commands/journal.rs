//! `tradewind journal show|dump|verify`.

use super::print_json;
use crate::args::{JournalCommand, PlaceArgs};
use crate::exit::{Exit, Failure};
use crate::resolve;
use journal::{Reader, Verified};
use kernel::{Input, Record, RecordBody};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

pub fn run(command: &JournalCommand) -> Result<(), Failure> {
    match command {
        JournalCommand::Show { place, json } => show(&folder(place)?, *json),
        JournalCommand::Dump { place, from, events } => dump(&folder(place)?, *from, *events),
        JournalCommand::Verify { place, json } => verify(&folder(place)?, *json),
    }
}

/// The journal of the session that is meant.
pub fn folder(place: &PlaceArgs) -> Result<PathBuf, Failure> {
    let folder = resolve::data_dir(place)?.join("journal");
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Failure::usage(format!(
        "there is no journal in {}: name the session's folder with --data-dir",
        folder.display()
    )))
}

fn show(folder: &std::path::Path, as_json: bool) -> Result<(), Failure> {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let (mut session, mut last) = (None, 0);
    let mut reader = Reader::open(folder, 1).map_err(Failure::usage)?;
    while let Some(record) = reader.next().map_err(Failure::usage)? {
        last = record.seq;
        if let RecordBody::Input(stamped) = &record.body {
            *counts.entry("inputs").or_default() += 1;
            if let Input::Start(start) = &stamped.input {
                session = Some((stamped.at, start.clone()));
            }
        }
        if let RecordBody::Event { event, .. } = &record.body {
            *counts.entry(event.kind()).or_default() += 1;
        }
    }
    let start = session.as_ref().map(|(at, start)| {
        json!({
            "id": start.session, "venue": start.venue, "started": at,
            "symbols": start.symbols, "strategies": start.strategies,
        })
    });
    let whole = json!({ "session": start, "last_seq": last, "counts": counts });
    if as_json {
        return print_json(&whole);
    }
    if let Some((at, start)) = &session {
        let names: Vec<&str> = start.symbols.names().collect();
        println!(
            "session {} on {}, begun {at}, symbols {}",
            start.session,
            start.venue,
            names.join(" ")
        );
    }
    println!("records {last}");
    for (kind, count) in counts {
        println!("{count:>10}  {kind}");
    }
    Ok(())
}

fn dump(folder: &std::path::Path, from: u64, events_only: bool) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut reader = Reader::open(folder, from).map_err(Failure::usage)?;
    while let Some(record) = reader.next().map_err(Failure::usage)? {
        if events_only && !is_event(&record) {
            continue;
        }
        let line = serde_json::to_string(&record).map_err(Failure::other)?;
        if writeln!(out, "{line}").is_err() {
            // Whoever reads has seen enough.
            return Ok(());
        }
    }
    out.flush().map_err(Failure::other)
}

const fn is_event(record: &Record) -> bool {
    matches!(record.body, RecordBody::Event { .. })
}

fn verify(folder: &std::path::Path, as_json: bool) -> Result<(), Failure> {
    let failed = |error| Failure::new(Exit::CheckFailed, format!("{error}"));
    let verified: Verified = journal::verify(folder).map_err(failed)?;
    if as_json {
        return print_json(
            &json!({ "good": true, "records": verified.records, "segments": verified.segments }),
        );
    }
    println!(
        "The journal is good: {} records in {} segments, every checksum right, every record follows from the one before.",
        verified.records, verified.segments
    );
    Ok(())
}
