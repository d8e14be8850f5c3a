//! The report as one HTML file: drawings and tables made here, no script, nothing from a network.

mod apart;
mod axis;
mod format;
mod over_time;
mod plot;
mod svg;
mod sweep;
mod tables;
mod walk;

use crate::{BacktestReport, Judgement, PriceSketch};
use axis::Axis;
use format::{figure, grouped, signed_percent};
use svg::escape;

pub(crate) use axis::curve;
pub(crate) use over_time::WINDOW;
pub use sweep::sweep_html;
pub use walk::walk_html;

const STYLE: &str = include_str!("style.css");
/// Symbols whose prices are drawn.
const PRICES: usize = 4;

/// The report of a judged run; `prices` are drawn with the trades in them.
pub fn html_report(
    report: &BacktestReport,
    judgement: &Judgement,
    prices: &[(String, PriceSketch)],
) -> String {
    let axis = Axis::of(report);
    let title = format!("{} on {}", report.strategy, some_of(&report.symbols));
    let mut body = header(report, judgement, &title);
    let charts = [
        over_time::equity(report, judgement, &axis),
        over_time::drawdown(&axis),
        over_time::exposure(report, &axis),
        tables::falls(judgement),
    ];
    body.push_str(&section("performance", "Performance", &charts.concat()));
    let drawn = prices.iter().take(PRICES);
    let mut traded: String = drawn.map(|symbol| over_time::price(report, &axis, symbol)).collect();
    if prices.len() > PRICES {
        let text = format!("<p class=\"note\">The first {PRICES} of {} symbols.</p>", prices.len());
        traded.push_str(&text);
    }
    traded.push_str(&apart::trades(&judgement.trades));
    traded.push_str(&tables::costs(report));
    traded.push_str(&tables::strategies(report));
    traded.push_str(&tables::accounts(report));
    traded.push_str(&tables::trades(report));
    body.push_str(&section("trades", "Trades", &traded));
    let spread = [apart::months(judgement), apart::distribution(judgement)];
    body.push_str(&section("returns", "Returns", &spread.concat()));
    let rolling = over_time::rolling(report, judgement, &axis);
    body.push_str(&section("rolling", "Over time", &rolling));
    body.push_str(&section("metrics", "Every figure", &figures(report, judgement)));
    let others = format!(
        "<p class=\"lead\">The same run by the definitions of other systems. A dash is what a system \
         does not compute, or what is undefined.</p>{}",
        tables::conventions(report, judgement)
    );
    body.push_str(&section("conventions", "By other conventions", &others));
    body.push_str(&section("manifest", "How to run it again", &tables::manifest(report)));
    page(&title, &body)
}

/// A page around what it says.
fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
         <meta name=\"color-scheme\" content=\"light dark\"/>\
         <title>{}</title><style>{STYLE}</style></head><body><main>\n{body}</main></body></html>\n",
        escape(title)
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\"><h2>{title}</h2>\n{body}</section>\n")
}

fn header(report: &BacktestReport, judgement: &Judgement, title: &str) -> String {
    let day = |time: kernel::Timestamp| {
        let text = time.to_string();
        text.get(..10).unwrap_or(&text).to_owned()
    };
    let span = format!("{} to {}", day(report.data.first), day(report.data.last));
    let rows = grouped(report.data.bars as f64, 0);
    let synthetic = if report.manifest.feed == "synthetic" { ", SYNTHETIC data" } else { "" };
    let tile = |label: &str, value: String, class: &str, below: String| {
        format!(
            "<div class=\"tile\"><dt>{label}</dt><dd class=\"{class}\">{value}</dd><dd class=\"sub\">{below}</dd></div>"
        )
    };
    let shown = |name: &str| {
        let metric = judgement.figures.iter().find(|metric| metric.name == name);
        metric.map_or_else(|| "\u{2013}".into(), figure)
    };
    let share = |name: &str| judgement.get(name).map_or("\u{2013}".into(), signed_percent);
    let sign = |name: &str| match judgement.get(name) {
        Some(value) if value > 0.0 => "pos",
        Some(value) if value < 0.0 => "neg",
        _ => "",
    };
    let start = grouped(report.start.to_f64(), 0);
    let end = grouped(report.equity.to_f64(), 0);
    let against = judgement.benchmark.as_ref().map_or("no benchmark".into(), |(name, _)| {
        format!("{}: {}", escape(name), share("benchmark_return"))
    });
    let tiles = [
        tile(
            "Total return",
            share("total_return"),
            sign("total_return"),
            format!("{start} to {end} USD"),
        ),
        tile("Ahead of benchmark", share("excess_return"), sign("excess_return"), against),
        tile("CAGR", share("cagr"), sign("cagr"), format!("volatility {}", shown("volatility"))),
        tile("Sharpe", shown("sharpe"), "", format!("Sortino {}", shown("sortino"))),
        tile("Max drawdown", shown("max_drawdown"), "", format!("Calmar {}", shown("calmar"))),
        tile("Closed trades", shown("trades"), "", format!("won {}", shown("win_rate"))),
    ];
    let notes: String =
        judgement.notes.iter().map(|note| format!("<li>{}</li>", escape(note))).collect();
    let notes = if notes.is_empty() { notes } else { format!("<ul class=\"notes\">{notes}</ul>") };
    format!(
        "<header><p class=\"kind\">Backtest</p><h1>{}</h1><p class=\"span\">{span} \u{b7} {rows} rows of data{synthetic}</p>\
         <p class=\"verdict\">{}</p>{notes}<dl class=\"tiles\">{}</dl></header>\n",
        escape(title),
        escape(&judgement.verdict).replace(" %", "&#160;%"),
        tiles.concat()
    )
}

fn figures(report: &BacktestReport, judgement: &Judgement) -> String {
    let note = &report.convention;
    format!(
        "<p class=\"lead\">By the convention <b>{}</b> ({}): equity by the session, A = {} sessions a \
         year, risk-free rate rf = {} % a year. r are returns by the session, b the benchmark's, m and \
         mb their means, g the geometric mean, s1 and s0 the deviations of sample and population, n \
         their count.</p>{}",
        escape(&note.name),
        escape(&note.system),
        note.periods_per_year,
        note.risk_free_rate * 100.0,
        tables::metrics(judgement)
    )
}

fn some_of(symbols: &[String]) -> String {
    match symbols {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        _ => symbols.join(", "),
    }
}
