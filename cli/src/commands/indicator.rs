//! `tradewind indicator`: one indicator over a file of bars.

use super::data::options;
use super::{print_json, print_text};
use crate::args::IndicatorArgs;
use crate::exit::Failure;
use crate::figures::counted;
use kernel::{Bar, MarketData, SymbolId};
use marketdata::CsvFile;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use strategies::indicator::{AnyIndicator, Candle, Entry, Values, find};

/// Letters across and down of each curve.
const CURVE: (usize, usize) = (72, 8);

/// What an indicator said of some bars.
struct Said {
    entry: &'static Entry,
    /// Its parameters, defaults included.
    params: BTreeMap<&'static str, String>,
    symbol: String,
    warmup: usize,
    rows: Vec<(Bar, Option<Values>)>,
}

pub fn run(args: &IndicatorArgs) -> Result<(), Failure> {
    let said = compute(args)?;
    if args.json {
        print_json(&as_json(args, &said))
    } else if args.plot {
        print_text(&plot(&said))
    } else {
        print_text(&csv(&said))
    }
}

fn compute(args: &IndicatorArgs) -> Result<Said, Failure> {
    let entry = find(&args.name).map_err(Failure::usage)?;
    let mut given: BTreeMap<String, String> = args.param.iter().cloned().collect();
    given.extend(args.period.clone().map(|period| ("period".to_owned(), period)));
    let (mut indicator, params) = entry.create(&given).map_err(Failure::usage)?;
    let file = CsvFile::open(&args.data, &options::read_options(&args.format)?);
    let file = file.map_err(Failure::usage)?;
    let symbol = chosen(args, &file)?;
    let mut rows = said_of(&file, symbol, &mut indicator)?;
    let place = args.data.display();
    let warmup = indicator.warmup();
    if rows.is_empty() {
        return Err(Failure::usage(format!("{place} has no bars: an indicator looks at bars")));
    }
    if rows.len() < warmup {
        let bars = counted(rows.len() as u64, "bar");
        return Err(Failure::usage(format!(
            "{place} has {bars}: {} needs {warmup} before it has a value",
            entry.name
        )));
    }
    if let Some(last) = args.last {
        rows.drain(..rows.len().saturating_sub(last as usize));
    }
    let symbol = file.symbols().name(symbol).to_owned();
    Ok(Said { entry, params: params.texts().collect(), symbol, warmup, rows })
}

/// The symbol asked for, or the only one.
fn chosen(args: &IndicatorArgs, file: &CsvFile) -> Result<SymbolId, Failure> {
    let symbols = file.symbols();
    let (place, known) = (args.data.display(), symbols.names().collect::<Vec<_>>().join(", "));
    if let Some(name) = &args.symbols {
        let found = symbols.id(name);
        return found.ok_or_else(|| {
            Failure::usage(format!("--symbols: {place} has no {name}: it has {known}"))
        });
    }
    match symbols.ids().collect::<Vec<_>>()[..] {
        [only] => Ok(only),
        [] => Err(Failure::usage(format!("{place} has no bars: an indicator looks at bars"))),
        _ => Err(Failure::usage(format!("{place} has {known}: choose one with --symbols"))),
    }
}

fn said_of(
    file: &CsvFile,
    symbol: SymbolId,
    indicator: &mut AnyIndicator,
) -> Result<Vec<(Bar, Option<Values>)>, Failure> {
    let mut said = Vec::new();
    let mut rows = file.read().map_err(Failure::usage)?;
    while let Some((datum, _)) = rows.next_row().map_err(Failure::usage)? {
        let MarketData::Bar(bar) = datum else { continue };
        if bar.symbol == symbol {
            indicator.update(&Candle::from(&bar));
            said.push((bar, indicator.values()));
        }
    }
    Ok(said)
}

fn csv(said: &Said) -> String {
    let names: Vec<&str> = said.entry.outputs.iter().map(|output| output.name).collect();
    let mut text = format!("time,close,{}\n", names.join(","));
    for (bar, values) in &said.rows {
        let numbers = values.as_ref().map(Values::as_slice).unwrap_or_default();
        let cell = |place: usize| numbers.get(place).map(f64::to_string).unwrap_or_default();
        let cells: Vec<String> = (0..names.len()).map(cell).collect();
        // To write into a text never fails.
        let _ = writeln!(text, "{},{},{}", bar.open_time, bar.close, cells.join(","));
    }
    text
}

fn as_json(args: &IndicatorArgs, said: &Said) -> Value {
    let rows = said.rows.iter().map(|(bar, values)| {
        let mut row = Map::new();
        row.insert("time".into(), bar.open_time.to_string().into());
        row.insert("close".into(), bar.close.to_string().into());
        let numbers = values.as_ref().map(Values::as_slice).unwrap_or_default();
        for (place, output) in said.entry.outputs.iter().enumerate() {
            row.insert(output.name.into(), numbers.get(place).copied().into());
        }
        Value::Object(row)
    });
    json!({
        "indicator": said.entry.name, "params": said.params, "symbol": said.symbol,
        "data": args.data.display().to_string(), "warmup_bars": said.warmup,
        "null": format!("no value before {} bars, and where the formula has none", said.warmup),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// The closes, and a curve for each output under them.
fn plot(said: &Said) -> String {
    let params: Vec<String> =
        said.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // The bars with a value alone, so that all curves have the same time below them.
    let rows: Vec<(&Bar, &Values)> =
        said.rows.iter().filter_map(|(bar, values)| Some((bar, values.as_ref()?))).collect();
    let bars = counted(rows.len() as u64, "bar");
    let mut text = format!("{} {} of {}, {bars}\n", said.entry.name, params.join(" "), said.symbol);
    let closes: Vec<f64> = rows.iter().map(|(bar, _)| bar.close.to_f64()).collect();
    text += &curve("close", &closes);
    for (place, output) in said.entry.outputs.iter().enumerate() {
        let values = rows.iter().filter_map(|(_, values)| values.as_slice().get(place).copied());
        text += &curve(output.name, &values.collect::<Vec<_>>());
    }
    if let Some(((first, _), (last, _))) = rows.first().zip(rows.last()) {
        text += &format!("\n{:>12} {} to {}\n", "", first.open_time, last.open_time);
    }
    text
}

fn curve(name: &str, values: &[f64]) -> String {
    let Some(last) = values.last() else { return format!("\n{name}: no value\n") };
    let high = values.iter().copied().fold(f64::MIN, f64::max);
    let low = values.iter().copied().fold(f64::MAX, f64::min);
    let drawn = backtest::braille(values, CURVE.0, CURVE.1);
    let bottom = drawn.len().saturating_sub(1);
    let mut text = format!("\n{name}, last {last:.6}\n");
    for (row, line) in drawn.iter().enumerate() {
        let label = match row {
            0 => format!("{high:.4}"),
            row if row == bottom => format!("{low:.4}"),
            _ => String::new(),
        };
        text += &format!("{label:>12} {line}\n");
    }
    text
}
