//! The market of a soak: minute bars of the seeded generator, and quotes around them.

use crate::plan::{Plan, QUOTES_A_MINUTE, SYMBOLS};
use kernel::{Bar, BasisPoints, MarketData, Rounding, Span, Symbols};
use marketdata::{Generator, SyntheticConfig};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const SEED: u64 = 20_251_126;

/// The symbols, `S00` and so on.
pub fn names() -> Vec<String> {
    (0..SYMBOLS).map(|number| format!("S{number:02}")).collect()
}

/// Writes the market into a folder: its bars and its quotes, in a file each.
pub fn write(plan: &Plan, dir: &Path) -> Result<[PathBuf; 2], String> {
    let symbols = Symbols::new(names()).map_err(|error| error.to_string())?;
    let start = plan.start.parse().map_err(|error| format!("{}: {error}", plan.start))?;
    let config = SyntheticConfig { seed: SEED, symbols: symbols.clone(), start, extended: false };
    let paths = ["bars.csv", "quotes.csv"].map(|name| dir.join(name));
    write_rows(plan, &symbols, &config, &paths)
        .map_err(|error| format!("the market cannot be written into {}: {error}", dir.display()))?;
    Ok(paths)
}

fn write_rows(
    plan: &Plan,
    symbols: &Symbols,
    config: &SyntheticConfig,
    [bars_at, quotes_at]: &[PathBuf; 2],
) -> std::io::Result<()> {
    let mut bars = BufWriter::new(File::create(bars_at)?);
    let mut quotes = BufWriter::new(File::create(quotes_at)?);
    writeln!(bars, "timestamp,symbol,open,high,low,close,volume")?;
    writeln!(quotes, "timestamp,symbol,bid_price,bid_size,ask_price,ask_size")?;
    for step in Generator::new(config).skip(plan.skipped).take(plan.minutes) {
        for data in &step {
            let MarketData::Bar(bar) = data else { continue };
            let (name, Bar { open, high, low, close, volume, .. }) =
                (symbols.name(bar.symbol), bar);
            writeln!(bars, "{},{name},{open},{high},{low},{close},{volume}", bar.open_time)?;
            write_quotes(&mut quotes, name, bar)?;
        }
    }
    bars.flush()?;
    quotes.flush()
}

/// The quotes of a minute: between the prices of its bar, a basis point to each side, at other
/// seconds for other symbols.
fn write_quotes(out: &mut impl Write, name: &str, bar: &Bar) -> std::io::Result<()> {
    let turn = bar.symbol.index() * 7;
    let mut seconds: Vec<usize> =
        (0..QUOTES_A_MINUTE).map(|nth| (turn + nth * 60 / QUOTES_A_MINUTE) % 60).collect();
    seconds.sort_unstable();
    let on_the_way = [bar.open, bar.low, bar.high, bar.close];
    for (nth, second) in seconds.into_iter().enumerate() {
        let middle = on_the_way.get(nth * on_the_way.len() / QUOTES_A_MINUTE).copied();
        let middle = middle.unwrap_or(bar.close);
        let time = bar.open_time.plus(Span::from_secs(second as i64));
        let beside = |points, rounding| {
            let shifted = middle.shifted(BasisPoints::new(points), rounding);
            shifted.unwrap_or(middle).to_tick(rounding)
        };
        let (bid, ask) = (beside(-1, Rounding::Down), beside(1, Rounding::Up));
        let (bid_size, ask_size) = (200 + second, 300 - second);
        writeln!(out, "{time},{name},{bid},{bid_size},{ask},{ask_size}")?;
    }
    Ok(())
}
