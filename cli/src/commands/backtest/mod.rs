//! `tradewind backtest`.

mod again;
mod facts;
mod text;

use super::data::beside;
use super::data::run::{RunData, Selection};
use super::{print_json, print_text, research};
use crate::args::BacktestArgs;
use crate::config::{Settings, limits};
use crate::exit::{Exit, Failure};
use crate::{assemble, logging, models};
use backtest::sweep::{Ledger, SweepError, Trial};
use backtest::{
    BacktestConfig, BacktestReport, Benchmark, Judgement, Observer, PriceSketch, Progress, Sketch,
    Yardstick,
};
use marketdata::{CorporateActions, Facts, Source};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

pub fn run(args: &BacktestArgs) -> Result<(), Failure> {
    let (args, settings, earlier) = again::restored(args)?;
    logging::start(&settings);
    for path in [&args.trades, &args.equity, &args.report].into_iter().flatten() {
        check_folder(path)?;
    }
    let facts = facts::wanted(&args)?;
    let mut data = RunData::open(&Selection::of(&args.run, args.stream), &settings.symbols())?;
    let mut source = data.source();
    let of_data = source.facts().clone();
    if let Some(earlier) = &earlier {
        earlier.check_data(&of_data)?;
    }
    warn_of_silence(&of_data, &args.run.trade.data);
    let outside = outside_benchmark(&args, &of_data)?;
    let config = BacktestConfig {
        journal: args.journal.clone(),
        keep_equity: args.equity.is_some(),
        ..research::config(&settings, &of_data, &args.run)?
    };
    if let Some(untraded) = limits::untraded(&config.limits, &of_data.symbols) {
        eprintln!("warning: {untraded}");
    }
    let (mut report, prices) = trade(&settings, &config, source.as_mut())?;
    again::note_data(&args, &mut report);
    let ledger = note_trial(&args, &settings, &report)?;
    report.trials = ledger.distinct().len() as u64;
    let yardstick = Yardstick {
        convention: args.convention,
        risk_free: args.risk_free,
        benchmark: benchmark(&args.benchmark, &report, &prices, (outside, &config.actions)),
        trials: ledger.trials(report.daily.len()).ok(),
    };
    let judgement = report.judge(&yardstick);
    if let Some(wanted) = facts {
        wanted.write(&report, &judgement, &prices)?;
    }
    let folder = write_files(&args, &settings, &report, (&judgement, &yardstick, &prices))?;
    if args.json {
        print_json(&report)?;
    } else {
        let on_terminal = std::io::stdout().is_terminal();
        print_text(&text::text(&report, &judgement, folder.as_deref(), on_terminal))?;
    }
    earlier.map_or(Ok(()), |earlier| earlier.check_events(&report, args.json))
}

/// Counts the run among the tries of its strategy on its symbols.
fn note_trial(
    args: &BacktestArgs,
    settings: &Settings,
    report: &BacktestReport,
) -> Result<Ledger, Failure> {
    let (strategy, symbols) = (&report.strategy, &report.symbols);
    let mut ledger = research::ledger(settings, strategy, symbols, !args.no_keep)?;
    let trial = Trial::of_report(report, &research::program(), "backtest")
        .map_err(|error| Failure::from(&error))?;
    ledger.add(trial).map_err(|error| Failure::from(&SweepError::Ledger(error)))?;
    Ok(ledger)
}

/// The run itself, with a sketch of the prices it went through.
fn trade(
    settings: &Settings,
    config: &BacktestConfig,
    source: &mut dyn Source,
) -> Result<(BacktestReport, Vec<(String, PriceSketch)>), Failure> {
    let facts = source.facts();
    let chosen = super::strategies::build(settings, &facts.symbols)?;
    let models = models::at_work(settings, &chosen, facts.bar_length, None)?;
    let mut bar = ProgressLine::new();
    let mut sketch = Sketch::new(source, &config.calendar);
    let report = backtest::run_with_models(config, &mut sketch, chosen, models, &mut bar)
        .map_err(|error| Failure::from(&error))?;
    bar.clear();
    Ok((report, sketch.finish()))
}

/// The benchmark's prices when they are not among the traded ones: a file, or another symbol of
/// the files or of the store.
fn outside_benchmark(
    args: &BacktestArgs,
    facts: &Facts,
) -> Result<Option<(String, PriceSketch)>, Failure> {
    let name = args.benchmark.as_str();
    if matches!(name, "buy-and-hold" | "none") || facts.symbols.id(name).is_some() {
        return Ok(None);
    }
    let path = PathBuf::from(name);
    let sketches = if path.is_file() {
        backtest::sketch_feed(&assemble::read_feed(&[path], &[])?)
    } else if args.run.trade.data.is_empty() {
        let mut source = beside::bars(&args.run, name, facts.bar_length).map_err(|failure| {
            let text = format!("--benchmark {name}: neither a file nor a symbol of the run");
            Failure::new(failure.exit, format!("{text}; {}", failure.message))
        })?;
        backtest::sketch_source(source.as_mut())
    } else {
        backtest::sketch_feed(&assemble::read_feed(&args.run.trade.data, &[name.to_owned()])?)
    };
    Ok(sketches.map_err(Failure::usage)?.into_iter().next())
}

fn benchmark(
    wanted: &str,
    report: &BacktestReport,
    prices: &[(String, PriceSketch)],
    (outside, actions): (Option<(String, PriceSketch)>, &CorporateActions),
) -> Option<Benchmark> {
    let dates: Vec<u32> = report.daily.iter().map(|day| day.date).collect();
    let named = prices.iter().find(|(name, _)| name == wanted).cloned();
    match (wanted, outside.or(named)) {
        ("none", _) => None,
        (_, Some((name, sketch))) => Some(Benchmark::symbol(&name, &sketch, &dates, actions)),
        (_, None) => Benchmark::buy_and_hold(prices, &dates, actions),
    }
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

/// What a report is drawn from.
type Drawn<'a> = (&'a Judgement, &'a Yardstick, &'a [(String, PriceSketch)]);

/// Writes what was asked for and keeps the run; says where.
fn write_files(
    args: &BacktestArgs,
    settings: &Settings,
    report: &BacktestReport,
    (judgement, yardstick, prices): Drawn<'_>,
) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = &args.trades {
        write_file(path, |out| backtest::write_trades(report, out))?;
    }
    if let Some(path) = &args.equity {
        write_file(path, |out| backtest::write_equity(&report.equity_points, out))?;
    }
    if args.no_keep && args.report.is_none() {
        return Ok(None);
    }
    let html = backtest::html_report(report, judgement, prices);
    if let Some(path) = &args.report {
        write_file(path, |out| out.write_all(html.as_bytes()))?;
    }
    if args.no_keep {
        return Ok(None);
    }
    let data_dir = settings.data_dir();
    assemble::create_private(&data_dir)?;
    let values = yardstick.benchmark.as_ref().map_or(&[][..], |benchmark| &benchmark.values);
    let kept = backtest::keep_run(&backtest::runs_folder(&data_dir), report, values, &html);
    kept.map(Some).map_err(|error| {
        let text = format!("the run cannot be kept in {}: {error}", data_dir.display());
        Failure::new(Exit::of_io(&error), text)
    })
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

fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<(), Failure> {
    backtest::write_whole(path, write).map_err(|error| {
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
