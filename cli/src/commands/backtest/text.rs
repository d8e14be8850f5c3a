//! A finished run on a terminal.

use crate::commands::accounts;
use crate::figures::{counted, date_time, exact, signed};
use backtest::statistics::{Group, Metric, Unit};
use backtest::{BacktestReport, Judgement, ModelLine, StrategyLine, TradeRow};
use exchange::Financing;
use kernel::Cash;
use std::path::Path;

/// Trades listed at most.
const LISTED: usize = 20;
/// Columns and lines of the curve.
const CURVE: (usize, usize) = (64, 7);

/// The summary; the curve is for people only.
pub fn text(
    report: &BacktestReport,
    judgement: &Judgement,
    folder: Option<&Path>,
    on_terminal: bool,
) -> String {
    let mut lines = vec![format!(
        "{} on {}: {} from {} to {} UTC",
        report.strategy,
        report.symbols.join(" "),
        counted(report.data.bars, "bar"),
        date_time(report.data.first),
        date_time(report.data.last)
    )];
    if on_terminal {
        lines.extend(curve(report));
    }
    lines.extend(trades(&report.trades));
    lines.extend(strategies(&report.strategies));
    if !report.accounts.is_empty() {
        lines.push(String::new());
        lines.extend(accounts::table(&report.accounts, None));
    }
    lines.push(String::new());
    lines.push(judgement.verdict.clone());
    lines.extend(judgement.notes.iter().map(|note| format!("note: {note}")));
    lines.push(String::new());
    lines.extend(
        rows(report, judgement).into_iter().map(|(label, text)| format!("{label:9} {text}")),
    );
    if let Some(folder) = folder {
        lines.push(format!("{:9} {}", "report", folder.join("report.html").display()));
    }
    lines.join("\n") + "\n"
}

fn trades(trades: &[TradeRow]) -> Vec<String> {
    let mut lines = Vec::new();
    if !trades.is_empty() {
        lines.push(format!(
            "\n{:10} {:4} {:>8}  {:19} {:>12}  {:19} {:>12} {:>14}",
            "symbol", "side", "shares", "entry UTC", "price", "exit UTC", "price", "profit USD"
        ));
    }
    lines.extend(trades.iter().take(LISTED).map(|trade| {
        format!(
            "{:10} {:4} {:>8}  {:19} {:>12}  {:19} {:>12} {:>14}",
            trade.symbol,
            trade.side.as_str(),
            trade.qty.to_string(),
            date_time(trade.entry_time),
            exact(trade.entry_price),
            date_time(trade.exit_time),
            exact(trade.exit_price),
            signed(exact(trade.pnl))
        )
    }));
    if trades.len() > LISTED {
        lines
            .push(format!("... and {} more: --trades FILE writes them all", trades.len() - LISTED));
    }
    lines
}

/// What each of several strategies did.
fn strategies(all: &[StrategyLine]) -> Vec<String> {
    let mut lines = Vec::new();
    if !all.is_empty() {
        lines.push(format!(
            "\n{:16} {:>8} {:>8} {:>8} {:>8} {:>8} {:>14} {:>12}",
            "strategy", "orders", "denied", "fills", "trades", "shared", "profit USD", "fees USD"
        ));
    }
    lines.extend(all.iter().map(|one| {
        format!(
            "{:16} {:>8} {:>8} {:>8} {:>8} {:>8} {:>14} {:>12}",
            one.label,
            one.orders,
            one.denied,
            one.fills,
            one.trades,
            one.shared,
            signed(exact(one.pnl)),
            exact(one.fees)
        )
    }));
    lines
}

fn rows(report: &BacktestReport, judgement: &Judgement) -> Vec<(&'static str, String)> {
    let share = |share: f64| signed(format!("{:.4} %", share * 100.0));
    let said = |names: &[&str]| {
        let named = names.iter().filter_map(|name| {
            let metric = judgement.figures.iter().find(|metric| metric.name == *name)?;
            (metric.group != Group::Benchmark || metric.value.is_ok()).then(|| told(metric))
        });
        named.collect::<Vec<_>>().join(", ")
    };
    let against = said(&["benchmark_return", "alpha", "beta"]);
    let tried = counted(report.trials, "trial");
    let luck = format!("{} after {tried}", said(&["psr", "min_track_record", "dsr"]));
    let mut rows = vec![
        ("return", report.total_return.map_or_else(|| "-".into(), share)),
        ("growth", said(&["cagr", "volatility", "max_drawdown"])),
        ("ratios", said(&["sharpe", "sortino", "calmar"])),
        ("luck", luck),
        ("against", against),
        ("equity", format!("{} USD", exact(report.equity))),
        ("cash", format!("{} USD", exact(report.cash))),
        ("fees", format!("{} USD", exact(report.fees))),
        ("borrowing", borrowing(&report.financing)),
        ("dividends", format!("{} USD", exact(report.dividends))),
        ("trades", format!("{} closed, {}", report.trades.len(), counted(report.fills, "fill"))),
        ("of these", said(&["win_rate", "profit_factor", "expectancy"])),
        ("activity", said(&["exposure", "turnover"])),
        ("models", report.models.iter().map(ModelLine::counts).collect::<Vec<_>>().join("; ")),
        ("by", format!("{}, A = {}", report.convention.name, report.convention.periods_per_year)),
        ("speed", format!("{:.0} bars a second", report.bars_per_second)),
        ("events", report.events_hash.clone()),
        ("run", report.run.clone()),
    ];
    if report.trades.is_empty() {
        rows.retain(|(label, _)| *label != "of these");
    }
    if report.rules.corporate_actions.is_none() {
        rows.retain(|(label, _)| *label != "dividends");
    }
    rows.retain(|(_, text)| !text.is_empty());
    rows
}

/// What borrowing has cost; nothing where it was free.
fn borrowing(financing: &Financing) -> String {
    let Financing { borrow_fees, margin_interest, accrued, .. } = *financing;
    if [borrow_fees, margin_interest, accrued] == [Cash::ZERO; 3] {
        return String::new();
    }
    let (shares, cash) = (exact(borrow_fees), exact(margin_interest));
    format!("{shares} USD for shares, {cash} USD for cash, {} USD accrued", exact(accrued))
}

/// A figure with its name; a dash when it is undefined.
fn told(metric: &Metric) -> String {
    let label = match metric.name {
        "psr" => "P(Sharpe > 0)".to_owned(),
        _ => metric.label.to_owned(),
    };
    let Ok(value) = metric.value else {
        return format!("{label} -");
    };
    match metric.unit {
        Unit::Share => format!("{label} {:.2} %", value * 100.0),
        Unit::Usd => format!("{label} {value:.2} USD"),
        Unit::Count => format!("{label} {value:.0}"),
        _ => format!("{label} {value:.3}"),
    }
}

/// Equity over time.
fn curve(report: &BacktestReport) -> Vec<String> {
    let points = report.samples.iter().map(|point| point.equity.to_f64());
    let values: Vec<f64> = std::iter::once(report.start.to_f64()).chain(points).collect();
    let drawn = backtest::braille(&values, CURVE.0, CURVE.1);
    let high = values.iter().copied().fold(f64::MIN, f64::max);
    let low = values.iter().copied().fold(f64::MAX, f64::min);
    let last = drawn.len().saturating_sub(1);
    let labelled = drawn.into_iter().enumerate().map(|(row, line)| {
        let label = match row {
            0 => format!("{high:.0}"),
            row if row == last => format!("{low:.0}"),
            _ => String::new(),
        };
        format!("{label:>10} {line}")
    });
    std::iter::once(String::new()).chain(labelled).collect()
}
