//! `tradewind data import`.

use super::{options, tables};
use crate::args::PartArgs;
use crate::args::data::ImportArgs;
use crate::commands::{print_json, print_text};
use crate::exit::{Exit, Failure};
use crate::figures::counted;
use backtest::RecordedData;
use backtest::store::{
    Adjustment, Conflict, Import, Imported, Origin, Selection, Series, Store, StoreError,
};
use journal::JournalError;
use kernel::{MarketData, Span, Timestamp};
use marketdata::content::Kind;
use marketdata::{Outline, Table};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Rows that are handed to the store at a time.
const BATCH: usize = 1 << 12;
/// Rows of a session that are put in order at a time.
const RECORDED: usize = 1 << 16;

pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    let adjustment: Adjustment = args.adjustment.parse().map_err(Failure::usage)?;
    let read = options::read_options(&args.format)?;
    let store = Store::at(options::store_dir(&args.store));
    let conflict = if args.replace { Conflict::Replace } else { Conflict::Refuse };
    let done = match &args.session {
        Some(session) => {
            let taken = recorded(session)?;
            let mut import = begin(args, &store, conflict, &session.display().to_string())?;
            add(&taken, &mut import, adjustment)?;
            import.commit()
        }
        None => {
            // Every file is read through before anything is written.
            let files = tables::open(&args.files, &read)?;
            let mut import = begin(args, &store, conflict, &names(&args.files))?;
            for file in &files {
                add_table(file.as_ref(), &mut import, adjustment)?;
            }
            import.commit()
        }
    };
    tell(args, &store, &done.map_err(failure)?)
}

fn begin(
    args: &ImportArgs,
    store: &Store,
    conflict: Conflict,
    source: &str,
) -> Result<Import, Failure> {
    let stamps = if args.session.is_some() { "open" } else { args.format.stamp.as_str() };
    let origin = origin(source, &args.feed, stamps);
    Import::begin(store, origin, conflict).map_err(failure)
}

/// Where rows come from that are brought in now.
pub fn origin(source: &str, feed: &str, stamps: &str) -> Origin {
    let (source, feed, stamps) = (source.into(), feed.into(), stamps.into());
    Origin { source, feed, stamps, imported: now().to_string() }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map(|since| since.as_nanos()).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

fn names(files: &[PathBuf]) -> String {
    crate::assemble::names_of(files)
}

/// A part of the store, as flags name it: bars, and what is read beside them.
///
/// # Errors
/// When a flag does not say what it should.
pub fn selection(
    symbols: &[String],
    beside_bars: &[&str],
    resolution: Option<&str>,
    part: &PartArgs,
) -> Result<Selection, Failure> {
    let mut kinds = vec![Kind::Bars];
    kinds.extend(beside_bars.iter().map(|kind| match *kind {
        "quotes" => Kind::Quotes,
        _ => Kind::Trades,
    }));
    let resolution = resolution.map(|name| options::length("--resolution", name)).transpose()?;
    Ok(Selection {
        symbols: symbols.to_vec(),
        kinds,
        resolution,
        adjustment: part.adjustment.parse().map_err(Failure::usage)?,
        range: options::range(part)?,
    })
}

/// What is wrong with a store or a file.
pub fn failure(error: StoreError) -> Failure {
    let exit = match &error {
        StoreError::Io { source, .. } => Exit::of_io(source),
        StoreError::Parquet { .. } => Exit::Other,
        _ => Exit::Usage,
    };
    Failure::new(exit, error.to_string())
}

fn add_table(
    table: &dyn Table,
    import: &mut Import,
    adjustment: Adjustment,
) -> Result<(), Failure> {
    let mut batch = Batch::new(table.outline(), adjustment).into(import);
    let mut rows = table.rows().map_err(Failure::usage)?;
    while let Some(datum) = rows.next_datum().map_err(Failure::usage)? {
        batch.push(datum).map_err(failure)?;
    }
    batch.flush().map_err(failure)
}

/// Rows of one table on their way, those of one symbol at a time.
struct Batch {
    series: Vec<Series>,
    rows: Vec<MarketData>,
}

impl Batch {
    fn new(table: &Outline, adjustment: Adjustment) -> Self {
        let (kind, length) = (table.kind, table.length);
        let series = |symbol: &str| Series { adjustment, kind, length, symbol: symbol.into() };
        Self {
            series: table.symbols.names().map(series).collect(),
            rows: Vec::with_capacity(BATCH),
        }
    }

    fn into(self, import: &mut Import) -> Filling<'_> {
        Filling { batch: self, import }
    }
}

struct Filling<'a> {
    batch: Batch,
    import: &'a mut Import,
}

impl Filling<'_> {
    fn push(&mut self, datum: MarketData) -> Result<(), StoreError> {
        let rows = &self.batch.rows;
        let other = rows.last().is_some_and(|last| last.symbol() != datum.symbol());
        if other || rows.len() >= BATCH {
            self.flush()?;
        }
        self.batch.rows.push(datum);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let first = self.batch.rows.first().map(|datum| datum.symbol().index());
        if let Some(series) = first.and_then(|index| self.batch.series.get(index)) {
            self.import.add(series, &self.batch.rows)?;
        }
        self.batch.rows.clear();
        Ok(())
    }
}

/// The market data of a session's journal.
///
/// # Errors
/// When it cannot be read, or holds none.
fn recorded(session: &Path) -> Result<RecordedData, Failure> {
    let folder = session.join("journal");
    let folder = if folder.is_dir() { folder } else { session.into() };
    let recorded = RecordedData::open(&folder).map_err(journal_failure)?;
    if recorded.is_empty() {
        let place = folder.display();
        return Err(Failure::usage(format!("the journal {place} holds no market data")));
    }
    Ok(recorded)
}

fn add(
    recorded: &RecordedData,
    import: &mut Import,
    adjustment: Adjustment,
) -> Result<(), Failure> {
    for rows in recorded.chunks(RECORDED) {
        for datum in rows.map_err(journal_failure)? {
            let length = match &datum {
                MarketData::Bar(bar) => bar.length,
                MarketData::Quote(_) | MarketData::Trade(_) => Span::ZERO,
            };
            let symbol = recorded.symbols().name(datum.symbol()).into();
            let series = Series { adjustment, kind: Kind::of(&datum), length, symbol };
            import.add(&series, &[datum]).map_err(failure)?;
        }
    }
    Ok(())
}

fn journal_failure(error: JournalError) -> Failure {
    Failure::new(Exit::of_journal(&error), error.to_string())
}

fn tell(args: &ImportArgs, store: &Store, done: &[Imported]) -> Result<(), Failure> {
    if args.json {
        let series = done.iter().map(|one| {
            let series = &one.series;
            json!({
                "symbol": series.symbol, "kind": series.kind.as_str(),
                "resolution": super::list::resolution_of(series),
                "adjustment": series.adjustment.as_str(),
                "added": one.added, "known": one.known, "rows": one.rows,
            })
        });
        let series: Vec<_> = series.collect();
        return print_json(
            &json!({ "store": store.root().display().to_string(), "series": series }),
        );
    }
    print_text(&lines(done))
}

/// What became of each series, as people read it.
pub fn lines(done: &[Imported]) -> String {
    let lines = done.iter().map(|one| {
        let known =
            if one.known > 0 { format!(", {} known already", one.known) } else { String::new() };
        let words = one.series.words();
        format!("{words}: {} added{known}, {} in all\n", counted(one.added, "row"), one.rows)
    });
    lines.collect()
}
