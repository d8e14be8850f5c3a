//! The result as CSV.

use crate::{BacktestReport, DailyPoint, EquityPoint};
use std::io::{self, Write};

/// Writes the trades, one a line, with the column names of the summary; where there are several
/// strategies with the one that opened it.
///
/// # Errors
/// What the writer says.
pub fn write_trades(report: &BacktestReport, mut out: impl Write) -> io::Result<()> {
    let has_several = !report.strategies.is_empty();
    let also = if has_several { ",strategy" } else { "" };
    let columns = "symbol,side,qty,entry_time,entry_price,exit_time,exit_price,pnl,fees,mae,mfe";
    writeln!(out, "{columns}{also}")?;
    for trade in &report.trades {
        write!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{}",
            trade.symbol,
            trade.side.as_str(),
            trade.qty,
            trade.entry_time,
            trade.entry_price,
            trade.exit_time,
            trade.exit_price,
            trade.pnl,
            trade.fees,
            trade.mae,
            trade.mfe,
        )?;
        match has_several {
            true => writeln!(out, ",{}", trade.strategy.as_deref().unwrap_or_default())?,
            false => writeln!(out)?,
        }
    }
    out.flush()
}

/// Writes the equity after each step, `time,equity`.
///
/// # Errors
/// What the writer says.
pub fn write_equity(points: &[EquityPoint], mut out: impl Write) -> io::Result<()> {
    writeln!(out, "time,equity")?;
    for point in points {
        writeln!(out, "{},{}", point.time, point.equity)?;
    }
    out.flush()
}

/// Writes equity, exposure and benchmark by the session, `date,time,equity,gross,benchmark`; the
/// first line is the start, the benchmark is its value over what it was then.
///
/// # Errors
/// What the writer says.
pub fn write_daily(
    report: &BacktestReport,
    benchmark: &[f64],
    mut out: impl Write,
) -> io::Result<()> {
    writeln!(out, "date,time,equity,gross,benchmark")?;
    if let Some(first) = report.daily.first() {
        let (date, start) = (crate::written_date(first.date), report.start);
        writeln!(out, "{date},{},{start},0,1", report.data.first)?;
    }
    let mut benchmark = benchmark.iter();
    for DailyPoint { date, time, equity, gross } in &report.daily {
        let date = crate::written_date(*date);
        let other = benchmark.next().map(f64::to_string).unwrap_or_default();
        writeln!(out, "{date},{time},{equity},{gross},{other}")?;
    }
    out.flush()
}
