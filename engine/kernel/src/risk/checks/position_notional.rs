//! Not too many USD in one symbol, with every open order that grows it filled.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_position_notional else {
        return Ok(());
    };
    let pending = proposal
        .other_orders()
        .filter(|order| order.symbol == proposal.symbol && order.grows)
        .try_fold(proposal.worst_notional()?, |sum, order| sum.checked_add(order.reserved))
        .ok_or(Denial::Overflow)?;
    let held = proposal.state.market_value(proposal.symbol).ok_or(Denial::Overflow)?.abs();
    let stays = held.checked_sub(proposal.closed_before()?).ok_or(Denial::Overflow)?;
    let notional = stays.checked_add(pending).ok_or(Denial::Overflow)?;
    if notional > limit { Err(Denial::PositionNotional { notional, limit }) } else { Ok(()) }
}
