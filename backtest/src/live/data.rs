//! The market data of a session, as it is known in the end.

use super::tape::Tape;
use journal::{JournalError, Reader};
use kernel::{Input, MarketData, RecordBody, Symbols};
use std::path::Path;

/// What a session's journal knows of the market: what was read to warm strategies up, what came, and
/// what was read later for a gap; bars and trades as they were corrected, each once.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedData {
    /// The symbols, by the names with which the session began.
    pub symbols: Symbols,
    /// The data, in the order of files.
    pub rows: Vec<MarketData>,
}

impl RecordedData {
    /// Reads the journal in a folder.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, JournalError> {
        let mut reader = Reader::open(folder, 1)?;
        let (mut symbols, mut tape) = (Symbols::default(), Tape::default());
        while let Some(record) = reader.next()? {
            let RecordBody::Input(stamped) = record.body else { continue };
            match &stamped.input {
                Input::Start(start) => symbols.clone_from(&start.symbols),
                Input::Market(data) => tape.see(data),
                // A restart reads again what is known, and what was missed meanwhile.
                Input::Warmup(data) | Input::Late(data) if !tape.has(data) => tape.late(data),
                Input::UpdatedBar(bar) => tape.update(bar),
                Input::Correction(correction) => tape.correct(correction),
                Input::CancelError(cancel) => tape.take_back(cancel),
                _ => {}
            }
        }
        let mut rows = tape.known;
        rows.sort_by_key(marketdata::order);
        // A quote or a trade that a stream told twice.
        rows.dedup();
        Ok(Self { symbols, rows })
    }
}
