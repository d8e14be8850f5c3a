//! The facts of a report as tables: the same values in every form.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use backtest::{
    BacktestConfig, BacktestReport, Benchmark, FactTable, FactsFormat, Judgement, PriceSketch,
    Quiet, Sketch, Yardstick, fact_tables, html_report, write_facts,
};
use common::{chosen, walk};
use marketdata::FeedSource;
use serde_json::Value;
use std::path::Path;

struct Judged {
    report: BacktestReport,
    judgement: Judgement,
    prices: Vec<(String, PriceSketch)>,
}

fn judged(sessions: usize) -> Judged {
    let feed = walk(&["AAA", "BBB"], sessions);
    let config = BacktestConfig::for_feed(&feed);
    let mut source = FeedSource::new(&feed);
    let mut sketch = Sketch::new(&mut source, &config.calendar);
    let strategies = chosen("sma-crossover", &[], &feed);
    let mut report = backtest::run_source(&config, &mut sketch, strategies, &mut Quiet).unwrap();
    let prices = sketch.finish();
    let dates: Vec<u32> = report.daily.iter().map(|day| day.date).collect();
    let benchmark = Benchmark::buy_and_hold(&prices, &dates, &config.actions);
    let judgement = report.judge(&Yardstick { benchmark, ..Yardstick::default() });
    Judged { report, judgement, prices }
}

fn tables(run: &Judged) -> Vec<FactTable> {
    fact_tables(&run.report, &run.judgement, &run.prices)
}

/// A table as any program reads it: names of columns, and rows.
type Read = (Vec<String>, Vec<Vec<Value>>);

fn read_json(path: &Path, names: &[&str]) -> Read {
    let rows: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let row = |row: &Value| names.iter().map(|name| row[*name].clone()).collect();
    (names.iter().map(|name| (*name).into()).collect(), rows.iter().map(row).collect())
}

/// Cells of CSV by RFC 4180.
fn read_csv(path: &Path) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let text = std::fs::read_to_string(path).unwrap();
    let (mut chars, mut is_quoted) = (text.chars().peekable(), false);
    while let Some(char) = chars.next() {
        match char {
            '"' if is_quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

/// Whether a cell of CSV says what JSON says.
fn says(cell: &str, value: &Value) -> bool {
    match value {
        Value::Null => cell.is_empty(),
        Value::String(text) => cell == text,
        Value::Number(number) => same(cell.parse().unwrap(), number.as_f64().unwrap()),
        other => panic!("{other} is in no table"),
    }
}

/// The same float, but for the last bit that this reader of JSON may lose.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= f64::EPSILON * one.abs()
}

#[test]
fn csv_and_json_hold_equal_values() {
    let run = judged(70);
    let (tables, dir) = (tables(&run), tempfile::tempdir().unwrap());
    write_facts(&tables, dir.path(), FactsFormat::Csv).unwrap();
    write_facts(&tables, dir.path(), FactsFormat::Json).unwrap();
    for table in &tables {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let path = |ending: &str| dir.path().join(format!("{}.{ending}", table.name));
        let (_, json) = read_json(&path("json"), &names);
        let mut csv = read_csv(&path("csv")).into_iter();
        assert_eq!(csv.next().unwrap(), names, "{}", table.name);
        assert_eq!((csv.len(), json.len()), (table.rows(), table.rows()), "{}", table.name);
        for (cells, values) in csv.zip(&json) {
            assert_eq!(cells.len(), values.len(), "{}: {cells:?}", table.name);
            let differing = cells.iter().zip(values).find(|(cell, value)| !says(cell, value));
            assert_eq!(differing, None, "{}", table.name);
        }
        let may_be_empty = ["positions"].contains(&table.name);
        assert!(may_be_empty || table.rows() > 0, "{} is empty", table.name);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_holds_the_same() {
    use kernel::{Cash, Timestamp};
    use polars_core::prelude::{AnyValue, DataFrame};
    use polars_io::SerReader;
    use polars_io::parquet::read::ParquetReader;

    fn value(value: AnyValue<'_>) -> Value {
        match value {
            AnyValue::Null => Value::Null,
            AnyValue::String(text) => text.into(),
            AnyValue::StringOwned(text) => text.as_str().into(),
            AnyValue::Float64(number) => number.into(),
            AnyValue::Int64(count) => count.into(),
            AnyValue::Datetime(nanos, ..) | AnyValue::DatetimeOwned(nanos, ..) => {
                Timestamp::from_nanos(nanos).to_string().into()
            }
            AnyValue::Decimal(nanos, _, 9) => {
                Cash::from_nanos(i64::try_from(nanos).unwrap()).to_string().into()
            }
            other => panic!("{other:?}"),
        }
    }

    let run = judged(70);
    let (tables, dir) = (tables(&run), tempfile::tempdir().unwrap());
    write_facts(&tables, dir.path(), FactsFormat::Json).unwrap();
    write_facts(&tables, dir.path(), FactsFormat::Parquet).unwrap();
    for table in &tables {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let path = |ending: &str| dir.path().join(format!("{}.{ending}", table.name));
        let (_, json) = read_json(&path("json"), &names);
        let file = std::fs::File::open(path("parquet")).unwrap();
        let read: DataFrame = ParquetReader::new(file).finish().unwrap();
        assert_eq!((read.height(), read.width()), (json.len(), names.len()), "{}", table.name);
        for (place, name) in names.iter().enumerate() {
            let column = read.column(name).unwrap();
            for (row, values) in json.iter().enumerate() {
                let found = value(column.get(row).unwrap());
                let is_same = match (&found, &values[place]) {
                    (Value::Number(found), Value::Number(read)) => {
                        same(found.as_f64().unwrap(), read.as_f64().unwrap())
                    }
                    (found, read) => found == read,
                };
                assert!(is_same, "{} {name} {row}: {found}", table.name);
            }
        }
    }
}

fn column<'a>(tables: &'a [FactTable], table: &str, column: &str) -> &'a backtest::FactValues {
    let table = tables.iter().find(|one| one.name == table).unwrap();
    &table.columns.iter().find(|one| one.name == column).unwrap().values
}

#[test]
fn the_tables_are_those_of_the_report() {
    use backtest::FactValues::{Decimal, Number, Text};
    let run = judged(70);
    let tables = tables(&run);
    let report = &run.report;
    let Decimal(equity) = column(&tables, "sessions", "equity") else { panic!() };
    assert_eq!(equity.len(), report.daily.len() + 1);
    assert_eq!(equity.first().unwrap().unwrap(), report.start.nanos());
    assert_eq!(equity.last().unwrap().unwrap(), report.equity.nanos());
    let Decimal(pnl) = column(&tables, "trades", "pnl") else { panic!() };
    let expected: Vec<_> = report.trades.iter().map(|trade| Some(trade.pnl.nanos())).collect();
    assert_eq!(pnl, &expected);
    let Number(years) = column(&tables, "years", "return") else { panic!() };
    let grown = years.iter().flatten().fold(1.0, |grown, year| grown * (1.0 + year));
    assert!((grown - 1.0 - report.total_return.unwrap()).abs() < 1e-12);
    let (Text(names), Number(values)) =
        (column(&tables, "metrics", "metric"), column(&tables, "metrics", "value"))
    else {
        panic!()
    };
    for (name, value) in names.iter().flatten().zip(values) {
        assert_eq!(report.metrics.get(name), *value, "{name}");
    }
    let Number(depths) = column(&tables, "sessions", "drawdown") else { panic!() };
    let deepest = depths.iter().flatten().copied().fold(0.0, f64::max);
    assert!((deepest - run.judgement.get("max_drawdown").unwrap().abs()).abs() < 1e-12);
    // The page draws from the same.
    let html = html_report(report, &run.judgement, &run.prices);
    let Number(counts) = column(&tables, "rolling", "sharpe") else { panic!() };
    assert!(counts.iter().any(Option::is_some) && html.contains("Rolling Sharpe"));
}
