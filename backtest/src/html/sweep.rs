//! The page of a sweep.

use super::format::{grouped, percent, signed_percent, tick};
use super::plot::{Plot, grid};
use super::svg::{Scale, WIDTH, escape, path, upright};
use super::{page, section};
use crate::sweep::{Figure, HeatMap, SweepReport, TrialRow};
use std::fmt::Write;

/// Trials listed at most.
const LISTED: usize = 100;
/// Bars of a histogram.
const BARS: usize = 41;

/// The report of a sweep as one HTML file.
pub fn sweep_html(report: &SweepReport) -> String {
    let title = format!("{} on {}", report.strategy, super::some_of(&report.symbols));
    let map = HeatMap::of(report).map_or(String::new(), |map| heat(report, &map));
    let parts = [
        header(report, &title),
        section("map", &format!("The {} of each trial", report.by.label()), &map),
        section("luck", "Skill or luck", &luck(report)),
        section("trials", "The best trials", &trials(report)),
        section("ledger", "How it was made", &made(report)),
    ];
    page(&title, &parts.concat())
}

fn header(report: &SweepReport, title: &str) -> String {
    let day = |time: kernel::Timestamp| time.to_string().get(..10).unwrap_or_default().to_owned();
    let notes: String = report.notes.iter().fold(String::new(), |mut all, note| {
        let _ = write!(all, "<li>{}</li>", escape(note));
        all
    });
    let notes = if notes.is_empty() { notes } else { format!("<ul class=\"notes\">{notes}</ul>") };
    format!(
        "<header><p class=\"kind\">Sweep</p><h1>{}</h1><p class=\"span\">{} to {} \u{b7} {} rows of data \u{b7} {} sessions</p>\
         <p class=\"verdict\">{}</p>{notes}<dl class=\"tiles\">{}</dl></header>\n",
        escape(title),
        day(report.span.0),
        day(report.span.1),
        grouped(report.rows as f64, 0),
        grouped(f64::from(report.sessions), 0),
        escape(&report.verdict).replace(" %", "&#160;%"),
        tiles(report)
    )
}

fn tiles(report: &SweepReport) -> String {
    let luck = &report.luck;
    let tile = |label: &str, value: String, below: String| {
        format!(
            "<div class=\"tile\"><dt>{label}</dt><dd>{value}</dd><dd class=\"sub\">{below}</dd></div>"
        )
    };
    let share =
        |figure: &Figure| figure.value.map_or_else(dash, |value| format!("{:.1} %", value * 100.0));
    let number = |value: Option<f64>| value.map_or_else(dash, |value| grouped(value, 2));
    let best = report.trials.first();
    let needed = luck.min_track_record.value.map_or_else(dash, |count| grouped(count, 0));
    [
        tile(
            "Trials",
            grouped(luck.trials as f64, 0),
            format!("{} in this sweep", report.trials.len()),
        ),
        tile(
            "Best Sharpe",
            number(best.and_then(|best| best.sharpe)),
            format!("by luck about {}", number(luck.expected_highest_sharpe.value)),
        ),
        tile(
            "Deflated Sharpe",
            share(&luck.deflated_sharpe),
            "sure of skill after all trials".into(),
        ),
        tile(
            "Probabilistic Sharpe",
            share(&luck.probabilistic_sharpe),
            "were it the only trial".into(),
        ),
        tile(
            "Overfitting",
            share(&luck.overfitting),
            "best of one half below the median of the other".into(),
        ),
        tile(
            "Minimum record",
            needed,
            format!("sessions, of which there are {}", grouped(f64::from(report.sessions), 0)),
        ),
    ]
    .concat()
}

fn dash() -> String {
    "\u{2013}".into()
}

fn heat(report: &SweepReport, map: &HeatMap) -> String {
    let head: String = map
        .across
        .1
        .iter()
        .map(|value| format!("<th scope=\"col\">{}</th>", escape(value)))
        .collect();
    let mut rows = String::new();
    for (place, cells) in map.cells.iter().enumerate() {
        let label = map.down.as_ref().and_then(|(_, values)| values.get(place));
        let label = label.map_or(String::new(), |label| escape(label));
        let cells: String = cells.iter().map(|cell| heat_cell(report, map, *cell)).collect();
        let _ = write!(rows, "<tr><th scope=\"row\">{label}</th>{cells}</tr>");
    }
    let down =
        map.down.as_ref().map_or(String::new(), |(name, _)| format!("{} \u{2193} ", escape(name)));
    let others = match map.others.as_slice() {
        [] => String::new(),
        others => format!(" Each cell is the median over {}.", escape(&others.join(", "))),
    };
    format!(
        "<p class=\"lead\">An island of good cells says more than a single one among bad ones. A dash was \
         not tried or has no figure.{others}</p><figure><div class=\"scroll\"><table class=\"heat map\"><thead>\
         <tr><th>{down}{} \u{2192}</th>{head}</tr></thead><tbody>{rows}</tbody></table></div></figure>\n",
        escape(&map.across.0)
    )
}

fn heat_cell(report: &SweepReport, map: &HeatMap, cell: Option<f64>) -> String {
    let Some(value) = cell else {
        return "<td>\u{2013}</td>".into();
    };
    let warmth = map.warmth(value);
    let strength = (warmth.abs() * 70.0).round();
    let color = if warmth < 0.0 { "loss" } else { "gain" };
    format!(
        "<td style=\"background:color-mix(in srgb,var(--{color}) {strength}%,transparent)\">{}</td>",
        objective(report, Some(value))
    )
}

/// The figure that the best was chosen by.
fn objective(report: &SweepReport, value: Option<f64>) -> String {
    let write = |value| match report.by {
        crate::sweep::Objective::Return => percent(value),
        _ => grouped(value, 2),
    };
    value.map_or_else(dash, write)
}

fn luck(report: &SweepReport) -> String {
    let row = |label: &str, what: &str, figure: &Figure, write: fn(f64) -> String| {
        let what =
            figure.reason.as_ref().map_or(what.to_owned(), |why| format!("undefined: {why}"));
        let value = figure.value.map_or_else(dash, write);
        format!(
            "<tr><th scope=\"row\">{label}<small>{}</small></th><td>{value}</td></tr>",
            escape(&what)
        )
    };
    let luck = &report.luck;
    let rows = [
        row(
            "Deflated Sharpe ratio",
            "how sure it is that the best trial's true ratio is above what so many trials show by luck; Bailey and Lopez de Prado, 2014",
            &luck.deflated_sharpe,
            percent,
        ),
        row(
            "Probabilistic Sharpe ratio",
            "how sure it is that the ratio is above zero, were it the only trial; Bailey and Lopez de Prado, 2012",
            &luck.probabilistic_sharpe,
            percent,
        ),
        row(
            "Best Sharpe ratio by luck",
            "to be expected of the best of so many trials without any skill",
            &luck.expected_highest_sharpe,
            |value| grouped(value, 2),
        ),
        row(
            "Minimum track record",
            "sessions until the probabilistic ratio reaches 95 %",
            &luck.min_track_record,
            |value| grouped(value, 0),
        ),
        row(
            "Probability of backtest overfitting",
            "how often the best of one half of the sessions is below the median in the other; Bailey, Borwein, Lopez de Prado and Zhu, 2017",
            &luck.overfitting,
            percent,
        ),
        row(
            "Loss outside",
            "how often the best of one half has a negative ratio in the other",
            &luck.loss_outside,
            percent,
        ),
    ];
    format!(
        "<table class=\"figures\"><tbody>{}</tbody></table>{}",
        rows.concat(),
        if report.logits.is_empty() { String::new() } else { logits(&report.logits) }
    )
}

/// Where the winners of the splits stand outside.
fn logits(logits: &[f64]) -> String {
    let widest = logits.iter().map(|value| value.abs()).fold(0.5, f64::max) * 1.02;
    let step = 2.0 * widest / BARS as f64;
    let mut counts = [0_u32; BARS];
    for value in logits {
        let place = (((value + widest) / step) as usize).min(BARS - 1);
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(1);
    let scale = Scale::exact(0.0, f64::from(most) * 1.06, 180.0);
    let x = |value: f64| (value + widest) / (2.0 * widest) * WIDTH;
    let (mut drawing, y_labels) = grid(&scale, tick);
    for (place, count) in counts.iter().enumerate() {
        let left = -widest + place as f64 * step;
        let class = if left + step / 2.0 < 0.0 { "bar loss" } else { "bar gain" };
        let (from, to, top) = (x(left) + 1.5, x(left + step) - 1.5, scale.y(f64::from(*count)));
        drawing.push_str(&path(class, &format!("M{from:.1} 180V{top:.1}H{to:.1}V180Z")));
    }
    drawing.push_str(&upright("mark", x(0.0), 180.0));
    let places = [(0.06, "last of all"), (0.5, "the median"), (0.94, "first of all")];
    Plot {
        title: "Where the best of one half of the sessions stands in the other",
        tells: format!("{} splits", logits.len()),
        legend: Vec::new(),
        height: 180.0,
        drawing,
        y_labels,
        x_labels: places.map(|(place, text)| (place, text.to_owned())).into(),
        note: format!(
            "Each of {} ways to take half of 16 blocks of sessions; left of the dashed line the choice was worse than the median.",
            grouped(logits.len() as f64, 0)
        ),
    }
    .html()
}

fn trials(report: &SweepReport) -> String {
    let names: String = report
        .axes
        .iter()
        .map(|axis| format!("<th scope=\"col\">{}</th>", escape(&axis.name)))
        .collect();
    let row = |(place, trial): (usize, &TrialRow)| {
        let values: String = report
            .axes
            .iter()
            .map(|axis| trial.params.get(&axis.name).map_or(String::new(), |text| escape(text)))
            .map(|text| format!("<td>{text}</td>"))
            .collect();
        let number = |value: Option<f64>| value.map_or_else(dash, |value| grouped(value, 2));
        format!(
            "<tr><td>{}</td>{values}<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            place + 1,
            number(trial.sharpe),
            trial.total_return.map_or_else(dash, signed_percent),
            trial.max_drawdown.map_or_else(dash, percent),
            grouped(trial.trades as f64, 0)
        )
    };
    let rows: String = report.trials.iter().take(LISTED).enumerate().map(row).collect();
    let more = report.trials.len().saturating_sub(LISTED);
    let more = if more > 0 {
        format!("<p class=\"empty\">And {more} more: sweep.json has them all.</p>")
    } else {
        String::new()
    };
    format!(
        "<p class=\"lead\">By {}. The first row is the best of many, and looks better than it is.</p>\
         <div class=\"scroll\"><table class=\"wide\"><thead><tr><th></th>{names}<th scope=\"col\">Sharpe</th>\
         <th scope=\"col\">Return</th><th scope=\"col\">Max drawdown</th><th scope=\"col\">Trades</th></tr></thead>\
         <tbody>{rows}</tbody></table></div>{more}\n",
        report.by.label()
    )
}

fn made(report: &SweepReport) -> String {
    let search = match report.search {
        crate::sweep::Search::Grid => "every combination".to_owned(),
        crate::sweep::Search::Random { count, seed } => format!("{count} drawn with seed {seed}"),
    };
    let ranges = report.axes.iter().map(|axis| match axis.values.as_slice() {
        [first, .., last] => {
            format!("{} {first} to {last} ({} values)", axis.name, axis.values.len())
        }
        values => format!("{} {}", axis.name, values.join(", ")),
    });
    let rows = [
        ("Varied", ranges.collect::<Vec<_>>().join("; ")),
        ("Tried", search),
        ("Data", report.data_hash.clone()),
        ("Results", report.results_hash.clone()),
    ];
    let rows = rows.map(|(label, text)| {
        format!("<tr><th scope=\"row\">{label}</th><td><code>{}</code></td></tr>", escape(&text))
    });
    format!("<table class=\"manifest\"><tbody>{}</tbody></table>\n", rows.concat())
}
