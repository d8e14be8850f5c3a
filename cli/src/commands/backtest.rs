//! `tradewind backtest`.

use super::print_json;
use crate::args::BacktestArgs;
use crate::config::Settings;
use crate::exit::Failure;
use crate::{assemble, logging, resolve};
use backtest::{BacktestConfig, BacktestReport, Observer, Progress};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

pub fn run(args: &BacktestArgs) -> Result<(), Failure> {
    let mut layers = resolve::base(&args.config);
    resolve::trade(&mut layers, &args.trade);
    let settings = Settings::new(layers.finish()?);
    logging::start(&settings);
    if args.trade.data.is_empty() {
        return Err(Failure::usage("a backtest needs market data: name files with --data FILE..."));
    }
    let feed = assemble::read_feed(&args.trade.data, &settings.symbols())?;
    let chosen = super::strategies::build(&settings, &feed.symbols)?;
    let (limits, hours) = assemble::limits_and_hours(&settings, feed.bar_length);
    let config = BacktestConfig {
        exchange: assemble::exchange_config(&settings),
        limits,
        hours,
        shutdown: settings.shutdown(),
        journal: args.journal.clone(),
        keep_equity: args.equity.is_some(),
        config: settings.for_journal(),
        ..BacktestConfig::for_feed(&feed)
    };
    let mut bar = ProgressLine::new();
    let report = backtest::run(&config, &feed, vec![chosen], &mut bar).map_err(Failure::usage)?;
    bar.clear();
    write_files(args, &report)?;
    if args.json { print_json(&report) } else { print(&report) }
}

fn write_files(args: &BacktestArgs, report: &BacktestReport) -> Result<(), Failure> {
    if let Some(path) = &args.trades {
        write_file(path, |out| backtest::write_trades(report, out))?;
    }
    if let Some(path) = &args.equity {
        write_file(path, |out| backtest::write_equity(&report.equity_points, out))?;
    }
    Ok(())
}

/// Writes a file wholly or not at all: beside its place first, then moved there.
fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let beside = path.with_extension("part");
    let written = File::create(&beside).map(BufWriter::new).and_then(|mut out| {
        write(&mut out)?;
        out.flush()?;
        std::fs::rename(&beside, path)
    });
    written
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))
}

/// How far the run is, on a terminal only.
struct ProgressLine {
    shown: bool,
}

impl ProgressLine {
    fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal() }
    }

    fn clear(&self) {
        if self.shown {
            eprint!("\r\x1b[2K");
        }
    }
}

impl Observer for ProgressLine {
    fn progress(&mut self, progress: &Progress) {
        if !self.shown {
            return;
        }
        let percent = progress.done.saturating_mul(100) / progress.total.max(1);
        let left = progress.remaining().map_or(0.0, |left| left.as_secs_f64());
        eprint!(
            "\r{percent:3} %  {} of {} bars, {left:.0} s left\x1b[K",
            progress.done, progress.total
        );
    }
}

fn print(report: &BacktestReport) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut line = |text: String| writeln!(out, "{text}").map_err(Failure::other);
    line(format!(
        "{} on {}: {} bars from {} to {}",
        report.strategy,
        report.symbols.join(" "),
        report.data.bars,
        report.data.first,
        report.data.last
    ))?;
    for trade in &report.trades {
        line(format!(
            "{:8} {:4} {:>8}  {}  {:>10}  ->  {}  {:>10}  {:>12}",
            trade.symbol,
            trade.side.as_str(),
            trade.qty.to_string(),
            trade.entry_time,
            trade.entry_price.to_string(),
            trade.exit_time,
            trade.exit_price.to_string(),
            trade.pnl.to_string()
        ))?;
    }
    let percent =
        report.total_return.map_or_else(|| "-".into(), |share| format!("{:.4} %", share * 100.0));
    line(format!(
        "return {percent}, equity {}, cash {}, fees {}, {} trades, {} fills",
        report.equity,
        report.cash,
        report.fees,
        report.trades.len(),
        report.fills
    ))?;
    line(format!("{:.0} bars a second, events {}", report.bars_per_second, report.events_hash))
}
