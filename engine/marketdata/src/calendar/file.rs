//! A calendar from a CSV file with the columns `date,type,close_time`.

use super::{Calendar, DayKind};
use crate::{Fault, MarketDataFileError};
use jiff::civil::{Date, Time};
use std::collections::BTreeMap;
use std::path::Path;

const NEEDED: &str = "date,type,close_time";
const CLOSE_TIME: &str = "a time in New York such as 13:00";

impl Calendar {
    /// Reads the holidays and early closes of a file. `type` is `holiday`, or `early_close` with
    /// its `close_time` in New York.
    ///
    /// # Errors
    /// The first mistake found, with its row and column.
    pub fn from_csv(path: &Path) -> Result<Self, MarketDataFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MarketDataFileError::file(path, Fault::Unreadable(error)))?;
        let mut lines = (1..).zip(text.lines());
        if lines.next().is_none_or(|(_, header)| header.trim() != NEEDED) {
            let fault = Fault::MissingColumn { kind: "calendars", needed: NEEDED };
            return Err(error(path, 1, "date", fault));
        }
        let mut exceptions = BTreeMap::new();
        for (row, line) in lines {
            let (date, kind) =
                exception(line).map_err(|(column, fault)| error(path, row, column, fault))?;
            exceptions.insert(date, kind);
        }
        if exceptions.is_empty() {
            return Err(MarketDataFileError::file(path, Fault::NoRows));
        }
        Ok(Self { exceptions })
    }
}

fn error(path: &Path, row: u64, column: &'static str, fault: Fault) -> MarketDataFileError {
    MarketDataFileError { file: path.into(), row: Some(row), column: Some(column), fault }
}

fn exception(line: &str) -> Result<(Date, DayKind), (&'static str, Fault)> {
    let mut fields = line.split(',');
    let mut field = || fields.next().unwrap_or_default().trim();
    let (date, kind, close) = (field(), field(), field());
    let parsed = date.parse().map_err(|_| ("date", Fault::Date(date.into())))?;
    let kind = match kind {
        "holiday" => DayKind::Closed,
        "early_close" => DayKind::EarlyClose(close.parse::<Time>().map_err(|_| {
            ("close_time", Fault::Word { found: close.into(), expected: CLOSE_TIME })
        })?),
        found => {
            let fault = Fault::Word { found: found.into(), expected: "holiday or early_close" };
            return Err(("type", fault));
        }
    };
    Ok((parsed, kind))
}
