//! Where the rows of a download go: files, or the store.

use super::Wanted;
use crate::args::download::DownloadArgs;
use crate::commands::data::convert::Target;
#[cfg(feature = "parquet")]
use crate::commands::data::{import, options};
use crate::exit::Failure;
#[cfg(feature = "parquet")]
use backtest::store::{Adjustment, Conflict, Import, Origin, Series, Store, StoreError};
use kernel::MarketData;
use runtime::download::Sink;

/// Files, or the store.
pub enum Out {
    /// A file, or one for each symbol.
    Files { target: Target, names: Vec<String> },
    /// The store.
    #[cfg(feature = "parquet")]
    Store(Box<IntoStore>),
}

/// What goes into the store.
#[cfg(feature = "parquet")]
pub struct IntoStore {
    store: Store,
    origin: Origin,
    conflict: Conflict,
    adjustment: Adjustment,
    length: kernel::Span,
    /// From the first row on: nobody waits for a store while pages are loaded.
    import: Option<Import>,
}

impl Out {
    /// Makes ready what was named. Nothing of it can be seen before [`Out::finish`].
    pub fn open(args: &DownloadArgs, wanted: &Wanted, feed: &str) -> Result<Self, Failure> {
        let names: Vec<String> = wanted.symbols.names().map(str::to_owned).collect();
        match &args.out {
            Some(path) => {
                let target = Target::new(path, names.iter().map(String::as_str))?;
                Ok(Self::Files { target, names })
            }
            None => Self::store(args, wanted, feed),
        }
    }

    #[cfg(not(feature = "parquet"))]
    fn store(_: &DownloadArgs, _: &Wanted, _: &str) -> Result<Self, Failure> {
        Err(super::needs_out())
    }

    #[cfg(feature = "parquet")]
    fn store(args: &DownloadArgs, wanted: &Wanted, feed: &str) -> Result<Self, Failure> {
        Ok(Self::Store(Box::new(IntoStore {
            store: Store::at(options::store_dir(&args.store)),
            origin: import::origin(&args.provider, feed, "open"),
            conflict: if args.replace { Conflict::Replace } else { Conflict::Refuse },
            adjustment: args.adjustment.parse().map_err(Failure::usage)?,
            length: wanted.length,
            import: None,
        })))
    }

    /// Lets everybody see what was taken, and says what it was.
    pub fn finish(self) -> Result<String, Failure> {
        match self {
            Out::Files { target, .. } => target.finish(),
            #[cfg(feature = "parquet")]
            Out::Store(into) => {
                let done = into.import.map_or(Ok(Vec::new()), Import::commit);
                Ok(import::lines(&done.map_err(import::failure)?))
            }
        }
    }
}

impl Sink for Out {
    type Error = Failure;

    fn take(&mut self, symbol: &str, rows: &[MarketData]) -> Result<(), Failure> {
        match self {
            Out::Files { target, names } => {
                let Some(place) = names.iter().position(|name| name == symbol) else {
                    return Ok(());
                };
                rows.iter().try_for_each(|row| target.write(place, row))
            }
            #[cfg(feature = "parquet")]
            Out::Store(into) => into.take(symbol, rows).map_err(import::failure),
        }
    }
}

#[cfg(feature = "parquet")]
impl IntoStore {
    fn take(&mut self, symbol: &str, rows: &[MarketData]) -> Result<(), StoreError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let import = match &mut self.import {
            Some(import) => import,
            None => {
                let begun = Import::begin(&self.store, self.origin.clone(), self.conflict)?;
                self.import.insert(begun)
            }
        };
        let (adjustment, length) = (self.adjustment, self.length);
        let kind = marketdata::content::Kind::of(first);
        import.add(&Series { adjustment, kind, length, symbol: symbol.into() }, rows)
    }
}
