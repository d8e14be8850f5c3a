//! Adding rows to a store, all or none.

use super::cursor::Cursor;
use super::meta::{Meta, Origin, Partition, Series};
use super::{META, ROW_GROUP, Store, StoreError, table};
use kernel::{MarketData, SymbolId, Symbols, Timestamp};
use marketdata::Beside;
use marketdata::content::{Kind, RowsHasher, Year, row_time};
use polars_core::prelude::{DataFrame, PolarsError};
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What happens to rows whose time the store has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conflict {
    /// The same bar again is passed over, anything else is refused.
    #[default]
    Refuse,
    /// New rows take the place of what the store has for the time they cover.
    Replace,
}

/// What an import did to a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Which.
    pub series: Series,
    /// Rows that were added or replaced.
    pub added: u64,
    /// Rows that were there already.
    pub known: u64,
    /// Rows of the series now.
    pub rows: u64,
}

/// Rows on their way into a store. Until [`Import::commit`] readers see nothing of them, and dropped
/// before they are as if they had never been.
pub struct Import {
    store: Store,
    origin: Origin,
    conflict: Conflict,
    open: BTreeMap<Series, SeriesWriter>,
    /// Held while it lives: one writer at a time.
    _lock: File,
}

impl Import {
    /// Begins to add rows of one origin.
    ///
    /// # Errors
    /// When the folder cannot be made, or another process is writing.
    pub fn begin(store: &Store, origin: Origin, conflict: Conflict) -> Result<Self, StoreError> {
        let root = store.root();
        fs::create_dir_all(root).map_err(|error| StoreError::io("written", root, error))?;
        let path = root.join(".lock");
        let lock = File::create(&path).map_err(|error| StoreError::io("written", &path, error))?;
        lock.try_lock().map_err(|_| StoreError::Busy { path: root.into() })?;
        let store = store.clone();
        Ok(Self { store, origin, conflict, open: BTreeMap::new(), _lock: lock })
    }

    /// Adds rows of a series, in the order of time.
    ///
    /// # Errors
    /// When the rows do not fit to each other or to what the store has.
    pub fn add(&mut self, series: &Series, rows: &[MarketData]) -> Result<(), StoreError> {
        if !self.open.contains_key(series) {
            series.check_name()?;
            let writer = SeriesWriter::new(&self.store, series, &self.origin, self.conflict)?;
            self.open.insert(series.clone(), writer);
        }
        let Some(writer) = self.open.get_mut(series) else { return Ok(()) };
        rows.iter().try_for_each(|datum| writer.push(datum))
    }

    /// Makes the rows seen by readers, series after series.
    ///
    /// # Errors
    /// When they cannot be written; a series is changed wholly or not at all.
    pub fn commit(self) -> Result<Vec<Imported>, StoreError> {
        let mut ready = Vec::new();
        for (_, writer) in self.open {
            ready.push(writer.finish()?);
        }
        ready.into_iter().map(|series| series.publish(&self.origin)).collect()
    }
}

/// The new rows of a series, year by year.
struct SeriesWriter {
    store: Store,
    series: Series,
    symbol: SymbolId,
    held: Option<Meta>,
    conflict: Conflict,
    folder: Folder,
    year: Option<YearWriter>,
    done: BTreeMap<i16, Partition>,
    added: u64,
    known: u64,
}

/// The folder of a series, from which unfinished files are removed.
struct Folder {
    path: PathBuf,
    unfinished: Vec<PathBuf>,
}

impl Drop for Folder {
    fn drop(&mut self) {
        for path in &self.unfinished {
            // Best effort: what is left is removed by the next writer.
            let _ = fs::remove_file(path);
        }
        // Only when it is empty.
        let _ = fs::remove_dir(&self.path);
    }
}

impl SeriesWriter {
    fn new(
        store: &Store,
        series: &Series,
        origin: &Origin,
        conflict: Conflict,
    ) -> Result<Self, StoreError> {
        let held = store.meta(series)?;
        let words = series.words();
        let other =
            held.as_ref().map(|meta| &meta.origin.feed).filter(|feed| **feed != origin.feed);
        if let (Some(feed), Conflict::Refuse) = (other, conflict) {
            let (held, wanted) = (feed.clone(), origin.feed.clone());
            return Err(StoreError::OtherFeed { series: words, held, wanted });
        }
        // Of another feed nothing is kept.
        let held = if other.is_some() { None } else { held };
        let path = store.folder(series);
        fs::create_dir_all(&path).map_err(|error| StoreError::io("written", &path, error))?;
        let symbol = Symbols::new([&series.symbol]).ok().and_then(|table| table.ids().next());
        let symbol = symbol.ok_or_else(|| StoreError::Meta {
            path: path.clone(),
            reason: format!("`{}` is no symbol", series.symbol),
        })?;
        Ok(Self {
            store: store.clone(),
            series: series.clone(),
            symbol,
            held,
            conflict,
            folder: Folder { path, unfinished: Vec::new() },
            year: None,
            done: BTreeMap::new(),
            added: 0,
            known: 0,
        })
    }

    fn push(&mut self, datum: &MarketData) -> Result<(), StoreError> {
        table::check(&self.series, datum)?;
        let time = row_time(datum);
        if self.year.as_ref().is_none_or(|year| !year.year.holds(time)) {
            self.end_year()?;
            self.begin_year(time)?;
        }
        let Some(year) = &mut self.year else { return Ok(()) };
        let is_new = year.push(&self.series, self.conflict, datum)?;
        *(if is_new { &mut self.added } else { &mut self.known }) += 1;
        Ok(())
    }

    fn begin_year(&mut self, time: Timestamp) -> Result<(), StoreError> {
        let year = Year::of(time);
        if self.done.last_key_value().is_some_and(|(last, _)| *last >= year.number) {
            return Err(StoreError::Unsorted { series: self.series.words(), time });
        }
        let file = self.folder.path.join(format!(".{}.part", year.number));
        self.folder.unfinished.push(file.clone());
        let held = self.held.as_ref().filter(|meta| meta.partitions.contains_key(&year.number));
        let held =
            held.map(|meta| Cursor::new(&self.store, meta, self.symbol, year.start..year.end));
        let out = PartitionWriter::new(self.series.kind, file);
        self.year = Some(YearWriter { year, held, out, last: None });
        Ok(())
    }

    fn end_year(&mut self) -> Result<(), StoreError> {
        let Some(year) = self.year.take() else { return Ok(()) };
        let (number, partition) = (year.year.number, year.finish(&self.series, self.conflict)?);
        self.done.insert(number, partition);
        Ok(())
    }

    /// Everything on the disk, under names that nobody looks at.
    fn finish(mut self) -> Result<Self, StoreError> {
        self.end_year()?;
        Ok(self)
    }

    /// Gives the files their names, then replaces `meta.json`, then removes what it names no more.
    fn publish(mut self, origin: &Origin) -> Result<Imported, StoreError> {
        let folder = self.folder.path.clone();
        let mut partitions = self.held.take().map(|meta| meta.partitions).unwrap_or_default();
        for (year, partition) in std::mem::take(&mut self.done) {
            let (from, to) = (folder.join(format!(".{year}.part")), folder.join(&partition.file));
            fs::rename(&from, &to).map_err(|error| StoreError::io("written", &to, error))?;
            partitions.insert(year, partition);
        }
        let meta = Meta { series: self.series.clone(), origin: origin.clone(), partitions };
        let path = folder.join(META);
        let text = meta
            .to_json()
            .map_err(|error| StoreError::Meta { path: path.clone(), reason: error.to_string() })?;
        write_whole(&path, &text).map_err(|error| StoreError::io("written", &path, error))?;
        remove_unnamed(&folder, &meta);
        let (added, known) = (self.added, self.known);
        Ok(Imported { series: self.series, added, known, rows: meta.rows() })
    }
}

/// Writes a file beside its place and moves it there.
fn write_whole(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = File::create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Files of before, and of writers that died. A reader that has one open keeps it.
fn remove_unnamed(folder: &Path, meta: &Meta) {
    let named = |name: &str| meta.partitions.values().any(|partition| partition.file == name);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| {
            let kinds = [".parquet", ".part"];
            kinds.iter().any(|kind| name.ends_with(kind)) && !named(name)
        });
        if ours {
            // Best effort: it is looked at by nobody.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A year of a series: the rows that the store has and the new ones, merged.
struct YearWriter {
    year: Year,
    held: Option<Cursor>,
    out: PartitionWriter,
    /// The time of the last new row.
    last: Option<Timestamp>,
}

impl YearWriter {
    /// Takes the next new row; whether it was new indeed.
    fn push(
        &mut self,
        series: &Series,
        conflict: Conflict,
        datum: &MarketData,
    ) -> Result<bool, StoreError> {
        let time = row_time(datum);
        let is_bar = series.kind == Kind::Bars;
        if self.last.is_some_and(|last| time < last || (is_bar && time == last)) {
            return Err(StoreError::Unsorted { series: series.words(), time });
        }
        let is_first = self.last.is_none();
        self.last = Some(time);
        // Of quotes and trades several may share an instant: a stretch of them is new or it is not.
        if is_bar || is_first {
            self.keep_before(time)?;
        }
        let Some(held) = self.held.as_mut().and_then(|held| held.first().copied()) else {
            return self.out.push(datum).map(|()| true);
        };
        let held_time = row_time(&held);
        let meets = if is_bar { held_time == time } else { held_time <= time };
        if !meets {
            return self.out.push(datum).map(|()| true);
        }
        let same = is_bar && same_bar(&held, datum);
        if !same && conflict == Conflict::Refuse {
            return Err(StoreError::Conflict { series: series.words(), time: held_time });
        }
        if is_bar {
            self.pass_over(|_| false, 1)?;
        } else {
            self.pass_over(|row| row_time(row) <= time, 0)?;
        }
        self.out.push(datum)?;
        Ok(!same)
    }

    /// Writes what the store has of before an instant.
    fn keep_before(&mut self, time: Timestamp) -> Result<(), StoreError> {
        let Some(held) = &mut self.held else { return Ok(()) };
        loop {
            held.fill()?;
            let before = held.ready().partition_point(|row| row_time(row) < time);
            for row in held.ready().get(..before).unwrap_or_default() {
                self.out.push(row)?;
            }
            held.take(before);
            if before == 0 || held.first().is_some() {
                return Ok(());
            }
        }
    }

    /// Leaves out so many rows that the store has, and those that follow and are of a kind.
    fn pass_over(
        &mut self,
        more: impl Fn(&MarketData) -> bool,
        count: usize,
    ) -> Result<(), StoreError> {
        let Some(held) = &mut self.held else { return Ok(()) };
        held.take(count);
        held.fill()?;
        while held.first().is_some_and(&more) {
            held.take(1);
            held.fill()?;
        }
        Ok(())
    }

    fn finish(mut self, series: &Series, conflict: Conflict) -> Result<Partition, StoreError> {
        if let (Some(last), Some(held)) = (self.last, &mut self.held) {
            held.fill()?;
            if let Some(row) = held.first().filter(|row| row_time(row) <= last)
                && conflict == Conflict::Refuse
            {
                return Err(StoreError::Conflict { series: series.words(), time: row_time(row) });
            }
        }
        self.keep_before(Timestamp::MAX)?;
        self.out.finish(&self.year)
    }
}

fn same_bar(one: &MarketData, other: &MarketData) -> bool {
    let numbers = |datum: &MarketData| match datum {
        MarketData::Bar(bar) => Some((bar.open, bar.high, bar.low, bar.close, bar.volume)),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    };
    numbers(one) == numbers(other)
}

/// A file of rows that is being written.
struct PartitionWriter {
    path: PathBuf,
    kind: Kind,
    out: Option<BatchedWriter<BufWriter<File>>>,
    rows: Vec<MarketData>,
    hash: RowsHasher,
    first: Option<Timestamp>,
    last: Timestamp,
}

impl PartitionWriter {
    fn new(kind: Kind, path: PathBuf) -> Self {
        let (rows, hash) = (Vec::new(), RowsHasher::default());
        Self { path, kind, out: None, rows, hash, first: None, last: Timestamp::MIN }
    }

    fn push(&mut self, datum: &MarketData) -> Result<(), StoreError> {
        self.last = row_time(datum);
        self.first = self.first.or(Some(self.last));
        self.hash.add(datum);
        self.rows.push(*datum);
        if self.rows.len() >= ROW_GROUP { self.write() } else { Ok(()) }
    }

    /// Writes a row group.
    fn write(&mut self) -> Result<(), StoreError> {
        let failed = |error: PolarsError| StoreError::Parquet {
            path: self.path.clone(),
            reason: error.to_string(),
        };
        let table: DataFrame = table::to_frame(self.kind, &self.rows).map_err(failed)?;
        let out = match &mut self.out {
            Some(out) => out,
            None => {
                let file = File::create(&self.path)
                    .map_err(|error| StoreError::io("written", &self.path, error))?;
                let writer = ParquetWriter::new(BufWriter::new(file))
                    .with_compression(ParquetCompression::Lz4Raw)
                    .set_parallel(false);
                self.out.insert(writer.batched(table.schema()).map_err(failed)?)
            }
        };
        out.write_batch(&table).map_err(failed)?;
        self.rows.clear();
        Ok(())
    }

    /// Brings the file to the disk.
    fn finish(mut self, year: &Year) -> Result<Partition, StoreError> {
        self.write()?;
        let path = self.path.as_path();
        if let Some(out) = self.out.take() {
            let failed = |error: PolarsError| StoreError::Parquet {
                path: path.into(),
                reason: error.to_string(),
            };
            out.finish().map_err(failed)?;
        }
        let synced = File::open(path).and_then(|file| {
            file.sync_all()?;
            Ok(file.metadata()?.len())
        });
        let bytes = synced.map_err(|error| StoreError::io("written", path, error))?;
        let (rows, hash) = (self.hash.rows(), hex::encode(self.hash.finish()));
        let short = hash.get(..8).unwrap_or_default();
        Ok(Partition {
            file: format!("{}.{short}.parquet", year.number),
            rows,
            first: self.first.unwrap_or(year.start),
            last: self.last,
            hash,
            bytes,
        })
    }
}

/// A Parquet file of one symbol and kind that stands alone, with the columns of the store. It has its
/// name when [`ParquetFile::finish`] was called, not before.
pub struct ParquetFile {
    path: PathBuf,
    series: Series,
    out: PartitionWriter,
    place: Beside,
}

impl ParquetFile {
    /// A file that is made with its first rows.
    pub fn create(path: &Path, kind: Kind, symbol: &str) -> Self {
        let (adjustment, length) = (Default::default(), kernel::Span::ZERO);
        let series = Series { adjustment, kind, length, symbol: symbol.into() };
        let place = Beside::of(path);
        let out = PartitionWriter::new(kind, place.written().into());
        Self { path: path.into(), series, out, place }
    }

    /// Adds a row of the kind.
    ///
    /// # Errors
    /// When it does not fit, or cannot be written.
    pub fn write(&mut self, datum: &MarketData) -> Result<(), StoreError> {
        table::check(&self.series, datum)?;
        self.out.push(datum)
    }

    /// Brings the file to the disk and gives it its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), StoreError> {
        self.out.finish(&Year::numbered(1970))?;
        self.place.give_name().map_err(|error| StoreError::io("written", &self.path, error))
    }
}
