//! The day has not lost too many USD. At the limit trading halts.

use super::super::Denial;
use super::super::losses::{Loss, lost};
use crate::{Cash, State};

pub(in crate::risk) fn measure(state: &State) -> Option<Loss> {
    let limit = state.limits().max_daily_loss?;
    Some(Loss { from: state.day()?.starting_equity, limit })
}

pub(in crate::risk) fn judge(state: &State, equity: Cash) -> Result<(), Denial> {
    lost(equity, measure(state), |loss, limit| Denial::DailyLoss { loss, limit })
}
