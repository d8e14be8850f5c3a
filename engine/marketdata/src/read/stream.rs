//! Tables as a source: merged in the order of time as they are read.

use super::file::CsvFile;
use super::table::{Outline, Table, TableRows};
use super::{all_symbols, in_order, options::ReadOptions, with_id};
use crate::content::{ContentHash, Kind, row_time};
use crate::source::{Facts, FactsBuilder, Source, order};
use crate::{Fault, MarketDataFileError};
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Range;
use std::path::PathBuf;

/// Rows that are handed out at a time.
const CHUNK: usize = 1 << 14;

/// Reads tables that need not fit into memory, in the order of time. They were read through once to
/// find every mistake before anything is made of them.
pub struct TableSource {
    facts: Facts,
    merged: Merged,
}

impl TableSource {
    /// CSV files, which are read through.
    ///
    /// # Errors
    /// The first mistake found, with its file, row and column.
    pub fn open(paths: &[PathBuf], options: &ReadOptions) -> Result<Self, MarketDataFileError> {
        if paths.is_empty() {
            return Err(MarketDataFileError::file("".as_ref(), Fault::NoFile));
        }
        let open = |path: &PathBuf| {
            CsvFile::open(path, options).map(|file| Box::new(file) as Box<dyn Table>)
        };
        let paths = in_order(paths);
        Self::over(&paths.iter().map(open).collect::<Result<Vec<_>, _>>()?)
    }

    /// Tables in the order that breaks ties between their rows.
    ///
    /// # Errors
    /// When they do not go together, or a table's rows are not in the order of time.
    pub fn over(tables: &[Box<dyn Table>]) -> Result<Self, MarketDataFileError> {
        let symbols = Merged::symbols(tables)?;
        Merged::check_order(tables)?;
        let facts = match known_facts(tables, &symbols) {
            Some(facts) => facts,
            None => gathered_facts(tables, &symbols)?,
        };
        let merged = Merged::new(tables, &Wanted::all(&symbols))?;
        Ok(Self { facts, merged })
    }
}

/// Which rows of some tables.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Of these symbols, under their ids.
    pub symbols: &'a Symbols,
    /// Of them one alone.
    pub only: Option<SymbolId>,
    /// That lie in this time: of bars, those that open there.
    pub range: Range<Timestamp>,
}

impl<'a> Wanted<'a> {
    /// All rows of some symbols.
    pub fn all(symbols: &'a Symbols) -> Self {
        Self { symbols, only: None, range: Timestamp::MIN..Timestamp::MAX }
    }
}

impl Source for TableSource {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
        self.merged.next_chunk()
    }
}

/// The facts as the files' own tell them, when no partition is spread over two files.
fn known_facts(tables: &[Box<dyn Table>], symbols: &Symbols) -> Option<Facts> {
    let mut content = ContentHash::default();
    let mut seen = BTreeSet::new();
    let (mut rows, mut counted) = (0, 0);
    let outlines = || tables.iter().map(|table| table.outline());
    for outline in outlines() {
        rows += outline.rows;
        for (key, count, hash) in &outline.partitions {
            counted += count;
            if !seen.insert(key.clone()) {
                return None;
            }
            content.add(key.clone(), *count, *hash);
        }
    }
    if counted != rows {
        return None;
    }
    let known = |outline: &Outline| {
        let (first, last) = outline.span;
        (first.plus(outline.length), last.plus(outline.length))
    };
    let first = outlines().map(|outline| known(outline).0).min()?;
    let last = outlines().map(|outline| known(outline).1).max()?;
    let bars = || outlines().filter(|outline| outline.kind == Kind::Bars);
    let has_bars = |name: &str| bars().any(|outline| outline.symbols.id(name).is_some());
    let silent = symbols.names().filter(|name| !has_bars(name));
    Some(Facts {
        symbols: symbols.clone(),
        rows,
        span: Some((first, last)),
        bar_length: bars().map(|outline| outline.length).min(),
        without_bars: silent.map(Into::into).collect(),
        content_hash: content.finish(),
    })
}

fn gathered_facts(
    tables: &[Box<dyn Table>],
    symbols: &Symbols,
) -> Result<Facts, MarketDataFileError> {
    let mut facts = FactsBuilder::default();
    let mut merged = Merged::new(tables, &Wanted::all(symbols))?;
    while let Some(chunk) = merged.next_chunk()? {
        chunk.iter().for_each(|datum| facts.add(datum));
    }
    Ok(facts.finish(symbols.clone()))
}

/// The rows of several tables in the order of time, or some of them, chunk by chunk.
pub struct Merged {
    files: Vec<Open>,
    /// The files that have rows left, by the time at which the next one is known.
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
    chunk: Vec<MarketData>,
    /// The last bar of each symbol, by its open and length.
    last: Vec<Option<(Timestamp, Span, usize)>>,
    symbols: Symbols,
    /// The file of each row of the instant that is being gathered.
    from: Vec<(MarketData, usize)>,
}

struct Open {
    path: PathBuf,
    rows: Box<dyn TableRows>,
    /// The id of each of its symbols; none for those that are not wanted.
    ids: Vec<Option<SymbolId>>,
    range: Range<Timestamp>,
    next: Option<MarketData>,
}

impl Open {
    fn advance(&mut self) -> Result<Option<MarketData>, MarketDataFileError> {
        let row = loop {
            let Some(mut datum) = self.rows.next_datum()? else { break None };
            let is_named = self.ids.get(datum.symbol().index()).is_some_and(Option::is_some);
            if is_named && self.range.contains(&row_time(&datum)) {
                with_id(&self.ids, &mut datum);
                break Some(datum);
            }
        };
        Ok(std::mem::replace(&mut self.next, row))
    }
}

impl Merged {
    /// The symbols of all tables in alphabetical order.
    ///
    /// # Errors
    /// When there are too many.
    pub fn symbols(tables: &[Box<dyn Table>]) -> Result<Symbols, MarketDataFileError> {
        let outlines = tables.iter().map(|table| table.outline());
        all_symbols(outlines.map(|outline| (outline.path.as_path(), &outline.symbols)))
    }

    /// Whether each table can be merged as it is read: its rows are in the order of time whichever
    /// symbol they are of. Those of one symbol always are.
    ///
    /// # Errors
    /// The first table that cannot.
    pub fn check_order(tables: &[Box<dyn Table>]) -> Result<(), MarketDataFileError> {
        let mut outlines = tables.iter().map(|table| table.outline());
        let found = outlines.find_map(|outline| Some((outline, outline.not_merged?)));
        found.map_or(Ok(()), |(outline, (time, before))| {
            let fault = Fault::NotMerged { time, before };
            Err(MarketDataFileError::file(&outline.path, fault))
        })
    }

    /// The rows that are wanted of tables, which are in the order that breaks ties.
    ///
    /// # Errors
    /// When a table cannot be read any more.
    pub fn new(
        tables: &[Box<dyn Table>],
        wanted: &Wanted<'_>,
    ) -> Result<Self, MarketDataFileError> {
        let mut open = Vec::new();
        let mut next = BinaryHeap::new();
        for (index, table) in tables.iter().enumerate() {
            let outline = table.outline();
            let is_wanted = |id: &SymbolId| wanted.only.is_none_or(|only| only == *id);
            let id = |name| wanted.symbols.id(name).filter(is_wanted);
            let ids = outline.symbols.names().map(id).collect();
            let (path, rows, range) = (outline.path.clone(), table.rows()?, wanted.range.clone());
            let mut one = Open { path, rows, ids, range, next: None };
            one.advance()?;
            next.extend(one.next.as_ref().map(|datum| Reverse((datum.time(), index))));
            open.push(one);
        }
        let symbols = wanted.symbols.clone();
        let last = vec![None; symbols.len()];
        let (chunk, from) = (Vec::with_capacity(CHUNK), Vec::new());
        Ok(Self { files: open, next, chunk, last, symbols, from })
    }

    /// The next rows; `None` after the last. All rows of one instant are in one chunk.
    ///
    /// # Errors
    /// When a file has changed, or two of them have the same bar.
    pub fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
        self.chunk.clear();
        while self.chunk.len() < CHUNK && self.instant()? {}
        Ok(Some(self.chunk.as_slice()).filter(|chunk| !chunk.is_empty()))
    }

    /// Adds the rows of the next instant; whether there was one.
    fn instant(&mut self) -> Result<bool, MarketDataFileError> {
        let Some(&Reverse((time, _))) = self.next.peek() else {
            return Ok(false);
        };
        self.from.clear();
        while let Some(&Reverse((at, index))) = self.next.peek()
            && at == time
        {
            let _ = self.next.pop();
            let Some(file) = self.files.get_mut(index) else { continue };
            while file.next.as_ref().is_some_and(|datum| datum.time() == time) {
                self.from.extend(file.advance()?.map(|datum| (datum, index)));
            }
            self.next.extend(file.next.as_ref().map(|datum| Reverse((datum.time(), index))));
        }
        self.from.sort_by_key(|(datum, _)| order(datum));
        for place in 0..self.from.len() {
            let Some((datum, index)) = self.from.get(place).copied() else { break };
            self.check_repeated(&datum, index)?;
            self.chunk.push(datum);
        }
        Ok(true)
    }

    /// The same bar in two files: of one file it cannot be.
    fn check_repeated(
        &mut self,
        datum: &MarketData,
        file: usize,
    ) -> Result<(), MarketDataFileError> {
        let MarketData::Bar(bar) = datum else { return Ok(()) };
        let Some(last) = self.last.get_mut(bar.symbol.index()) else { return Ok(()) };
        let before = last.replace((bar.open_time, bar.length, file));
        let Some((_, _, other)) =
            before.filter(|(time, length, _)| (*time, *length) == (bar.open_time, bar.length))
        else {
            return Ok(());
        };
        let path = |index: usize| self.files.get(index).map(|file| file.path.clone());
        let symbol = self.symbols.name(bar.symbol).into();
        let other = path(other).unwrap_or_default();
        let fault = Fault::InTwoFiles { symbol, time: bar.open_time, other };
        Err(MarketDataFileError::file(&path(file).unwrap_or_default(), fault))
    }
}
