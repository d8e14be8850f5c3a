//! No order that might trade with one of our own: the broker refuses it as a wash trade.
//!
//! Market and stop orders might meet anything; two orders with limits meet when the buy's is at or
//! above the sell's. Groups and trailing stops are exempt.
//! Source: Alpaca, "User Protection", wash trades (2026-09-16).

use super::super::{Denial, Proposal};
use crate::{OrderKind, Side};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.is_grouped() || proposal.kind.trail().is_some() {
        return Ok(());
    }
    let meets = proposal.other_orders().find(|order| {
        order.symbol == proposal.symbol
            && order.side != proposal.side
            && !order.is_grouped()
            && order.kind.trail().is_none()
            && may_meet(proposal.side, proposal.kind, order.kind)
    });
    match meets {
        Some(order) => Err(Denial::OppositeOrder { order: order.number }),
        None => Ok(()),
    }
}

fn may_meet(side: Side, new: OrderKind, resting: OrderKind) -> bool {
    match (new.limit(), resting.limit()) {
        (Some(new), Some(resting)) => match side {
            Side::Buy => new >= resting,
            Side::Sell => resting >= new,
        },
        (None, _) | (_, None) => true,
    }
}
