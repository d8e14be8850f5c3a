//! One file into rows that are checked against each other.

use super::bar_length;
use super::layout::{Column, Layout};
use super::row::Row;
use crate::{Fault, MarketDataFileError};
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 1 << 16;

/// What a file holds: data in the file's order, with ids of its own table.
pub(super) struct FileRows {
    pub path: PathBuf,
    pub symbols: Symbols,
    pub data: Vec<MarketData>,
}

/// Reads a file, plain or gzipped (told by its first bytes, not by its name).
pub(super) fn read(path: &Path) -> Result<FileRows, MarketDataFileError> {
    let fail = |error| MarketDataFileError::file(path, Fault::Unreadable(error));
    let mut file = File::open(path).map_err(fail)?;
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start).map_err(fail)?;
    let gzipped = start == GZIP_MAGIC;
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(file));
    if gzipped {
        Rows::new(path, true, MultiGzDecoder::new(whole))?.read()
    } else {
        Rows::new(path, false, whole)?.read()
    }
}

struct Rows<'a, R> {
    path: &'a Path,
    gzipped: bool,
    reader: Reader<R>,
    layout: Layout,
    naming: Naming,
    symbols: Symbols,
    order: Order,
}

/// Where the symbol of a row comes from.
#[derive(Clone, Copy)]
enum Naming {
    File(SymbolId),
    Column(Column),
}

impl<'a, R: Read> Rows<'a, R> {
    fn new(path: &'a Path, gzipped: bool, source: R) -> Result<Self, MarketDataFileError> {
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .quoting(false)
            .buffer_capacity(BUFFER)
            .from_reader(source);
        let header = reader.byte_headers().map_err(|error| broken(path, gzipped, error))?;
        let layout = Layout::of(header, path)?;
        let mut symbols = Symbols::default();
        let naming = match layout.symbol {
            Some(column) => Naming::Column(column),
            None => Naming::File(
                symbols
                    .intern(name_of(path))
                    .map_err(|error| MarketDataFileError::file(path, Fault::Symbol(error)))?,
            ),
        };
        Ok(Self { path, gzipped, reader, layout, naming, symbols, order: Order::default() })
    }

    fn read(mut self) -> Result<FileRows, MarketDataFileError> {
        let mut data = Vec::new();
        let mut record = ByteRecord::new();
        loop {
            let more = self.reader.read_byte_record(&mut record);
            if !more.map_err(|error| broken(self.path, self.gzipped, error))? {
                break;
            }
            let line = record.position().map_or(0, csv::Position::line);
            data.push(self.datum(&Row { file: self.path, record: &record, line })?);
        }
        if data.is_empty() {
            return Err(MarketDataFileError::file(self.path, Fault::NoRows));
        }
        self.set_bar_length(&mut data)?;
        Ok(FileRows { path: self.path.into(), symbols: self.symbols, data })
    }

    fn datum(&mut self, row: &Row<'_>) -> Result<MarketData, MarketDataFileError> {
        let (found, expected) = (row.record.len(), self.layout.fields);
        if found != expected {
            return Err(row.error(None, Fault::FieldCount { found, expected }));
        }
        let time = row.time(self.layout.timestamp)?;
        let symbol = match self.naming {
            Naming::File(symbol) => symbol,
            Naming::Column(column) => intern(&mut self.symbols, row, column)?,
        };
        let datum = row.data(&self.layout, symbol, time)?;
        let is_bar = matches!(datum, MarketData::Bar(_));
        self.order.check(symbol, time, is_bar).map_err(|wrong| {
            let fault = match wrong {
                Wrong::Repeated => {
                    Fault::Duplicate { symbol: self.symbols.name(symbol).into(), time }
                }
                Wrong::Earlier(before) => Fault::Unsorted { time, before },
            };
            row.error(Some(self.layout.timestamp), fault)
        })?;
        Ok(datum)
    }

    fn set_bar_length(&self, data: &mut [MarketData]) -> Result<(), MarketDataFileError> {
        let length = bar_length::of_file(self.path, self.order.smallest_gap);
        for datum in data {
            if let MarketData::Bar(bar) = datum {
                bar.length =
                    length.ok_or_else(|| MarketDataFileError::file(self.path, Fault::BarLength))?;
            }
        }
        Ok(())
    }
}

/// The symbol that a file is named for: its name up to the first `_`, or up to `.csv`.
fn name_of(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    let stem = stem.strip_suffix(".csv").unwrap_or(stem);
    stem.split('_').next().unwrap_or_default()
}

fn intern(
    symbols: &mut Symbols,
    row: &Row<'_>,
    column: Column,
) -> Result<SymbolId, MarketDataFileError> {
    let name = row.text(column)?;
    symbols.intern(name).map_err(|error| row.error(Some(column), Fault::Symbol(error)))
}

fn broken(path: &Path, gzipped: bool, error: csv::Error) -> MarketDataFileError {
    let fault = |error| if gzipped { Fault::Gzip(error) } else { Fault::Unreadable(error) };
    let error = match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    MarketDataFileError::file(path, fault(error))
}

/// The times of a file's rows so far, symbol by symbol.
#[derive(Default)]
struct Order {
    last: Vec<Option<Timestamp>>,
    smallest_gap: Option<Span>,
}

enum Wrong {
    Repeated,
    Earlier(Timestamp),
}

impl Order {
    fn check(&mut self, symbol: SymbolId, time: Timestamp, is_bar: bool) -> Result<(), Wrong> {
        if self.last.len() <= symbol.index() {
            self.last.resize(symbol.index() + 1, None);
        }
        let Some(last) = self.last.get_mut(symbol.index()) else {
            return Ok(());
        };
        let Some(before) = last.replace(time) else {
            return Ok(());
        };
        if time < before {
            return Err(Wrong::Earlier(before));
        }
        if time == before {
            return if is_bar { Err(Wrong::Repeated) } else { Ok(()) };
        }
        let gap = time.since(before);
        self.smallest_gap = Some(self.smallest_gap.map_or(gap, |smallest| smallest.min(gap)));
        Ok(())
    }
}
