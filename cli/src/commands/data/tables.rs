//! Files of market data that need not fit into memory.

use crate::exit::Failure;
use marketdata::{CsvFile, ReadOptions, Table};
use std::path::{Path, PathBuf};

/// Reads files through, CSV or Parquet, in the order that breaks ties between their rows.
///
/// # Errors
/// The first mistake found.
pub fn open(files: &[PathBuf], options: &ReadOptions) -> Result<Vec<Box<dyn Table>>, Failure> {
    marketdata::in_order(files).iter().map(|file| table(file, options)).collect()
}

fn table(path: &Path, options: &ReadOptions) -> Result<Box<dyn Table>, Failure> {
    if path.extension().is_some_and(|ending| ending == "parquet") || is_parquet(path) {
        return parquet(path, options);
    }
    Ok(Box::new(CsvFile::open(path, options).map_err(Failure::usage)?))
}

#[cfg(feature = "parquet")]
fn parquet(path: &Path, options: &ReadOptions) -> Result<Box<dyn Table>, Failure> {
    let file = backtest::store::ForeignFile::open(path, options);
    Ok(Box::new(file.map_err(super::import::failure)?))
}

#[cfg(feature = "parquet")]
fn is_parquet(path: &Path) -> bool {
    backtest::store::is_parquet(path)
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &Path, _: &ReadOptions) -> Result<Box<dyn Table>, Failure> {
    Err(super::without_parquet())
}

#[cfg(not(feature = "parquet"))]
fn is_parquet(_: &Path) -> bool {
    false
}
