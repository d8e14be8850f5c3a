//! The store as a source: several series merged in the order of time, chunk by chunk.

use super::cursor::Cursor;
use super::parquet::RowGroups;
use super::{Adjustment, Meta, Store, StoreError};
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp};
use marketdata::content::{ContentHash, Kind, PartitionKey, RowsHash, RowsHasher, row_time};
use marketdata::{Facts, Fault, MarketDataFileError, Source, order, resolution};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// Which part of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Of these symbols; of all when empty.
    pub symbols: Vec<String>,
    /// Of these kinds.
    pub kinds: Vec<Kind>,
    /// The length of bars; the only one there is when not said.
    pub resolution: Option<Span>,
    /// How prices are adjusted.
    pub adjustment: Adjustment,
    /// From this instant on and before another.
    pub range: Range<Timestamp>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            symbols: Vec::new(),
            kinds: vec![Kind::Bars],
            resolution: None,
            adjustment: Adjustment::Raw,
            range: Timestamp::MIN..Timestamp::MAX,
        }
    }
}

/// Rows that are merged before they are handed out, when there are several series.
const CHUNK: usize = 1 << 14;

type Place = (Timestamp, SymbolId, Kind, Span, usize);

/// Reads a part of a store in the order of time.
pub struct StoreSource {
    facts: Facts,
    series: Vec<Meta>,
    cursors: Vec<Cursor>,
    /// The cursors that have rows left, by their next row.
    next: BinaryHeap<Reverse<Place>>,
    chunk: Vec<MarketData>,
    /// Rows of the only cursor that the last chunk had.
    taken: usize,
}

impl Store {
    /// A part of the store, ready to be read.
    ///
    /// # Errors
    /// When it holds nothing of the kind, or a file is not sound.
    pub fn open(&self, selection: &Selection) -> Result<StoreSource, StoreError> {
        let series = self.select(selection)?;
        self.check_one_resolution(&series)?;
        let names: std::collections::BTreeSet<&str> =
            series.iter().map(|meta| &*meta.series.symbol).collect();
        let symbols = Symbols::new(names).map_err(|error| StoreError::Meta {
            path: self.root().into(),
            reason: error.to_string(),
        })?;
        let cursor = |meta: &Meta| {
            let symbol = symbols.id(&meta.series.symbol)?;
            Some(Cursor::new(self, meta, symbol, selection.range.clone()))
        };
        let mut cursors: Vec<Cursor> = series.iter().filter_map(cursor).collect();
        let facts = self.facts(&series, symbols, &selection.range)?;
        let mut next = BinaryHeap::new();
        for (index, cursor) in cursors.iter_mut().enumerate() {
            cursor.fill()?;
            next.extend(cursor.first().map(|first| Reverse(place(first, index))));
        }
        Ok(StoreSource { facts, series, cursors, next, chunk: Vec::new(), taken: 0 })
    }

    /// The series that a selection names, in the order of the store.
    ///
    /// # Errors
    /// When there is none, or a symbol has none.
    pub fn select(&self, selection: &Selection) -> Result<Vec<Meta>, StoreError> {
        let absent = |wanted: String| StoreError::Absent { path: self.root().into(), wanted };
        let mut found = self.list()?;
        found.retain(|meta| {
            let series = &meta.series;
            let named = selection.symbols.is_empty()
                || selection.symbols.iter().any(|name| **name == *series.symbol);
            named
                && series.adjustment == selection.adjustment
                && selection.kinds.contains(&series.kind)
                && (series.kind != Kind::Bars
                    || selection.resolution.is_none_or(|length| length == series.length))
        });
        let adjustment = selection.adjustment.as_str();
        for name in &selection.symbols {
            if !found.iter().any(|meta| *meta.series.symbol == **name) {
                let length = selection.resolution.map_or("".into(), resolution::name);
                return Err(absent(
                    format!("{adjustment} {length} data of {name}").replace("  ", " "),
                ));
            }
        }
        if found.is_empty() {
            return Err(absent(format!("{adjustment} data of that kind")));
        }
        Ok(found)
    }

    /// Bars of two lengths would tell the same trades twice.
    fn check_one_resolution(&self, found: &[Meta]) -> Result<(), StoreError> {
        let mut lengths: Vec<Span> = found.iter().map(|meta| meta.series.length).collect();
        lengths.retain(|length| *length > Span::ZERO);
        lengths.sort_unstable();
        lengths.dedup();
        if lengths.len() > 1 {
            let names: Vec<String> = lengths.into_iter().map(resolution::name).collect();
            let wanted = format!(
                "single resolution of them but {}: choose one with --resolution",
                names.join(" and ")
            );
            return Err(StoreError::Absent { path: self.root().into(), wanted });
        }
        Ok(())
    }

    /// What is known of the series without reading more than the years that are cut.
    fn facts(
        &self,
        series: &[Meta],
        symbols: Symbols,
        range: &Range<Timestamp>,
    ) -> Result<Facts, StoreError> {
        let mut content = ContentHash::default();
        let (mut rows, mut span, mut bar_length) = (0, None, None);
        let mut has = vec![(false, false); symbols.len()];
        for meta in series {
            let one = &meta.series;
            let Some(id) = symbols.id(&one.symbol) else { continue };
            for (year, partition) in &meta.partitions {
                let part = self.part(meta, id, partition, range)?;
                if part.rows == 0 {
                    continue;
                }
                rows += part.rows;
                let known = (part.first.plus(one.length), part.last.plus(one.length));
                span = Some(span.map_or(known, |(first, last): (Timestamp, Timestamp)| {
                    (first.min(known.0), last.max(known.1))
                }));
                let (symbol, kind, length) = (one.symbol.clone(), one.kind, one.length);
                let key = PartitionKey { symbol, kind, length, year: *year };
                content.add(key, part.rows, part.hash);
                if let Some((bars, ticks)) = has.get_mut(id.index()) {
                    *(if kind == Kind::Bars { bars } else { ticks }) = true;
                }
                if kind == Kind::Bars {
                    bar_length = Some(bar_length.map_or(length, |held: Span| held.min(length)));
                }
            }
        }
        let silent = symbols.names().zip(&has).filter(|(_, (bars, ticks))| *ticks && !bars);
        let without_bars = silent.map(|(name, _)| name.into()).collect();
        let content_hash = content.finish();
        Ok(Facts { symbols, rows, span, bar_length, without_bars, content_hash })
    }

    /// What of a partition lies in a range: known, or read and hashed when the range cuts it.
    fn part(
        &self,
        meta: &Meta,
        symbol: SymbolId,
        partition: &super::Partition,
        range: &Range<Timestamp>,
    ) -> Result<Part, StoreError> {
        let (first, last) = (partition.first, partition.last);
        if range.start <= first && last < range.end {
            let path = self.folder(&meta.series).join(&partition.file);
            check_rows(&path, partition.rows)?;
            let hash = hex::decode(&partition.hash).ok().and_then(|hash| hash.try_into().ok());
            let hash = hash.ok_or_else(|| StoreError::Meta {
                path,
                reason: format!("`{}` is no SHA-256", partition.hash),
            })?;
            return Ok(Part { rows: partition.rows, first, last, hash });
        }
        let (start, end) = (range.start.max(first), range.end.min(last.plus(Span::from_nanos(1))));
        let mut part = Part { rows: 0, first, last, hash: RowsHash::default() };
        if end <= start {
            return Ok(part);
        }
        let mut cursor = Cursor::new(self, meta, symbol, start..end);
        let mut hash = RowsHasher::default();
        cursor.fill()?;
        while let Some(datum) = cursor.first() {
            if part.rows == 0 {
                part.first = row_time(datum);
            }
            let ready = cursor.ready();
            part.rows += ready.len() as u64;
            part.last = ready.last().map_or(part.last, row_time);
            ready.iter().for_each(|datum| hash.add(datum));
            let count = ready.len();
            cursor.take(count);
            cursor.fill()?;
        }
        part.hash = hash.finish();
        Ok(part)
    }
}

/// A part of a partition.
struct Part {
    rows: u64,
    first: Timestamp,
    last: Timestamp,
    hash: RowsHash,
}

/// A file that lost rows is found before anything is run over it.
fn check_rows(path: &std::path::Path, expected: u64) -> Result<(), StoreError> {
    let found = RowGroups::open(path)?.rows() as u64;
    if found == expected {
        return Ok(());
    }
    let fault = Fault::Parquet(format!("it holds {found} rows, and {expected} were written"));
    Err(MarketDataFileError { file: path.into(), row: None, column: None, fault }.into())
}

fn place(datum: &MarketData, cursor: usize) -> Place {
    let (time, symbol, kind, length) = order(datum);
    (time, symbol, kind, length, cursor)
}

impl StoreSource {
    /// What the store knows of the series that are read.
    pub fn series(&self) -> &[Meta] {
        &self.series
    }

    /// The rows that the only series has ready, up to the last whole instant.
    fn next_of_one(&mut self) -> Result<&[MarketData], StoreError> {
        let Some(cursor) = self.cursors.first_mut() else {
            return Ok(&[]);
        };
        cursor.take(std::mem::take(&mut self.taken));
        cursor.fill()?;
        let mut whole = whole_instants(cursor.ready());
        while whole == 0 && !cursor.ready().is_empty() {
            let more = cursor.more()?;
            whole = if more { whole_instants(cursor.ready()) } else { cursor.ready().len() };
        }
        self.taken = whole;
        Ok(cursor.ready().get(..whole).unwrap_or_default())
    }

    fn merge(&mut self) -> Result<(), StoreError> {
        self.chunk.clear();
        while let Some(Reverse((time, .., index))) = self.next.peek().copied() {
            let ends = self.chunk.len() >= CHUNK;
            if ends && self.chunk.last().is_some_and(|last| last.time() != time) {
                return Ok(());
            }
            let _ = self.next.pop();
            let Some(cursor) = self.cursors.get_mut(index) else { continue };
            self.chunk.extend(cursor.first());
            cursor.take(1);
            if cursor.first().is_none() {
                cursor.fill()?;
            }
            self.next.extend(cursor.first().map(|first| Reverse(place(first, index))));
        }
        Ok(())
    }
}

/// How many rows belong to instants that have certainly ended.
fn whole_instants(rows: &[MarketData]) -> usize {
    let Some(last) = rows.last() else { return 0 };
    rows.iter().rposition(|row| row.time() != last.time()).map_or(0, |place| place + 1)
}

impl Source for StoreSource {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
        let only = self.cursors.len() == 1;
        if !only {
            self.merge().map_err(into_file_error)?;
            return Ok(Some(self.chunk.as_slice()).filter(|chunk| !chunk.is_empty()));
        }
        let chunk = self.next_of_one().map_err(into_file_error)?;
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }
}

/// Reading has errors of files alone.
pub(super) fn into_file_error(error: StoreError) -> MarketDataFileError {
    match error {
        StoreError::File(error) => error,
        other => MarketDataFileError {
            file: Default::default(),
            row: None,
            column: None,
            fault: Fault::Parquet(other.to_string()),
        },
    }
}
