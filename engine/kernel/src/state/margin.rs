//! Intraday margin as it is since June 2026, in place of the day-trade rule.
//!
//! Exposure needs a quarter of itself in equity. What is short of that when a day begins is a
//! deficit, unless it is small; one that is not met for more than five trading days restricts the
//! account to its cash for ninety days.
//! Sources: FINRA, Regulatory Notice 26-10; Alpaca, "The Intraday Margin Rule" (2026-04-27).

use super::State;
use crate::{Cash, Rounding, SCALE, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Trading days within which a deficit must be met.
const DAYS_TO_MEET: u32 = 5;
/// How long the restriction lasts.
const RESTRICTION: Span = Span::from_secs(90 * 86_400);
/// A deficit of at most so many USD, or so many hundredths of equity if that is less, is none.
const SMALL: Cash = Cash::from_nanos(1000 * SCALE);
const SMALL_PERCENT: i64 = 5;

/// Where the account stands by the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Margin {
    /// What was missing when the trading day began.
    pub deficit: Cash,
    /// On how many trading days in a row.
    pub days: u32,
    /// Until when the account is restricted to its cash.
    pub restricted_until: Option<Timestamp>,
}

impl State {
    /// Where the account stands by the intraday margin rule.
    pub(crate) const fn margin(&self) -> &Margin {
        &self.margin
    }

    /// Equity that an exposure needs; `None` on overflow.
    pub(crate) fn margin_needed(&self, exposure: Cash) -> Option<Cash> {
        let share = self.limits().intraday_margin?;
        exposure.proportion(share.get(), 10_000, Rounding::Up)
    }

    /// Counts a deficit at the beginning of a trading day, or that there is none.
    pub(super) fn note_margin(&mut self) {
        let needed = self.gross_exposure().and_then(|exposure| self.margin_needed(exposure));
        let equity = self.equity();
        let deficit = needed.and_then(|needed| needed.checked_sub(equity)).unwrap_or_default();
        let part = equity.proportion(SMALL_PERCENT, 100, Rounding::Down).unwrap_or_default();
        if deficit <= SMALL.min(part.max(Cash::ZERO)) {
            self.margin = Margin { deficit: Cash::ZERO, days: 0, ..self.margin };
            return;
        }
        let days = self.margin.days.saturating_add(1);
        let ends = self.now.plus(RESTRICTION);
        let restricted_until = match self.margin.restricted_until {
            None if days > DAYS_TO_MEET => Some(ends),
            held => held.filter(|until| *until > self.now),
        };
        self.margin = Margin { deficit, days, restricted_until };
    }
}
