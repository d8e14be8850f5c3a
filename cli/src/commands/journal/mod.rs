//! `tradewind journal show|dump|verify`.

mod dump;
mod show;

use super::{print_json, print_text};
use crate::args::{JournalCommand, PlaceArgs};
use crate::exit::{Exit, Failure};
use crate::figures::counted;
use crate::resolve;
use journal::{JournalError, Reader};
use kernel::{Record, State};
use serde_json::json;
use std::path::{Path, PathBuf};

pub fn run(command: &JournalCommand) -> Result<(), Failure> {
    match command {
        JournalCommand::Show { place, json } => show::run(&folder(place)?, *json),
        JournalCommand::Dump { place, from, events } => dump::run(&folder(place)?, *from, *events),
        JournalCommand::Verify { place, json } => verify(&folder(place)?, *json),
    }
}

/// The journal of the session that is meant: that of its data directory, or the folder itself when
/// it is a journal, as those of finished sessions are.
pub fn folder(place: &PlaceArgs) -> Result<PathBuf, Failure> {
    let dir = resolve::data_dir(place)?;
    let folder = dir.join("journal");
    if folder.is_dir() {
        return Ok(folder);
    }
    if holds_segments(&dir) {
        return Ok(dir);
    }
    Err(Failure::usage(format!(
        "there is no journal in {}: run a session with `tradewind paper`, or name its folder with --data-dir",
        folder.display()
    )))
}

fn holds_segments(dir: &Path) -> bool {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|ext| ext == "seg"))
}

/// The records of a journal after one of them, each with the state that it leads to.
struct Folded {
    reader: Reader,
    state: State,
}

impl Folded {
    fn open(folder: &Path, after: u64) -> Result<Self, Failure> {
        let opened = Reader::open_with_state(folder, after).map_err(|error| match error {
            JournalError::Missing { next, .. } if next == after => Failure::usage(format!(
                "the journal in {} ends before record {}: `tradewind journal show` says how many it holds",
                folder.display(),
                next.saturating_add(1)
            )),
            error => Failure::usage(error),
        });
        let (reader, state) = opened?;
        Ok(Self { reader, state })
    }

    fn next(&mut self) -> Result<Option<Record>, Failure> {
        let Some(record) = self.reader.next().map_err(Failure::usage)? else { return Ok(None) };
        self.state.evolve(&record).map_err(|error| {
            Failure::usage(format!(
                "record {} does not follow from those before it ({error}): run `tradewind journal verify`",
                record.seq
            ))
        })?;
        Ok(Some(record))
    }
}

fn verify(folder: &Path, as_json: bool) -> Result<(), Failure> {
    let verified = match journal::verify(folder) {
        Ok(verified) => verified,
        Err(error) => return Err(not_good(&error, as_json)?),
    };
    if as_json {
        return print_json(
            &json!({ "good": true, "records": verified.records, "segments": verified.segments }),
        );
    }
    print_text(&format!(
        "The journal is good: {} in {}, every checksum right, every record follows from the one before.\n",
        counted(verified.records, "record"),
        counted(verified.segments, "segment")
    ))
}

/// The failure of a check; a program is told of damage on standard output as well.
fn not_good(error: &JournalError, as_json: bool) -> Result<Failure, Failure> {
    let failure = Failure::new(Exit::of_journal_check(error), error.to_string());
    if as_json && failure.exit == Exit::CheckFailed {
        print_json(&json!({ "good": false, "error": failure.message }))?;
    }
    Ok(failure)
}
