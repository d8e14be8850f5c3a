//! `tradewind bench`: how fast this machine is at it.

use super::{print_json, print_text};
use crate::args::BenchArgs;
use crate::exit::Failure;
use backtest::workload::swings;
use backtest::{BacktestConfig, BacktestReport, Quiet};
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
}

/// Runs the crossover of averages over 10 and 30 bars, 100 shares long only, over synthetic minute
/// bars in memory: what `tradewind backtest` runs, with risk, ledger and trade list, without costs.
///
/// # Errors
/// When a run fails, or two of them come to other events.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let measured = args.bars.iter().map(|bars| measure(*bars, args.runs));
    let measured = measured.collect::<Result<Vec<_>, _>>()?;
    if args.json { print_json(&in_json(&measured)) } else { print_text(&in_words(&measured)) }
}

fn measure(bars: usize, runs: usize) -> Result<Measured, Failure> {
    let feed = swings(bars);
    let mut reports = Vec::with_capacity(runs);
    for run in 1..=runs {
        if std::io::stderr().is_terminal() {
            eprint!("\r{bars} bars, run {run} of {runs}\x1b[K");
        }
        reports.push(backtest(&feed)?);
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
    Ok(Measured { bars, rates, report })
}

fn backtest(feed: &Feed) -> Result<BacktestReport, Failure> {
    let params: BTreeMap<String, String> = [("quantity".to_owned(), "100".to_owned())].into();
    let strategy =
        strategies::build("sma-crossover", &params, &feed.symbols).map_err(Failure::other)?;
    let mut config = BacktestConfig::for_feed(feed);
    config.exchange.fees.regulatory = false;
    config.fees = Default::default();
    backtest::run(&config, feed, vec![strategy], &mut Quiet).map_err(|error| Failure::from(&error))
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
    text
}
