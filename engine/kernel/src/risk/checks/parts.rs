//! The broker takes orders in parts of a share for the asset, in these hours. What it has not said,
//! nothing is opened on; an exit is denied only where it has said no, for so it cannot be done. Less
//! than a share that is sold in the regular session is what a split has left over of an asset
//! without parts: whether that is bought is the broker's to say.

use super::super::{Denial, Proposal};
use crate::{AssetFacts, OrderSize, VenueRules};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let request = &proposal.request;
    let is_left_over = match request.size {
        OrderSize::Shares(quantity) if quantity.is_whole() => return Ok(()),
        OrderSize::EquityShare(_) => return Ok(()),
        OrderSize::Shares(quantity) => quantity.whole().is_zero() && !request.extended_hours,
        OrderSize::Notional(_) => false,
    };
    if proposal.state.rules() == VenueRules::Plain {
        return Ok(());
    }
    let facts = proposal.state.asset(proposal.symbol);
    let takes_parts = |facts: &AssetFacts| facts.takes_parts(request.extended_hours);
    let passes = if proposal.effect.grows() {
        facts.is_some_and(takes_parts)
    } else {
        is_left_over || facts.is_none_or(takes_parts)
    };
    if passes { Ok(()) } else { Err(Denial::NotFractionable) }
}
