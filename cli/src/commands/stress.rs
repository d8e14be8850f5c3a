//! `tradewind stress`: a strategy through every fault of the collection.

use super::{print_json, print_text, tokio_runtime};
use crate::args::StressArgs;
use crate::config::{Settings, Source};
use crate::exit::{Exit, Failure};
use crate::figures::counted;
use crate::stress::{self, NAMES, Report, Scenario, Trader, Verdict};
use crate::{logging, resolve};
use exchange::server::Speed;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Scenarios in lock step at a time.
const AT_ONCE: usize = 2;

pub fn run(args: &StressArgs) -> Result<(), Failure> {
    let settings = settings(args)?;
    let scenarios = chosen(&args.scenario)?;
    if args.list {
        return list(&scenarios, args.json);
    }
    // Faults make many warnings; whoever wants to read them asks for them.
    if std::env::var_os("RUST_LOG").is_some() {
        logging::start(&settings);
    }
    runtime::alpaca::tls::install();
    let trader = match settings.source("strategy.name") {
        Some(Source::Default) => Trader::Drill,
        None | Some(_) => Trader::configured(&settings)?,
    };
    let reports = tokio_runtime()?.block_on(run_all(&scenarios, &trader, args.json))?;
    if args.json {
        print_json(&summary(&trader.name(), &reports))?;
    } else {
        print_text(&table(&trader.name(), &reports))?;
    }
    let failed: Vec<&str> = reports
        .iter()
        .filter(|report| report.verdict == Verdict::Failed)
        .map(|report| report.name.as_str())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::CheckFailed,
        format!(
            "{} failed: {}; look closer with `tradewind stress --scenario {} --json`",
            counted(failed.len() as u64, "scenario"),
            failed.join(", "),
            failed.first().copied().unwrap_or_default()
        ),
    ))
}

/// Runs scenarios, those in lock step some at a time: most of their time somebody waits for an answer that a
/// fault holds back. What has a pace has the machine for itself.
async fn run_all(
    scenarios: &[Scenario],
    trader: &Trader<'_>,
    is_quiet: bool,
) -> Result<Vec<Report>, Failure> {
    let one = async |place: usize, scenario: &Scenario| {
        if !is_quiet {
            eprintln!("{}: {}", scenario.name, scenario.fault);
        }
        Ok::<_, Failure>((place, stress::run(scenario, trader).await?))
    };
    let numbered = || scenarios.iter().enumerate();
    let in_steps = numbered().filter(|(_, scenario)| scenario.pace == Speed::Max);
    let in_steps = in_steps.map(|(place, scenario)| one(place, scenario));
    let mut reports: Vec<(usize, Report)> =
        stream::iter(in_steps).buffer_unordered(AT_ONCE).try_collect().await?;
    for (place, scenario) in numbered().filter(|(_, scenario)| scenario.pace != Speed::Max) {
        reports.push(one(place, scenario).await?);
    }
    reports.sort_by_key(|(place, _)| *place);
    Ok(reports.into_iter().map(|(_, report)| report).collect())
}

fn settings(args: &StressArgs) -> Result<Settings, Failure> {
    let mut layers = resolve::base(&args.config);
    resolve::strategies(&mut layers, args.strategy.as_slice(), &args.param);
    Ok(Settings::new(layers.finish()?))
}

/// The scenarios that are named, or all.
fn chosen(named: &[String]) -> Result<Vec<Scenario>, Failure> {
    let all = NAMES.map(String::from);
    let names = if named.is_empty() { &all[..] } else { named };
    names.iter().map(|name| scenario(name)).collect()
}

fn scenario(name: &str) -> Result<Scenario, Failure> {
    if let Some(built_in) = stress::built_in(name) {
        return built_in.map_err(|error| Failure::other(format!("scenario {name}: {error}")));
    }
    let path = Path::new(name);
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Err(Failure::usage(format!(
            "there is no scenario {name}: `tradewind stress --list` lists them, and a file of your own ends in .toml"
        )));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
    let stem = path.file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
    Scenario::parse(&stem, &text).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

fn list(scenarios: &[Scenario], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let all = scenarios.iter().map(|scenario| {
            json!({
                "name": scenario.name, "fault": scenario.fault, "outcome": scenario.outcome,
                "script": scenario.script.to_string(),
            })
        });
        return print_json(&json!({ "scenarios": all.collect::<Vec<_>>() }));
    }
    let width = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    let lines = scenarios.iter().map(|scenario| {
        let Scenario { name, fault, outcome, .. } = scenario;
        format!("{name:width$}  {fault}\n{:width$}  {outcome}\n", "")
    });
    print_text(&lines.collect::<String>())
}

fn count(reports: &[Report], verdict: Verdict) -> usize {
    reports.iter().filter(|report| report.verdict == verdict).count()
}

/// How many orders of each kind were sent.
fn kinds(reports: &[Report]) -> String {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, times) in reports.iter().flat_map(|report| &report.kinds) {
        *all.entry(kind).or_default() += times;
    }
    let all: Vec<String> = all.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
    all.join(", ")
}

fn summary(strategy: &str, reports: &[Report]) -> serde_json::Value {
    json!({
        "strategy": strategy,
        "data": "synthetic",
        "passed": count(reports, Verdict::Passed),
        "failed": count(reports, Verdict::Failed),
        "not_reached": count(reports, Verdict::NotReached),
        "scenarios": reports,
    })
}

fn table(strategy: &str, reports: &[Report]) -> String {
    let header = ["scenario", "injected", "times", "verdict", "why"].map(String::from);
    let rows = reports.iter().map(|report| {
        [
            report.name.clone(),
            report.fault.clone(),
            report.injected.to_string(),
            report.verdict.as_str().into(),
            report.why.join("; "),
        ]
    });
    let rows: Vec<[String; 5]> = std::iter::once(header).chain(rows).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3].map(width);
    let mut text = String::new();
    for row in &rows {
        let [name, injected, times, verdict, why] = row;
        let [w0, w1, w2, w3] = widths;
        let line = format!("{name:w0$}  {injected:w1$}  {times:>w2$}  {verdict:w3$}  {why}");
        text += line.trim_end();
        text.push('\n');
    }
    text += &format!("\norders sent in all scenarios: {}\n", kinds(reports));
    text += &format!(
        "strategy {strategy} on SYNTHETIC prices: {} passed, {} failed, {} not reached\n",
        count(reports, Verdict::Passed),
        count(reports, Verdict::Failed),
        count(reports, Verdict::NotReached)
    );
    text
}
