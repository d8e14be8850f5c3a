//! What a run reads of its store beside the data that its strategies see.

use crate::args::RunArgs;
use crate::exit::Failure;
use kernel::Span;
use marketdata::{Facts, Feed, Source, resolution};
use std::path::Path;

/// Whether a value of `--detail` names data of the run's store: quotes, trades or a length of bars.
pub fn names_detail(args: &RunArgs, value: &Path) -> bool {
    let name = value.to_str().unwrap_or_default();
    let is_known = matches!(name, "quotes" | "trades") || resolution::parse(name).is_some();
    args.trade.data.is_empty() && is_known
}

#[cfg(not(feature = "parquet"))]
pub fn detail(_: &RunArgs, _: &Facts) -> Result<Feed, Failure> {
    Err(super::without_parquet())
}

#[cfg(not(feature = "parquet"))]
pub fn bars(_: &RunArgs, _: &str, _: Option<Span>) -> Result<Box<dyn Source>, Failure> {
    Err(super::without_parquet())
}

#[cfg(feature = "parquet")]
pub use of_store::{bars, detail};

#[cfg(feature = "parquet")]
mod of_store {
    use super::*;
    use crate::commands::data::{import, options};
    use backtest::store::{Selection, Store};
    use marketdata::content::Kind;

    /// What `--detail` names of the run's store: of its symbols, in its time.
    ///
    /// # Errors
    /// When the store has none of it.
    pub fn detail(args: &RunArgs, facts: &Facts) -> Result<Feed, Failure> {
        let store = Store::at(options::store_dir(&args.store));
        let mut selection = Selection { range: options::range(&args.part)?, ..named(args)? };
        let found = store.select(&selection).map_err(import::failure)?;
        let symbols = facts.symbols.names();
        let has = |name: &&str| found.iter().any(|meta| *meta.series.symbol == **name);
        selection.symbols = symbols.filter(has).map(Into::into).collect();
        if selection.symbols.is_empty() {
            let symbols: Vec<&str> = facts.symbols.names().collect();
            return Err(Failure::usage(format!(
                "--detail: the store {} holds none of that of {}",
                store.root().display(),
                symbols.join(", ")
            )));
        }
        let mut source = store.open(&selection).map_err(import::failure)?;
        Feed::collect(&mut source).map_err(Failure::usage)
    }

    /// The kinds and the length of bars that `--detail` names.
    fn named(args: &RunArgs) -> Result<Selection, Failure> {
        let adjustment = args.part.adjustment.parse().map_err(Failure::usage)?;
        let mut selection = Selection { kinds: Vec::new(), adjustment, ..Selection::default() };
        for value in &args.detail {
            let name = value.to_str().unwrap_or_default();
            let kind = match name {
                "quotes" => Kind::Quotes,
                "trades" => Kind::Trades,
                _ => Kind::Bars,
            };
            if kind == Kind::Bars {
                let length = options::length("--detail", name)?;
                if selection.resolution.replace(length).is_some_and(|other| other != length) {
                    return Err(Failure::usage(
                        "--detail: bars of two lengths would tell the same trades twice: name one length",
                    ));
                }
            }
            selection.kinds.push(kind);
        }
        Ok(selection)
    }

    /// All bars that the run's store has of a symbol: of the run's length, or where there are none
    /// of it, of the only one there is.
    ///
    /// # Errors
    /// When it has none.
    pub fn bars(
        args: &RunArgs,
        symbol: &str,
        length: Option<Span>,
    ) -> Result<Box<dyn Source>, Failure> {
        let store = Store::at(options::store_dir(&args.store));
        let adjustment = args.part.adjustment.parse().map_err(Failure::usage)?;
        let open = |resolution| {
            let symbols = vec![symbol.to_owned()];
            store.open(&Selection { symbols, resolution, adjustment, ..Selection::default() })
        };
        let source = open(length).or_else(|_| open(None)).map_err(import::failure)?;
        Ok(Box::new(source))
    }
}
