//! Not too large a part of equity in one symbol, with every open order that grows it filled: in the
//! account, and in the strategy's own part of it.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_part(|limits, whose| {
        let Some(share) = limits.max_symbol_concentration else {
            return Ok(());
        };
        let limit = proposal.share_of_equity(whose, share)?;
        let exposure = proposal.exposure_in(whose, |symbol| symbol == proposal.symbol)?;
        if exposure > limit { Err(Denial::SymbolConcentration { exposure, limit }) } else { Ok(()) }
    })
}
