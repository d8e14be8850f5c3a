//! The result as CSV.

use crate::{BacktestReport, EquityPoint};
use std::io::{self, Write};

/// Writes the trades, one a line, with the column names of the summary.
///
/// # Errors
/// What the writer says.
pub fn write_trades(report: &BacktestReport, mut out: impl Write) -> io::Result<()> {
    writeln!(out, "symbol,side,qty,entry_time,entry_price,exit_time,exit_price,pnl,fees")?;
    for trade in &report.trades {
        writeln!(
            out,
            "{},{},{},{},{},{},{},{},{}",
            trade.symbol,
            trade.side.as_str(),
            trade.qty,
            trade.entry_time,
            trade.entry_price,
            trade.exit_time,
            trade.exit_price,
            trade.pnl,
            trade.fees,
        )?;
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
