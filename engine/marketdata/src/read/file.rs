//! CSV files, row by row.

use super::decoder::Decoder;
use super::options::ReadOptions;
use super::table::{Outline, Survey, Table, TableRows};
use crate::content;
use crate::{Fault, MarketDataFileError};
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use kernel::{MarketData, Span, Symbols, Timestamp};
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

/// Reads a file whole.
pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<FileRows, MarketDataFileError> {
    let mut rows = Rows::open(path, options)?;
    let mut data = Vec::new();
    while let Some((datum, _)) = rows.next()? {
        data.push(datum);
    }
    if data.is_empty() {
        return Err(MarketDataFileError::file(path, Fault::NoRows));
    }
    let length = rows.decoder.bar_length()?;
    data.iter_mut().for_each(|datum| rows.decoder.complete(datum, length));
    Ok(FileRows { path: path.into(), symbols: rows.decoder.symbols().clone(), data })
}

/// The rows of a file, plain or gzipped (told by its first bytes, not by its name).
struct Rows {
    path: PathBuf,
    gzipped: bool,
    reader: Reader<Box<dyn Read>>,
    record: ByteRecord,
    decoder: Decoder,
}

impl Rows {
    fn open(path: &Path, options: &ReadOptions) -> Result<Self, MarketDataFileError> {
        let fail = |error| MarketDataFileError::file(path, Fault::Unreadable(error));
        let mut file = File::open(path).map_err(fail)?;
        let mut start = Vec::new();
        file.by_ref().take(2).read_to_end(&mut start).map_err(fail)?;
        let gzipped = start == GZIP_MAGIC;
        let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(file));
        let source: Box<dyn Read> =
            if gzipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .quoting(false)
            .buffer_capacity(BUFFER)
            .from_reader(source);
        let header = reader.byte_headers().map_err(|error| broken(path, gzipped, error))?;
        let decoder = Decoder::new(path, header.iter(), options)?;
        Ok(Self { path: path.into(), gzipped, reader, record: ByteRecord::new(), decoder })
    }

    /// The next row and its line.
    fn next(&mut self) -> Result<Option<(MarketData, u64)>, MarketDataFileError> {
        let more = self.reader.read_byte_record(&mut self.record);
        if !more.map_err(|error| broken(&self.path, self.gzipped, error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        self.decoder.row(&self.record, line).map(|datum| Some((datum, line)))
    }
}

fn broken(path: &Path, gzipped: bool, error: csv::Error) -> MarketDataFileError {
    let fault = |error| if gzipped { Fault::Gzip(error) } else { Fault::Unreadable(error) };
    let error = match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    MarketDataFileError::file(path, fault(error))
}

/// A file that was read through once and found good, and whose rows can be read again without being
/// in memory together.
#[derive(Debug, Clone)]
pub struct CsvFile {
    options: ReadOptions,
    outline: Outline,
}

impl CsvFile {
    /// Reads a file through.
    ///
    /// # Errors
    /// The first mistake found, with its row and column.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, MarketDataFileError> {
        let mut rows = Rows::open(path, options)?;
        let mut survey = Survey::new(options);
        while let Some((datum, _)) = rows.next()? {
            survey.add(&datum);
        }
        let outline = survey.finish(path, &rows.decoder)?;
        Ok(Self { options: options.clone(), outline })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.outline.path
    }

    /// The symbols of its rows.
    pub fn symbols(&self) -> &Symbols {
        &self.outline.symbols
    }

    /// What it holds.
    pub fn kind(&self) -> content::Kind {
        self.outline.kind
    }

    /// How long its bars last.
    pub fn length(&self) -> Span {
        self.outline.length
    }

    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.outline.rows
    }

    /// The times of the first and the last row: of bars, their opens.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        self.outline.span
    }

    /// Its rows from the first on.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub fn read(&self) -> Result<CsvRows, MarketDataFileError> {
        let rows = Rows::open(self.path(), &self.options)?;
        Ok(CsvRows { rows, length: self.length() })
    }
}

impl Table for CsvFile {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn rows(&self) -> Result<Box<dyn TableRows>, MarketDataFileError> {
        self.read().map(|rows| Box::new(rows) as Box<dyn TableRows>)
    }
}

impl TableRows for CsvRows {
    fn next_datum(&mut self) -> Result<Option<MarketData>, MarketDataFileError> {
        self.next_row().map(|row| row.map(|(datum, _)| datum))
    }
}

/// The rows of a [`CsvFile`], with ids of its table.
pub struct CsvRows {
    rows: Rows,
    length: Span,
}

impl CsvRows {
    /// The next row and its line; `None` after the last.
    ///
    /// # Errors
    /// When the file has changed since it was found good.
    pub fn next_row(&mut self) -> Result<Option<(MarketData, u64)>, MarketDataFileError> {
        let Some((mut datum, line)) = self.rows.next()? else { return Ok(None) };
        self.rows.decoder.complete(&mut datum, self.length);
        Ok(Some((datum, line)))
    }
}
