//! What is wrong with market data, and where: gaps, bad ticks, unadjusted splits, shifted clocks.
//!
//! The files that a person trusts have mistakes too, so what is told must be worth reading: each
//! finding says what was expected and why, runs of the same are told once, and what a quiet market
//! does by itself (no trade, no bar) is told by day and not by bar.

mod gaps;
mod prices;
mod ticks;

use crate::actions::CorporateActions;
use crate::calendar;
use gaps::Gaps;
use kernel::{Bar, Span, Timestamp, TradingDay};
use prices::Prices;
pub use ticks::{QuoteCheck, TradeCheck};

/// One thing that is wrong, or looks so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind: `gap`, `missing_sessions`, `bad_tick`, `duplicate`, `split`, `time_zone`, ...
    pub kind: &'static str,
    /// Whose data.
    pub symbol: Box<str>,
    /// The row: the line of a file, or the place in a store's series, both counted from 1.
    pub row: u64,
    /// When.
    pub time: Timestamp,
    /// What, in one sentence.
    pub text: String,
}

/// When a market is open, as a check expects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// Found out from the data: New York's unless bars lie at times at which it is closed.
    Auto,
    /// Those of the New York exchanges.
    NewYork,
    /// Around the clock.
    Always,
    /// Not known: gaps are not looked for.
    Unknown,
}

const DAY: Span = Span::from_secs(86_400);

/// Looks through the bars of one symbol and length, in the order of time.
pub struct BarCheck {
    symbol: Box<str>,
    gaps: Gaps,
    prices: Prices,
}

impl BarCheck {
    /// For bars of a length whose data lies between two instants.
    pub fn new(
        symbol: &str,
        length: Span,
        sessions: Sessions,
        actions: Option<&CorporateActions>,
        is_adjusted: bool,
    ) -> Self {
        Self {
            symbol: symbol.into(),
            gaps: Gaps::new(length, sessions),
            prices: Prices::new(symbol, actions.cloned(), is_adjusted, length >= DAY),
        }
    }

    /// Takes the next bar with its row.
    pub fn push(&mut self, row: u64, bar: &Bar) {
        self.gaps.push(row, bar);
        self.prices.push(row, bar);
    }

    /// Everything that was found, in the order of time.
    pub fn finish(self) -> Vec<Finding> {
        let mut found = self.prices.finish();
        found.extend(self.gaps.finish());
        found.sort_by_key(|found| (found.time, found.row));
        for finding in &mut found {
            finding.symbol = self.symbol.clone();
        }
        found
    }
}

/// A finding whose symbol is filled in at the end.
fn finding(kind: &'static str, row: u64, time: Timestamp, text: String) -> Finding {
    Finding { kind, symbol: "".into(), row, time, text }
}

/// `1 bar`, `2 bars`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The trading days from the first to the last of some dates.
fn days_between(first: Timestamp, last: Timestamp) -> Vec<TradingDay> {
    calendar::trading_days(calendar::date_of(first), calendar::date_of(last))
}
