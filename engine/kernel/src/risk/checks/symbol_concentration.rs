//! Not too large a part of equity in one symbol, with every open order that grows it filled.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_symbol_concentration else {
        return Ok(());
    };
    let limit = proposal.share_of_equity(share)?;
    let exposure = proposal.exposure_in(|symbol| symbol == proposal.symbol)?;
    if exposure > limit {
        return Err(Denial::SymbolConcentration { exposure, limit });
    }
    Ok(())
}
