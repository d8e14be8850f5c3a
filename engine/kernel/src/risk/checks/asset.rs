//! The broker takes orders for the asset, lends what is sold short, and splits what is bought in
//! parts. What it has not said, nothing is sold short or split on.

use super::super::{Denial, Proposal};
use crate::{AssetFacts, OrderSize, Side, VenueRules};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let facts = proposal.state.asset(proposal.symbol);
    if facts.is_some_and(|facts| !facts.tradable) {
        return Err(Denial::NotTradable);
    }
    if proposal.state.rules() == VenueRules::Plain {
        return Ok(());
    }
    let short = proposal.side == Side::Sell;
    if short && !facts.is_some_and(|facts| facts.shortable && facts.easy_to_borrow) {
        return Err(Denial::HardToBorrow);
    }
    let in_parts = match proposal.request.size {
        OrderSize::Shares(quantity) => !quantity.is_whole(),
        OrderSize::Notional(_) => true,
        OrderSize::EquityShare(_) => false,
    };
    let splits = |facts: &AssetFacts| {
        facts.fractionable && (!proposal.request.extended_hours || facts.fractional_extended_hours)
    };
    if in_parts && !facts.is_some_and(splits) {
        return Err(Denial::NotFractionable);
    }
    Ok(())
}
