//! Not too many orders that grow in any sixty seconds, in the account, of the strategy and in the
//! symbol.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    for (limits, whose) in proposal.layers() {
        let Some(limit) = limits.max_orders_per_minute else { continue };
        let count = proposal.state.orders_in_last_minute(whose);
        if count >= limit {
            return Err(Denial::OrderRate { count, limit });
        }
    }
    Ok(())
}
