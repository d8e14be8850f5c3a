//! Parquet files: ours, row group by row group, and those of others.

use super::{Series, StoreError, table};
use kernel::{MarketData, SymbolId};
use marketdata::{Fault, MarketDataFileError};
use polars_core::prelude::{DataFrame, PolarsError};
use polars_io::SerReader;
use polars_io::parquet::metadata::FileMetadata;
use polars_io::parquet::read::{ParallelStrategy, ParquetReader};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is read row group by row group.
pub(super) struct RowGroups {
    path: PathBuf,
    file: File,
    whole: FileMetadata,
    /// The row groups that were read.
    read: usize,
}

impl RowGroups {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| fault(path, Fault::Unreadable(error)))?;
        let mut reader = ParquetReader::new(again(path, &file)?);
        let whole = reader.get_metadata().map_err(|error| damaged(path, &error))?;
        let whole = FileMetadata::clone(whole);
        Ok(Self { path: path.into(), file, whole, read: 0 })
    }

    /// Rows in all.
    pub(super) fn rows(&self) -> usize {
        self.whole.num_rows
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> Result<Vec<String>, StoreError> {
        let mut reader = ParquetReader::new(again(&self.path, &self.file)?);
        reader.set_metadata(Arc::new(self.whole.clone()));
        let schema = reader.schema().map_err(|error| damaged(&self.path, &error))?;
        Ok(schema.iter_names().map(|name| name.to_string()).collect())
    }

    /// Adds the rows of the next row group to others; whether there was one.
    pub(super) fn next(
        &mut self,
        series: &Series,
        symbol: SymbolId,
        rows: &mut Vec<MarketData>,
    ) -> Result<bool, StoreError> {
        let Some(table) = self.next_table(None)? else {
            return Ok(false);
        };
        table::to_rows(series, symbol, &table, rows)
            .map_err(|error| damaged(&self.path, &error))?;
        Ok(true)
    }

    /// The next row group, of these columns alone.
    pub(super) fn next_table(
        &mut self,
        columns: Option<&[String]>,
    ) -> Result<Option<DataFrame>, StoreError> {
        let Some(group) = self.whole.row_groups.get(self.read) else {
            return Ok(None);
        };
        self.read += 1;
        // The reader looks into every row group of a file, so it is shown one alone.
        let alone = FileMetadata {
            version: self.whole.version,
            num_rows: group.num_rows(),
            max_row_group_height: group.num_rows(),
            created_by: None,
            row_groups: vec![group.clone()],
            key_value_metadata: self.whole.key_value_metadata.clone(),
            schema_descr: self.whole.schema_descr.clone(),
            column_orders: self.whole.column_orders.clone(),
            footer_buf: self.whole.footer_buf.clone(),
        };
        let mut reader = ParquetReader::new(again(&self.path, &self.file)?)
            .read_parallel(ParallelStrategy::None)
            .with_columns(columns.map(<[String]>::to_vec));
        reader.set_metadata(Arc::new(alone));
        reader.finish().map(Some).map_err(|error| damaged(&self.path, &error))
    }
}

fn again(path: &Path, file: &File) -> Result<File, StoreError> {
    file.try_clone().map_err(|error| fault(path, Fault::Unreadable(error)))
}

fn damaged(path: &Path, error: &PolarsError) -> StoreError {
    // The library's errors may have several lines, and the first says it.
    let text = error.to_string();
    fault(path, Fault::Parquet(text.lines().next().unwrap_or_default().into()))
}

fn fault(path: &Path, fault: Fault) -> StoreError {
    MarketDataFileError { file: path.into(), row: None, column: None, fault }.into()
}
