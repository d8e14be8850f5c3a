//! The market data of a session, as it is known in the end, in bounded memory.

use journal::{JournalError, Reader};
use kernel::{
    CancelError, Correction, Input, MarketData, Price, Quantity, RecordBody, SymbolId, Symbols,
    TapeTrade,
};
use marketdata::order;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

const MINUTE_NANOS: i64 = 60_000_000_000;

/// What a session's journal knows of the market: what was read to warm strategies up, what came, and
/// what was read later for a gap; bars and trades as they were corrected, each once.
///
/// Of the journal only where the rows of each minute lie is kept, and what became of trades that
/// were changed; the rows are read again, some minutes at a time.
#[derive(Debug)]
pub struct RecordedData {
    folder: PathBuf,
    symbols: Symbols,
    minutes: BTreeMap<i64, Minute>,
    revised: BTreeMap<u64, Fate>,
}

/// Where the rows that become known in a minute lie in the journal.
#[derive(Debug)]
struct Minute {
    rows: usize,
    records: RangeInclusive<u64>,
}

/// What became of a trade, by the number of its record.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Changed(Price, Quantity),
    TakenBack,
}

/// A trade as corrections name it: the tape's numbers are not kept.
type Named = (SymbolId, Price, Quantity);

fn named(symbol: SymbolId, trade: &TapeTrade) -> Named {
    (symbol, trade.price, trade.size)
}

/// A row of the journal.
struct Row {
    record: u64,
    datum: MarketData,
    /// A bar that was counted again: it stands in place of the one before.
    is_update: bool,
}

/// What a record says of the market.
enum Told {
    Row(Row),
    Correction(Correction),
    CancelError(CancelError),
}

impl RecordedData {
    /// Reads the journal in a folder through.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let mut records = Records::from(folder, 1)?;
        let mut minutes: BTreeMap<i64, Minute> = BTreeMap::new();
        let mut wanted = BTreeSet::new();
        while let Some(told) = records.next()? {
            match told {
                Told::Row(row) => {
                    let held = minutes
                        .entry(minute(&row.datum))
                        .or_insert(Minute { rows: 0, records: row.record..=row.record });
                    held.rows += 1;
                    held.records = *held.records.start()..=row.record;
                }
                Told::Correction(it) => _ = wanted.insert(named(it.symbol, &it.original)),
                Told::CancelError(it) => _ = wanted.insert(named(it.symbol, &it.trade)),
            }
        }
        let symbols = records.symbols;
        let revised = if wanted.is_empty() { BTreeMap::new() } else { revised(folder, &wanted)? };
        Ok(Self { folder: folder.into(), symbols, minutes, revised })
    }

    /// The symbols, by the names with which the session began.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty()
    }

    /// The rows in the order of files, some thousands at a time: so many at most that were
    /// recorded, or those of one minute when it has more.
    pub fn chunks(
        &self,
        most: usize,
    ) -> impl Iterator<Item = Result<Vec<MarketData>, JournalError>> + '_ {
        let mut minutes = self.minutes.iter().peekable();
        std::iter::from_fn(move || {
            let (first, minute) = minutes.next()?;
            let (mut last, mut rows) = (*first, minute.rows);
            let mut records = minute.records.clone();
            while let Some((next, minute)) =
                minutes.next_if(|(_, minute)| rows + minute.rows <= most)
            {
                (last, rows) = (*next, rows + minute.rows);
                let (from, to) = (minute.records.start(), minute.records.end());
                records = *records.start().min(from)..=*records.end().max(to);
            }
            Some(self.rows(*first..=last, records))
        })
    }

    /// The rows of some minutes, which lie among some records.
    fn rows(
        &self,
        minutes: RangeInclusive<i64>,
        among: RangeInclusive<u64>,
    ) -> Result<Vec<MarketData>, JournalError> {
        let mut records = Records::from(&self.folder, *among.start())?;
        let mut rows = Vec::new();
        while records.reader.next_seq() <= *among.end() {
            match records.next()? {
                Some(Told::Row(row)) if minutes.contains(&minute(&row.datum)) => rows.push(row),
                Some(_) => {}
                None => break,
            }
        }
        rows.sort_by_key(|row| order(&row.datum));
        let mut known: Vec<MarketData> = Vec::with_capacity(rows.len());
        for mut row in rows {
            if let MarketData::Trade(trade) = &mut row.datum {
                match self.revised.get(&row.record) {
                    Some(Fate::TakenBack) => continue,
                    Some(Fate::Changed(price, size)) => (trade.price, trade.size) = (*price, *size),
                    None => {}
                }
            }
            let is_bar = matches!(row.datum, MarketData::Bar(_));
            match known.last_mut() {
                // A stream that comes back may tell a bar again, and a restart reads what is known.
                Some(last) if is_bar && order(last) == order(&row.datum) => {
                    if row.is_update {
                        *last = row.datum;
                    }
                }
                // A quote or a trade that a stream told twice.
                Some(last) if *last == row.datum => {}
                _ => known.push(row.datum),
            }
        }
        Ok(known)
    }
}

/// The minute in which a row becomes known.
fn minute(datum: &MarketData) -> i64 {
    datum.time().nanos().div_euclid(MINUTE_NANOS)
}

/// What became of the trades that corrections name: each means the newest that looks like it.
fn revised(folder: &Path, wanted: &BTreeSet<Named>) -> Result<BTreeMap<u64, Fate>, JournalError> {
    let mut records = Records::from(folder, 1)?;
    let mut places: BTreeMap<Named, BTreeSet<u64>> = BTreeMap::new();
    let mut fates = BTreeMap::new();
    while let Some(told) = records.next()? {
        match told {
            Told::Row(Row { record, datum: MarketData::Trade(trade), .. }) => {
                let name = (trade.symbol, trade.price, trade.size);
                if wanted.contains(&name) {
                    places.entry(name).or_default().insert(record);
                }
            }
            Told::Row(_) => {}
            Told::Correction(it) => {
                let newest = places.get_mut(&named(it.symbol, &it.original));
                if let Some(record) = newest.and_then(BTreeSet::pop_last) {
                    let name = named(it.symbol, &it.corrected);
                    fates.insert(record, Fate::Changed(name.1, name.2));
                    if wanted.contains(&name) {
                        places.entry(name).or_default().insert(record);
                    }
                }
            }
            Told::CancelError(it) => {
                let newest = places.get_mut(&named(it.symbol, &it.trade));
                if let Some(record) = newest.and_then(BTreeSet::pop_last) {
                    fates.insert(record, Fate::TakenBack);
                }
            }
        }
    }
    Ok(fates)
}

/// What a journal says of the market, record by record.
struct Records {
    reader: Reader,
    symbols: Symbols,
}

impl Records {
    fn from(folder: &Path, record: u64) -> Result<Self, JournalError> {
        Ok(Self { reader: Reader::open(folder, record)?, symbols: Symbols::default() })
    }

    fn next(&mut self) -> Result<Option<Told>, JournalError> {
        while let Some(record) = self.reader.next()? {
            let RecordBody::Input(stamped) = record.body else { continue };
            let (record, is_update) = (record.seq, matches!(stamped.input, Input::UpdatedBar(_)));
            let row = |datum| Some(Told::Row(Row { record, datum, is_update }));
            let told = match stamped.input {
                Input::Start(start) => {
                    self.symbols = start.symbols;
                    None
                }
                Input::Market(data) | Input::Warmup(data) | Input::Late(data) => row(data),
                Input::UpdatedBar(bar) => row(MarketData::Bar(bar)),
                Input::Correction(correction) => Some(Told::Correction(correction)),
                Input::CancelError(cancel) => Some(Told::CancelError(cancel)),
                _ => None,
            };
            if told.is_some() {
                return Ok(told);
            }
        }
        Ok(None)
    }
}
