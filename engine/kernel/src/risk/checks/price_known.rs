//! A price of the symbol has been seen.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    match proposal.state.last_price(proposal.symbol) {
        Some(_) => Ok(()),
        None => Err(Denial::NoPrice),
    }
}
