//! Long less short, in the direction of the order and with every open order in it filled, stays
//! within a share of equity: in the account, and in the strategy's own part of it.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_part(|limits, whose| {
        let Some(share) = limits.max_net_exposure else {
            return Ok(());
        };
        let limit = proposal.share_of_equity(whose, share)?;
        let exposure = proposal.net_in(whose, |_| true)?;
        if exposure > limit { Err(Denial::NetExposure { exposure, limit }) } else { Ok(()) }
    })
}
