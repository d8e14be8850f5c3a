//! The symbol is not too cheap.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.min_price else {
        return Ok(());
    };
    let price = proposal.state.last_price(proposal.symbol).ok_or(Denial::NoPrice)?;
    if price < limit { Err(Denial::PriceTooLow { price, limit }) } else { Ok(()) }
}
