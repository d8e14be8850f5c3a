//! Not too many shares in one order.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    match proposal.limits.max_order_quantity {
        Some(limit) if proposal.quantity > limit => {
            Err(Denial::OrderTooLarge { quantity: proposal.quantity, limit })
        }
        _ => Ok(()),
    }
}
