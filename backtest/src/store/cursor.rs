//! The rows of a series, row group by row group.

use super::parquet::RowGroups;
use super::{Meta, Series, Store, StoreError};
use kernel::{MarketData, SymbolId, Timestamp};
use marketdata::content::row_time;
use std::ops::Range;
use std::path::PathBuf;

/// Reads a series in its order. No more than one row group of it is in memory.
pub(super) struct Cursor {
    series: Series,
    symbol: SymbolId,
    range: Range<Timestamp>,
    /// Files that were not opened yet, the last year first.
    files: Vec<PathBuf>,
    open: Option<RowGroups>,
    /// What was read, and how much of it was handed out.
    rows: Vec<MarketData>,
    taken: usize,
}

impl Cursor {
    /// The rows of some time, under an id.
    pub(super) fn new(
        store: &Store,
        meta: &Meta,
        symbol: SymbolId,
        range: Range<Timestamp>,
    ) -> Self {
        let folder = store.folder(&meta.series);
        let inside = |first: Timestamp, last: Timestamp| last >= range.start && first < range.end;
        let partitions = meta.partitions.values();
        let wanted = partitions.filter(|partition| inside(partition.first, partition.last));
        let mut files: Vec<PathBuf> =
            wanted.map(|partition| folder.join(&partition.file)).collect();
        files.reverse();
        let series = meta.series.clone();
        Self { series, symbol, range, files, open: None, rows: Vec::new(), taken: 0 }
    }

    /// The rows that were read and not taken.
    pub(super) fn ready(&self) -> &[MarketData] {
        self.rows.get(self.taken..).unwrap_or_default()
    }

    /// The next row, which must have been made ready.
    pub(super) fn first(&self) -> Option<&MarketData> {
        self.rows.get(self.taken)
    }

    /// Takes so many of the rows that are ready.
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count;
    }

    /// Reads on until there are rows ready, if there are any left.
    pub(super) fn fill(&mut self) -> Result<(), StoreError> {
        while self.taken >= self.rows.len() {
            self.rows.clear();
            self.taken = 0;
            if !self.read_on()? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Keeps what is ready and adds a row group to it; whether there was one.
    pub(super) fn more(&mut self) -> Result<bool, StoreError> {
        self.rows.drain(..self.taken);
        self.taken = 0;
        let before = self.rows.len();
        while self.read_on()? {
            if self.rows.len() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds the rows of the next row group; whether there was one.
    fn read_on(&mut self) -> Result<bool, StoreError> {
        let groups = match &mut self.open {
            Some(groups) => groups,
            None => match self.files.pop() {
                Some(file) => self.open.insert(RowGroups::open(&file)?),
                None => return Ok(false),
            },
        };
        let before = self.rows.len();
        if !groups.next(&self.series, self.symbol, &mut self.rows)? {
            self.open = None;
            return Ok(true);
        }
        self.cut(before);
        Ok(true)
    }

    /// Leaves out what is read from a place on and not wanted.
    fn cut(&mut self, from: usize) {
        let (start, end) = (self.range.start, self.range.end);
        let read = self.rows.get(from..).unwrap_or_default();
        let late = read.partition_point(|datum| row_time(datum) < end);
        let early = read.partition_point(|datum| row_time(datum) < start);
        self.rows.truncate(from + late);
        if early > 0 {
            self.rows.drain(from..from + early.min(late));
        }
    }
}
