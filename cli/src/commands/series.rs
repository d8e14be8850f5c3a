//! Bars for a model, from files.

use crate::args::FormatArgs;
use crate::commands::data::options;
use crate::exit::Failure;
use kernel::MarketData;
use marketdata::CsvFile;
use model::Series;
use std::path::PathBuf;

/// The bars of each symbol, oldest first; of these symbols alone, if any are named.
pub fn read_series(
    files: &[PathBuf],
    symbols: &[String],
    format: &FormatArgs,
) -> Result<Vec<Series>, Failure> {
    let options = options::read_options(format)?;
    let mut series: Vec<Series> = Vec::new();
    for path in marketdata::in_order(files) {
        let file = CsvFile::open(&path, &options).map_err(Failure::usage)?;
        let mut rows = file.read().map_err(Failure::usage)?;
        while let Some((datum, _)) = rows.next_row().map_err(Failure::usage)? {
            let MarketData::Bar(bar) = datum else { continue };
            let name = file.symbols().name(bar.symbol);
            if !symbols.is_empty() && symbols.iter().all(|symbol| symbol != name) {
                continue;
            }
            match series.iter_mut().find(|one| one.symbol == name) {
                Some(one) => one.bars.push(bar),
                None => series.push(Series { symbol: name.into(), bars: vec![bar] }),
            }
        }
    }
    series.iter().try_for_each(in_order)?;
    Ok(series)
}

fn in_order(series: &Series) -> Result<(), Failure> {
    let mut pairs = series.bars.windows(2);
    let wrong = pairs.find_map(|pair| match pair {
        [one, next] if one.open_time >= next.open_time => Some(next.open_time),
        _ => None,
    });
    wrong.map_or(Ok(()), |time| {
        Err(Failure::usage(format!(
            "{}: the bar of {time} does not come after the one before it: give each bar once",
            series.symbol
        )))
    })
}
