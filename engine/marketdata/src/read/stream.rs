//! CSV files as a source: merged in the order of time as they are read.

use super::file::{CsvFile, CsvRows};
use super::{all_symbols, in_order, options::ReadOptions, with_id};
use crate::content::{ContentHash, Kind};
use crate::source::{Facts, FactsBuilder, Source, order};
use crate::{Fault, MarketDataFileError};
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::path::PathBuf;

/// Rows that are handed out at a time.
const CHUNK: usize = 1 << 14;

/// Reads CSV files that need not fit into memory, in the order of time. They are read through once
/// to find every mistake before anything is made of them.
pub struct CsvSource {
    facts: Facts,
    merge: Merge,
}

impl CsvSource {
    /// Reads the files through.
    ///
    /// # Errors
    /// The first mistake found, with its file, row and column.
    pub fn open(paths: &[PathBuf], options: &ReadOptions) -> Result<Self, MarketDataFileError> {
        if paths.is_empty() {
            return Err(MarketDataFileError::file("".as_ref(), Fault::NoFile));
        }
        let open = |path: &PathBuf| CsvFile::open(path, options);
        let paths = in_order(paths);
        let files = paths.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        if let Some((file, (time, before))) =
            files.iter().find_map(|file| Some((file, file.not_merged()?)))
        {
            let fault = Fault::NotMerged { time, before };
            return Err(MarketDataFileError::file(file.path(), fault));
        }
        let tables = files.iter().map(|file| (file.path(), file.symbols()));
        let symbols = all_symbols(tables)?;
        let facts = match known_facts(&files, &symbols) {
            Some(facts) => facts,
            None => gathered_facts(&files, &symbols)?,
        };
        let merge = Merge::new(&files, &symbols)?;
        Ok(Self { facts, merge })
    }
}

impl Source for CsvSource {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
        self.merge.next_chunk()
    }
}

/// The facts as the files' own tell them, when no partition is spread over two files.
fn known_facts(files: &[CsvFile], symbols: &Symbols) -> Option<Facts> {
    let mut content = ContentHash::default();
    let mut seen = BTreeSet::new();
    let (mut rows, mut counted) = (0, 0);
    for file in files {
        rows += file.rows();
        for (key, count, hash) in file.partitions() {
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
    let known = |file: &CsvFile| {
        let (first, last) = file.span();
        (first.plus(file.length()), last.plus(file.length()))
    };
    let first = files.iter().map(|file| known(file).0).min()?;
    let last = files.iter().map(|file| known(file).1).max()?;
    let bars = files.iter().filter(|file| file.kind() == Kind::Bars);
    let has_bars = |name: &str| bars.clone().any(|file| file.symbols().id(name).is_some());
    let silent = symbols.names().filter(|name| !has_bars(name));
    Some(Facts {
        symbols: symbols.clone(),
        rows,
        span: Some((first, last)),
        bar_length: bars.clone().map(CsvFile::length).min(),
        without_bars: silent.map(Into::into).collect(),
        content_hash: content.finish(),
    })
}

fn gathered_facts(files: &[CsvFile], symbols: &Symbols) -> Result<Facts, MarketDataFileError> {
    let mut facts = FactsBuilder::default();
    let mut merge = Merge::new(files, symbols)?;
    while let Some(chunk) = merge.next_chunk()? {
        chunk.iter().for_each(|datum| facts.add(datum));
    }
    Ok(facts.finish(symbols.clone()))
}

/// The rows of several files in the order of time.
struct Merge {
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
    rows: CsvRows,
    ids: Vec<Option<SymbolId>>,
    next: Option<MarketData>,
}

impl Open {
    fn advance(&mut self) -> Result<Option<MarketData>, MarketDataFileError> {
        let mut row = self.rows.next_row()?.map(|(datum, _)| datum);
        if let Some(datum) = &mut row {
            with_id(&self.ids, datum);
        }
        Ok(std::mem::replace(&mut self.next, row))
    }
}

impl Merge {
    fn new(files: &[CsvFile], symbols: &Symbols) -> Result<Self, MarketDataFileError> {
        let mut open = Vec::new();
        let mut next = BinaryHeap::new();
        for (index, file) in files.iter().enumerate() {
            let ids = file.symbols().names().map(|name| symbols.id(name)).collect();
            let mut one = Open { path: file.path().into(), rows: file.read()?, ids, next: None };
            one.advance()?;
            next.extend(one.next.as_ref().map(|datum| Reverse((datum.time(), index))));
            open.push(one);
        }
        let last = vec![None; symbols.len()];
        let (chunk, symbols, from) = (Vec::with_capacity(CHUNK), symbols.clone(), Vec::new());
        Ok(Self { files: open, next, chunk, last, symbols, from })
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
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
