//! `tradewind compare` and `tradewind bootstrap`: what is done with kept runs.

use super::{print_json, print_text};
use crate::args::{BootstrapArgs, CompareArgs};
use crate::exit::{Exit, Failure};
use crate::expectation::Expectation;
use crate::figures::{date_time, exact};
use crate::resolve;
use backtest::statistics::{
    Band, Bands, BootstrapConfig, Undefined, bootstrap_returns, bootstrap_trades, expected_returns,
};
use backtest::{BacktestReport, Comparison, RunError, TradeRow};
use std::path::{Path, PathBuf};

/// A kept run by its folder or the beginning of its id.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn read(data_dir: &Path, name: &str) -> Result<BacktestReport, Failure> {
    backtest::read_run(&find(data_dir, name)?).map_err(failed)
}

fn find(data_dir: &Path, name: &str) -> Result<PathBuf, Failure> {
    backtest::find_run(&backtest::runs_folder(data_dir), name).map_err(failed)
}

fn failed(error: RunError) -> Failure {
    let exit = match &error {
        RunError::Io { source, .. } => Exit::of_io(source),
        RunError::Unknown { .. } | RunError::Ambiguous { .. } | RunError::Content { .. } => {
            Exit::Usage
        }
    };
    Failure::new(exit, error.to_string())
}

/// Shows two runs side by side, or a session and its simulation.
pub fn compare(args: &CompareArgs) -> Result<(), Failure> {
    if let Some(session) = &args.live {
        return super::live::run(args, session);
    }
    let (Some(one), Some(other)) = (&args.one, &args.other) else {
        return Err(Failure::usage("two runs are compared: name both"));
    };
    let place = resolve::data_dir(&args.place)?;
    let (one, other) = (read(&place, one)?, read(&place, other)?);
    let comparison = backtest::compare(&one, &other);
    if args.json { print_json(&comparison) } else { print_text(&text(&comparison)) }
}

fn text(comparison: &Comparison) -> String {
    let [one, other] = &comparison.runs;
    let short = |run: &str| run.get(..12).unwrap_or(run).to_owned();
    let mut lines = vec![row("run", &short(one), &short(other))];
    if comparison.same_events {
        lines.push("the events are the same: every decision and every fill".into());
    }
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    let differing = comparison.settings.iter();
    lines.push("\nset differently".into());
    lines.extend(
        differing.map(|one| row(&one.name, &shown(&one.values[0]), &shown(&one.values[1]))),
    );
    if comparison.settings.is_empty() {
        lines.push("  nothing".into());
    }
    lines.push("\nfigures (those that differ)".into());
    let number =
        |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.6}"));
    let figures = comparison.metrics.iter().filter(|one| one.values[0] != one.values[1]);
    let figures: Vec<String> =
        figures.map(|one| row(&one.name, &number(one.values[0]), &number(one.values[1]))).collect();
    lines.extend(if figures.is_empty() { vec!["  none".into()] } else { figures });
    if let Some(first) = &comparison.first_trade {
        lines.push(format!("\nthe first trade that differs is number {}", first.number));
        lines.extend(first.trades.iter().map(|trade| format!("  {}", described(trade.as_ref()))));
    }
    lines.join("\n") + "\n"
}

fn row(name: &str, one: &str, other: &str) -> String {
    format!("  {name:36} {one:>26} {other:>26}")
}

fn described(trade: Option<&TradeRow>) -> String {
    trade.map_or_else(
        || "no such trade".into(),
        |trade| {
            format!(
                "{} {} {} from {} at {} to {} at {}: {} USD",
                trade.side.as_str(),
                trade.qty,
                trade.symbol,
                date_time(trade.entry_time),
                exact(trade.entry_price),
                date_time(trade.exit_time),
                exact(trade.exit_price),
                exact(trade.pnl)
            )
        },
    )
}

/// Resamples a run.
pub fn bootstrap(args: &BootstrapArgs) -> Result<(), Failure> {
    let place = resolve::data_dir(&args.place)?;
    let folder = find(&place, &args.run)?;
    let report = backtest::read_run(&folder).map_err(failed)?;
    let equity = backtest::read_equity(&folder).map_err(failed)?;
    let pairs = equity.iter().zip(equity.iter().skip(1));
    let returns: Vec<f64> = pairs.map(|(before, after)| after / before - 1.0).collect();
    let net = report.trades.iter().map(|trade| trade.pnl.to_f64() - trade.fees.to_f64());
    let profits: Vec<f64> = net.collect();
    let start = report.start.to_f64();
    let config = BootstrapConfig {
        resamples: args.resamples as usize,
        block: args.block.map(f64::from),
        seed: args.seed,
    };
    if let Some(file) = &args.expected {
        let days = args.days as usize;
        let rows = expected_returns(&returns, days, config).map_err(Failure::usage)?;
        Expectation { run: report.run.clone(), seed: args.seed, returns: rows }.write(file)?;
    }
    let periods = report.convention.periods_per_year;
    let by_session = bootstrap_returns(&returns, start, periods, config);
    let by_trade = bootstrap_trades(&profits, start, config);
    if args.json {
        let value = |bands: &Result<Bands, Undefined>, name: &str| match bands {
            Ok(bands) => serde_json::json!({ name: bands }),
            Err(reason) => serde_json::json!({
                name: null,
                format!("{name}_reason"): reason.to_string(),
            }),
        };
        let mut all = serde_json::json!({ "run": report.run, "seed": args.seed });
        for part in [value(&by_session, "returns"), value(&by_trade, "trades")] {
            if let (Some(all), serde_json::Value::Object(part)) = (all.as_object_mut(), part) {
                all.extend(part);
            }
        }
        return print_json(&all);
    }
    let mut lines =
        vec![format!("run {}, {} resamples, seed {}", report.run, args.resamples, args.seed)];
    lines.extend(banded("returns by the session", "sessions", &by_session));
    lines.extend(banded("closed trades", "trades", &by_trade));
    print_text(&(lines.join("\n") + "\n"))
}

fn banded(title: &str, noun: &str, bands: &Result<Bands, Undefined>) -> Vec<String> {
    let bands = match bands {
        Ok(bands) => bands,
        Err(reason) => return vec![format!("\n{title}: undefined: {reason}")],
    };
    let line = |name: &str, band: &Band, factor: f64, digits: usize| {
        let values = [band.p5, band.p25, band.p50, band.p75, band.p95];
        let cells = values.map(|value| format!("{:>14}", format!("{:.digits$}", value * factor)));
        format!("  {name:20}{}", cells.concat())
    };
    let mut lines = vec![
        format!("\n{title}, in blocks of {:.1} {noun} on average", bands.block),
        format!(
            "  {:20}{:>14}{:>14}{:>14}{:>14}{:>14}",
            "", "5 %", "25 %", "median", "75 %", "95 %"
        ),
        line("final equity, USD", &bands.final_equity, 1.0, 2),
        line("max drawdown, %", &bands.max_drawdown, 100.0, 2),
    ];
    lines.extend(bands.sharpe.as_ref().map(|band| line("Sharpe", band, 1.0, 3)));
    lines.push(format!(
        "  ended below the start {:.1} % of the time",
        bands.probability_of_loss * 100.0
    ));
    lines
}
