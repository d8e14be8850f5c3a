//! `tradewind data check`.

use super::options;
use crate::args::CheckArgs;
use crate::commands::{print_json, print_text};
use crate::exit::{Exit, Failure};
use crate::figures::{counted, date_time};
use kernel::{MarketData, Symbols};
use marketdata::check::{BarCheck, Finding, QuoteCheck, Sessions, TradeCheck};
use marketdata::{CorporateActions, CsvFile, MarketDataFileError};
use serde_json::{Value, json};
use std::path::Path;

/// What was found in one file or series.
struct Looked {
    /// The file, or the series of the store.
    place: String,
    rows: u64,
    found: Vec<Finding>,
}

pub fn run(args: &CheckArgs) -> Result<(), Failure> {
    let actions = args.corporate_actions.as_deref().map(CorporateActions::from_csv);
    let actions = actions.transpose().map_err(Failure::usage)?;
    let looked = if args.files.is_empty() {
        in_store(args, actions.as_ref())?
    } else {
        let look = |file| in_file(args, file, actions.as_ref());
        args.files.iter().map(|file| look(file)).collect::<Result<_, _>>()?
    };
    if args.json {
        print_json(&as_json(&looked))?
    } else {
        print_text(&text(&looked))?
    }
    match looked.iter().map(|one| one.found.len()).sum() {
        0 => Ok(()),
        count => {
            let found = counted(count as u64, "finding");
            Err(Failure::new(Exit::CheckFailed, format!("{found}: see above")))
        }
    }
}

fn sessions(args: &CheckArgs) -> Sessions {
    match args.calendar.as_str() {
        "us_equities" => Sessions::NewYork,
        "always" => Sessions::Always,
        "none" => Sessions::Unknown,
        _ => Sessions::Auto,
    }
}

fn in_file(
    args: &CheckArgs,
    path: &Path,
    actions: Option<&CorporateActions>,
) -> Result<Looked, Failure> {
    let options = options::read_options(&args.format)?;
    let place = path.display().to_string();
    let file = match CsvFile::open(path, &options) {
        Ok(file) => file,
        // A row that cannot be used is what was looked for.
        Err(error) if error.row.is_some_and(|row| row > 1) => {
            return Ok(Looked { place, rows: 0, found: vec![unusable(&error)] });
        }
        Err(error) => return Err(Failure::usage(error)),
    };
    let mut checks = AllChecks::new(args, file.symbols(), file.length(), actions);
    let mut rows = file.read().map_err(Failure::usage)?;
    while let Some((datum, line)) = rows.next_row().map_err(Failure::usage)? {
        checks.push(line, &datum);
    }
    Ok(Looked { place, rows: file.rows(), found: checks.finish() })
}

fn unusable(error: &MarketDataFileError) -> Finding {
    let column = error.column.map(|column| format!("column {column}: ")).unwrap_or_default();
    Finding {
        kind: "unusable",
        symbol: "".into(),
        row: error.row.unwrap_or_default(),
        time: kernel::Timestamp::MIN,
        text: format!("{column}{}; the rows behind it were not looked at", error.fault),
    }
}

/// The looks at one symbol; a file or series has data for one of them.
struct Checks {
    bars: BarCheck,
    quotes: QuoteCheck,
    trades: TradeCheck,
}

/// The looks at each symbol, by its place.
struct AllChecks(Vec<Checks>);

impl AllChecks {
    fn new(
        args: &CheckArgs,
        symbols: &Symbols,
        length: kernel::Span,
        actions: Option<&CorporateActions>,
    ) -> Self {
        let is_adjusted = args.part.adjustment != "raw";
        let sessions = sessions(args);
        let checks = symbols.names().map(|name| Checks {
            bars: BarCheck::new(name, length, sessions, actions, is_adjusted),
            quotes: QuoteCheck::new(name, sessions, actions),
            trades: TradeCheck::new(name, sessions, actions),
        });
        Self(checks.collect())
    }

    fn push(&mut self, row: u64, datum: &MarketData) {
        let Some(checks) = self.0.get_mut(datum.symbol().index()) else { return };
        match datum {
            MarketData::Bar(bar) => checks.bars.push(row, bar),
            MarketData::Quote(quote) => checks.quotes.push(row, quote),
            MarketData::Trade(trade) => checks.trades.push(row, trade),
        }
    }

    fn finish(self) -> Vec<Finding> {
        let of_symbol =
            |one: Checks| [one.bars.finish(), one.quotes.finish(), one.trades.finish()].concat();
        self.0.into_iter().flat_map(of_symbol).collect()
    }
}

#[cfg(not(feature = "parquet"))]
fn in_store(_: &CheckArgs, _: Option<&CorporateActions>) -> Result<Vec<Looked>, Failure> {
    Err(super::without_parquet())
}

/// Each series by itself, chunk by chunk; its rows are hashed on the way.
#[cfg(feature = "parquet")]
fn in_store(args: &CheckArgs, actions: Option<&CorporateActions>) -> Result<Vec<Looked>, Failure> {
    use super::import::{failure, selection};
    use backtest::store::{Selection, Store};
    use marketdata::{FactsBuilder, Source};

    let store = Store::at(options::store_dir(&args.store));
    let resolution = args.format.resolution.as_deref();
    let wanted = selection(&args.symbols, &["quotes", "trades"], resolution, &args.part)?;
    let mut looked = Vec::new();
    for meta in store.select(&wanted).map_err(failure)? {
        let series = &meta.series;
        let one = Selection {
            symbols: vec![series.symbol.to_string()],
            kinds: vec![series.kind],
            resolution: (series.length > kernel::Span::ZERO).then_some(series.length),
            ..wanted.clone()
        };
        let mut source = store.open(&one).map_err(failure)?;
        let facts = source.facts().clone();
        let mut checks = AllChecks::new(args, &facts.symbols, series.length, actions);
        let (mut row, mut again) = (0, FactsBuilder::default());
        while let Some(chunk) = source.next_chunk().map_err(Failure::usage)? {
            for datum in chunk {
                row += 1;
                again.add(datum);
                checks.push(row, datum);
            }
        }
        let mut found = checks.finish();
        if again.finish(facts.symbols.clone()).content_hash != facts.content_hash {
            let text = "the rows are not those that were written: import them again".into();
            let (time, symbol) = (kernel::Timestamp::MIN, series.symbol.clone());
            found.push(Finding { kind: "altered", symbol, row: 1, time, text });
        }
        looked.push(Looked { place: series.words(), rows: row, found });
    }
    Ok(looked)
}

fn as_json(looked: &[Looked]) -> Value {
    let findings = |one: &Looked| -> Vec<Value> {
        let finding = |found: &Finding| {
            json!({
                "kind": found.kind, "symbol": found.symbol, "row": found.row,
                "time": time_of(found).map(|time| time.to_string()), "text": found.text,
            })
        };
        one.found.iter().map(finding).collect()
    };
    let places = looked
        .iter()
        .map(|one| json!({ "place": one.place, "rows": one.rows, "findings": findings(one) }));
    let places: Vec<Value> = places.collect();
    let count: usize = looked.iter().map(|one| one.found.len()).sum();
    json!({ "findings": count, "checked": places })
}

/// Rows that cannot be read have no time.
fn time_of(found: &Finding) -> Option<kernel::Timestamp> {
    Some(found.time).filter(|time| *time > kernel::Timestamp::MIN)
}

fn text(looked: &[Looked]) -> String {
    let mut lines = Vec::new();
    for one in looked {
        for found in &one.found {
            let time = time_of(found).map(|time| date_time(time) + "Z, ").unwrap_or_default();
            lines.push(format!(
                "{}, row {}, {time}{}: {}",
                one.place, found.row, found.kind, found.text
            ));
        }
        if one.found.is_empty() {
            lines.push(format!("{}: {}, nothing found", one.place, counted(one.rows, "row")));
        }
    }
    lines.join("\n") + "\n"
}
