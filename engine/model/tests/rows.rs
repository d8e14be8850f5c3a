//! What rows of features hold, to nine digits, and what the bundled model says of them.
//!
//! `UPDATE_EXPECT=1 cargo test -p tradewind-model --test rows` writes the file anew. Rows that have changed
//! mean that models trained before would be fed with other numbers: raise `VERSION` in
//! src/features/pipeline.rs, so that they are refused, and train the bundled one again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use kernel::{Bar, MarketData, Symbols};
use marketdata::calendar::Date;
use marketdata::{Generator, SyntheticConfig};
use model::Predictor;
use model::config::Config;
use model::features::Pipeline;
use model::folder::Model;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

const DEFAULT: &str = include_str!("../../../config/train.toml");
const BARS: usize = 1_200;
/// In the first session, early in the second one, and the last bar.
const SHOWN: [usize; 4] = [389, 395, 700, BARS - 1];

fn bars() -> Vec<Bar> {
    let symbols = Symbols::new(["SYNA"]).unwrap();
    let start = Date::constant(2024, 2, 5);
    let config = SyntheticConfig { seed: 5, symbols, start, extended: false };
    let bar = |datum| match datum {
        MarketData::Bar(bar) => Some(bar),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    };
    Generator::new(&config).take(BARS).flatten().filter_map(bar).collect()
}

fn write_rows(text: &mut String, name: &str, pipeline: &Pipeline, bars: &[Bar]) {
    writeln!(text, "{name}, pipeline {}", pipeline.hash()).unwrap();
    let mut stream = pipeline.stream();
    for (at, bar) in bars.iter().enumerate() {
        let row = stream.push(bar).unwrap();
        if !SHOWN.contains(&at) {
            continue;
        }
        writeln!(text, "bar {at}, {}", bar.open_time).unwrap();
        for (column, value) in pipeline.columns().iter().zip(row.unwrap()) {
            writeln!(text, "  {column}: {value:.8e}").unwrap();
        }
    }
}

fn write_words(text: &mut String, model: Model, bars: &[Bar]) {
    writeln!(text, "words of the bundled model").unwrap();
    let mut predictor = Predictor::new(Arc::new(model));
    for (at, bar) in bars.iter().enumerate() {
        let said = predictor.observe(bar).unwrap();
        if SHOWN.contains(&at) {
            let [down, flat, up] = said.unwrap().probabilities;
            writeln!(text, "bar {at}: {down:.4} {flat:.4} {up:.4}").unwrap();
        }
    }
}

#[test]
fn the_rows_and_words_of_stored_bars_are_those_of_every_version() {
    let (bars, bundled) = (bars(), Model::bundled().unwrap());
    let mut text = String::new();
    write_rows(&mut text, "the bundled model", bundled.pipeline(), &bars);
    let default = Config::from_toml(DEFAULT).unwrap().pipeline().unwrap();
    write_rows(&mut text, "config/train.toml", &default, &bars);
    write_words(&mut text, bundled, &bars);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rows.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(stored.lines()).find(|(now, then)| now != then);
    if let Some((now, then)) = differs {
        panic!("was {then:?}, and is {now:?}: raise VERSION in src/features/pipeline.rs");
    }
    assert_eq!(text.lines().count(), stored.lines().count());
}
