//! Parquet files that other programs wrote.

use super::parquet::RowGroups;
use super::{StoreError, own};
use csv::ByteRecord;
use kernel::{MarketData, Span, Timestamp};
use marketdata::{
    Decoder, Fault, Feed, MarketDataFileError, Outline, ReadOptions, Survey, Table, TableRows,
};
use polars_core::prelude::{AnyValue, Column, DataFrame, TimeUnit};
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"PAR1";

/// Whether a file begins as Parquet does.
pub fn is_parquet(path: &Path) -> bool {
    use std::io::Read;
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut start));
    read.is_ok() && start == MAGIC
}

/// A Parquet file with the columns of a CSV file, which was read through once and found good. Its
/// numbers are judged as a CSV file's are; as most programs keep prices as binary floats, they are
/// rounded to nine digits after the point.
pub struct ForeignFile {
    options: ReadOptions,
    outline: Outline,
}

impl ForeignFile {
    /// A file in memory: one of bars that this program wrote column by column, any other row by row.
    ///
    /// # Errors
    /// As [`ForeignFile::open`].
    pub fn load(path: &Path, options: &ReadOptions) -> Result<Feed, StoreError> {
        let own = (*options == ReadOptions::default()).then(|| own::bars(path)).flatten();
        own.map_or_else(|| Self::open(path, options)?.feed(), Ok)
    }

    /// Reads a file through.
    ///
    /// # Errors
    /// The first mistake found, with its row (counted from 1) and column.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, StoreError> {
        let options = ReadOptions { rounds: true, ..options.clone() };
        let mut rows = ForeignRows::open(path, &options)?;
        let mut survey = Survey::new(&options);
        while let Some(datum) = rows.next()? {
            survey.add(&datum);
        }
        let outline = survey.finish(path, &rows.decoder)?;
        Ok(Self { options, outline })
    }

    /// All of it in memory.
    ///
    /// # Errors
    /// When the file has changed.
    pub fn feed(&self) -> Result<Feed, StoreError> {
        let Outline { path, symbols, .. } = &self.outline;
        let mut data = Vec::with_capacity(usize::try_from(self.outline.rows).unwrap_or(0));
        let mut rows = self.rows()?;
        while let Some(datum) = rows.next_datum()? {
            data.push(datum);
        }
        let names: Vec<&str> = symbols.names().collect();
        let rows = Feed { symbols: symbols.clone(), data, bar_length: None };
        rows.select(&names).map_err(|error| fault(path, Fault::Symbol(error)))
    }
}

impl Table for ForeignFile {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn rows(&self) -> Result<Box<dyn TableRows>, MarketDataFileError> {
        let rows = ForeignRows::open(&self.outline.path, &self.options);
        let rows = rows.map_err(super::source::into_file_error)?;
        Ok(Box::new(Complete { rows, length: self.outline.length }))
    }
}

/// The rows of a file whose length of bars is known.
struct Complete {
    rows: ForeignRows,
    length: Span,
}

impl TableRows for Complete {
    fn next_datum(&mut self) -> Result<Option<MarketData>, MarketDataFileError> {
        let row = self.rows.next().map_err(super::source::into_file_error)?;
        Ok(row.map(|mut datum| {
            self.rows.decoder.complete(&mut datum, self.length);
            datum
        }))
    }
}

/// Decodes row after row, with one row group in memory.
struct ForeignRows {
    path: PathBuf,
    groups: RowGroups,
    names: Vec<String>,
    wanted: Vec<String>,
    decoder: Decoder,
    group: Option<DataFrame>,
    /// The next row in the group, and rows so far.
    place: usize,
    row: u64,
}

impl ForeignRows {
    fn open(path: &Path, options: &ReadOptions) -> Result<Self, StoreError> {
        let groups = RowGroups::open(path)?;
        let names = groups.columns()?;
        let decoder = Decoder::new(path, names.iter().map(String::as_bytes), options)?;
        let places = decoder.places();
        let wanted = places.iter().filter_map(|place| names.get(*place).cloned()).collect();
        let (group, place, row, path) = (None, 0, 0, path.into());
        Ok(Self { path, groups, names, wanted, decoder, group, place, row })
    }

    fn next(&mut self) -> Result<Option<MarketData>, StoreError> {
        while self.group.as_ref().is_none_or(|group| self.place >= group.height()) {
            self.group = self.groups.next_table(Some(&self.wanted))?;
            self.place = 0;
            if self.group.is_none() {
                return Ok(None);
            }
        }
        let Some(group) = &self.group else { return Ok(None) };
        let record = record(&self.path, group, self.place, &self.names)?;
        self.place += 1;
        self.row += 1;
        Ok(Some(self.decoder.row(&record, self.row)?))
    }
}

/// A row as text, with nothing in the columns that are not looked at.
fn record(
    path: &Path,
    table: &DataFrame,
    index: usize,
    names: &[String],
) -> Result<ByteRecord, StoreError> {
    let mut record = ByteRecord::new();
    for name in names {
        let column = table.columns().iter().find(|column| column.name().as_str() == name);
        let text = column.map_or(Ok(String::new()), |column| text(path, column, index))?;
        record.push_field(text.as_bytes());
    }
    Ok(record)
}

fn text(path: &Path, column: &Column, index: usize) -> Result<String, StoreError> {
    let wrong = |reason: String| fault(path, Fault::Parquet(reason));
    let value = column.get(index).map_err(|error| wrong(error.to_string()))?;
    Ok(match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => text.into(),
        AnyValue::Int32(number) => number.to_string(),
        AnyValue::Int64(number) => number.to_string(),
        AnyValue::UInt32(number) => number.to_string(),
        AnyValue::UInt64(number) => number.to_string(),
        AnyValue::Float32(number) => number.to_string(),
        AnyValue::Float64(number) => number.to_string(),
        AnyValue::Decimal(units, _, scale) => decimal(units, scale),
        AnyValue::Date(days) => date(days),
        AnyValue::Datetime(count, unit, zone) => time(count, unit, zone.is_some()),
        AnyValue::DatetimeOwned(count, unit, zone) => time(count, unit, zone.is_some()),
        _ => {
            let (name, kind) = (column.name(), column.dtype());
            return Err(wrong(format!(
                "column {name} is of the type {kind}, not a number, text or time"
            )));
        }
    })
}

fn decimal(units: i128, scale: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn date(days: i32) -> String {
    let start = Timestamp::from_secs(i64::from(days) * 86_400);
    start.to_string().chars().take(10).collect()
}

/// With `Z` when the file says that it is UTC, which all zones are kept in.
fn time(count: i64, unit: TimeUnit, is_utc: bool) -> String {
    let nanos = count.saturating_mul(match unit {
        TimeUnit::Nanoseconds => 1,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1_000_000,
    });
    let text = Timestamp::from_nanos(nanos).to_string();
    if is_utc { text } else { text.trim_end_matches('Z').into() }
}

fn fault(path: &Path, fault: Fault) -> StoreError {
    MarketDataFileError { file: path.into(), row: None, column: None, fault }.into()
}
