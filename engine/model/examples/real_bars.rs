//! What the cards say of models trained on files of real bars, with the configuration that is trained by
//! default. Usage: `real_bars regular|always FILE [regular|always FILE...]`; prints a JSON list.

use kernel::{MarketData, TradingHours};
use marketdata::{CsvFile, ReadOptions};
use model::Series;
use model::config::Config;
use model::train::{Order, make};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("real-bars-{}", std::process::id()));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let of = |pair: &[String]| match pair {
        [hours, file] if hours == "always" => card(Path::new(file), TradingHours::Always, &folder),
        [hours, file] if hours == "regular" => {
            card(Path::new(file), TradingHours::Regular, &folder)
        }
        other => Err(format!("no hours and file: {other:?}").into()),
    };
    let cards: Result<Vec<_>, _> = args.chunks(2).map(of).collect();
    // What was made is not kept; that it cannot be removed changes nothing of what was found.
    let _ = std::fs::remove_dir_all(&folder);
    match cards {
        Ok(cards) => {
            println!("{}", serde_json::Value::Array(cards));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn card(
    path: &Path,
    hours: TradingHours,
    folder: &Path,
) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let config = Config::from_toml(include_str!("../../../config/train.toml"))?;
    let file = CsvFile::open(path, &ReadOptions::default())?;
    let symbol = file.symbols().names().next().unwrap_or_default().to_owned();
    let (mut rows, mut bars) = (file.read()?, Vec::new());
    while let Some((datum, _)) = rows.next_row()? {
        if let MarketData::Bar(bar) = datum {
            bars.push(bar);
        }
    }
    let series = vec![Series { symbol: symbol.clone(), bars }];
    let order =
        Order { config: &config, series, hours, synthetic: false, parent: None, software: "proof" };
    let made = make(order, &folder.join(&symbol), folder, |_, _, _| {})?;
    let name = path.file_name().map(|name| name.to_string_lossy());
    Ok(serde_json::json!({ "file": name, "card": made.model.card() }))
}
