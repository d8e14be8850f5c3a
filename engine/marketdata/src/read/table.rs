//! Tables of market data that were read through once and found good.

use super::decoder::Decoder;
use super::options::{ReadOptions, Stamp};
use crate::content::{self, ContentHasher, Kind, PartitionKey, RowsHash};
use crate::{Fault, MarketDataFileError};
use kernel::{MarketData, Span, Symbols, Timestamp};
use std::path::{Path, PathBuf};

/// A file that was read through and found good, and can be read again, row by row.
pub trait Table {
    /// What is known of it.
    fn outline(&self) -> &Outline;

    /// Its rows from the first on.
    ///
    /// # Errors
    /// When it cannot be read any more.
    fn rows(&self) -> Result<Box<dyn TableRows>, MarketDataFileError>;
}

/// The rows of a [`Table`], with ids of its own symbols.
pub trait TableRows {
    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// When the file has changed since it was found good.
    fn next_datum(&mut self) -> Result<Option<MarketData>, MarketDataFileError>;
}

/// What is known of a table.
#[derive(Debug, Clone)]
pub struct Outline {
    /// The file.
    pub path: PathBuf,
    /// The symbols of its rows, in the order in which they come.
    pub symbols: Symbols,
    /// What it holds.
    pub kind: Kind,
    /// How long its bars last; zero for quotes and trades.
    pub length: Span,
    /// How many rows.
    pub rows: u64,
    /// The times of the first and the last row: of bars, their opens.
    pub span: (Timestamp, Timestamp),
    /// The first row that keeps it from being merged with others as it is read.
    pub(super) not_merged: Option<(Timestamp, Timestamp)>,
    /// The hash of each of its partitions; none when they are not known.
    pub(super) partitions: Vec<(PartitionKey, u64, RowsHash)>,
}

/// Gathers the outline of a table from its rows.
pub struct Survey {
    rows: u64,
    span: Option<(Timestamp, Timestamp)>,
    stamp: Stamp,
    /// With bars stamped by their ends the years are not known before their length is.
    hash: Option<ContentHasher>,
}

impl Survey {
    /// Before the first row.
    pub fn new(options: &ReadOptions) -> Self {
        let hash = (options.stamp == Stamp::Open).then(ContentHasher::default);
        Self { rows: 0, span: None, stamp: options.stamp, hash }
    }

    /// Takes the next row, as the decoder gave it.
    pub fn add(&mut self, datum: &MarketData) {
        self.rows += 1;
        let time = content::row_time(datum);
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        self.hash.iter_mut().for_each(|hash| hash.add(datum));
    }

    /// The outline, when the decoder has had all rows.
    ///
    /// # Errors
    /// When there were none, or nothing tells how long bars last.
    pub fn finish(self, path: &Path, decoder: &Decoder) -> Result<Outline, MarketDataFileError> {
        let Some((first, last)) = self.span else {
            return Err(MarketDataFileError::file(path, Fault::NoRows));
        };
        let length = decoder.bar_length()?;
        let shift = if self.stamp == Stamp::Open { Span::ZERO } else { length };
        let partitions = self.hash.map(|hash| hash.finish(decoder.symbols()).into_partitions());
        let with_length = |(key, rows, hash)| (PartitionKey { length, ..key }, rows, hash);
        Ok(Outline {
            path: path.into(),
            symbols: decoder.symbols().clone(),
            kind: decoder.kind(),
            length,
            rows: self.rows,
            span: (first.minus(shift), last.minus(shift)),
            not_merged: decoder.order().not_merged,
            partitions: partitions.into_iter().flatten().map(with_length).collect(),
        })
    }
}
