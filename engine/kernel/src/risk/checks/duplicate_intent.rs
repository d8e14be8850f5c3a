//! The same strategy does not send the same order twice within the window.
//!
//! The same means symbol, side, quantity and kind. It catches a strategy that proposes again
//! before it has seen its first order, and a double click of an operator.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(window) = proposal.limits.duplicate_window else {
        return Ok(());
    };
    let now = proposal.state.now();
    let same = proposal.other_orders().find(|order| {
        order.origin == proposal.origin
            && order.symbol == proposal.symbol
            && order.side == proposal.side
            && order.size == proposal.request.size
            && order.class == proposal.request.class
            && order.parent.is_none()
            && order.kind == proposal.kind
            && now.since(order.approved_at) < window
    });
    match same {
        Some(order) => Err(Denial::DuplicateIntent { age: now.since(order.approved_at), window }),
        None => Ok(()),
    }
}
