//! Which column of a file stands where.

use super::options::ReadOptions;
use crate::{Fault, MarketDataFileError};
use std::path::Path;

/// A column that the reader looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub name: &'static str,
    pub place: usize,
}

/// What a file's header says.
#[derive(Debug)]
pub(super) struct Layout {
    pub fields: usize,
    pub timestamp: Column,
    /// The time of day, where it stands apart from the date.
    pub time_of_day: Option<Column>,
    pub symbol: Option<Column>,
    pub kind: Kind,
}

/// What a file holds, with the columns of it.
#[derive(Debug)]
pub(super) enum Kind {
    Bars { open: Column, high: Column, low: Column, close: Column, volume: Column },
    Quotes { bid: Column, bid_size: Column, ask: Column, ask_size: Column },
    Trades { price: Column, size: Column },
}

const BARS: &str = "timestamp,open,high,low,close,volume";
const QUOTES: &str = "timestamp,bid_price,bid_size,ask_price,ask_size";
const TRADES: &str = "timestamp,price,size";

/// Our names with those that others give, the first that is found counts. The last name of a time
/// is none at all, as programs write that keep it as an index.
const NAMES: [(&str, &[&str]); 13] = [
    (
        "timestamp",
        &["timestamp", "datetime", "date_time", "date", "time", "open_time", "ts_event", "t", ""],
    ),
    ("symbol", &["symbol", "ticker"]),
    ("open", &["open", "o", "open_price"]),
    ("high", &["high", "h", "high_price"]),
    ("low", &["low", "l", "low_price"]),
    ("close", &["close", "c", "close_price", "last"]),
    ("volume", &["volume", "vol", "v"]),
    ("bid_price", &["bid_price", "bid", "bp"]),
    ("bid_size", &["bid_size", "bidsize", "bs"]),
    ("ask_price", &["ask_price", "ask", "ap"]),
    ("ask_size", &["ask_size", "asksize", "as"]),
    ("price", &["price", "p"]),
    ("size", &["size", "s", "qty", "quantity"]),
];

impl Layout {
    pub(super) fn of<'a>(
        header: impl Iterator<Item = &'a [u8]>,
        file: &Path,
        options: &ReadOptions,
    ) -> Result<Self, MarketDataFileError> {
        let header = Header { names: header.map(clean).collect(), file, options };
        header.check_named()?;
        let (kind, what, needed) = if header.has_any(&["open", "high", "low", "close"]) {
            (header.bars()?, "bars", BARS)
        } else if header.has_any(&["bid_price", "ask_price"]) {
            (header.quotes()?, "quotes", QUOTES)
        } else if header.has_any(&["price"]) {
            (header.trades()?, "trades", TRADES)
        } else {
            return Err(header.error(None, Fault::Header { header: header.shown() }));
        };
        let timestamp = header.need("timestamp", what, needed)?;
        let place = |name: &str| header.names.iter().position(|held| held == name);
        let apart = place("date").filter(|date| *date == timestamp.place).and(place("time"));
        let time_of_day = apart.map(|place| Column { name: "timestamp", place });
        Ok(Self {
            fields: header.names.len(),
            timestamp,
            time_of_day,
            symbol: header.find("symbol"),
            kind,
        })
    }
}

/// Characters of a header that are shown when it is none.
const MOST_SHOWN: usize = 80;

/// A column's name without what some programs write around it: a byte order mark, spaces, quotation
/// marks, angle brackets, a number (`1. open`), capitals.
fn clean(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field).to_ascii_lowercase();
    let around = |c: char| c.is_whitespace() || "\u{feff}\"<>".contains(c);
    let text = text.trim_matches(around);
    let numbered = text.split_once(". ").filter(|(number, _)| number.parse::<u8>().is_ok());
    numbered.map_or(text, |(_, name)| name).into()
}

struct Header<'a> {
    names: Vec<String>,
    file: &'a Path,
    options: &'a ReadOptions,
}

impl Header<'_> {
    /// Every column that was named must be there.
    fn check_named(&self) -> Result<(), MarketDataFileError> {
        for (field, named) in &self.options.columns {
            let Some((name, _)) = NAMES.iter().find(|(name, _)| name == field) else {
                return Err(self.error(None, Fault::Field(field.clone())));
            };
            if !self.names.contains(&clean(named.as_bytes())) {
                let (named, header) = (named.clone(), self.shown());
                return Err(self.error(Some(name), Fault::NamedColumn { named, header }));
            }
        }
        Ok(())
    }

    fn has_any(&self, names: &[&'static str]) -> bool {
        names.iter().any(|name| self.find(name).is_some())
    }

    fn find(&self, name: &'static str) -> Option<Column> {
        let place = |wanted: &str| self.names.iter().position(|held| held == wanted);
        if let Some(named) = self.options.columns.get(name) {
            return place(&clean(named.as_bytes())).map(|place| Column { name, place });
        }
        let (_, known) = NAMES.iter().find(|(known, _)| *known == name)?;
        // What was named for one field is not taken for another.
        let named =
            |known: &str| self.options.columns.values().any(|held| clean(held.as_bytes()) == known);
        let place = known.iter().filter(|known| !named(known)).find_map(|known| place(known))?;
        Some(Column { name, place })
    }

    fn need(
        &self,
        name: &'static str,
        kind: &'static str,
        needed: &'static str,
    ) -> Result<Column, MarketDataFileError> {
        let missing = || self.error(Some(name), Fault::MissingColumn { kind, needed });
        self.find(name).ok_or_else(missing)
    }

    fn error(&self, column: Option<&'static str>, fault: Fault) -> MarketDataFileError {
        MarketDataFileError { file: self.file.into(), row: Some(1), column, fault }
    }

    /// Whatever was named as a file may be no text at all: its bytes stay off the terminal.
    fn shown(&self) -> String {
        self.names.join(",").escape_debug().take(MOST_SHOWN).collect()
    }

    fn bars(&self) -> Result<Kind, MarketDataFileError> {
        let need = |name| self.need(name, "bars", BARS);
        let (open, high, low) = (need("open")?, need("high")?, need("low")?);
        Ok(Kind::Bars { open, high, low, close: need("close")?, volume: need("volume")? })
    }

    fn quotes(&self) -> Result<Kind, MarketDataFileError> {
        let need = |name| self.need(name, "quotes", QUOTES);
        let (bid, bid_size) = (need("bid_price")?, need("bid_size")?);
        Ok(Kind::Quotes { bid, bid_size, ask: need("ask_price")?, ask_size: need("ask_size")? })
    }

    fn trades(&self) -> Result<Kind, MarketDataFileError> {
        let need = |name| self.need(name, "trades", TRADES);
        Ok(Kind::Trades { price: need("price")?, size: need("size")? })
    }
}
