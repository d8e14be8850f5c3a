//! Nothing is sent for a symbol that the venue has halted.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.is_halted_by_venue(proposal.symbol) {
        return Err(Denial::SymbolHalted);
    }
    Ok(())
}
