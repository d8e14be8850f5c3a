//! Equity has not fallen too far below its highest. At the limit trading halts.

use super::super::Denial;
use super::super::losses::{Loss, lost};
use crate::{Cash, Rounding, State};

pub(in crate::risk) fn measure(state: &State) -> Option<Loss> {
    let share = state.limits().total_drawdown?;
    let from = state.high_water()?;
    Some(Loss { from, limit: from.proportion(share.get(), 10_000, Rounding::Down)? })
}

pub(in crate::risk) fn judge(state: &State, equity: Cash) -> Result<(), Denial> {
    lost(equity, measure(state), |loss, limit| Denial::TotalDrawdown { loss, limit })
}
