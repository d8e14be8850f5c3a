//! Not too many orders that grow in any sixty seconds.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_orders_per_minute else {
        return Ok(());
    };
    let count = proposal.state.orders_in_last_minute();
    if count >= limit { Err(Denial::OrderRate { count, limit }) } else { Ok(()) }
}
