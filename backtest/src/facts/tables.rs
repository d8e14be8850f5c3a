//! What a report tells, table by table.

use super::{FactColumn, FactTable, FactValues};
use crate::dates::{date_of_count, written};
use crate::html::{WINDOW, curve};
use crate::statistics::{
    CONVENTIONS, Metric, depths, drawdowns, histogram, period_returns, rolling_beta, rolling_sharpe,
};
use crate::{BacktestReport, Judgement, PriceSketch};
use kernel::Timestamp;

/// Every fact of the report of a judged run.
pub fn fact_tables(
    report: &BacktestReport,
    judgement: &Judgement,
    prices: &[(String, PriceSketch)],
) -> Vec<FactTable> {
    vec![
        run(report),
        metrics("metrics", None, &judgement.figures),
        conventions(judgement),
        sessions(report, judgement),
        equity_curve(report),
        falls(judgement),
        periods("months", judgement, 100),
        periods("years", judgement, 10_000),
        distribution(judgement),
        rolling(report, judgement),
        trades(report),
        positions(report),
        drawn(prices),
    ]
}

fn table<const N: usize>(
    name: &'static str,
    columns: [(&'static str, FactValues); N],
) -> FactTable {
    let column = |(name, values)| FactColumn { name, values };
    FactTable { name, columns: columns.into_iter().map(column).collect() }
}

fn texts(values: impl IntoIterator<Item = impl Into<String>>) -> FactValues {
    FactValues::Text(values.into_iter().map(|text| Some(text.into())).collect())
}

fn numbers(values: impl IntoIterator<Item = f64>) -> FactValues {
    // What is not finite is no figure.
    FactValues::Number(values.into_iter().map(|it| Some(it).filter(|it| it.is_finite())).collect())
}

fn decimals(values: impl IntoIterator<Item = i64>) -> FactValues {
    FactValues::Decimal(values.into_iter().map(Some).collect())
}

/// What ran, what it came to and what it takes to run it again: names and values.
fn run(report: &BacktestReport) -> FactTable {
    let orders = &report.orders;
    let mut rows = vec![
        ("run".to_owned(), report.run.clone()),
        ("strategy".into(), report.strategy.clone()),
        ("symbols".into(), report.symbols.join(",")),
        ("verdict".into(), report.verdict.clone()),
        ("first".into(), report.data.first.to_string()),
        ("last".into(), report.data.last.to_string()),
        ("rows".into(), report.data.bars.to_string()),
        ("data_hash".into(), report.data.hash.clone()),
        ("events_hash".into(), report.events_hash.clone()),
        ("build".into(), report.manifest.build.clone()),
        ("feed".into(), report.manifest.feed.clone()),
        ("adjustment".into(), report.manifest.adjustment.clone()),
        ("seed".into(), report.manifest.seed.to_string()),
        ("convention".into(), report.convention.name.clone()),
        ("periods_per_year".into(), report.convention.periods_per_year.to_string()),
        ("risk_free_rate".into(), report.convention.risk_free_rate.to_string()),
        ("benchmark".into(), report.convention.benchmark.clone().unwrap_or_default()),
        ("start".into(), report.start.to_string()),
        ("cash".into(), report.cash.to_string()),
        ("equity".into(), report.equity.to_string()),
        ("fees".into(), report.fees.to_string()),
        ("accrued_fees".into(), report.accrued_fees.to_string()),
        ("dividends".into(), report.dividends.to_string()),
        ("traded".into(), report.activity.traded.to_string()),
        ("fills".into(), report.fills.to_string()),
        ("trials".into(), report.trials.to_string()),
    ];
    let counts = [
        ("sent", orders.sent),
        ("filled", orders.filled),
        ("canceled", orders.canceled),
        ("rejected", orders.rejected),
        ("denied", orders.denied),
        ("expired", orders.expired),
    ];
    rows.extend(counts.map(|(name, count)| (format!("orders.{name}"), count.to_string())));
    let params = report.params.iter();
    rows.extend(params.map(|(name, value)| (format!("param.{name}"), value.clone())));
    let config = report.manifest.config.iter();
    rows.extend(config.map(|(name, value)| (format!("config.{name}"), value.to_string())));
    rows.extend(report.models.iter().map(|model| ("model".to_owned(), model.counts())));
    rows.extend(report.notes.iter().map(|note| ("note".to_owned(), note.clone())));
    let rules = serde_json::to_string(&report.manifest.rules).unwrap_or_default();
    rows.push(("rules".into(), rules));
    let (names, values): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    table("run", [("name", texts(names)), ("value", texts(values))])
}

fn metrics(name: &'static str, convention: Option<&[String]>, all: &[Metric]) -> FactTable {
    let reason = |metric: &Metric| metric.value.as_ref().err().map(ToString::to_string);
    let mut columns = vec![
        ("metric", texts(all.iter().map(|metric| metric.name))),
        ("label", texts(all.iter().map(|metric| metric.label))),
        ("group", texts(all.iter().map(|metric| metric.group.title()))),
        ("value", FactValues::Number(all.iter().map(|it| it.value.clone().ok()).collect())),
        ("reason", FactValues::Text(all.iter().map(reason).collect())),
        ("formula", texts(all.iter().map(|metric| metric.formula.clone()))),
    ];
    if let Some(systems) = convention {
        columns.insert(0, ("convention", texts(systems.iter().cloned())));
    }
    let column = |(name, values)| FactColumn { name, values };
    FactTable { name, columns: columns.into_iter().map(column).collect() }
}

/// Every figure as every system would tell it.
fn conventions(judgement: &Judgement) -> FactTable {
    let (mut systems, mut all) = (Vec::new(), Vec::new());
    for convention in &CONVENTIONS {
        let figures = judgement.by(convention);
        systems.extend(figures.iter().map(|_| convention.name.to_owned()));
        all.extend(figures);
    }
    metrics("conventions", Some(&systems), &all)
}

/// Equity, drawdown, exposure and benchmark by the session; the first row is the start.
fn sessions(report: &BacktestReport, judgement: &Judgement) -> FactTable {
    let first = report.daily.first().map(|day| (day.date, report.data.first, report.start, 0));
    let days = report.daily.iter().map(|day| (day.date, day.time, day.equity, day.gross.nanos()));
    let rows: Vec<_> = first.into_iter().chain(days).collect();
    let equity: Vec<f64> = rows.iter().map(|(.., equity, _)| equity.to_f64()).collect();
    let steps = equity.iter().zip(equity.iter().skip(1));
    let returns = steps.map(|(before, after)| Some(after / before - 1.0).filter(|r| r.is_finite()));
    let returns = rows.first().map(|_| None).into_iter().chain(returns);
    let exposure = rows.iter().zip(&equity).map(|((.., gross), equity)| {
        if *equity > 0.0 { kernel::Cash::from_nanos(*gross).to_f64() / equity } else { 0.0 }
    });
    let benchmark = judgement.benchmark.as_ref().map(|(_, series)| series.values());
    let benchmark = (0..rows.len()).map(|row| benchmark.and_then(|all| all.get(row)).copied());
    table(
        "sessions",
        [
            ("date", texts(rows.iter().map(|(date, ..)| written(*date)))),
            ("time", FactValues::Time(rows.iter().map(|(_, time, ..)| *time).collect())),
            ("equity", decimals(rows.iter().map(|(.., equity, _)| equity.nanos()))),
            ("return", FactValues::Number(returns.collect())),
            ("drawdown", numbers(depths(&equity))),
            ("gross", decimals(rows.iter().map(|(.., gross)| *gross))),
            ("exposure", numbers(exposure)),
            ("benchmark", FactValues::Number(benchmark.collect())),
        ],
    )
}

/// The curve as it is drawn: by the session, or by some two thousand steps of a short run.
fn equity_curve(report: &BacktestReport) -> FactTable {
    let points = curve(report);
    let times: Vec<Timestamp> = points.iter().map(|point| point.time).collect();
    let equity: Vec<f64> = points.iter().map(|point| point.equity.to_f64()).collect();
    table(
        "equity",
        [
            ("time", FactValues::Time(times)),
            ("equity", decimals(points.iter().map(|point| point.equity.nanos()))),
            ("drawdown", numbers(depths(&equity))),
        ],
    )
}

/// Every drawdown, the deepest first.
fn falls(judgement: &Judgement) -> FactTable {
    let (values, days) = match &judgement.series {
        Ok(series) => (series.values(), series.days()),
        Err(_) => (&[][..], &[][..]),
    };
    let mut all = drawdowns(values);
    all.sort_by(|one, other| other.depth.total_cmp(&one.depth));
    let day = |place: usize| days.get(place).copied().unwrap_or_default();
    let date = |place: usize| written(date_of_count(day(place)));
    let ends = |end: Option<usize>| end.unwrap_or(days.len().saturating_sub(1));
    table(
        "drawdowns",
        [
            ("depth", numbers(all.iter().map(|fall| fall.depth))),
            ("peak", texts(all.iter().map(|fall| date(fall.peak)))),
            ("trough", texts(all.iter().map(|fall| date(fall.trough)))),
            ("recovered", FactValues::Text(all.iter().map(|it| it.recovery.map(date)).collect())),
            (
                "days",
                FactValues::Whole(
                    all.iter()
                        .map(|fall| i64::from(day(ends(fall.recovery)) - day(fall.peak)))
                        .collect(),
                ),
            ),
        ],
    )
}

/// Returns by the month (`yyyymm`) or the year (`yyyy`).
fn periods(name: &'static str, judgement: &Judgement, digits: u32) -> FactTable {
    let series = judgement.series.as_ref().ok();
    let all = series.map(|series| period_returns(series, |day| date_of_count(day) / digits));
    let all = all.unwrap_or_default();
    table(
        name,
        [
            ("period", FactValues::Whole(all.iter().map(|it| i64::from(it.period)).collect())),
            ("return", numbers(all.iter().map(|it| it.value))),
        ],
    )
}

/// How many sessions returned how much.
fn distribution(judgement: &Judgement) -> FactTable {
    let series = judgement.series.as_ref().ok();
    let bins = series.and_then(|series| histogram(series.returns())).unwrap_or_default();
    table(
        "distribution",
        [
            ("from", numbers(bins.iter().map(|bin| bin.from))),
            ("to", numbers(bins.iter().map(|bin| bin.to))),
            ("sessions", FactValues::Whole(bins.iter().map(|bin| i64::from(bin.count)).collect())),
        ],
    )
}

/// Sharpe ratio and beta over the last sessions; empty while there are too few.
fn rolling(report: &BacktestReport, judgement: &Judgement) -> FactTable {
    let series = judgement.series.as_ref().ok().filter(|series| series.len() > WINDOW);
    let rate = report.convention.risk_free_rate;
    let sharpe = series.map(|it| rolling_sharpe(it, WINDOW, rate)).unwrap_or_default();
    let benchmark = judgement.benchmark.as_ref();
    let beta = series.zip(benchmark).map(|(it, (_, other))| rolling_beta(it, other, WINDOW));
    let beta = beta.unwrap_or_else(|| vec![None; sharpe.len()]);
    let days = report.daily.iter().take(sharpe.len());
    table(
        "rolling",
        [
            ("date", texts(days.map(|day| written(day.date)))),
            ("sharpe", FactValues::Number(sharpe)),
            ("beta", FactValues::Number(beta)),
        ],
    )
}

/// Every closed trade.
fn trades(report: &BacktestReport) -> FactTable {
    let all = &report.trades;
    let held = |it: &crate::TradeRow| it.exit_time.since(it.entry_time).nanos() as f64 / 1e9;
    table(
        "trades",
        [
            ("symbol", texts(all.iter().map(|it| it.symbol.clone()))),
            ("side", texts(all.iter().map(|it| it.side.as_str()))),
            ("qty", decimals(all.iter().map(|it| it.qty.nanos()))),
            ("entry_time", FactValues::Time(all.iter().map(|it| it.entry_time).collect())),
            ("entry_price", decimals(all.iter().map(|it| it.entry_price.nanos()))),
            ("exit_time", FactValues::Time(all.iter().map(|it| it.exit_time).collect())),
            ("exit_price", decimals(all.iter().map(|it| it.exit_price.nanos()))),
            ("pnl", decimals(all.iter().map(|it| it.pnl.nanos()))),
            ("fees", decimals(all.iter().map(|it| it.fees.nanos()))),
            ("mae", decimals(all.iter().map(|it| it.mae.nanos()))),
            ("mfe", decimals(all.iter().map(|it| it.mfe.nanos()))),
            ("held_seconds", numbers(all.iter().map(held))),
        ],
    )
}

/// What is held at the end.
fn positions(report: &BacktestReport) -> FactTable {
    let all = &report.positions;
    let price = all.values().map(|held| held.avg_price.map(kernel::Price::nanos));
    table(
        "positions",
        [
            ("symbol", texts(all.keys().cloned())),
            ("qty", decimals(all.values().map(|held| held.qty.nanos()))),
            ("avg_price", FactValues::Decimal(price.collect())),
        ],
    )
}

/// The prices as they are drawn.
fn drawn(prices: &[(String, PriceSketch)]) -> FactTable {
    let all = prices.iter().flat_map(|(symbol, sketch)| {
        sketch.buckets.iter().map(move |bucket| (symbol.clone(), *bucket))
    });
    let all: Vec<_> = all.collect();
    table(
        "prices",
        [
            ("symbol", texts(all.iter().map(|(symbol, _)| symbol.clone()))),
            ("time", FactValues::Time(all.iter().map(|(_, bucket)| bucket.time).collect())),
            ("low", decimals(all.iter().map(|(_, bucket)| bucket.low.nanos()))),
            ("high", decimals(all.iter().map(|(_, bucket)| bucket.high.nanos()))),
            ("close", decimals(all.iter().map(|(_, bucket)| bucket.close.nanos()))),
        ],
    )
}
