//! What kind of order one is, as the coverage table calls it.

use exchange::{GroupKind, OrderRow};
use kernel::{Order, OrderClass, OrderKind, Quantity, Side, TimeInForce, Trail};

/// Every kind of order: each order is of one.
pub(crate) const KINDS: [&str; 14] = [
    "market",
    "limit",
    "stop",
    "stop_limit",
    "trail_price",
    "trail_percent",
    "ioc",
    "fok",
    "opg",
    "cls",
    "bracket",
    "oco",
    "oto",
    "leg",
];

/// What an order can be besides, in any kind.
pub(crate) const TRAITS: [&str; 7] =
    ["day", "gtc", "in_dollars", "in_parts", "short", "out_of_hours", "replacement"];

/// The kind of an order, and what it is besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    /// In the order of [`TRAITS`].
    traits: [bool; TRAITS.len()],
}

impl Kind {
    /// That of an order of the session.
    pub(crate) fn of(order: &Order) -> Self {
        let name = match (order.class, order.parent, order.time_in_force) {
            (_, Some(_), _) => "leg",
            (class, None, _) if class != OrderClass::Simple => class.as_str(),
            (_, None, TimeInForce::Day | TimeInForce::Gtc) => priced(order.kind),
            (_, None, time_in_force) => time_in_force.as_str(),
        };
        let in_parts = order.size.shares().is_some_and(is_in_parts);
        let short = order.grows && order.side == Side::Sell;
        let replaces = order.replaces.is_some();
        let in_dollars = order.size.notional().is_some();
        let [day, gtc] = lasting(order.time_in_force);
        let out_of_hours = order.extended_hours;
        Self { name, traits: [day, gtc, in_dollars, in_parts, short, out_of_hours, replaces] }
    }

    /// That of an order of the exchange.
    pub(crate) fn of_row(row: &OrderRow) -> Self {
        let name = match (row.parent, row.group, row.time_in_force) {
            (Some(_), _, _) => "leg",
            (None, GroupKind::Bracket, _) => "bracket",
            (None, GroupKind::Oco, _) => "oco",
            (None, GroupKind::Oto, _) => "oto",
            (None, GroupKind::Simple, TimeInForce::Day | TimeInForce::Gtc) => priced(row.kind),
            (None, GroupKind::Simple, time_in_force) => time_in_force.as_str(),
        };
        let in_dollars = row.notional.is_some();
        let in_parts = !in_dollars && is_in_parts(row.qty);
        let short = row.opens && row.side == Side::Sell;
        let replaces = row.replaces.is_some();
        let [day, gtc] = lasting(row.time_in_force);
        let out_of_hours = row.extended_hours;
        Self { name, traits: [day, gtc, in_dollars, in_parts, short, out_of_hours, replaces] }
    }

    /// The columns of the table that it counts in.
    pub(crate) fn columns(self) -> impl Iterator<Item = &'static str> {
        let traits = TRAITS.into_iter().zip(self.traits);
        std::iter::once(self.name).chain(traits.filter_map(|(name, is)| is.then_some(name)))
    }

    /// Its name without what it is besides.
    pub(crate) const fn name(self) -> &'static str {
        self.name
    }
}

/// Trailing stops are two kinds: at a distance in USD, and in percent.
const fn priced(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::TrailingStop { trail: Trail::Price(_) } => "trail_price",
        OrderKind::TrailingStop { trail: Trail::Percent(_) } => "trail_percent",
        _ => kind.as_str(),
    }
}

/// Whether it works for the day, and whether until it is cancelled.
const fn lasting(time_in_force: TimeInForce) -> [bool; 2] {
    [matches!(time_in_force, TimeInForce::Day), matches!(time_in_force, TimeInForce::Gtc)]
}

fn is_in_parts(shares: Quantity) -> bool {
    !shares.is_whole()
}
