//! Limit and stop prices lie near the last price.

use super::super::{Denial, Proposal};
use crate::Rounding;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.price_collar else {
        return Ok(());
    };
    let last = proposal.state.last_price(proposal.symbol).ok_or(Denial::NoPrice)?;
    let lowest = last.shifted(limit.negated(), Rounding::Up).ok_or(Denial::Overflow)?;
    let highest = last.shifted(limit, Rounding::Down).ok_or(Denial::Overflow)?;
    for price in [proposal.kind.limit(), proposal.kind.stop()].into_iter().flatten() {
        if price < lowest || price > highest {
            return Err(Denial::OutsideCollar { price, last, limit });
        }
    }
    Ok(())
}
