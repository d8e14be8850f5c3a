//! Now lies in one of the trading windows. Without a calendar nothing does.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let windows = &proposal.state.limits().scopes.windows;
    if windows.is_empty() {
        return Ok(());
    }
    let day = proposal.state.day();
    let holds = |open| windows.iter().any(|window| window.holds(open, proposal.state.now()));
    if day.is_some_and(|day| holds(day.hours.open)) { Ok(()) } else { Err(Denial::OutsideWindow) }
}
