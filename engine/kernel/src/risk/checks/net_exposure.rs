//! Long less short, in the direction of the order and with every open order in it filled, stays
//! within a share of equity.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_net_exposure else {
        return Ok(());
    };
    let limit = proposal.share_of_equity(share)?;
    let exposure = proposal.net_in(|_| true)?;
    if exposure > limit { Err(Denial::NetExposure { exposure, limit }) } else { Ok(()) }
}
