//! Tables: metrics, conventions, drawdowns, trades, manifest.

use super::format::{figure, grouped, percent};
use super::svg::escape;
use crate::dates::{date_of_count, written};
use crate::statistics::{CONVENTIONS, Group, Metric, drawdowns};
use crate::{BacktestReport, Judgement, ModelLine, StrategyLine, TradeRow};
use kernel::{AccountLine, Cash};
use std::fmt::Write;

/// Trades listed at most.
const LISTED: usize = 500;

/// Every figure with its definition, or why it is undefined.
pub(super) fn metrics(judgement: &Judgement) -> String {
    let mut html = String::from("<div class=\"metrics\">");
    for group in Group::ALL {
        let own = judgement.figures.iter().filter(|metric| metric.group == group);
        let rows: String = own.map(metric_row).collect();
        let _ = write!(
            html,
            "<section class=\"group\"><h3>{}</h3><table class=\"figures\"><tbody>{rows}</tbody></table></section>",
            group.title()
        );
    }
    html.push_str("</div>\n");
    html
}

fn metric_row(metric: &Metric) -> String {
    let explained = match &metric.value {
        Ok(_) => escape(&metric.formula),
        Err(reason) => format!("undefined: {}", escape(&reason.to_string())),
    };
    let sign = match &metric.value {
        Ok(value) if *value < 0.0 => " class=\"neg\"",
        _ => "",
    };
    format!(
        "<tr><th scope=\"row\">{}<small>{explained}</small></th><td{sign}>{}</td></tr>",
        metric.label,
        figure(metric)
    )
}

/// The same returns as other systems would tell them.
pub(super) fn conventions(report: &BacktestReport, judgement: &Judgement) -> String {
    let names = [
        "sharpe",
        "sortino",
        "cagr",
        "volatility",
        "max_drawdown",
        "calmar",
        "profit_factor",
        "win_rate",
    ];
    let mut rows = String::new();
    let mut head = String::new();
    for convention in &CONVENTIONS {
        let figures = judgement.by(convention);
        let chosen: Vec<&Metric> =
            names.iter().filter_map(|name| figures.iter().find(|m| m.name == *name)).collect();
        if head.is_empty() {
            head = chosen.iter().map(|m| format!("<th scope=\"col\">{}</th>", m.label)).collect();
        }
        let cells: String = chosen.iter().map(|m| format!("<td>{}</td>", figure(m))).collect();
        let class = if convention.name == report.convention.name { " class=\"own\"" } else { "" };
        let _ = write!(
            rows,
            "<tr{class}><th scope=\"row\">{}<small>{}</small></th>{cells}</tr>",
            convention.name,
            escape(convention.system)
        );
    }
    format!(
        "<div class=\"scroll\"><table class=\"wide\"><thead><tr><th></th>{head}</tr></thead>\
         <tbody>{rows}</tbody></table></div>\n"
    )
}

/// The deepest drawdowns.
pub(super) fn falls(judgement: &Judgement) -> String {
    let Ok(series) = &judgement.series else {
        return String::new();
    };
    let mut all = drawdowns(series.values());
    all.sort_by(|one, other| other.depth.total_cmp(&one.depth));
    let days = series.days();
    let date = |place: usize| days.get(place).map_or(String::new(), |d| written(date_of_count(*d)));
    let rows: String = all
        .iter()
        .take(5)
        .map(|fall| {
            let end = fall.recovery.unwrap_or(days.len().saturating_sub(1));
            let length = days.get(end).zip(days.get(fall.peak)).map_or(0, |(end, peak)| end - peak);
            let until = fall.recovery.map_or("not yet".into(), date);
            format!(
                "<tr><td class=\"neg\">\u{2212}{}</td><td>{}</td><td>{}</td><td>{until}</td><td>{} d</td></tr>",
                percent(fall.depth),
                date(fall.peak),
                date(fall.trough),
                grouped(f64::from(length), 0)
            )
        })
        .collect();
    if rows.is_empty() {
        return "<p class=\"empty\">Equity never fell.</p>".into();
    }
    format!(
        "<figure><figcaption><h3>Deepest drawdowns</h3></figcaption><div class=\"scroll\">\
         <table class=\"wide\"><thead><tr><th>Depth</th><th>Peak</th><th>Trough</th>\
         <th>Recovered</th><th>Length</th></tr></thead><tbody>{rows}</tbody></table></div></figure>\n"
    )
}

/// What each of several strategies did; nothing for one alone.
pub(super) fn strategies(report: &BacktestReport) -> String {
    let row = |one: &StrategyLine| {
        let sign = if one.pnl.is_negative() { " class=\"neg\"" } else { "" };
        format!(
            "<tr><th scope=\"row\">{}<small>{}</small></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td{sign}>{}</td><td>{}</td></tr>",
            escape(&one.label),
            escape(&one.strategy),
            one.orders,
            one.denied,
            one.fills,
            one.trades,
            one.shared,
            grouped(one.pnl.to_f64(), 2),
            grouped(one.fees.to_f64(), 2),
        )
    };
    let rows: String = report.strategies.iter().map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<figure><figcaption><h3>Strategies in this account</h3></figcaption><div class=\"scroll\">\
         <table class=\"wide\"><thead><tr><th></th><th>Orders</th><th>Denied</th><th>Fills</th>\
         <th>Trades</th><th>Shared</th><th>Profit</th><th>Fees</th></tr></thead><tbody>{rows}</tbody>\
         </table></div></figure>\n"
    )
}

/// What each virtual account has come to; nothing where none are kept.
pub(super) fn accounts(report: &BacktestReport) -> String {
    let usd = |amount: Cash| {
        let sign = if amount.is_negative() { " class=\"neg\"" } else { "" };
        format!("<td{sign}>{}</td>", grouped(amount.to_f64(), 2))
    };
    let row = |one: &AccountLine| {
        let held = one.positions.iter().map(|held| format!("{} {}", held.qty, held.symbol));
        format!(
            "<tr><th scope=\"row\">{}</th>{}{}{}{}{}{}<td>{}</td></tr>",
            escape(&one.account),
            one.capital.map_or_else(|| "<td></td>".into(), usd),
            usd(one.cash),
            usd(one.equity),
            usd(one.realised),
            usd(one.unrealised),
            usd(one.fees),
            escape(&held.collect::<Vec<_>>().join(", ")),
        )
    };
    let rows: String = report.accounts.iter().map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<figure><figcaption><h3>Virtual accounts</h3></figcaption><div class=\"scroll\">\
         <table class=\"wide\"><thead><tr><th></th><th>Capital</th><th>Cash</th><th>Equity</th>\
         <th>Realised</th><th>Unrealised</th><th>Fees</th><th>Holds</th></tr></thead><tbody>{rows}\
         </tbody></table></div></figure>\n"
    )
}

/// What trading and borrowing cost, and what was paid on what was held.
pub(super) fn costs(report: &BacktestReport) -> String {
    let financing = &report.financing;
    let lines = [
        ("Fees and commissions", report.fees),
        ("Borrowed shares", financing.borrow_fees),
        ("Borrowed cash", financing.margin_interest),
        ("Accrued, not posted yet", financing.accrued),
        ("Dividends", report.dividends),
    ];
    let row = |(label, usd): &(&str, Cash)| {
        format!("<tr><th scope=\"row\">{label}</th><td>{}</td></tr>", grouped(usd.to_f64(), 2))
    };
    // Whoever trades wants to see that it was free.
    let is_shown =
        |(place, (_, usd)): &(usize, &(&str, Cash))| *place == 0 || usd.to_f64().abs() >= 0.005;
    let told = lines.iter().enumerate().filter(is_shown);
    let rows: String = told.map(|(_, line)| row(line)).collect();
    format!(
        "<figure><figcaption><h3>Costs and dividends, USD</h3></figcaption>\
         <table class=\"figures\"><tbody>{rows}</tbody></table></figure>\n"
    )
}

/// The closed trades.
pub(super) fn trades(report: &BacktestReport) -> String {
    let rows: String = report.trades.iter().take(LISTED).map(trade_row).collect();
    if rows.is_empty() {
        return "<p class=\"empty\">No trade was closed.</p>".into();
    }
    let count = report.trades.len();
    let rest = if count > LISTED {
        format!(
            "<p class=\"note\">The first {LISTED} of {count}; all of them are in trades.csv.</p>"
        )
    } else {
        String::new()
    };
    format!(
        "<details><summary>{count} closed trades</summary><div class=\"scroll\">\
         <table class=\"wide\"><thead><tr><th>Symbol</th><th>Side</th><th>Shares</th><th>Entry, UTC</th>\
         <th>Price</th><th>Exit, UTC</th><th>Price</th><th>Profit</th><th>Fees</th><th>MAE</th>\
         <th>MFE</th></tr></thead><tbody>{rows}</tbody></table></div>{rest}</details>\n"
    )
}

fn trade_row(trade: &TradeRow) -> String {
    let time = |time: kernel::Timestamp| {
        let text = time.to_string();
        text.get(..16).unwrap_or(&text).replace('T', " ")
    };
    let sign = if trade.pnl.is_negative() { " class=\"neg\"" } else { "" };
    let money = |cash: Cash| grouped(cash.to_f64(), 2);
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td{sign}>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        escape(&trade.symbol),
        trade.side.as_str(),
        trade.qty,
        time(trade.entry_time),
        trade.entry_price,
        time(trade.exit_time),
        trade.exit_price,
        money(trade.pnl),
        money(trade.fees),
        money(trade.mae),
        money(trade.mfe),
    )
}

/// What it takes to run it again.
pub(super) fn manifest(report: &BacktestReport) -> String {
    let params: Vec<String> =
        report.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let data = format!(
        "{} rows from {} to {}",
        grouped(report.data.bars as f64, 0),
        report.data.first,
        report.data.last
    );
    let models: Vec<String> = report.models.iter().map(ModelLine::counts).collect();
    let mut rows = vec![
        ("Run", report.run.clone()),
        ("Strategy", report.strategy.clone()),
        ("Parameters", params.join(", ")),
        ("Symbols", report.symbols.join(", ")),
        ("Data", data),
        ("Digest of the data", report.data.hash.clone()),
        ("Digest of the events", report.events_hash.clone()),
        ("Feed, adjustment", format!("{}, {}", report.manifest.feed, report.manifest.adjustment)),
        ("Build", report.manifest.build.clone()),
        ("Seed", report.manifest.seed.to_string()),
    ];
    if !models.is_empty() {
        rows.push(("Models", models.join("; ")));
    }
    let rows: String = rows
        .iter()
        .map(|(name, text)| {
            format!("<tr><th scope=\"row\">{name}</th><td><code>{}</code></td></tr>", escape(text))
        })
        .collect();
    let rules = serde_json::to_string_pretty(&report.manifest.rules).unwrap_or_default();
    let config = serde_json::to_string_pretty(&report.manifest.config).unwrap_or_default();
    format!(
        "<table class=\"manifest\"><tbody>{rows}</tbody></table>\
         <details><summary>Rules of the venue and of risk</summary><pre>{}</pre></details>\
         <details><summary>Configuration</summary><pre>{}</pre></details>\n",
        escape(&rules),
        escape(&config)
    )
}
