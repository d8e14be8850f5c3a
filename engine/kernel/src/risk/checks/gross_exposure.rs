//! Long plus short, with every open order that grows one filled, stays within a share of equity: in the
//! account, and in the strategy's own part of it.

use super::super::{Denial, Proposal};
use crate::state::Whose;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_part(|limits, whose| {
        let Some(share) = limits.max_gross_exposure else {
            return Ok(());
        };
        let limit = proposal.share_of_equity(whose, share)?;
        let exposure = match whose {
            Whose::Account => proposal.exposure()?,
            whose => proposal.exposure_in(whose, |_| true)?,
        };
        if exposure > limit { Err(Denial::GrossExposure { exposure, limit }) } else { Ok(()) }
    })
}
