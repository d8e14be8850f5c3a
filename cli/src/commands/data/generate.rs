//! `tradewind data generate`.

use crate::args::GenerateArgs;
use crate::commands::print_text;
use crate::exit::{Exit, Failure};
use crate::figures::counted;
#[cfg(feature = "parquet")]
use kernel::Span;
use kernel::{Bar, MarketData, Symbols};
use marketdata::content::Kind;
use marketdata::{CsvWriter, Generator, SyntheticConfig};
use std::path::Path;

pub fn run(args: &GenerateArgs) -> Result<(), Failure> {
    let config = config(args)?;
    let rows = match &args.out {
        Some(path) => to_file(args, &config, path)?,
        None => to_store(args, &config)?,
    };
    let names: Vec<&str> = config.symbols.names().collect();
    print_text(&format!(
        "{} of {}, synthetic, seed {}\n",
        counted(rows, "minute bar"),
        names.join(" "),
        args.seed
    ))
}

fn config(args: &GenerateArgs) -> Result<SyntheticConfig, Failure> {
    let mut names = args.symbols.clone();
    names.sort();
    let start = args.start.parse();
    Ok(SyntheticConfig {
        seed: args.seed,
        symbols: Symbols::new(names).map_err(Failure::usage)?,
        start: start.map_err(|_| {
            Failure::usage(format!(
                "--start: `{}` is no date; expected one such as 2024-01-02",
                args.start
            ))
        })?,
        extended: args.extended,
    })
}

/// The bars of all symbols, so many of each, in the order of time.
fn bars(config: &SyntheticConfig, count: u64) -> impl Iterator<Item = Bar> {
    let mut given = vec![0; config.symbols.len()];
    let mut unfinished = given.len();
    let rows = Generator::new(config).flatten().map_while(move |datum| {
        let MarketData::Bar(bar) = datum else { return Some(None) };
        let given = given.get_mut(bar.symbol.index())?;
        *given += 1;
        if *given == count + 1 {
            unfinished -= 1;
        }
        (unfinished > 0).then_some((*given <= count).then_some(bar))
    });
    rows.flatten()
}

fn to_file(args: &GenerateArgs, config: &SyntheticConfig, path: &Path) -> Result<u64, Failure> {
    let several = config.symbols.len() > 1;
    let mut out =
        CsvWriter::create(path, Kind::Bars, several).map_err(|error| cannot(path, &error))?;
    let mut rows = 0;
    for bar in bars(config, args.bars) {
        let name = config.symbols.name(bar.symbol);
        out.write(name, &MarketData::Bar(bar)).map_err(|error| cannot(path, &error))?;
        rows += 1;
    }
    out.finish().map_err(|error| cannot(path, &error))?;
    Ok(rows)
}

/// A file that was named and cannot be written.
pub fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::of_io(error), format!("{} cannot be written: {error}", path.display()))
}

#[cfg(not(feature = "parquet"))]
fn to_store(_: &GenerateArgs, _: &SyntheticConfig) -> Result<u64, Failure> {
    Err(super::without_parquet())
}

#[cfg(feature = "parquet")]
fn to_store(args: &GenerateArgs, config: &SyntheticConfig) -> Result<u64, Failure> {
    use super::import;
    use backtest::store::{Adjustment, Conflict, Import, Series, Store};

    let store = Store::at(super::options::store_dir(&args.store));
    let origin = import::origin(&format!("generator, seed {}", args.seed), "synthetic", "open");
    let mut into = Import::begin(&store, origin, Conflict::Replace).map_err(import::failure)?;
    let (adjustment, kind, length) = (Adjustment::Raw, Kind::Bars, Span::from_secs(60));
    let series = |symbol: &str| Series { adjustment, kind, length, symbol: symbol.into() };
    let all: Vec<Series> = config.symbols.names().map(series).collect();
    let mut rows = 0;
    for bar in bars(config, args.bars) {
        let Some(series) = all.get(bar.symbol.index()) else { continue };
        into.add(series, &[MarketData::Bar(bar)]).map_err(import::failure)?;
        rows += 1;
    }
    into.commit().map_err(import::failure)?;
    Ok(rows)
}
