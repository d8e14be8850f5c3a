//! Not too many positions opened and closed within the trading day. Those that are open and were
//! opened in it count, as this one would: all may be closed before the day ends.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_round_trips_per_day else {
        return Ok(());
    };
    let count = proposal.state.round_trips_today();
    if count >= limit { Err(Denial::RoundTrips { count, limit }) } else { Ok(()) }
}
