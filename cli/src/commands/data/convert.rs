//! `tradewind data convert`.

use super::generate::cannot;
use super::{options, tables};
use crate::args::ConvertArgs;
use crate::assemble;
use crate::commands::print_text;
use crate::exit::Failure;
use crate::figures::counted;
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp, TradingDay};
use marketdata::content::{Kind, row_time};
use marketdata::{CsvWriter, Merged, Resampler, Table, Wanted, trading_days_around};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let length = args.resample.as_deref();
    let length = length.map(|name| options::length("--resample", name)).transpose()?;
    if args.files.is_empty() {
        return from_store(args, length);
    }
    from_files(args, length)
}

/// Chunk by chunk. Files that hold one symbol behind the other are read once for each.
fn from_files(args: &ConvertArgs, length: Option<Span>) -> Result<(), Failure> {
    let range = options::range(&args.part)?;
    let files = tables::open(&args.files, &options::read_options(&args.format)?)?;
    let held = Merged::symbols(&files).map_err(Failure::usage)?;
    let symbols = assemble::named_of(held, &args.symbols)?;
    let known = Known::of(&files, &symbols, &range);
    let each: Vec<Option<SymbolId>> = match Merged::check_order(&files) {
        Ok(()) => vec![None],
        Err(_) => symbols.ids().map(Some).collect(),
    };
    let mut conversion = Conversion::begin(args, length, known)?;
    for only in each {
        let wanted = Wanted { symbols: &symbols, only, range: range.clone() };
        let mut rows = Merged::new(&files, &wanted).map_err(Failure::usage)?;
        while let Some(chunk) = rows.next_chunk().map_err(Failure::usage)? {
            conversion.take(chunk)?;
        }
    }
    conversion.finish()
}

#[cfg(not(feature = "parquet"))]
fn from_store(_: &ConvertArgs, _: Option<Span>) -> Result<(), Failure> {
    Err(super::without_parquet())
}

#[cfg(feature = "parquet")]
fn from_store(args: &ConvertArgs, length: Option<Span>) -> Result<(), Failure> {
    use super::import::{failure, selection};
    use marketdata::Source;

    let resolution = args.format.resolution.as_deref();
    let selection = selection(&args.symbols, &[], resolution, &args.part)?;
    let store = backtest::store::Store::at(options::store_dir(&args.store));
    let mut source = store.open(&selection).map_err(failure)?;
    let facts = source.facts();
    let (symbols, bar_length) = (facts.symbols.clone(), facts.bar_length);
    let mut conversion =
        Conversion::begin(args, length, Known { symbols, bar_length, span: facts.span })?;
    while let Some(chunk) = source.next_chunk().map_err(Failure::usage)? {
        conversion.take(chunk)?;
    }
    conversion.finish()
}

/// What is known of the rows before they are read.
struct Known {
    symbols: Symbols,
    /// The length of the shortest bars.
    bar_length: Option<Span>,
    /// When the first and the last of them is known.
    span: Option<(Timestamp, Timestamp)>,
}

impl Known {
    /// Of some symbols and some time of files.
    fn of(files: &[Box<dyn Table>], symbols: &Symbols, range: &Range<Timestamp>) -> Self {
        let (mut bar_length, mut span) = (None, None);
        for file in files.iter().map(|file| file.outline()) {
            let (first, last) = file.span;
            let is_wanted = file.symbols.names().any(|name| symbols.id(name).is_some());
            if !is_wanted || last < range.start || first >= range.end {
                continue;
            }
            let known = (first.plus(file.length), last.plus(file.length));
            span = Some(span.map_or(known, |(first, last): (Timestamp, Timestamp)| {
                (first.min(known.0), last.max(known.1))
            }));
            if file.kind == Kind::Bars {
                bar_length = Some(bar_length.map_or(file.length, |held| file.length.min(held)));
            }
        }
        Self { symbols: symbols.clone(), bar_length, span }
    }
}

/// Rows on their way from what is read into what is written.
struct Conversion {
    days: Vec<TradingDay>,
    regular: bool,
    /// By symbol, where longer bars are made.
    makers: Vec<Option<Resampler>>,
    out: Target,
}

impl Conversion {
    fn begin(args: &ConvertArgs, length: Option<Span>, known: Known) -> Result<Self, Failure> {
        let has_sessions = args.calendar != "always";
        if let Some(wanted) = length {
            check_length(wanted, known.bar_length, has_sessions)?;
        }
        let length = length.filter(|wanted| Some(*wanted) != known.bar_length);
        let days = if has_sessions { trading_days_around(known.span) } else { Vec::new() };
        let maker = |_| length.map(|length| Resampler::new(length, days.clone()));
        let makers = known.symbols.ids().map(maker).collect();
        let out = Target::new(&args.out, known.symbols.names())?;
        Ok(Self { days, regular: args.regular, makers, out })
    }

    fn take(&mut self, chunk: &[MarketData]) -> Result<(), Failure> {
        for datum in chunk {
            if self.regular && !is_regular(&self.days, datum) {
                continue;
            }
            let symbol = datum.symbol().index();
            match (datum, self.makers.get_mut(symbol)) {
                (MarketData::Quote(_) | MarketData::Trade(_), Some(Some(_))) => {
                    return Err(Failure::usage(NO_BARS));
                }
                (MarketData::Bar(bar), Some(Some(maker))) => {
                    let made = maker.push(bar).map(MarketData::Bar);
                    made.map_or(Ok(()), |made| self.out.write(symbol, &made))?;
                }
                _ => self.out.write(symbol, datum)?,
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        for (symbol, maker) in self.makers.iter_mut().enumerate() {
            let made = maker.as_mut().and_then(Resampler::finish).map(MarketData::Bar);
            made.map_or(Ok(()), |made| self.out.write(symbol, &made))?;
        }
        print_text(&self.out.finish()?)
    }
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
