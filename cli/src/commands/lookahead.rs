//! `tradewind lookahead`.

use super::research::{Desk, ProgressLine};
use super::{print_json, print_text};
use crate::args::LookaheadArgs;
use crate::exit::{Exit, Failure};
use crate::figures::counted;
use backtest::{Change, CounterExample, LookaheadError, LookaheadReport};
use std::collections::BTreeMap;

pub fn run(args: &LookaheadArgs) -> Result<(), Failure> {
    let desk = Desk::open(&args.run)?;
    let mut line = ProgressLine::new("changed futures");
    let cast = desk.cast()?;
    let rebuild = |_: &marketdata::Feed| {
        let models = cast.as_ref().map(|cast| cast.models(None)).unwrap_or_default();
        Ok((desk.build(&BTreeMap::new())?, models))
    };
    let found = backtest::find_lookahead(
        &desk.config,
        &desk.feed,
        &rebuild,
        usize::from(args.cuts),
        &mut |progress| line.show("", progress),
    );
    line.clear();
    let report = found.map_err(|error| match &error {
        LookaheadError::Strategy(_) => Failure::usage(&error),
        LookaheadError::Run(error) => error.into(),
    })?;
    if args.json {
        print_json(&report)?
    } else {
        print_text(&text(&report))?
    }
    match report.passed {
        Some(true) => Ok(()),
        Some(false) | None => Err(Failure::new(Exit::CheckFailed, report.verdict)),
    }
}

fn text(report: &LookaheadReport) -> String {
    let said = match report.words {
        0 => String::new(),
        words => format!(" and {words} words of models"),
    };
    let mut lines = vec![
        format!(
            "{}: {}{said} over {}, {} runs",
            report.strategy,
            counted(report.decisions as u64, "decision"),
            counted(report.rows, "row"),
            report.runs
        ),
        String::new(),
        report.verdict.clone(),
    ];
    lines.extend(report.counter_example.iter().flat_map(example));
    lines.join("\n") + "\n"
}

fn example(example: &CounterExample) -> Vec<String> {
    let ahead = counted(example.steps_ahead as u64, "step");
    let mut lines = vec![
        format!("\nat        {}", example.decided_at),
        format!("wanted    {}", example.decided),
        format!("depends   {} later, on what is known at {}", ahead, example.known_at),
        format!("which is  {}", example.datum),
    ];
    lines.push(match (example.change, &example.became) {
        (Change::Perturbed, Some(became)) => format!("instead   {became}"),
        (Change::Perturbed | Change::Truncated, _) => "instead   nothing, the data cut off".into(),
    });
    lines.push(format!("it wants  {}", example.otherwise));
    lines
}
