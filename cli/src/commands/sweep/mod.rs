//! `tradewind sweep`.

mod text;

use super::research::{self, Desk, ProgressLine};
use super::{print_json, print_text};
use crate::args::{SpaceArgs, SweepArgs};
use crate::exit::{Exit, Failure};
use backtest::Words;
use backtest::sweep::{Subject, SweepReport, judge_sweep, try_all};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

pub fn run(args: &SweepArgs) -> Result<(), Failure> {
    let space = research::space(&args.space)?;
    research::give_way(args.space.priority);
    let desk = Desk::open(&args.run)?;
    let mut ledger = desk.ledger(!args.space.no_keep)?;
    let mut line = ProgressLine::new("trials");
    let build = |params: &_| desk.build(params);
    let threads = research::threads(&args.space);
    let words = desk.words(&space)?;
    let bench = desk.bench("sweep", words.as_ref());
    let tried = try_all(bench, &build, &space, &mut ledger, threads, &mut |progress| {
        line.show("", progress);
    });
    line.clear();
    let tried = tried.map_err(|error| Failure::from(&error))?;
    let report = judge_sweep(
        subject(&desk, words.as_deref()),
        &space,
        &tried,
        &ledger,
        args.space.by.into(),
    );
    let folder = keep(&desk, &args.space, &report)?;
    if args.space.json {
        return print_json(&report);
    }
    let colors = std::io::stdout().is_terminal();
    print_text(&text::text(&report, ledger.path(), folder.as_deref(), colors))
}

/// What is tried, for a report.
pub fn subject(desk: &Desk, words: Option<&Words>) -> Subject {
    Subject {
        strategy: desk.strategy().to_owned(),
        symbols: desk.symbols(),
        data_hash: desk.facts.content_hash.clone(),
        span: desk.facts.span.unwrap_or_default(),
        rows: desk.facts.rows,
        models: words.map_or_else(Vec::new, |words| words.facts().to_vec()),
    }
}

/// Writes the report into a folder of the runs.
fn keep(desk: &Desk, args: &SpaceArgs, report: &SweepReport) -> Result<Option<PathBuf>, Failure> {
    let html = backtest::sweep_html(report);
    let name = report.results_hash.get(..16).unwrap_or(&report.results_hash);
    let json = serde_json::to_string_pretty(report).map_err(Failure::other)?;
    write_report(desk, args, &format!("sweep-{name}"), (&html, "sweep.json", &json))
}

/// Writes a page and its facts into a folder of the runs, and the page where it was asked for.
///
/// # Errors
/// What the system says.
pub fn write_report(
    desk: &Desk,
    args: &SpaceArgs,
    name: &str,
    (html, file, json): (&str, &str, &str),
) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = &args.report {
        write(path, html)?;
    }
    if args.no_keep {
        return Ok(None);
    }
    let folder = backtest::runs_folder(&desk.settings.data_dir()).join(name);
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    write(&folder.join("report.html"), html)?;
    write(&folder.join(file), json)?;
    Ok(Some(folder))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    backtest::write_whole(path, |out| out.write_all(text.as_bytes()))
        .map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::of_io(error), format!("{} cannot be written: {error}", path.display()))
}
