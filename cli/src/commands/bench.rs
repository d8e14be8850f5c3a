//! `tradewind bench`: how fast this machine is at it.

use super::{print_json, print_text};
use crate::args::BenchArgs;
use crate::exit::Failure;
use backtest::workload::swings;
use backtest::{BacktestConfig, BacktestReport, Chosen, Layers, Quiet};
use marketdata::Feed;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal;

/// What was measured over so many bars.
struct Measured {
    bars: usize,
    /// Bars a second of each run, ascending.
    rates: Vec<f64>,
    report: BacktestReport,
    /// Where the time goes, if that was asked for.
    layers: Option<Layers>,
}

/// Runs the crossover of averages over 10 and 30 bars, 100 shares long only, over synthetic minute
/// bars in memory: what `tradewind backtest` runs, with risk, ledger and trade list, without costs.
///
/// # Errors
/// When a run fails, or two of them come to other events.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let measured = args.bars.iter().map(|bars| measure(*bars, args));
    let measured = measured.collect::<Result<Vec<_>, _>>()?;
    if args.json { print_json(&in_json(&measured)) } else { print_text(&in_words(&measured)) }
}

fn measure(bars: usize, args: &BenchArgs) -> Result<Measured, Failure> {
    let runs = args.runs;
    let feed = swings(bars);
    let config = costless(&feed);
    let mut reports = Vec::with_capacity(runs);
    for run in 1..=runs {
        if std::io::stderr().is_terminal() {
            eprint!("\r{bars} bars, run {run} of {runs}\x1b[K");
        }
        reports.push(backtest::run(&config, &feed, vec![crossover(&feed)?], &mut Quiet)?);
    }
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K");
    }
    let mut rates: Vec<f64> = reports.iter().map(|report| report.bars_per_second).collect();
    rates.sort_by(f64::total_cmp);
    let other = |report: &BacktestReport| {
        Some(&report.events_hash) != reports.first().map(|first| &first.events_hash)
    };
    if reports.iter().any(other) {
        return Err(Failure::other("two runs over the same bars came to other events"));
    }
    let report = reports.pop().ok_or_else(|| Failure::usage("--runs: one at least"))?;
    let layers = args.parts.then(|| backtest::layers(&config, &feed, || crossover(&feed), runs));
    Ok(Measured { bars, rates, report, layers: layers.transpose()? })
}

fn crossover(feed: &Feed) -> Result<Chosen, Failure> {
    let params: BTreeMap<String, String> = [("quantity".to_owned(), "100".to_owned())].into();
    strategies::build("sma-crossover", &params, &feed.symbols).map_err(Failure::other)
}

fn costless(feed: &Feed) -> BacktestConfig {
    let mut config = BacktestConfig::for_feed(feed);
    config.exchange.fees.regulatory = false;
    config.fees = Default::default();
    config
}

impl Measured {
    fn median(&self) -> f64 {
        self.rates.get(self.rates.len() / 2).copied().unwrap_or(0.0)
    }

    fn best(&self) -> f64 {
        self.rates.last().copied().unwrap_or(0.0)
    }
}

fn in_json(measured: &[Measured]) -> serde_json::Value {
    let rows = measured.iter().map(|one| {
        json!({
            "bars": one.bars,
            "runs": one.rates.len(),
            "bars_per_second_median": one.median(),
            "bars_per_second_best": one.best(),
            "fills": one.report.fills,
            "peak_memory_bytes": one.report.peak_memory_bytes,
            "events_hash": one.report.events_hash,
            "nanoseconds_a_bar": one.layers.map(|layers| json!({
                "data": layers.data,
                "exchange": layers.exchange,
                "kernel_and_driver": layers.kernel,
                "strategy_windows": layers.windows,
                "orders": layers.orders,
                "orders_for_each_fill": layers.order,
            })),
        })
    });
    json!({ "workload": "sma-crossover 10/30 on synthetic minute bars", "rows": rows.collect::<Vec<_>>() })
}

fn in_words(measured: &[Measured]) -> String {
    let mut text = String::from(
        "sma-crossover 10/30, 100 shares long only, synthetic minute bars in memory, one core\n\n",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{:>10} {:>14} {:>14} {:>10} {:>10} {:>10}",
        "bars", "median bars/s", "best bars/s", "ns a bar", "fills", "memory MB"
    );
    for one in measured {
        let memory = one.report.peak_memory_bytes.unwrap_or(0) / 1_000_000;
        let _ = writeln!(
            text,
            "{:10} {:13.1}M {:13.1}M {:10.1} {:10} {memory:10}",
            one.bars,
            one.median() / 1e6,
            one.best() / 1e6,
            1e9 / one.median().max(1.0),
            one.report.fills,
        );
    }
    for one in measured {
        if let Some(layers) = &one.layers {
            text.push_str(&parts_in_words(one.bars, layers));
        }
    }
    text
}

fn parts_in_words(bars: usize, layers: &Layers) -> String {
    let mut text = format!("\nnanoseconds a bar of {bars}, at best\n");
    for (part, nanos) in [
        ("reading the bar", layers.data),
        ("exchange: prices, clock", layers.exchange),
        ("kernel and driver: checks, calendar, ledger, equity", layers.kernel),
        ("strategy: its windows", layers.windows),
        ("orders: proposal, risk, fill, events", layers.orders),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {part:52} {nanos:8.1}");
    }
    if let Some(order) = layers.order {
        let _ = writeln!(text, "  the orders' part for each fill {order:30.0}");
    }
    text
}
