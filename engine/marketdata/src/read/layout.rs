//! Which column of a file stands where.

use crate::{Fault, MarketDataFileError};
use csv::ByteRecord;
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

impl Layout {
    pub(super) fn of(header: &ByteRecord, file: &Path) -> Result<Self, MarketDataFileError> {
        let header = Header { names: header.iter().map(clean).collect(), file };
        let (kind, what, needed) = if header.has_any(&["open", "high", "low", "close"]) {
            (header.bars()?, "bars", BARS)
        } else if header.has_any(&["bid_price", "ask_price"]) {
            (header.quotes()?, "quotes", QUOTES)
        } else if header.has_any(&["price"]) {
            (header.trades()?, "trades", TRADES)
        } else {
            // Whatever was named as a file may be no text at all: its bytes stay off the terminal.
            let shown = header.names.join(",").escape_debug().take(MOST_SHOWN).collect();
            let fault = Fault::Header { header: shown };
            return Err(MarketDataFileError {
                row: Some(1),
                ..MarketDataFileError::file(file, fault)
            });
        };
        Ok(Self {
            fields: header.names.len(),
            timestamp: header.need("timestamp", what, needed)?,
            symbol: header.find("symbol"),
            kind,
        })
    }
}

/// A column's name without the byte order mark, the spaces and the capitals some programs write.
/// Characters of a header that are shown when it is none.
const MOST_SHOWN: usize = 80;

fn clean(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim_start_matches('\u{feff}').trim().to_ascii_lowercase()
}

struct Header<'a> {
    names: Vec<String>,
    file: &'a Path,
}

impl Header<'_> {
    fn has_any(&self, names: &[&'static str]) -> bool {
        names.iter().any(|name| self.find(name).is_some())
    }

    fn find(&self, name: &'static str) -> Option<Column> {
        let place = self.names.iter().position(|held| held == name)?;
        Some(Column { name, place })
    }

    fn need(
        &self,
        name: &'static str,
        kind: &'static str,
        needed: &'static str,
    ) -> Result<Column, MarketDataFileError> {
        self.find(name).ok_or_else(|| MarketDataFileError {
            file: self.file.into(),
            row: Some(1),
            column: Some(name),
            fault: Fault::MissingColumn { kind, needed },
        })
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
