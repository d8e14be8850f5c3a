//! Whole shares above zero, prices above zero and on the venue's tick.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let quantity = proposal.quantity;
    if !quantity.is_positive() || !quantity.is_whole() {
        return Err(Denial::MalformedQuantity { quantity });
    }
    for price in [proposal.kind.limit(), proposal.kind.stop()].into_iter().flatten() {
        if !price.is_positive() || !price.is_on_tick() {
            return Err(Denial::MalformedPrice { price, tick: price.tick() });
        }
    }
    Ok(())
}
