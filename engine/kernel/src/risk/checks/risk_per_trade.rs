//! Not too much of equity is lost when the order's stop is hit.
//!
//! The stop is the one of its bracket or OTO, else one at the assumed distance from the entry; with
//! no distance either, all of it may be lost. The entry is counted at its worst price. What a gap
//! takes beyond the stop is not in it.

use super::super::{Denial, Proposal, sizing};
use crate::{Cash, Leg, Price, Rounding, Side};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_risk_per_trade else {
        return Ok(());
    };
    let limit = proposal.share_of_equity(share)?;
    let risk = match stop(proposal) {
        Some(stop) => to_stop(proposal, stop)?,
        None => assumed(proposal)?,
    };
    if risk > limit { Err(Denial::RiskPerTrade { risk, limit }) } else { Ok(()) }
}

fn stop(proposal: &Proposal<'_>) -> Option<Price> {
    proposal.request.class.legs().find_map(|leg| match leg {
        Leg::StopLoss(exit) => Some(exit.stop),
        Leg::TakeProfit { .. } => None,
    })
}

fn to_stop(proposal: &Proposal<'_>, stop: Price) -> Result<Cash, Denial> {
    let (state, request) = (proposal.state, &proposal.request);
    let distance = match proposal.side {
        Side::Buy => proposal.worst_price.and_then(|entry| entry.checked_sub(stop)),
        Side::Sell => {
            sizing::lowest_entry(state, request).and_then(|entry| stop.checked_sub(entry))
        }
    };
    let distance = distance.ok_or(Denial::NoPrice)?.max(Price::ZERO);
    distance.value(proposal.quantity, Rounding::Up).ok_or(Denial::Overflow)
}

fn assumed(proposal: &Proposal<'_>) -> Result<Cash, Denial> {
    let notional = proposal.notional_beside_equity()?;
    match proposal.limits.stop_loss {
        Some(share) => notional.proportion(share.get(), 10_000, Rounding::Up),
        None => Some(notional),
    }
    .ok_or(Denial::Overflow)
}
