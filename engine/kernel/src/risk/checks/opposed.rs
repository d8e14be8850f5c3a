//! Strategies that trade apart hold a symbol on the same side: nobody opens a position against one that
//! another strategy or the house holds, since the account would trade there and back with itself.

use super::super::{Denial, Proposal};
use crate::Side;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let state = proposal.state;
    let Some(id) = state.apart(proposal.origin) else { return Ok(()) };
    let is_sale = proposal.side == Side::Sell;
    match state.accounts().opposed(id, proposal.symbol, is_sale) {
        Some((owner, held)) => {
            Err(Denial::OpposesAccount { holder: state.account_name(owner).into(), held })
        }
        None => Ok(()),
    }
}
