//! Limit and stop prices lie near a fresh quote, else the last trade, else the last complete bar's
//! close, and inside the venue's price bands.

use super::super::{Denial, Proposal, sizing};
use crate::{Price, Rounding};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let last = proposal.state.last_price(proposal.symbol);
    let trigger = last.and_then(|last| sizing::trigger(proposal.side, proposal.kind, last));
    let prices = [proposal.kind.limit(), trigger.or(proposal.kind.stop())];
    prices.into_iter().flatten().try_for_each(|price| {
        near_last(proposal, price)?;
        inside_bands(proposal, price)
    })
}

fn near_last(proposal: &Proposal<'_>, price: Price) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.price_collar else {
        return Ok(());
    };
    let last = proposal.state.reference_price(proposal.symbol, proposal.limits);
    let last = last.ok_or(Denial::NoPrice)?;
    let lowest = last.shifted(limit.negated(), Rounding::Up).ok_or(Denial::Overflow)?;
    let highest = last.shifted(limit, Rounding::Down).ok_or(Denial::Overflow)?;
    if price < lowest || price > highest {
        return Err(Denial::OutsideCollar { price, last, limit });
    }
    Ok(())
}

fn inside_bands(proposal: &Proposal<'_>, price: Price) -> Result<(), Denial> {
    match proposal.state.price_bands(proposal.symbol) {
        Some(bands) if price < bands.lower || price > bands.upper => {
            Err(Denial::OutsideBands { price, lower: bands.lower, upper: bands.upper })
        }
        Some(_) | None => Ok(()),
    }
}
