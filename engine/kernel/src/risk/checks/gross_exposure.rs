//! Long plus short, with every open order that grows one filled, stays within a share of equity.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_gross_exposure else {
        return Ok(());
    };
    let limit = proposal.share_of_equity(share)?;
    let exposure = proposal.exposure()?;
    if exposure > limit { Err(Denial::GrossExposure { exposure, limit }) } else { Ok(()) }
}
