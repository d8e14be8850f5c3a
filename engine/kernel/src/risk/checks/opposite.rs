//! No order that the broker refuses because of one of our own on the other side.
//!
//! It might trade with it, which is a wash trade: market and stop orders might meet anything; two
//! orders with limits meet when the buy's is at or above the sell's. Groups and trailing stops are
//! exempt. Or both would open a position from flat, one each way.
//! A venue with plain rules has no wash trades.
//! Sources: Alpaca, "User Protection", wash trades (2026-09-16); Alpaca, Trading API, orders
//! (archived 2022): while one side is being opened, the other cannot be.

use super::super::{Denial, Proposal};
use crate::{Order, OrderKind, Side, VenueRules};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.rules() == VenueRules::Plain {
        return Ok(());
    }
    let is_flat = proposal.state.ledger().position(proposal.symbol).quantity.is_zero();
    let is_exempt = proposal.is_grouped() || proposal.kind.trail().is_some();
    let washes = |order: &Order| {
        !is_exempt
            && !order.is_grouped()
            && order.kind.trail().is_none()
            && may_meet(proposal.side, proposal.kind, order.kind)
    };
    let opposite = proposal.other_orders().find(|order| {
        order.symbol == proposal.symbol
            && order.side != proposal.side
            && (washes(order) || (is_flat && order.grows))
    });
    match opposite {
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
