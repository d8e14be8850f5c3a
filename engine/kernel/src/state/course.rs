//! What a session has come to from one trading day to the next, and what was expected of it.

use super::{Day, EvolveError, State};
use crate::{BasisPoints, Cash, TradingState};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the session's return is measured from, and how many trading days have passed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Course {
    /// Equity as the first day began; what is paid in or out moves it by the amount.
    pub from: Cash,
    days: u32,
}

/// A session that has left the band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strayed {
    days: u32,
    returned: BasisPoints,
    edge: BasisPoints,
    /// How far trading may go from now on; `None` where the band was left at the top.
    pub then: Option<TradingState>,
}

impl State {
    /// Begins a trading day.
    pub(super) fn begin_day(
        &mut self,
        seq: u64,
        date: u32,
        equity: Cash,
    ) -> Result<(), EvolveError> {
        let hours = self.trading_day_at(self.now).copied();
        let hours = hours.filter(|day| day.date == date);
        let hours = hours.ok_or(EvolveError::Contradiction { seq })?;
        self.day = Some(Day { hours, starting_equity: equity });
        let is_another = self.began_with(date).is_none();
        if is_another {
            self.counts.begin_day();
        }
        self.course = Some(match self.course {
            Some(Course { from, days }) => Course { from, days: days.saturating_add(1) },
            None => Course { from: self.equity(), days: 0 },
        });
        self.forget_actions_until(date);
        self.note_equity();
        if is_another {
            self.note_margin();
        }
        self.carried_over = None;
        Ok(())
    }

    /// How the days that have passed lie outside of the band that was expected of them, if they do.
    pub(crate) fn strayed(&self) -> Option<Strayed> {
        let Course { from, days } = self.course?;
        let band = &self.limits.scopes.expected;
        let last = usize::try_from(days).ok()?.checked_sub(1)?.min(band.len().checked_sub(1)?);
        let edges = band.get(last)?;
        let returned = share(self.equity().checked_sub(from)?, from)?;
        let is_below = |edge: &BasisPoints| returned < *edge;
        let below = |edge: Option<BasisPoints>, then| Some((edge.filter(is_below)?, Some(then)));
        let above = edges.tell_above.filter(|edge| returned > *edge).map(|edge| (edge, None));
        let (edge, then) = below(edges.halt_below, TradingState::Halted)
            .or_else(|| below(edges.reduce_below, TradingState::Reducing))
            .or(above)?;
        Some(Strayed { days, returned, edge, then })
    }
}

/// A part of something, rounded down to the basis point; `None` of nothing.
fn share(part: Cash, whole: Cash) -> Option<BasisPoints> {
    let whole = Some(i128::from(whole.nanos())).filter(|whole| *whole > 0)?;
    let points = (i128::from(part.nanos()) * 10_000).div_euclid(whole);
    i32::try_from(points).ok().map(BasisPoints::new)
}

impl fmt::Display for Strayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |points: BasisPoints| {
            let (sign, points) = (if points.get() < 0 { "-" } else { "" }, points.get().abs());
            format!("{sign}{}.{:02} %", points / 100, points % 100)
        };
        let (returned, edge) = (percent(self.returned), percent(self.edge));
        let days = if self.days == 1 { "day" } else { "days" };
        let side = if self.then.is_some() { "below" } else { "above" };
        write!(
            f,
            "After {} trading {days} the session is at {returned}, {side} the {edge} that was expected",
            self.days
        )?;
        match self.then {
            Some(then) => write!(f, ": trading is {} until it is resumed", then.as_str()),
            None => Ok(()),
        }
    }
}
