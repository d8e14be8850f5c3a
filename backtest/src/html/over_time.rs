//! Curves over time: equity, drawdown, prices, exposure, rolling figures.

use super::axis::Axis;
use super::format::{percent, tick};
use super::plot::{Plot, bounds, grid, percent_tick};
use super::svg::{Scale, area, dots, line, path, rule, thin};
use crate::statistics::{depths, rolling_beta, rolling_sharpe};
use crate::{BacktestReport, Judgement, PriceSketch};
use kernel::Side;

/// Points of a curve.
const POINTS: usize = 2000;
/// Sessions of a rolling window.
pub(crate) const WINDOW: usize = 63;
/// Trades marked in a chart of prices at most.
const MARKED: usize = 3000;

fn along(axis: &Axis, values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    values.enumerate().map(|(mark, value)| (axis.at(mark), value)).collect()
}

fn scaled(points: Vec<(f64, f64)>, scale: &Scale) -> Vec<(f64, f64)> {
    let scaled = points.into_iter().map(|(x, y)| (x, scale.y(y)));
    thin(scaled.collect(), POINTS)
}

pub(super) fn equity(report: &BacktestReport, judgement: &Judgement, axis: &Axis) -> String {
    let start = report.start.to_f64();
    let ours = along(axis, axis.equity.iter().copied());
    let theirs: Option<Vec<(f64, f64)>> = judgement.benchmark.as_ref().map(|(_, series)| {
        let values = series.values().iter().map(|value| value * start);
        if axis.is_daily {
            return along(axis, values).into_iter().collect();
        }
        let times = report.daily.iter().map(|day| axis.x(day.time));
        std::iter::once(0.0).chain(times).zip(values).collect()
    });
    let all = ours.iter().chain(theirs.iter().flatten()).map(|(_, y)| *y);
    let (low, high) = bounds(all).unwrap_or((0.0, 1.0));
    let scale = Scale::wide(low, high, 300.0);
    let (mut drawing, y_labels) = grid(&scale, tick);
    drawing.push_str(&rule("base", scale.y(start)));
    let mut legend = vec![("k-ours", report.strategy.clone())];
    if let Some((theirs, (name, _))) = theirs.zip(judgement.benchmark.as_ref()) {
        drawing.push_str(&path("theirs", &line(&scaled(theirs, &scale))));
        legend.push(("k-theirs", name.clone()));
    }
    let ours = scaled(ours, &scale);
    drawing.push_str(&path("under", &area(&ours, 300.0)));
    drawing.push_str(&path("ours", &line(&ours)));
    let log = if scale.is_log() { ", logarithmic" } else { "" };
    Plot {
        title: &format!("Equity, USD{log}"),
        tells: format!("Equity from {start:.0} to {} USD", report.equity),
        legend,
        height: 300.0,
        drawing,
        y_labels,
        x_labels: axis.labels(),
        note: String::new(),
    }
    .html()
}

pub(super) fn drawdown(axis: &Axis) -> String {
    let depths = depths(&axis.equity);
    let deepest = depths.iter().copied().fold(0.0, f64::max);
    let scale = Scale::exact(-(deepest * 1.08).max(0.001), 0.0, 120.0);
    let (mut drawing, y_labels) = grid(&scale, percent_tick);
    let points = scaled(along(axis, depths.iter().map(|depth| -depth)), &scale);
    drawing.push_str(&path("loss-under", &area(&points, 0.0)));
    drawing.push_str(&path("loss-line", &line(&points)));
    Plot {
        title: "Drawdown from the highest equity",
        tells: format!("The deepest is {}", percent(deepest)),
        legend: Vec::new(),
        height: 120.0,
        drawing,
        y_labels,
        x_labels: axis.labels(),
        note: String::new(),
    }
    .html()
}

pub(super) fn price(
    report: &BacktestReport,
    axis: &Axis,
    (symbol, sketch): &(String, PriceSketch),
) -> String {
    let spread =
        sketch.buckets.iter().flat_map(|bucket| [bucket.low.to_f64(), bucket.high.to_f64()]);
    let Some((low, high)) = bounds(spread) else {
        return String::new();
    };
    let scale = Scale::wide(low, high, 260.0);
    let (mut drawing, y_labels) = grid(&scale, tick);
    let at = |pick: fn(&crate::PriceBucket) -> kernel::Price| {
        let points = sketch.buckets.iter();
        points
            .map(|bucket| (axis.x(bucket.time), scale.y(pick(bucket).to_f64())))
            .collect::<Vec<_>>()
    };
    let (highs, mut lows) = (at(|bucket| bucket.high), at(|bucket| bucket.low));
    lows.reverse();
    let band: Vec<(f64, f64)> = highs.into_iter().chain(lows).collect();
    drawing.push_str(&path("band", &format!("{}Z", line(&band))));
    drawing.push_str(&path("price", &line(&at(|bucket| bucket.close))));
    let own = report.trades.iter().filter(|trade| trade.symbol == *symbol);
    let (mut bought, mut sold, mut count) = (Vec::new(), Vec::new(), 0);
    for trade in own {
        count += 1;
        if count > MARKED {
            continue;
        }
        let mark = |time, price: kernel::Price| (axis.x(time), scale.y(price.to_f64()));
        let entry = mark(trade.entry_time, trade.entry_price);
        let exit = mark(trade.exit_time, trade.exit_price);
        let (buys, sells) = match trade.side {
            Side::Buy => (entry, exit),
            Side::Sell => (exit, entry),
        };
        bought.push(buys);
        sold.push(sells);
    }
    drawing.push_str(&path("dot bought", &dots(&bought)));
    drawing.push_str(&path("dot sold", &dots(&sold)));
    let log = if scale.is_log() { ", logarithmic" } else { "" };
    let rest = if count > MARKED {
        format!("The first {MARKED} of {count} trades are marked.")
    } else {
        String::new()
    };
    Plot {
        title: &format!("{symbol}, USD{log}"),
        tells: format!("Prices of {symbol} with {count} closed trades"),
        legend: vec![("k-bought", "bought".into()), ("k-sold", "sold".into())],
        height: 260.0,
        drawing,
        y_labels,
        x_labels: axis.labels(),
        note: rest,
    }
    .html()
}

pub(super) fn exposure(report: &BacktestReport, axis: &Axis) -> String {
    let share = |day: &crate::DailyPoint| {
        let equity = day.equity.to_f64();
        if equity > 0.0 { day.gross.to_f64() / equity } else { 0.0 }
    };
    let points = report.daily.iter().map(|day| (axis.x(day.time), share(day)));
    let points: Vec<(f64, f64)> = std::iter::once((0.0, 0.0)).chain(points).collect();
    let most = points.iter().map(|(_, y)| *y).fold(0.0, f64::max);
    let scale = Scale::exact(0.0, (most * 1.08).max(0.01), 100.0);
    let (mut drawing, y_labels) = grid(&scale, percent_tick);
    let points = scaled(points, &scale);
    drawing.push_str(&path("under", &area(&points, 100.0)));
    drawing.push_str(&path("ours thin", &line(&points)));
    Plot {
        title: "Exposure: positions at the end of the session, of equity",
        tells: format!("The largest is {}", percent(most)),
        legend: Vec::new(),
        height: 100.0,
        drawing,
        y_labels,
        x_labels: axis.labels(),
        note: String::new(),
    }
    .html()
}

/// Rolling Sharpe and beta; a sentence when the run is too short for them.
pub(super) fn rolling(report: &BacktestReport, judgement: &Judgement, axis: &Axis) -> String {
    let series = judgement.series.as_ref().ok().filter(|series| series.len() > WINDOW);
    let Some(series) = series else {
        return format!(
            "<figure><figcaption><h3>Rolling Sharpe and beta</h3></figcaption>\
             <p class=\"empty\">They need more than {WINDOW} sessions.</p></figure>\n"
        );
    };
    let rate = report.convention.risk_free_rate;
    let sharpe = rolling_sharpe(series, WINDOW, rate);
    let mut html = rolled(report, axis, "Sharpe", &sharpe, 0.0);
    match &judgement.benchmark {
        Some((_, benchmark)) => {
            let beta = rolling_beta(series, benchmark, WINDOW);
            html.push_str(&rolled(report, axis, "beta", &beta, 1.0));
        }
        None => html.push_str("<p class=\"empty\">No beta without a benchmark.</p>"),
    }
    html
}

fn rolled(
    report: &BacktestReport,
    axis: &Axis,
    name: &str,
    values: &[Option<f64>],
    base: f64,
) -> String {
    let known = values.iter().flatten().copied().chain([base]);
    let (low, high) = bounds(known).unwrap_or((0.0, 1.0));
    let scale = Scale::new(low, high, 130.0);
    let (mut drawing, y_labels) = grid(&scale, tick);
    drawing.push_str(&rule("base", scale.y(base)));
    let days = report.daily.iter().zip(values);
    let points = days.filter_map(|(day, value)| Some((axis.x(day.time), scale.y((*value)?))));
    drawing.push_str(&path("ours thin", &line(&thin(points.collect(), POINTS))));
    Plot {
        title: &format!("Rolling {name}, {WINDOW} sessions"),
        tells: format!("Between {low:.2} and {high:.2}"),
        legend: Vec::new(),
        height: 130.0,
        drawing,
        y_labels,
        x_labels: axis.labels(),
        note: String::new(),
    }
    .html()
}
