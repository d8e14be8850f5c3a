//! A size above zero (of an order in dollars at least one), prices above zero and on the venue's
//! tick, a trail of at least a tenth of a percent, and exits on the right sides of each other and
//! of the entry.
//!
//! Source: Alpaca, "Orders at Alpaca", minimum price variance and bracket orders; the messages of
//! its order endpoint.

use super::super::{Denial, Proposal};
use crate::{Cash, Leg, OrderClass, OrderKind, OrderSize, Percent, Price, SCALE, Side, Trail};

const LEAST_NOTIONAL: Cash = Cash::from_nanos(SCALE);
const LEAST_PERCENT: Percent = Percent::from_nanos(SCALE / 10);
/// How far a stop lies at least from the price that it protects.
const LEAST_DISTANCE: Price = Price::from_nanos(SCALE / 100);

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    match proposal.request.size {
        OrderSize::Shares(quantity) if quantity.is_positive() => {}
        OrderSize::Shares(quantity) => return Err(Denial::MalformedQuantity { quantity }),
        OrderSize::EquityShare(share) if share.nanos() > 0 => {}
        OrderSize::EquityShare(share) => return Err(Denial::MalformedShare { share }),
        OrderSize::Notional(usd) if usd >= LEAST_NOTIONAL => {}
        OrderSize::Notional(notional) => {
            return Err(Denial::MalformedNotional { notional, least: LEAST_NOTIONAL });
        }
    }
    on_tick(proposal.kind)?;
    trail(proposal.kind)?;
    let class = proposal.request.class;
    class.legs().try_for_each(|leg| on_tick(leg.kind()))?;
    exits(proposal, class)
}

fn on_tick(kind: OrderKind) -> Result<(), Denial> {
    for price in [kind.limit(), kind.stop()].into_iter().flatten() {
        if !price.is_positive() || !price.is_on_tick() {
            return Err(Denial::MalformedPrice { price, tick: price.tick() });
        }
    }
    Ok(())
}

fn trail(kind: OrderKind) -> Result<(), Denial> {
    match kind.trail() {
        Some(Trail::Price(price)) if !price.is_positive() => {
            Err(Denial::MalformedPrice { price, tick: price.tick() })
        }
        Some(Trail::Percent(percent)) if percent < LEAST_PERCENT => {
            Err(Denial::MalformedTrail { percent, least: LEAST_PERCENT })
        }
        Some(Trail::Price(_) | Trail::Percent(_)) | None => Ok(()),
    }
}

/// A take-profit lies on the winning side of its entry and a stop-loss on the losing side; where
/// the entry names no price, of the other leg.
fn exits(proposal: &Proposal<'_>, class: OrderClass) -> Result<(), Denial> {
    let closes = class.leg_side(proposal.side);
    let profit = class.legs().find_map(|leg| match leg {
        Leg::TakeProfit { limit } => Some(limit),
        Leg::StopLoss(_) => None,
    });
    let stop = class.legs().find_map(|leg| match leg {
        Leg::StopLoss(exit) => Some(exit.stop),
        Leg::TakeProfit { .. } => None,
    });
    let entry = proposal.kind.limit();
    if let (Some(base), Some(stop)) = (entry.or(profit), stop) {
        let beyond = match closes {
            Side::Sell => stop.checked_add(LEAST_DISTANCE).is_some_and(|stop| stop <= base),
            Side::Buy => base.checked_add(LEAST_DISTANCE).is_some_and(|base| stop >= base),
        };
        if !beyond {
            return Err(Denial::WrongSide { price: stop, base });
        }
    }
    if let (Some(base), Some(profit)) = (entry, profit) {
        let beyond = match closes {
            Side::Sell => profit > base,
            Side::Buy => profit < base,
        };
        if !beyond {
            return Err(Denial::WrongSide { price: profit, base });
        }
    }
    Ok(())
}
