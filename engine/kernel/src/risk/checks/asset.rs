//! The broker takes orders for the asset and lends what is sold short. What it has not said, nothing
//! is sold short on.

use super::super::{Denial, Proposal};
use crate::{Side, VenueRules};

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
    Ok(())
}
