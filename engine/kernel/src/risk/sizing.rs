//! How many shares an order may fill, at which price at worst, and in which hours.

use super::Denial;
use super::compatibility::{Combination, Way};
use crate::{
    AssetClass, Cash, Leg, NewOrder, Notional, OrderKind, OrderSize, Percent, Price, Quantity,
    Rounding, SCALE, Side, State, SymbolId, TradingHours, Trail,
};

/// The most shares that an order may fill: those asked for, or what its dollars, or its share of
/// equity at worst, come to at the last price moved down by the assumed slip, rounded up.
pub(super) fn most_shares(state: &State, request: &NewOrder) -> Result<Quantity, Denial> {
    let usd = match request.size {
        OrderSize::Shares(quantity) => return Ok(quantity),
        OrderSize::Notional(usd) => usd,
        OrderSize::EquityShare(share) => worst_share(state, request.symbol, share)?,
    };
    let last = state.last_price(request.symbol).ok_or(Denial::NoPrice)?;
    let low = last.shifted(state.limits().market_slip.negated(), Rounding::Down);
    let low = low.filter(|price| price.is_positive()).ok_or(Denial::NoPrice)?;
    let shares = Rounding::Up.divide(Notional::from(usd).raw(), i128::from(low.nanos()));
    i64::try_from(shares).map(Quantity::from_nanos).map_err(|_| Denial::Overflow)
}

/// A share of the equity as it stands, in USD, rounded up.
pub(super) fn share_now(state: &State, share: Percent) -> Result<Cash, Denial> {
    share_of(state.equity(), share)
}

/// The most USD that a share of equity may come to at the fill, when what is held of the symbol is
/// closed first: at a price that is better by the assumed slip.
pub(super) fn worst_share(state: &State, symbol: SymbolId, share: Percent) -> Result<Cash, Denial> {
    let held = state.market_value(symbol).ok_or(Denial::Overflow)?.abs();
    let slip = state.limits().market_slip.get();
    let gain = held.proportion(slip, 10_000, Rounding::Up).ok_or(Denial::Overflow)?;
    share_of(state.equity().checked_add(gain).ok_or(Denial::Overflow)?, share)
}

fn share_of(equity: Cash, share: Percent) -> Result<Cash, Denial> {
    const WHOLE: i64 = 100 * SCALE;
    let usd = equity.max(Cash::ZERO).proportion(share.nanos(), WHOLE, Rounding::Up);
    usd.ok_or(Denial::Overflow)
}

/// The worst price an order may fill at: its limit, or its trigger or the last price moved by the
/// assumed slip. A short sale is counted at no less than the last price moved up by it, as the
/// broker does.
pub(super) fn worst_price(state: &State, request: &NewOrder) -> Option<Price> {
    let slip = state.limits().market_slip;
    let last = state.last_price(request.symbol)?;
    match (request.side, request.kind.limit()) {
        (Side::Buy, Some(limit)) => Some(limit),
        (Side::Buy, None) => {
            let trigger = trigger(request.side, request.kind, last);
            trigger.map_or(last, |stop| stop.max(last)).shifted(slip, Rounding::Up)
        }
        (Side::Sell, limit) => {
            let moved = last.shifted(slip, Rounding::Up)?;
            Some(limit.map_or(moved, |limit| limit.max(moved)))
        }
    }
}

/// The lowest price at which a sale may fill: its limit, or its trigger or the last price moved down
/// by the assumed slip.
pub(super) fn lowest_entry(state: &State, request: &NewOrder) -> Option<Price> {
    let last = state.last_price(request.symbol)?;
    if let Some(limit) = request.kind.limit() {
        return Some(limit);
    }
    let trigger = trigger(Side::Sell, request.kind, last);
    let from = trigger.map_or(last, |stop| stop.min(last));
    from.shifted(state.limits().market_slip.negated(), Rounding::Down)
}

/// The stop that an entry carries, and how far it lies from the worst price that the entry fills at;
/// `None` for an entry without one.
pub(super) fn stop_distance(
    state: &State,
    request: &NewOrder,
    worst: Option<Price>,
) -> Result<Option<(Price, Price)>, Denial> {
    let stops = request.class.legs().find_map(|leg| match leg {
        Leg::StopLoss(exit) => Some(exit.stop),
        Leg::TakeProfit { .. } => None,
    });
    let Some(stop) = stops else { return Ok(None) };
    let distance = match request.side {
        Side::Buy => worst.and_then(|entry| entry.checked_sub(stop)),
        Side::Sell => lowest_entry(state, request).and_then(|entry| stop.checked_sub(entry)),
    };
    Ok(Some((stop, distance.ok_or(Denial::NoPrice)?)))
}

/// The price that triggers an order as the market stands. A trailing stop follows the market in one
/// direction alone, so for a buy this is also the highest price that ever triggers it.
pub(super) fn trigger(side: Side, kind: OrderKind, last: Price) -> Option<Price> {
    let Some(trail) = kind.trail() else {
        return kind.stop();
    };
    let distance = match trail {
        Trail::Price(usd) => usd,
        Trail::Percent(percent) => last.percent(percent, Rounding::Up)?,
    };
    match side {
        Side::Buy => last.checked_add(distance),
        Side::Sell => last.checked_sub(distance),
    }
}

/// In a session that trades extended hours, an order works in them if it can.
pub(super) fn extended(state: &State, request: NewOrder) -> NewOrder {
    let wanted = state.session().is_some_and(|start| start.hours == TradingHours::Extended);
    let asset = state.asset(request.symbol);
    let class = asset.map_or(AssetClass::UsEquity, |facts| facts.class);
    let longer = NewOrder { extended_hours: true, ..request };
    let by_table = Combination::of(state.rules(), &longer, class, Way::Buy).refused_by().is_none();
    let whole = request.size.shares().is_some_and(Quantity::is_whole);
    let by_asset = whole || asset.is_some_and(|facts| facts.takes_parts(true));
    if wanted && by_table && by_asset { longer } else { request }
}
