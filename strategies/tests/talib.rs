//! Every indicator of the registry against TA-Lib: on synthetic bars whose answers lie beside this
//! test, and on demand on the files that `golden/make.py` has written of real ones.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use strategies::indicator::{Candle, Output, Sample, Unit, build, find, registry};

const GOLDEN: &str = include_str!("golden/talib.csv");

/// The largest difference that is none, of the larger value or of the output's scale.
const TOLERANCE: f64 = 1e-9;

/// Bars with what TA-Lib says of them.
struct Golden<'a> {
    candles: Vec<Candle>,
    columns: Vec<Column<'a>>,
    /// The mean of the closes, and of the volumes.
    scales: (f64, f64),
}

/// What is expected of one output of an indicator, such as `macd(fast=12 slow=26 signal=9).line`.
struct Column<'a> {
    title: &'a str,
    name: &'a str,
    params: BTreeMap<String, String>,
    output: &'a str,
    expected: Vec<Option<f64>>,
}

/// How an output compared.
struct Compared {
    values: usize,
    /// The largest difference, of the larger value or the scale, whichever makes it smaller.
    worst: f64,
    /// The first few places where it differs, or is where TA-Lib has nothing.
    wrong: Vec<String>,
}

impl<'a> Golden<'a> {
    fn parse(text: &'a str) -> Self {
        let mut lines = text.lines();
        let titles: Vec<&str> = lines.next().unwrap().split(',').skip(5).collect();
        let mut columns: Vec<Column> = titles.into_iter().map(Column::new).collect();
        let mut candles = Vec::new();
        for line in lines {
            let cells: Vec<Option<f64>> = line.split(',').map(|cell| cell.parse().ok()).collect();
            let sample = |place: usize| Sample::new(cells[place].unwrap()).unwrap();
            candles.push(Candle {
                open_time: Timestamp::from_secs(cells[0].unwrap() as i64),
                high: sample(1),
                low: sample(2),
                close: sample(3),
                volume: sample(4),
            });
            for (column, cell) in columns.iter_mut().zip(&cells[5..]) {
                column.expected.push(*cell);
            }
        }
        let mean = |of: fn(&Candle) -> Sample| {
            candles.iter().map(|candle| of(candle).get()).sum::<f64>() / candles.len() as f64
        };
        let scales = (mean(|candle| candle.close), mean(|candle| candle.volume));
        Self { candles, columns, scales }
    }

    /// 1e-9 of what is no difference: the mean price or volume, the bound of what has one, else 100.
    fn scale(&self, output: &Output) -> f64 {
        match (output.unit, output.range) {
            (Unit::Price, _) => self.scales.0,
            (Unit::Shares, _) => self.scales.1,
            (Unit::Percent | Unit::Plain, Some((least, most))) => most.max(-least),
            (Unit::Percent | Unit::Plain, None) => 100.0,
        }
    }

    fn compare(&self, column: &Column) -> Compared {
        let outputs = find(column.name).unwrap().outputs;
        let place = outputs.iter().position(|output| output.name == column.output).unwrap();
        let scale = self.scale(&outputs[place]);
        let mut indicator = build(column.name, &column.params).unwrap();
        let mut compared = Compared { values: 0, worst: 0.0, wrong: Vec::new() };
        for (row, (candle, expected)) in self.candles.iter().zip(&column.expected).enumerate() {
            indicator.update(candle);
            let found = indicator.values().map(|values| values.as_slice()[place]);
            let agree = match (found, *expected) {
                (Some(found), Some(expected)) => {
                    let larger = found.abs().max(expected.abs()).max(scale);
                    let off =
                        if found == expected { 0.0 } else { (found - expected).abs() / larger };
                    compared.values += 1;
                    compared.worst = compared.worst.max(off);
                    off <= TOLERANCE
                }
                (found, expected) => found == expected,
            };
            if !agree {
                let title = column.title;
                compared
                    .wrong
                    .push(format!("{title}, row {row}: {found:?} where TA-Lib says {expected:?}"));
            }
        }
        compared
    }
}

impl<'a> Column<'a> {
    fn new(title: &'a str) -> Self {
        let (name, rest) = title.split_once('(').unwrap();
        let (params, output) = rest.split_once(").").unwrap();
        let params = params.split_whitespace().map(|pair| pair.split_once('=').unwrap());
        let params = params.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Self { title, name, params, output, expected: Vec::new() }
    }
}

#[test]
fn every_output_equals_talib_from_its_first_value_on() {
    let golden = Golden::parse(GOLDEN);
    let mut wrong = Vec::new();
    for column in &golden.columns {
        let compared = golden.compare(column);
        assert!(compared.values > 100, "{} has only {} values", column.title, compared.values);
        wrong.extend(compared.wrong);
    }
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}

#[test]
fn nothing_of_the_registry_is_left_out() {
    let golden = Golden::parse(GOLDEN);
    let compared: BTreeSet<(&str, &str)> =
        golden.columns.iter().map(|column| (column.name, column.output)).collect();
    for entry in registry() {
        for output in entry.outputs {
            assert!(
                compared.contains(&(entry.name, output.name)),
                "{} {}",
                entry.name,
                output.name
            );
        }
    }
}

/// Prints a row for each output, `title,values,worst difference,differences`, and every difference.
#[test]
#[ignore = "`cargo xtask acceptance indicators` makes the files that it reads, of 10,000 bars each"]
fn real_bars_as_well() {
    let folder = std::env::var("TRADEWIND_TALIB_GOLDENS").expect("the folder of the files");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let mut differences = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let golden = Golden::parse(&text);
        let stem = file.file_stem().unwrap().to_string_lossy();
        for column in &golden.columns {
            let compared = golden.compare(column);
            let (title, values, wrong) = (column.title, compared.values, compared.wrong.len());
            println!("row,{stem},{title},{values},{:e},{wrong}", compared.worst);
            compared.wrong.iter().take(5).for_each(|wrong| println!("{stem}: {wrong}"));
            differences += wrong;
        }
    }
    assert_eq!(differences, 0, "values differ from TA-Lib's");
}
