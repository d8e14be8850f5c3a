//! Not too large a part of equity in one sector, with every open order that grows filled: in the account,
//! and in the strategy's own part of it. Symbols without a sector are in one together.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let sector = proposal.marks.sector;
    let is_in = |symbol| proposal.state.marks(symbol).sector == sector;
    proposal.of_each_part(|limits, whose| {
        let Some(share) = limits.max_sector_concentration else {
            return Ok(());
        };
        let limit = proposal.share_of_equity(whose, share)?;
        let exposure = proposal.exposure_in(whose, is_in)?;
        if exposure > limit { Err(Denial::SectorConcentration { exposure, limit }) } else { Ok(()) }
    })
}
