//! The last price is not too old.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.stale_after else {
        return Ok(());
    };
    let Some(seen) = proposal.state.last_price_time(proposal.symbol) else {
        return Err(Denial::NoPrice);
    };
    let age = proposal.state.now().since(seen);
    if age > limit { Err(Denial::StaleData { age, limit }) } else { Ok(()) }
}
