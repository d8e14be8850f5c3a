//! Which kinds of order an exchange was sent, by its own record.

use exchange::{GroupKind, OrderRow};
use kernel::{OrderKind, Side, TimeInForce, Trail};
use std::collections::BTreeMap;

/// How many orders of each kind there are; an order may be of several. The legs of a group are not
/// sent, so they are not counted.
pub fn sent(orders: &[OrderRow]) -> BTreeMap<&'static str, u64> {
    let mut kinds = BTreeMap::new();
    for kind in orders.iter().filter(|row| !is_leg(row)).flat_map(kinds_of) {
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

/// Whether the exchange made the order; what is put in a leg's place is sent.
fn is_leg(row: &OrderRow) -> bool {
    row.parent.is_some() && row.replaces.is_none()
}

fn kinds_of(row: &OrderRow) -> impl Iterator<Item = &'static str> {
    let priced = match row.kind {
        OrderKind::Market => "market",
        OrderKind::Limit { .. } => "limit",
        OrderKind::Stop { .. } => "stop",
        OrderKind::StopLimit { .. } => "stop-limit",
        OrderKind::TrailingStop { trail: Trail::Price(_) } => "trail-price",
        OrderKind::TrailingStop { trail: Trail::Percent(_) } => "trail-percent",
    };
    let lasting = match row.time_in_force {
        TimeInForce::Day => "day",
        TimeInForce::Gtc => "gtc",
        TimeInForce::Opg => "opg",
        TimeInForce::Cls => "cls",
        TimeInForce::Ioc => "ioc",
        TimeInForce::Fok => "fok",
    };
    let group = match row.group {
        GroupKind::Simple => None,
        GroupKind::Bracket => Some("bracket"),
        GroupKind::Oco => Some("oco"),
        GroupKind::Oto => Some("oto"),
    };
    let others = [
        ("notional", row.notional.is_some()),
        ("fractional", row.notional.is_none() && row.is_fractional()),
        ("extended", row.extended_hours),
        ("short", row.opens && row.side == Side::Sell),
        ("replace", row.replaces.is_some()),
        ("cancel", row.cancel_requested_at.is_some()),
    ];
    let others = others.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind);
    [priced, lasting].into_iter().chain(group).chain(others)
}
