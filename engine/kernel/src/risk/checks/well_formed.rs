//! A size above zero (of an order in dollars at least one), prices above zero and on the venue's
//! tick, a trail of at least a tenth of a percent, and exits on the right sides of each other and
//! of the entry, also when one of them is moved.
//!
//! Source: Alpaca, "Orders at Alpaca", minimum price variance and bracket orders; the messages of
//! its order endpoint.

use super::super::{Denial, Proposal};
use super::data_fresh;
use crate::{Cash, Order, OrderClass, OrderKind, OrderSize, Percent, Price, SCALE, Side, Trail};

const LEAST_NOTIONAL: Cash = Cash::from_nanos(SCALE);
const LEAST_PERCENT: Percent = Percent::from_nanos(SCALE / 10);
/// How far an exit lies at least from the price that it is held against.
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
    exits(proposal, class)?;
    siblings(proposal)
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

/// A take-profit lies on the winning side of the price at which its group begins, and a stop-loss on
/// the losing side: of the limit or the stop of the entry, of the last price for an entry at the
/// market. Where that is not known, or too old, the exits are held against each other alone.
fn exits(proposal: &Proposal<'_>, class: OrderClass) -> Result<(), Denial> {
    let rises = class.leg_side(proposal.side) == Side::Sell;
    let exits = || class.legs().map(|leg| exit(leg.kind()));
    let Some(base) = begins_at(proposal) else {
        let [profit, stop] = [true, false].map(|which| exits().find(|(_, wins)| *wins == which));
        return match (profit, stop) {
            (Some((profit, _)), Some((stop, _))) => apart(stop, !rises, profit),
            (Some(_), None) | (None, Some(_) | None) => Ok(()),
        };
    };
    exits().try_for_each(|(price, wins)| apart(price, wins == rises, base))
}

/// The price of an exit, and whether it takes a profit.
fn exit(kind: OrderKind) -> (Price, bool) {
    match (kind.stop(), kind.limit()) {
        (Some(stop), _) => (stop, false),
        (None, limit) => (limit.unwrap_or(Price::ZERO), true),
    }
}

fn begins_at(proposal: &Proposal<'_>) -> Option<Price> {
    let last = || {
        let is_fresh = data_fresh::check(proposal).is_ok();
        proposal.state.last_price(proposal.symbol).filter(|_| is_fresh)
    };
    proposal.kind.limit().or(proposal.kind.stop()).or_else(last)
}

/// An exit that takes another's place stays on its side of the other exits of its group.
fn siblings(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(group) = proposal.replaces.and_then(Order::exits_of) else {
        return Ok(());
    };
    let rises = proposal.side == Side::Sell;
    let (price, wins) = exit(proposal.kind);
    let others = proposal.other_orders().filter(|order| order.exits_of() == Some(group));
    let mut others = others.map(|other| exit(other.kind)).filter(|(_, theirs)| *theirs != wins);
    others.try_for_each(|(base, _)| apart(price, wins == rises, base))
}

/// A price lies at least the least distance above another, or below it.
fn apart(price: Price, above: bool, base: Price) -> Result<(), Denial> {
    let (lower, upper) = if above { (base, price) } else { (price, base) };
    match lower.checked_add(LEAST_DISTANCE) {
        Some(least) if least <= upper => Ok(()),
        Some(_) | None => Err(Denial::WrongSide { price, base }),
    }
}
