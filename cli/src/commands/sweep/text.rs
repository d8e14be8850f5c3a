//! A finished sweep on a terminal.

use crate::figures::{counted, date_time, signed};
use backtest::sweep::{Figure, HeatMap, Objective, SweepReport, TrialRow};
use std::path::Path;

/// Trials listed at most.
const LISTED: usize = 10;
/// Columns and rows of a map that a terminal holds.
const MAP: (usize, usize) = (16, 40);

pub fn text(
    report: &SweepReport,
    ledger: Option<&Path>,
    folder: Option<&Path>,
    colors: bool,
) -> String {
    let mut lines = vec![format!(
        "{} on {}: {} over {} from {} to {} UTC",
        report.strategy,
        report.symbols.join(" "),
        counted(report.trials.len() as u64, "trial"),
        counted(report.rows, "row"),
        date_time(report.span.0),
        date_time(report.span.1)
    )];
    lines.extend(HeatMap::of(report).map(|map| heat(report, &map, colors)).unwrap_or_default());
    lines.extend(best(report));
    lines.push(String::new());
    lines.push(report.verdict.clone());
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines.push(String::new());
    lines.extend(rows(report).into_iter().map(|(label, text)| format!("{label:9} {text}")));
    lines.extend(ledger.map(|path| format!("{:9} {}", "ledger", path.display())));
    lines.extend(
        folder.map(|path| format!("{:9} {}", "report", path.join("report.html").display())),
    );
    lines.join("\n") + "\n"
}

/// The map, warmer where the figure is better.
fn heat(report: &SweepReport, map: &HeatMap, colors: bool) -> Vec<String> {
    let (name, values) = &map.across;
    if values.len() > MAP.0 || map.cells.len() > MAP.1 {
        return vec!["\nthe map is too large for a terminal: see the report".into()];
    }
    let down = map.down.as_ref();
    let corner = down.map_or(name.clone(), |(down, _)| format!("{down} \\ {name}"));
    let labels = down.map_or(vec![String::new()], |(_, values)| values.clone());
    let left = labels.iter().chain([&corner]).map(|text| text.chars().count()).max().unwrap_or(0);
    let head: String = values.iter().map(|value| format!(" {value:>7}")).collect();
    let others = match map.others.as_slice() {
        [] => String::new(),
        others => format!(", the median over {}", others.join(", ")),
    };
    let mut lines =
        vec![format!("\n{}{others}", report.by.label()), format!("{corner:>left$}{head}")];
    for (label, cells) in labels.iter().zip(&map.cells) {
        let cells: String =
            cells.iter().map(|cell| heat_cell(report.by, map, *cell, colors)).collect();
        lines.push(format!("{label:>left$}{cells}"));
    }
    lines
}

fn heat_cell(by: Objective, map: &HeatMap, cell: Option<f64>, colors: bool) -> String {
    let Some(value) = cell else {
        return format!(" {:>7}", "-");
    };
    let text = format!(" {:>7}", figure(by, value));
    if !colors {
        return text;
    }
    // Six steps of the terminal's own green and red.
    let strength = (map.warmth(value).abs() * 5.0).round() as usize;
    let (green, red) = ([16, 22, 28, 34, 40, 46], [16, 52, 88, 124, 160, 196]);
    let scale = if value < 0.0 { red } else { green };
    let color = scale.get(strength).copied().unwrap_or(16);
    let ink = if strength >= 4 { 16 } else { 231 };
    format!("\x1b[48;5;{color}m\x1b[38;5;{ink}m{text}\x1b[0m")
}

fn figure(by: Objective, value: f64) -> String {
    match by {
        Objective::Return => format!("{:.1} %", value * 100.0),
        Objective::Sharpe | Objective::Calmar => format!("{value:.2}"),
    }
}

fn best(report: &SweepReport) -> Vec<String> {
    let width = |name: &str| name.chars().count().max(8);
    let names = report.axes.iter().map(|axis| format!("{:>w$} ", axis.name, w = width(&axis.name)));
    let names: String = names.collect();
    let mut lines = vec![format!(
        "\n{:>4} {names}{:>8} {:>12} {:>10} {:>8}",
        "rank", "Sharpe", "return", "drawdown", "trades"
    )];
    let row = |(place, trial): (usize, &TrialRow)| {
        let cell = |name: &str| {
            let value = trial.params.get(name).map_or("", String::as_str);
            format!("{value:>w$} ", w = width(name))
        };
        let values: String = report.axes.iter().map(|axis| cell(&axis.name)).collect();
        let share = |value: Option<f64>| {
            value.map_or_else(|| "-".into(), |value| format!("{:.2} %", value * 100.0))
        };
        let sharpe = trial.sharpe.map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}"));
        format!(
            "{:>4} {values}{sharpe:>8} {:>12} {:>10} {:>8}",
            place + 1,
            signed(share(trial.total_return)),
            share(trial.max_drawdown),
            trial.trades
        )
    };
    lines.extend(report.trials.iter().take(LISTED).enumerate().map(row));
    if report.trials.len() > LISTED {
        lines.push(format!("     and {} more: --json has them all", report.trials.len() - LISTED));
    }
    lines
}

fn rows(report: &SweepReport) -> Vec<(&'static str, String)> {
    let luck = &report.luck;
    let share = |figure: &Figure| {
        figure.value.map_or_else(|| "-".into(), |value| format!("{:.1} %", value * 100.0))
    };
    let needed = luck.min_track_record.value.map_or_else(|| "-".into(), |count| count.to_string());
    vec![
        (
            "luck",
            format!(
                "Deflated Sharpe {}, P(Sharpe > 0) {}, overfitting {}",
                share(&luck.deflated_sharpe),
                share(&luck.probabilistic_sharpe),
                share(&luck.overfitting)
            ),
        ),
        ("record", format!("{} sessions, {needed} would make it 95 % sure", report.sessions)),
        (
            "trials",
            format!(
                "{} here, {} of them known before; {} of this strategy over this data in all",
                report.trials.len(),
                report.known,
                luck.trials
            ),
        ),
        ("results", report.results_hash.clone()),
    ]
}
