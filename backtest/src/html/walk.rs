//! The page of a walk forward.

use super::format::{grouped, percent, signed_percent, tick};
use super::plot::{Plot, bounds, grid, percent_tick};
use super::svg::{Scale, WIDTH, area, escape, line, path, rule, thin, upright};
use super::{page, section};
use crate::sweep::Figure;
use crate::walk::{Sampled, WalkReport, WindowRow};

/// Labels of dates at most.
const LABELS: usize = 7;

/// The report of a walk forward as one HTML file.
pub fn walk_html(report: &WalkReport) -> String {
    let title = format!("{} on {}", report.strategy, super::some_of(&report.symbols));
    let charts = [equity(report), paces(&report.windows)];
    let parts = [
        header(report, &title),
        section("outside", "Outside of the samples", &charts.concat()),
        section("windows", "Every sample with its test", &windows(report)),
    ];
    page(&title, &parts.concat())
}

fn header(report: &WalkReport, title: &str) -> String {
    let tile = |label: &str, value: String, below: String| {
        format!(
            "<div class=\"tile\"><dt>{label}</dt><dd>{value}</dd><dd class=\"sub\">{below}</dd></div>"
        )
    };
    let share = |figure: &Figure| figure.value.map_or_else(dash, percent);
    let number = |figure: &Figure| figure.value.map_or_else(dash, |value| grouped(value, 2));
    let (tests, luck) = (report.windows.len(), &report.luck);
    let tiles = [
        tile(
            "Return outside",
            signed_percent(report.total_return),
            format!("{} sessions", grouped(report.equity.len() as f64, 0)),
        ),
        tile("By the year", share(&report.annual_return), "outside".into()),
        tile("Sharpe", number(&report.sharpe), "outside".into()),
        tile("Max drawdown", percent(report.max_drawdown), "by the session".into()),
        tile("Tests won", format!("{} of {tests}", report.won), "that earned".into()),
        tile(
            "Efficiency",
            share(&report.efficiency),
            "pace of the tests by that of the samples".into(),
        ),
    ];
    let luck = [
        tile("Probabilistic Sharpe", share(&luck.probabilistic_sharpe), "sure of skill".into()),
        tile(
            "Deflated Sharpe",
            share(&luck.deflated_sharpe),
            format!("after {} trials", grouped(luck.trials as f64, 0)),
        ),
        tile(
            "Overfitting",
            share(&luck.overfitting),
            "best of half a sample below the median of the other".into(),
        ),
        tile(
            "Minimum record",
            luck.min_track_record.value.map_or_else(dash, |count| grouped(count, 0)),
            "sessions until it is 95 % sure".into(),
        ),
    ];
    let notes: String =
        report.notes.iter().map(|note| format!("<li>{}</li>", escape(note))).collect();
    let notes = if notes.is_empty() { notes } else { format!("<ul class=\"notes\">{notes}</ul>") };
    format!(
        "<header><p class=\"kind\">Walk forward</p><h1>{}</h1><p class=\"span\">{}</p>\
         <p class=\"verdict\">{}</p>{notes}<dl class=\"tiles\">{}</dl><dl class=\"tiles\">{}</dl></header>\n",
        escape(title),
        escape(&report.plan),
        escape(&report.verdict).replace(" %", "&#160;%"),
        tiles.concat(),
        luck.concat()
    )
}

fn dash() -> String {
    "\u{2013}".into()
}

/// Equity of the tests, one after the other.
fn equity(report: &WalkReport) -> String {
    let values: Vec<f64> =
        std::iter::once(1.0).chain(report.equity.iter().map(|(_, value)| *value)).collect();
    let last = values.len().saturating_sub(1).max(1) as f64;
    let x = |place: usize| place as f64 / last * WIDTH;
    let (low, high) = bounds(values.iter().copied()).unwrap_or((0.9, 1.1));
    let scale = Scale::wide(low, high, 280.0);
    let (mut drawing, y_labels) = grid(&scale, tick);
    let mut begin = 0;
    for window in &report.windows {
        drawing.push_str(&upright("grid", x(begin), 280.0));
        begin += window.outside.sessions as usize;
    }
    drawing.push_str(&rule("base", scale.y(1.0)));
    let points = values.iter().enumerate().map(|(place, value)| (x(place), scale.y(*value)));
    let points = thin(points.collect(), 2000);
    drawing.push_str(&path("under", &area(&points, 280.0)));
    drawing.push_str(&path("ours", &line(&points)));
    let every = report.equity.len().div_ceil(LABELS).max(1);
    let labels = report.equity.iter().enumerate().skip(every / 2).step_by(every);
    Plot {
        title: "Growth of 1 USD through all tests",
        tells: format!("Growth to {:.3}", values.last().copied().unwrap_or(1.0)),
        legend: vec![("k-ours", report.strategy.clone())],
        height: 280.0,
        drawing,
        y_labels,
        x_labels: labels.map(|(place, (date, _))| (x(place + 1) / WIDTH, date.clone())).collect(),
        note: "Thin upright lines: a new choice of parameters.".into(),
    }
    .html()
}

/// Annual returns of each sample and its test, side by side.
fn paces(windows: &[WindowRow]) -> String {
    let pairs: Vec<(f64, f64)> = windows
        .iter()
        .map(|window| {
            let of = |sampled: &Sampled| sampled.annual_return.unwrap_or(0.0);
            (of(&window.inside), of(&window.outside))
        })
        .collect();
    let all = pairs.iter().flat_map(|(inside, outside)| [*inside, *outside]).chain([0.0]);
    let (low, high) = bounds(all).unwrap_or((0.0, 1.0));
    let scale = Scale::new(low, high, 200.0);
    let (mut drawing, y_labels) = grid(&scale, percent_tick);
    let wide = WIDTH / pairs.len().max(1) as f64;
    let zero = scale.y(0.0);
    for (place, (inside, outside)) in pairs.iter().enumerate() {
        let left = place as f64 * wide;
        let bar = |class: &str, from: f64, to: f64, value: f64| {
            let (from, to, top) = (left + from * wide, left + to * wide, scale.y(value));
            path(class, &format!("M{from:.1} {zero:.1}V{top:.1}H{to:.1}V{zero:.1}Z"))
        };
        drawing.push_str(&bar("bar zero", 0.16, 0.48, *inside));
        let class = if *outside < 0.0 { "bar loss" } else { "bar gain" };
        drawing.push_str(&bar(class, 0.52, 0.84, *outside));
    }
    drawing.push_str(&rule("base", zero));
    let every = windows.len().div_ceil(LABELS * 2).max(1);
    let labels = (0..windows.len()).step_by(every);
    Plot {
        title: "Return by the year: sample (grey) and test",
        tells: format!("{} samples with their tests", windows.len()),
        legend: Vec::new(),
        height: 200.0,
        drawing,
        y_labels,
        x_labels: labels
            .map(|place| ((place as f64 + 0.5) * wide / WIDTH, (place + 1).to_string()))
            .collect(),
        note: String::new(),
    }
    .html()
}

fn windows(report: &WalkReport) -> String {
    let day = |time: kernel::Timestamp| time.to_string().get(..10).unwrap_or_default().to_owned();
    let row = |(place, window): (usize, &WindowRow)| {
        let params: Vec<String> =
            window.params.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let share = |value: Option<f64>| value.map_or_else(dash, signed_percent);
        let number = |value: Option<f64>| value.map_or_else(dash, |value| grouped(value, 2));
        let (inside, outside) = (&window.inside, &window.outside);
        format!(
            "<tr><td>{}</td><td>{} to {}</td><td>{}</td><td>{}</td><td>{}</td><td>{} to {}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            place + 1,
            day(inside.span.0),
            day(inside.span.1),
            escape(&params.join(", ")),
            number(inside.sharpe),
            share(inside.annual_return),
            day(outside.span.0),
            day(outside.span.1),
            number(outside.sharpe),
            share(outside.annual_return),
            outside.trades
        )
    };
    let rows: String = report.windows.iter().enumerate().map(row).collect();
    let heads = [
        "",
        "Sample",
        "Chosen",
        "Sharpe",
        "By the year",
        "Test",
        "Sharpe",
        "By the year",
        "Trades",
    ];
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    format!(
        "<p class=\"lead\">Chosen by {} among up to {} in each sample.</p><div class=\"scroll\">\
         <table class=\"wide\"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>\
         <table class=\"manifest\"><tbody><tr><th scope=\"row\">Data</th><td><code>{}</code></td></tr>\
         <tr><th scope=\"row\">Results</th><td><code>{}</code></td></tr></tbody></table>\n",
        report.by.label(),
        report.windows.iter().map(|window| window.tried).max().unwrap_or(0),
        report.data_hash,
        report.results_hash
    )
}
