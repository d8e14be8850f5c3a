//! The market data of a run: files in memory, files in chunks, or a part of the store.

use super::options;
use crate::args::BacktestArgs;
use crate::assemble;
use crate::exit::Failure;
use kernel::Timestamp;
use marketdata::{CsvSource, Feed, FeedSource, ReadOptions, Source};

/// What a backtest runs over.
pub enum RunData {
    /// All of it in memory.
    Memory(Feed),
    /// Chunk by chunk.
    Streamed(Box<dyn Source>),
}

impl RunData {
    /// Opens what the flags name.
    ///
    /// # Errors
    /// When nothing is named, or it is not good.
    pub fn open(args: &BacktestArgs, symbols: &[String]) -> Result<Self, Failure> {
        let files = &args.trade.data;
        let range = options::range(&args.part)?;
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
            let source = CsvSource::open(files, &ReadOptions::default());
            return Ok(Self::Streamed(Box::new(source.map_err(Failure::usage)?)));
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
fn from_store(args: &BacktestArgs, _: &[String]) -> Result<RunData, Failure> {
    Err(if args.store.store.is_some() { super::without_parquet() } else { Failure::usage(NO_DATA) })
}

#[cfg(feature = "parquet")]
fn from_store(args: &BacktestArgs, symbols: &[String]) -> Result<RunData, Failure> {
    use backtest::store::Store;

    let dir = options::store_dir(&args.store);
    let is_meant = args.store.store.is_some() || (args.trade.symbols.is_some() && dir.is_dir());
    if !is_meant {
        return Err(Failure::usage(NO_DATA));
    }
    let kinds: Vec<&str> = args.with.iter().map(String::as_str).collect();
    let resolution = args.resolution.as_deref();
    let selection = super::import::selection(symbols, &kinds, resolution, &args.part)?;
    let source = Store::at(dir).open(&selection).map_err(super::import::failure)?;
    Ok(RunData::Streamed(Box::new(source)))
}
