//! Not too many orders that grow in any sixty seconds, in the account, of the strategy and in the
//! symbol.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_layer(|limits, whose| {
        let Some(limit) = limits.max_orders_per_minute else { return Ok(()) };
        let count = proposal.state.orders_in_last_minute(whose);
        if count >= limit { Err(Denial::OrderRate { count, limit }) } else { Ok(()) }
    })
}
