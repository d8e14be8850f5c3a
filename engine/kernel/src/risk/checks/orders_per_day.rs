//! Not too many orders that grow in a trading day, in the account, of the strategy and in the
//! symbol.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_layer(|limits, whose| {
        let Some(limit) = limits.max_orders_per_day else { return Ok(()) };
        let count = proposal.state.spent_today(whose).orders;
        if count >= limit { Err(Denial::OrdersPerDay { count, limit }) } else { Ok(()) }
    })
}
