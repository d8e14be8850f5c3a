//! The market data of a run: files in memory, files in chunks, or a part of the store.

use super::options;
use crate::args::{PartArgs, RunArgs, StoreArgs};
use crate::assemble;
use crate::exit::Failure;
use kernel::Timestamp;
use marketdata::{Feed, FeedSource, ReadOptions, Source, TableSource};
use std::path::PathBuf;

/// What a backtest runs over.
pub enum RunData {
    /// All of it in memory.
    Memory(Feed),
    /// Chunk by chunk.
    Streamed(Box<dyn Source>),
}

/// Which data is meant.
#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "some of it is of the store alone"))]
pub struct Selection<'a> {
    /// Files; none is a store.
    pub files: &'a [PathBuf],
    /// Whether symbols were named for this command.
    pub names_symbols: bool,
    /// The store.
    pub store: &'a StoreArgs,
    /// Of the store: bars of this length.
    pub resolution: Option<&'a str>,
    /// Which part of it.
    pub part: &'a PartArgs,
    /// Of the store: quotes or trades too.
    pub with: &'a [String],
    /// Files in chunks instead of in memory.
    pub stream: bool,
}

impl<'a> Selection<'a> {
    /// What the flags of a run name.
    pub fn of(args: &'a RunArgs, stream: bool) -> Self {
        Self {
            files: &args.trade.data,
            names_symbols: args.trade.symbols.is_some(),
            store: &args.store,
            resolution: args.resolution.as_deref(),
            part: &args.part,
            with: &args.with,
            stream,
        }
    }
}

impl RunData {
    /// Opens what the flags name.
    ///
    /// # Errors
    /// When nothing is named, or it is not good.
    pub fn open(args: &Selection<'_>, symbols: &[String]) -> Result<Self, Failure> {
        let files = args.files;
        let range = options::range(args.part)?;
        let whole = range == (Timestamp::MIN..Timestamp::MAX);
        if files.is_empty() {
            return from_store(args, symbols);
        }
        if args.stream {
            if !symbols.is_empty() || !whole {
                return Err(Failure::usage(
                    "--stream reads files whole: leave --symbols, --from and --to away, or import them into a store",
                ));
            }
            let tables = super::tables::open(files, &ReadOptions::default())?;
            let source = TableSource::over(&tables).map_err(Failure::usage)?;
            return Ok(Self::Streamed(Box::new(source)));
        }
        let feed = assemble::read_feed(files, symbols)?;
        let feed = if whole { feed } else { feed.between(range.start, range.end) };
        Ok(Self::Memory(feed))
    }

    /// It as a source, from the first row on.
    pub fn source(&mut self) -> Box<dyn Source + '_> {
        match self {
            RunData::Memory(feed) => Box::new(FeedSource::new(feed)),
            RunData::Streamed(source) => Box::new(Borrowed(source.as_mut())),
        }
    }
}

struct Borrowed<'a>(&'a mut dyn Source);

impl Source for Borrowed<'_> {
    fn facts(&self) -> &marketdata::Facts {
        self.0.facts()
    }

    fn next_chunk(
        &mut self,
    ) -> Result<Option<&[kernel::MarketData]>, marketdata::MarketDataFileError> {
        self.0.next_chunk()
    }
}

const NO_DATA: &str = "a backtest needs market data: name files with --data FILE..., or a store with --store DIR --symbols A,B";

#[cfg(not(feature = "parquet"))]
fn from_store(args: &Selection<'_>, _: &[String]) -> Result<RunData, Failure> {
    Err(if args.store.store.is_some() { super::without_parquet() } else { Failure::usage(NO_DATA) })
}

#[cfg(feature = "parquet")]
fn from_store(args: &Selection<'_>, symbols: &[String]) -> Result<RunData, Failure> {
    use backtest::store::Store;

    let dir = options::store_dir(args.store);
    let is_meant = args.store.store.is_some() || (args.names_symbols && dir.is_dir());
    if !is_meant {
        return Err(Failure::usage(NO_DATA));
    }
    let kinds: Vec<&str> = args.with.iter().map(String::as_str).collect();
    let selection = super::import::selection(symbols, &kinds, args.resolution, args.part)?;
    let source = Store::at(dir).open(&selection).map_err(super::import::failure)?;
    Ok(RunData::Streamed(Box::new(source)))
}
