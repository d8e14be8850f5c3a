//! The day has not lost too large a part of the equity that it began with. At the limit trading
//! halts.

use super::super::Denial;
use super::super::losses::{Loss, lost};
use crate::{Cash, Rounding, State};

pub(in crate::risk) fn measure(state: &State) -> Option<Loss> {
    let share = state.limits().daily_drawdown?;
    let from = state.day()?.starting_equity;
    Some(Loss { from, limit: from.proportion(share.get(), 10_000, Rounding::Down)? })
}

pub(in crate::risk) fn judge(state: &State, equity: Cash) -> Result<(), Denial> {
    lost(equity, measure(state), |loss, limit| Denial::DailyDrawdown { loss, limit })
}
