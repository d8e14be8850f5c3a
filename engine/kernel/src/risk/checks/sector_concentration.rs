//! Not too large a part of equity in one sector, with every open order that grows filled. Symbols
//! without a sector are in one together.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_sector_concentration else {
        return Ok(());
    };
    let limit = proposal.share_of_equity(share)?;
    let sector = proposal.marks.sector;
    let exposure = proposal.exposure_in(|symbol| proposal.state.marks(symbol).sector == sector)?;
    if exposure > limit {
        return Err(Denial::SectorConcentration { exposure, limit });
    }
    Ok(())
}
