//! Not too many USD in one symbol, with every open order that grows it filled: in the account, and in the
//! strategy's own part of it.

use super::super::{Denial, Proposal};
use crate::Cash;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_part(|limits, whose| {
        let Some(limit) = limits.max_position_notional else {
            return Ok(());
        };
        let pending = proposal
            .entries(whose)
            .filter(|order| order.symbol == proposal.symbol)
            .try_fold(proposal.worst_notional()?, |sum, order| sum.checked_add(order.reserved))
            .ok_or(Denial::Overflow)?;
        let held = proposal.state.worth_of(whose, proposal.symbol).map(Cash::abs);
        let stays = held.and_then(|held| held.checked_sub(proposal.closed_of(whose).ok()?));
        let notional = stays.and_then(|stays| stays.checked_add(pending));
        let notional = notional.ok_or(Denial::Overflow)?;
        if notional > limit { Err(Denial::PositionNotional { notional, limit }) } else { Ok(()) }
    })
}
