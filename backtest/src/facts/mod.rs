//! The facts of a report as tables, for other programs: each in a file, as CSV, JSON or Parquet.
//!
//! The three hold the same values: money, prices and quantities exactly (decimal strings in CSV and
//! JSON, decimals of nine digits in Parquet), times to the nanosecond, statistics as 64-bit floats
//! in full. What is undefined is empty in CSV and `null` elsewhere.

#[cfg(feature = "parquet")]
mod parquet;
mod tables;
mod text;

use crate::runs::write_whole;
use kernel::Timestamp;
use std::io;
use std::path::Path;

pub use tables::fact_tables;

/// A table of facts.
#[derive(Debug, Clone, PartialEq)]
pub struct FactTable {
    /// What it tells; the name of its file.
    pub name: &'static str,
    /// Its columns, all of one length.
    pub columns: Vec<FactColumn>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct FactColumn {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: FactValues,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum FactValues {
    /// Words.
    Text(Vec<Option<String>>),
    /// Instants.
    Time(Vec<Timestamp>),
    /// Money, prices and quantities in billionths.
    Decimal(Vec<Option<i64>>),
    /// Statistics.
    Number(Vec<Option<f64>>),
    /// Counts.
    Whole(Vec<i64>),
}

/// In what form tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactsFormat {
    /// Comma-separated values.
    Csv,
    /// An array of objects.
    Json,
    /// Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl FactsFormat {
    /// How the names of its files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }
}

impl FactTable {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }
}

impl FactValues {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Time(values) => values.len(),
            Self::Decimal(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Whole(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Writes each table into a file of a folder, which is made if need be; each file wholly or not at
/// all.
///
/// # Errors
/// What the system says.
pub fn write_facts(tables: &[FactTable], folder: &Path, format: FactsFormat) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for table in tables {
        let path = folder.join(format!("{}.{}", table.name, format.extension()));
        write_whole(&path, |out| match format {
            FactsFormat::Csv => text::csv(table, out),
            FactsFormat::Json => text::json(table, out),
            #[cfg(feature = "parquet")]
            FactsFormat::Parquet => parquet::write(table, out),
        })?;
    }
    Ok(())
}
