//! Drawings without time: distribution, trades, months.

use super::format::{grouped, percent, signed_percent, tick};
use super::plot::{Plot, bounds, grid, percent_tick};
use super::svg::{Scale, WIDTH, dots, escape, path, rule, upright};
use crate::Judgement;
use crate::dates::date_of_count;
use crate::statistics::{ClosedTrade, Spread, deviation, histogram, mean, normal, period_returns};
use std::fmt::Write;

/// Dots of a scatter at most.
const DOTS: usize = 4000;

pub(super) fn distribution(judgement: &Judgement) -> String {
    let Ok(series) = &judgement.series else {
        return empty("Distribution of returns", "There are no returns.");
    };
    let returns = series.returns();
    let Some(bins) = histogram(returns) else {
        return empty("Distribution of returns", "Every return is zero.");
    };
    let widest = bins.first().map_or(0.0, |bin| -bin.from);
    let step = 2.0 * widest / bins.len() as f64;
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1);
    let scale = Scale::exact(0.0, f64::from(most) * 1.06, 200.0);
    let x = |value: f64| (value + widest) / (2.0 * widest) * WIDTH;
    let (mut drawing, y_labels) = grid(&scale, tick);
    for bin in &bins {
        let class = match (bin.from + step / 2.0) / step {
            -0.25..0.25 => "bar zero",
            ..0.0 => "bar loss",
            _ => "bar gain",
        };
        let (from, to) = (x(bin.from) + 1.5, x(bin.to) - 1.5);
        let top = scale.y(f64::from(bin.count));
        drawing.push_str(&path(class, &format!("M{from:.1} 200V{top:.1}H{to:.1}V200Z")));
    }
    if let (Ok(center), Ok(spread)) = (mean(returns), deviation(returns, Spread::Sample))
        && spread > 0.0
    {
        let curve = (0..=120_u32).map(|n| {
            let value = -widest + 2.0 * widest * f64::from(n) / 120.0;
            let height = normal::density((value - center) / spread) / spread;
            (x(value), scale.y(height * step * returns.len() as f64))
        });
        drawing.push_str(&path("theirs", &super::svg::line(&curve.collect::<Vec<_>>())));
    }
    let tail = judgement.get("var_95");
    drawing.push_str(&tail.map_or(String::new(), |var| upright("mark", x(var), 200.0)));
    let labels = Scale::exact(-widest, widest, 400.0);
    let (_, x_labels) = grid(&labels, percent_tick);
    let note = tail.map_or(String::new(), |var| {
        format!("One session in twenty was worse than {} (dashed).", percent(var))
    });
    Plot {
        title: "Distribution of returns by the session",
        tells: format!("{} returns up to {}", returns.len(), percent(widest)),
        legend: vec![("k-theirs", "normal distribution".into())],
        height: 200.0,
        drawing,
        y_labels,
        x_labels: x_labels.into_iter().map(|(share, text)| (1.0 - share, text)).collect(),
        note,
    }
    .html()
}

/// Profit over how long each trade was held, and over its worst mark.
pub(super) fn trades(trades: &[ClosedTrade]) -> String {
    if trades.is_empty() {
        return empty("Trades", "No trade was closed.");
    }
    let longest = trades.iter().map(|trade| trade.seconds).fold(0.0, f64::max);
    let (seconds, unit) = match longest {
        172_800.0.. => (86_400.0, "days"),
        7_200.0.. => (3_600.0, "hours"),
        120.0.. => (60.0, "minutes"),
        _ => (1.0, "seconds"),
    };
    let held = scatter(
        "Profit by time held",
        trades,
        |trade| trade.seconds / seconds,
        tick,
        &format!("{unit} from entry to exit"),
    );
    let worst = scatter(
        "Profit by worst mark (MAE)",
        trades,
        |trade| if trade.entry_value > 0.0 { -trade.worst / trade.entry_value } else { 0.0 },
        percent_tick,
        "deepest loss while open, of what was entered",
    );
    format!("<div class=\"pair\">{held}{worst}</div>")
}

fn scatter(
    title: &str,
    trades: &[ClosedTrade],
    across: impl Fn(&ClosedTrade) -> f64,
    write: impl Fn(f64, f64) -> String,
    below: &str,
) -> String {
    let shown = trades.iter().take(DOTS);
    let points: Vec<(f64, f64)> = shown.map(|trade| (across(trade), trade.share())).collect();
    let (low, high) = bounds(points.iter().map(|(_, y)| *y).chain([0.0])).unwrap_or((0.0, 1.0));
    let most = points.iter().map(|(x, _)| *x).fold(0.0, f64::max) * 1.05;
    let scale = Scale::new(low, high, 220.0);
    let right = Scale::exact(0.0, most.max(1e-6), 260.0);
    let (mut drawing, y_labels) = grid(&scale, percent_tick);
    drawing.push_str(&rule("base", scale.y(0.0)));
    let place = |(x, y): &(f64, f64)| ((1.0 - right.share(*x)) * WIDTH, scale.y(*y));
    let (won, lost): (Vec<_>, Vec<_>) = points.iter().partition(|(_, y)| *y > 0.0);
    for (class, some) in [("dot gain", won), ("dot loss", lost)] {
        drawing.push_str(&path(class, &dots(&some.iter().map(place).collect::<Vec<_>>())));
    }
    let (_, x_labels) = grid(&right, write);
    let rest = match trades.len() {
        count if count > DOTS => format!("; the first {DOTS} of {count} trades"),
        _ => String::new(),
    };
    Plot {
        title,
        tells: format!("{} trades", trades.len()),
        legend: Vec::new(),
        height: 220.0,
        drawing,
        y_labels,
        x_labels: x_labels.into_iter().map(|(share, text)| (1.0 - share, text)).collect(),
        note: format!("Across: {}{rest}.", escape(below)),
    }
    .html()
}

/// Returns by month and year.
pub(super) fn months(judgement: &Judgement) -> String {
    let Ok(series) = &judgement.series else {
        return empty("Returns by month", "There are no returns.");
    };
    let months = period_returns(series, |day| date_of_count(day) / 100);
    let years = period_returns(series, |day| date_of_count(day) / 10_000);
    let widest = months.iter().map(|month| month.value.abs()).fold(0.0, f64::max).max(1e-9);
    let mut rows = String::new();
    for year in years.iter().rev() {
        let _ = write!(rows, "<tr><th scope=\"row\">{}</th>", year.period);
        for month in 1..=12 {
            let found = months.iter().find(|found| found.period == year.period * 100 + month);
            rows.push_str(&found.map_or("<td></td>".into(), |found| cell(found.value, widest)));
        }
        let class = if year.value < 0.0 { "total neg" } else { "total" };
        let _ = write!(rows, "<td class=\"{class}\">{}</td></tr>", short(year.value));
    }
    let names =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let head: String = names.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    format!(
        "<figure><figcaption><h3>Returns by month, %</h3></figcaption>\
         <div class=\"scroll\"><table class=\"heat\"><thead><tr><th></th>{head}\
         <th scope=\"col\">Year</th></tr></thead><tbody>{rows}</tbody></table></div></figure>\n"
    )
}

fn cell(value: f64, widest: f64) -> String {
    // The root lets small months be seen beside a large one.
    let strength = ((value.abs() / widest).sqrt() * 70.0).round();
    let color = if value < 0.0 { "loss" } else { "gain" };
    format!(
        "<td style=\"background:color-mix(in srgb,var(--{color}) {strength}%,transparent)\" \
         title=\"{}\">{}</td>",
        signed_percent(value),
        short(value)
    )
}

/// Percent without its sign, for a narrow cell.
fn short(value: f64) -> String {
    let percent = value * 100.0;
    grouped(percent, if percent.abs() >= 100.0 { 0 } else { 1 })
}

fn empty(title: &str, why: &str) -> String {
    format!(
        "<figure><figcaption><h3>{title}</h3></figcaption><p class=\"empty\">{why}</p></figure>\n"
    )
}
