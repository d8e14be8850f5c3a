//! `tradewind walk-forward`.

use super::research::{self, Desk, ProgressLine};
use super::sweep::{subject, write_report};
use super::{print_json, print_text};
use crate::args::WalkArgs;
use crate::exit::Failure;
use crate::figures::signed;
use backtest::sweep::Figure;
use backtest::walk::{Walk, WalkPlan, WalkReport, WindowRow, judge_walk, windows};
use std::path::Path;

/// Tests listed at most.
const LISTED: usize = 40;

pub fn run(args: &WalkArgs) -> Result<(), Failure> {
    let space = research::space(&args.space)?;
    let plan = WalkPlan {
        train: args.train,
        test: args.test,
        anchored: args.anchored,
        purge: args.purge,
        embargo: args.embargo,
    };
    research::give_way(args.space.priority);
    let desk = Desk::open(&args.run)?;
    let laid = windows(&plan, &desk.feed, &desk.config.calendar).map_err(Failure::usage)?;
    let build = |params: &_| desk.build(params);
    let words = desk.words(&space)?;
    let walk = Walk {
        config: &desk.config,
        feed: &desk.feed,
        space: &space,
        build: &build,
        by: args.space.by.into(),
        threads: research::threads(&args.space),
        program: &desk.program,
        words: words.as_ref(),
    };
    let mut line = ProgressLine::new("trials");
    let mut ledger = desk.ledger(!args.space.no_keep)?;
    let walked = walk.run(&laid, &mut ledger, &mut |progress| line.show("", progress));
    line.clear();
    let walked = walked.map_err(|error| Failure::from(&error))?;
    let start = desk.config.exchange.starting_cash.to_f64();
    let subject = subject(&desk, words.as_deref());
    let report = judge_walk(subject, &plan, walk.by, start, &walked, &ledger);
    let html = backtest::walk_html(&report);
    let json = serde_json::to_string_pretty(&report).map_err(Failure::other)?;
    let name = report.results_hash.get(..16).unwrap_or(&report.results_hash);
    let kept = (html.as_str(), "walk.json", json.as_str());
    let folder = write_report(&desk, &args.space, &format!("walk-{name}"), kept)?;
    if args.space.json {
        return print_json(&report);
    }
    print_text(&text(&report, folder.as_deref()))
}

fn text(report: &WalkReport, folder: Option<&Path>) -> String {
    let mut lines =
        vec![format!("{} on {}: {}", report.strategy, report.symbols.join(" "), report.plan)];
    lines.push(format!(
        "\n{:>4} {:23} {:>8} {:>10}  {:23} {:>8} {:>10} {:>7}  chosen",
        "", "sample", "Sharpe", "a year", "test", "Sharpe", "a year", "trades"
    ));
    lines.extend(report.windows.iter().take(LISTED).enumerate().map(row));
    if report.windows.len() > LISTED {
        lines.push(format!("     and {} more: --json has them all", report.windows.len() - LISTED));
    }
    lines.push(String::new());
    lines.push(report.verdict.clone());
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines.push(String::new());
    let share = |figure: &Figure| {
        figure.value.map_or_else(|| "-".into(), |value| format!("{:.2} %", value * 100.0))
    };
    let sharpe = report.sharpe.value.map_or_else(|| "-".into(), |ratio| format!("{ratio:.3}"));
    let needed = report.luck.min_track_record.value;
    let needed = needed
        .map_or_else(|| "-".into(), |count| format!("{count} needed of {}", report.equity.len()));
    let rows = [
        (
            "outside",
            format!(
                "{} over {} sessions, {} a year, Max drawdown {:.2} %",
                signed(format!("{:.4} %", report.total_return * 100.0)),
                report.equity.len(),
                share(&report.annual_return),
                report.max_drawdown * 100.0
            ),
        ),
        (
            "ratios",
            format!(
                "Sharpe {sharpe}, P(Sharpe > 0) {}, efficiency {}",
                share(&report.luck.probabilistic_sharpe),
                share(&report.efficiency)
            ),
        ),
        (
            "luck",
            format!(
                "Deflated Sharpe {} after {} trials, overfitting {}, track record {needed}",
                share(&report.luck.deflated_sharpe),
                report.luck.trials,
                share(&report.luck.overfitting),
            ),
        ),
        ("results", report.results_hash.clone()),
    ];
    lines.extend(rows.into_iter().map(|(label, text)| format!("{label:9} {text}")));
    lines.extend(
        folder.map(|path| format!("{:9} {}", "report", path.join("report.html").display())),
    );
    lines.join("\n") + "\n"
}

fn row((place, window): (usize, &WindowRow)) -> String {
    let day = |time: kernel::Timestamp| time.to_string().get(..10).unwrap_or_default().to_owned();
    let span = |(first, last): (kernel::Timestamp, kernel::Timestamp)| {
        format!("{} {}", day(first), day(last))
    };
    let number =
        |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.2}"));
    let share = |value: Option<f64>| {
        value.map_or_else(|| "-".into(), |value| format!("{:.1} %", value * 100.0))
    };
    let params = window.params.iter().map(|(name, value)| format!("{name}={value}"));
    let (inside, outside) = (&window.inside, &window.outside);
    format!(
        "{:>4} {:23} {:>8} {:>10}  {:23} {:>8} {:>10} {:>7}  {}",
        place + 1,
        span(inside.span),
        number(inside.sharpe),
        share(inside.annual_return),
        span(outside.span),
        number(outside.sharpe),
        share(outside.annual_return),
        outside.trades,
        params.collect::<Vec<_>>().join(" ")
    )
}
