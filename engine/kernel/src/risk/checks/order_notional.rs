//! Not too many USD in one order, at its worst price.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_order_notional else {
        return Ok(());
    };
    let notional = proposal.worst_notional()?;
    if notional > limit { Err(Denial::OrderNotional { notional, limit }) } else { Ok(()) }
}
