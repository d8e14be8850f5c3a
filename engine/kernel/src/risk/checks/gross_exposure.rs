//! Long plus short, with every open order that grows one filled, stays within a share of equity.

use super::super::{Denial, Proposal};
use crate::Rounding;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_gross_exposure else {
        return Ok(());
    };
    let equity = proposal.state.equity();
    let limit = equity.proportion(share.get(), 10_000, Rounding::Down).ok_or(Denial::Overflow)?;
    let closed_before = proposal.closed_before()?;
    let exposure = proposal
        .other_orders()
        .filter(|order| order.grows)
        .try_fold(proposal.notional_beside_equity()?, |sum, order| sum.checked_add(order.reserved))
        .and_then(|pending| pending.checked_add(proposal.state.gross_exposure()?))
        .and_then(|exposure| exposure.checked_sub(closed_before))
        .ok_or(Denial::Overflow)?;
    if exposure > limit { Err(Denial::GrossExposure { exposure, limit }) } else { Ok(()) }
}
