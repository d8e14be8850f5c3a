//! Not too much of equity, the account's and the strategy's own, is lost when the order's stop is hit.
//!
//! The stop is the one of its bracket or OTO, else one at the assumed distance from the entry; with
//! no distance either, all of it may be lost. The entry is counted at its worst price. What a gap
//! takes beyond the stop is not in it.

use super::super::{Denial, Proposal, sizing};
use crate::{Cash, Price, Rounding};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_part(|limits, whose| {
        let Some(share) = limits.max_risk_per_trade else {
            return Ok(());
        };
        let limit = proposal.share_of_equity(whose, share)?;
        let risk = at_risk(proposal)?;
        if risk > limit { Err(Denial::RiskPerTrade { risk, limit }) } else { Ok(()) }
    })
}

fn at_risk(proposal: &Proposal<'_>) -> Result<Cash, Denial> {
    match sizing::stop_distance(proposal.state, &proposal.request, proposal.worst_price)? {
        Some((_, distance)) => {
            let distance = distance.max(Price::ZERO);
            distance.value(proposal.quantity, Rounding::Up).ok_or(Denial::Overflow)
        }
        None => assumed(proposal),
    }
}

fn assumed(proposal: &Proposal<'_>) -> Result<Cash, Denial> {
    let notional = proposal.notional_beside_equity()?;
    match proposal.limits.stop_loss {
        Some(share) => notional.proportion(share.get(), 10_000, Rounding::Up),
        None => Some(notional),
    }
    .ok_or(Denial::Overflow)
}
