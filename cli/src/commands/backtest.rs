//! `tradewind backtest`.

use super::data::run::RunData;
use super::{print_json, print_text};
use crate::args::BacktestArgs;
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::figures::{counted, date_time, exact, signed};
use crate::{assemble, logging, resolve};
use backtest::{BacktestConfig, BacktestReport, Observer, Progress};
use marketdata::Facts;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

pub fn run(args: &BacktestArgs) -> Result<(), Failure> {
    let mut layers = resolve::base(&args.config);
    resolve::trade(&mut layers, &args.trade);
    let settings = Settings::new(layers.finish()?);
    logging::start(&settings);
    for path in [&args.trades, &args.equity].into_iter().flatten() {
        check_folder(path)?;
    }
    let mut data = RunData::open(args, &settings.symbols())?;
    let mut source = data.source();
    let facts = source.facts();
    warn_of_silence(facts, &args.trade.data);
    let chosen = super::strategies::build(&settings, &facts.symbols)?;
    let (limits, hours) = assemble::limits_and_hours(&settings, facts.bar_length);
    let config = BacktestConfig {
        exchange: assemble::exchange_config(&settings),
        limits,
        fees: assemble::fee_rates(&settings, true),
        hours,
        shutdown: settings.shutdown(),
        journal: args.journal.clone(),
        keep_equity: args.equity.is_some(),
        config: settings.for_journal(),
        adjustment: args.part.adjustment.clone(),
        ..BacktestConfig::for_data(facts)
    };
    let mut bar = ProgressLine::new();
    let report = backtest::run_source(&config, source.as_mut(), vec![chosen], &mut bar)
        .map_err(|error| Failure::from(&error))?;
    bar.clear();
    write_files(args, &report)?;
    if args.json { print_json(&report) } else { print(&report) }
}

/// Says once what strategies will be silent about for want of bars.
fn warn_of_silence(facts: &Facts, files: &[PathBuf]) {
    let symbols = &facts.without_bars;
    if !symbols.is_empty() {
        eprintln!(
            "warning: {}: no bars of {}, and strategies decide on bars alone, so they will not trade it; give files with bars",
            assemble::names_of(files),
            symbols.join(", ")
        );
    }
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

/// Refuses a result that could not be written before hours are spent on it.
fn check_folder(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::usage(format!(
            "{} cannot be written: there is no folder {}",
            path.display(),
            folder.display()
        ))),
        Some(_) | None => Ok(()),
    }
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
    written.map_err(|error| {
        let text = format!("{} cannot be written: {error}", path.display());
        Failure::new(Exit::of_io(&error), text)
    })
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
    print_text(&text(report))
}

fn text(report: &BacktestReport) -> String {
    let mut lines = vec![format!(
        "{} on {}: {} from {} to {} UTC",
        report.strategy,
        report.symbols.join(" "),
        counted(report.data.bars, "bar"),
        date_time(report.data.first),
        date_time(report.data.last)
    )];
    if !report.trades.is_empty() {
        lines.push(format!(
            "\n{:10} {:4} {:>8}  {:19} {:>12}  {:19} {:>12} {:>14}",
            "symbol", "side", "shares", "entry UTC", "price", "exit UTC", "price", "profit USD"
        ));
    }
    lines.extend(report.trades.iter().map(|trade| {
        format!(
            "{:10} {:4} {:>8}  {:19} {:>12}  {:19} {:>12} {:>14}",
            trade.symbol,
            trade.side.as_str(),
            trade.qty.to_string(),
            date_time(trade.entry_time),
            exact(trade.entry_price),
            date_time(trade.exit_time),
            exact(trade.exit_price),
            signed(exact(trade.pnl))
        )
    }));
    let share = |share: f64| signed(format!("{:.4} %", share * 100.0));
    let rows = [
        ("return", report.total_return.map_or_else(|| "-".into(), share)),
        ("equity", format!("{} USD", exact(report.equity))),
        ("cash", format!("{} USD", exact(report.cash))),
        ("fees", format!("{} USD", exact(report.fees))),
        ("trades", format!("{} closed, {}", report.trades.len(), counted(report.fills, "fill"))),
        ("speed", format!("{:.0} bars a second", report.bars_per_second)),
        ("events", report.events_hash.clone()),
    ];
    lines.push(String::new());
    lines.extend(rows.iter().map(|(label, text)| format!("{label:9} {text}")));
    lines.join("\n") + "\n"
}
