//! `tradewind data convert`.

use super::generate::cannot;
use super::options;
use crate::args::ConvertArgs;
use crate::assemble;
use crate::commands::print_text;
use crate::exit::Failure;
use crate::figures::counted;
use kernel::{MarketData, Span, TradingDay};
use marketdata::content::{Kind, row_time};
use marketdata::{CsvWriter, FeedSource, Resampler, Source};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let length = args.resample.as_deref();
    let length = length.map(|name| options::length("--resample", name)).transpose()?;
    if args.files.is_empty() {
        return from_store(args, length);
    }
    let range = options::range(&args.part)?;
    let read = options::read_options(&args.format)?;
    let feed = assemble::read_feed_with(&args.files, &read, &args.symbols)?;
    let feed = feed.between(range.start, range.end);
    convert(args, length, &mut FeedSource::new(&feed))
}

#[cfg(not(feature = "parquet"))]
fn from_store(_: &ConvertArgs, _: Option<Span>) -> Result<(), Failure> {
    Err(super::without_parquet())
}

#[cfg(feature = "parquet")]
fn from_store(args: &ConvertArgs, length: Option<Span>) -> Result<(), Failure> {
    use super::import::{failure, selection};

    let resolution = args.format.resolution.as_deref();
    let selection = selection(&args.symbols, &[], resolution, &args.part)?;
    let store = backtest::store::Store::at(options::store_dir(&args.store));
    let mut source = store.open(&selection).map_err(failure)?;
    convert(args, length, &mut source)
}

/// Row by row from a source into what is written.
fn convert(
    args: &ConvertArgs,
    length: Option<Span>,
    source: &mut dyn Source,
) -> Result<(), Failure> {
    let facts = source.facts().clone();
    if let Some(wanted) = length {
        check_length(wanted, facts.bar_length, args.calendar != "always")?;
    }
    let length = length.filter(|wanted| Some(*wanted) != facts.bar_length);
    let days = if args.calendar == "always" { Vec::new() } else { facts.trading_days() };
    let mut makers: Vec<Option<Resampler>> = (0..facts.symbols.len())
        .map(|_| length.map(|length| Resampler::new(length, days.clone())))
        .collect();
    let mut out = Target::new(&args.out, facts.symbols.names())?;
    while let Some(chunk) = source.next_chunk().map_err(Failure::usage)? {
        for datum in chunk.iter().filter(|datum| !args.regular || is_regular(&days, datum)) {
            let symbol = datum.symbol().index();
            match (datum, makers.get_mut(symbol)) {
                (MarketData::Quote(_) | MarketData::Trade(_), Some(Some(_))) => {
                    return Err(Failure::usage(NO_BARS));
                }
                (MarketData::Bar(bar), Some(Some(maker))) => {
                    let made = maker.push(bar).map(MarketData::Bar);
                    made.map_or(Ok(()), |made| out.write(symbol, &made))?;
                }
                _ => out.write(symbol, datum)?,
            }
        }
    }
    for (symbol, maker) in makers.iter_mut().enumerate() {
        let made = maker.as_mut().and_then(Resampler::finish).map(MarketData::Bar);
        made.map_or(Ok(()), |made| out.write(symbol, &made))?;
    }
    print_text(&out.finish()?)
}

const NO_BARS: &str = "--resample: bars are made out of bars, and the data have quotes or trades";

/// Whether bars of a length can be made out of those that there are.
fn check_length(wanted: Span, held: Option<Span>, has_sessions: bool) -> Result<(), Failure> {
    const DAY: Span = Span::from_secs(86_400);
    let Some(held) = held else { return Err(Failure::usage(NO_BARS)) };
    let wrong = if wanted < held || wanted.nanos() % held.nanos() != 0 {
        "bars are made out of shorter ones that fit into them a whole number of times"
    } else if has_sessions && wanted > DAY {
        "a bar of more than one day joins sessions, and only data without sessions have those: --calendar always"
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!("--resample: {wrong}")))
}

/// Whether a row lies in a regular session.
fn is_regular(days: &[TradingDay], datum: &MarketData) -> bool {
    let at = row_time(datum);
    let index = days.partition_point(|day| day.close <= at);
    days.get(index).is_some_and(|day| day.open <= at)
}

/// What is written: a file of one symbol and kind, or a folder of them.
pub struct Target {
    path: PathBuf,
    is_folder: bool,
    names: Vec<String>,
    files: BTreeMap<(usize, Kind), (PathBuf, Writer, u64)>,
}

impl Target {
    /// A target for some symbols. Nothing is written yet, except that a folder is made.
    ///
    /// # Errors
    /// When several symbols would go into one file.
    pub fn new<'a>(path: &Path, names: impl Iterator<Item = &'a str>) -> Result<Self, Failure> {
        let names: Vec<String> = names.map(str::to_owned).collect();
        let text = path.to_string_lossy();
        let is_folder =
            ![".csv", ".csv.gz", ".parquet"].iter().any(|ending| text.ends_with(ending));
        if !is_folder && names.len() > 1 {
            return Err(Failure::usage(format!(
                "--out: {} symbols do not go into one file; name a folder, or choose one with --symbols",
                names.len()
            )));
        }
        if is_folder {
            std::fs::create_dir_all(path).map_err(|error| cannot(path, &error))?;
        }
        Ok(Self { path: path.into(), is_folder, names, files: BTreeMap::new() })
    }

    /// Adds a row of the so manieth symbol.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, symbol: usize, datum: &MarketData) -> Result<(), Failure> {
        let key = (symbol, Kind::of(datum));
        let name = self.names.get(symbol).cloned().unwrap_or_default();
        if !self.files.contains_key(&key) {
            if !self.is_folder && !self.files.is_empty() {
                let text = "--out: bars, quotes and trades do not go into one file; name a folder";
                return Err(Failure::usage(text));
            }
            let path = if self.is_folder {
                let kind = if key.1 == Kind::Bars { "" } else { key.1.as_str() };
                let dash = if kind.is_empty() { "" } else { "_" };
                self.path.join(format!("{}{dash}{kind}.csv", name.replace('/', "-")))
            } else {
                self.path.clone()
            };
            let writer = Writer::create(&path, key.1, &name)?;
            self.files.insert(key, (path, writer, 0));
        }
        let Some((path, writer, rows)) = self.files.get_mut(&key) else { return Ok(()) };
        *rows += 1;
        writer.write(path, &name, datum)
    }

    /// Gives the files their names, and tells of them.
    ///
    /// # Errors
    /// When there is nothing in them, or they cannot be written.
    pub fn finish(self) -> Result<String, Failure> {
        if self.files.is_empty() {
            return Err(Failure::usage("there is nothing to write: no rows are left"));
        }
        let mut told = String::new();
        for (path, writer, rows) in self.files.into_values() {
            writer.finish(&path)?;
            told += &format!("{}: {}\n", path.display(), counted(rows, "row"));
        }
        Ok(told)
    }
}

/// One file.
enum Writer {
    Csv(Box<CsvWriter>),
    #[cfg(feature = "parquet")]
    Parquet(Box<backtest::store::ParquetFile>),
}

impl Writer {
    fn create(path: &Path, kind: Kind, symbol: &str) -> Result<Self, Failure> {
        if path.extension().is_some_and(|ending| ending == "parquet") {
            return Self::parquet(path, kind, symbol);
        }
        let writer = CsvWriter::create(path, kind, false);
        writer.map(Box::new).map(Self::Csv).map_err(|error| cannot(path, &error))
    }

    #[cfg(feature = "parquet")]
    fn parquet(path: &Path, kind: Kind, symbol: &str) -> Result<Self, Failure> {
        let file = backtest::store::ParquetFile::create(path, kind, symbol);
        Ok(Self::Parquet(Box::new(file)))
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(_: &Path, _: Kind, _: &str) -> Result<Self, Failure> {
        Err(super::without_parquet())
    }

    fn write(&mut self, path: &Path, symbol: &str, datum: &MarketData) -> Result<(), Failure> {
        match self {
            Writer::Csv(out) => out.write(symbol, datum).map_err(|error| cannot(path, &error)),
            #[cfg(feature = "parquet")]
            Writer::Parquet(out) => out.write(datum).map_err(super::import::failure),
        }
    }

    fn finish(self, path: &Path) -> Result<(), Failure> {
        match self {
            Writer::Csv(out) => out.finish().map_err(|error| cannot(path, &error)),
            #[cfg(feature = "parquet")]
            Writer::Parquet(out) => out.finish().map_err(super::import::failure),
        }
    }
}
