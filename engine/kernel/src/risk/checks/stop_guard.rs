//! Not too many stops filled at a loss within the window, in the whole account.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let limits = proposal.limits;
    let (Some(limit), Some(window)) = (limits.stop_guard_stops, limits.stop_guard_window) else {
        return Ok(());
    };
    let count = proposal.state.stops_within(window);
    if count >= limit { Err(Denial::StopGuard { count, limit }) } else { Ok(()) }
}
