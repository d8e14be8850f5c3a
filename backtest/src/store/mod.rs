//! The store of market data: Parquet files in folders that say what they hold.
//!
//! ```text
//! STORE/raw/bars/1Min/AAPL/meta.json
//! STORE/raw/bars/1Min/AAPL/2019.5f0c2a91.parquet
//! STORE/raw/quotes/AAPL/...
//! STORE/all/bars/1Day/AAPL/...
//! ```
//!
//! Prices adjusted in different ways lie apart, and so do kinds, resolutions and symbols; a file
//! holds a calendar year of UTC. `meta.json` names the files of a series with the hash of their
//! rows, where they come from, and when. It is replaced last and in one piece, and a file's name
//! has the beginning of its hash: whatever dies on the way, a reader sees all of a change or none.
//!
//! Columns are exact: times as nanoseconds of UTC, prices and sizes as `Decimal(18, 9)`, the volume
//! of bars as `Decimal(38, 9)`.

mod cursor;
mod error;
mod foreign;
mod meta;
mod own;
mod parquet;
mod source;
mod table;
mod write;

pub use error::StoreError;
pub use foreign::{ForeignFile, is_parquet};
pub use meta::{Adjustment, Meta, Origin, Partition, Series};
pub use source::{Selection, StoreSource};
pub use write::{Conflict, Import, Imported, ParquetFile};

use std::path::{Path, PathBuf};

/// Rows that are written, and read again, at a time.
const ROW_GROUP: usize = 1 << 15;
const META: &str = "meta.json";

/// A folder of market data.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in a folder, which need not exist.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Everything the store holds, in the order of its folders.
    ///
    /// # Errors
    /// When a folder or a `meta.json` cannot be read.
    pub fn list(&self) -> Result<Vec<Meta>, StoreError> {
        let mut found = Vec::new();
        if self.root.is_dir() {
            collect(&self.root, &mut found)?;
        }
        found.sort_by(|one, other| one.series.cmp(&other.series));
        Ok(found)
    }

    /// What the store knows of a series; `None` when it has none.
    ///
    /// # Errors
    /// When its `meta.json` cannot be read.
    pub fn meta(&self, series: &Series) -> Result<Option<Meta>, StoreError> {
        let path = self.folder(series).join(META);
        if path.exists() { meta::read(&path).map(Some) } else { Ok(None) }
    }

    /// The folder of a series.
    pub fn folder(&self, series: &Series) -> PathBuf {
        self.root.join(series.place())
    }
}

fn collect(folder: &Path, found: &mut Vec<Meta>) -> Result<(), StoreError> {
    let failed = |source| StoreError::io("read", folder, source);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.file_name().is_some_and(|name| name == META) {
            found.push(meta::read(&path)?);
        }
    }
    Ok(())
}
