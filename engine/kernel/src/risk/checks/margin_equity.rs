//! Enough equity to sell short or to buy with more than cash.
//!
//! Source: FINRA, Rule 4210(b): 2,000 USD for any margin account.

use super::super::{Denial, Proposal};
use crate::VenueRules;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.min_margin_equity else {
        return Ok(());
    };
    let equity = proposal.equity();
    if proposal.state.rules() == VenueRules::Plain || equity >= limit || !proposal.borrows()? {
        return Ok(());
    }
    Err(Denial::MarginEquity { equity, limit })
}
