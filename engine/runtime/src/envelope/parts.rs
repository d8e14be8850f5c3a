//! The parts that payloads are put together from.

use kernel::{
    Cash, Difference, Intent, Leg, NewOrder, OrderClass, OrderKind, OrderNumber, Origin, Percent,
    Price, Quantity, State, SymbolId, Trail,
};
use serde::Serialize;

/// Who asked.
#[derive(Debug, Serialize)]
pub(crate) struct By<'a> {
    pub origin: &'static str,
    pub strategy: Option<&'a str>,
}

/// How an order is priced.
#[derive(Debug, Default, Serialize)]
pub(super) struct Pricing {
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    limit_price: Option<Price>,
    stop_price: Option<Price>,
    trail_price: Option<Price>,
    trail_percent: Option<Percent>,
}

/// Which orders belong together.
#[derive(Debug, Default, Serialize)]
pub(super) struct Grouping {
    class: Option<&'static str>,
    take_profit: Option<Price>,
    stop_loss: Option<Price>,
    stop_loss_limit: Option<Price>,
}

/// What was asked for and denied.
#[derive(Debug, Default, Serialize)]
pub(super) struct Wish<'a> {
    intent: &'static str,
    order: Option<OrderNumber>,
    symbol: Option<&'a str>,
    side: Option<&'static str>,
    quantity: Option<Quantity>,
    notional: Option<Cash>,
    equity_percent: Option<Percent>,
    #[serde(flatten)]
    pricing: Pricing,
    time_in_force: Option<&'static str>,
    extended_hours: Option<bool>,
    #[serde(flatten)]
    grouping: Grouping,
}

/// A position as it was taken over.
#[derive(Debug, Serialize)]
pub(super) struct Held<'a> {
    pub symbol: &'a str,
    pub quantity: Quantity,
    pub average_price: Price,
}

/// One difference from the broker's books.
#[derive(Debug, Default, Serialize)]
pub(super) struct Differing<'a> {
    what: &'static str,
    symbol: Option<&'a str>,
    order: Option<OrderNumber>,
    broker_id: Option<&'a str>,
    ours: Option<String>,
    theirs: Option<String>,
    average_price: Option<Price>,
    text: String,
}

impl<'a> By<'a> {
    pub(crate) fn of(origin: Origin, state: &'a State) -> Self {
        let strategies = state.session().map_or(&[][..], |start| &start.strategies);
        match origin {
            Origin::Strategy(id) => {
                let spec = strategies.get(usize::from(id.0));
                Self { origin: "strategy", strategy: spec.map(|spec| spec.name.as_ref()) }
            }
            Origin::Operator => Self { origin: "operator", strategy: None },
            Origin::Kernel => Self { origin: "kernel", strategy: None },
        }
    }
}

impl Pricing {
    pub(super) const fn of(kind: &OrderKind) -> Self {
        let (trail_price, trail_percent) = match kind.trail() {
            Some(Trail::Price(usd)) => (Some(usd), None),
            Some(Trail::Percent(percent)) => (None, Some(percent)),
            None => (None, None),
        };
        Self {
            kind: Some(kind.as_str()),
            limit_price: kind.limit(),
            stop_price: kind.stop(),
            trail_price,
            trail_percent,
        }
    }
}

impl Grouping {
    pub(super) fn of(class: OrderClass) -> Self {
        let mut grouping = Self { class: Some(class.as_str()), ..Self::default() };
        for leg in class.legs() {
            match leg {
                Leg::TakeProfit { limit } => grouping.take_profit = Some(limit),
                Leg::StopLoss(exit) => {
                    grouping.stop_loss = Some(exit.stop);
                    grouping.stop_loss_limit = exit.limit;
                }
            }
        }
        grouping
    }
}

impl<'a> Wish<'a> {
    fn new_order(wanted: &NewOrder, symbol: &'a str) -> Self {
        let NewOrder { side, size, kind, time_in_force, extended_hours, class, .. } = *wanted;
        Self {
            intent: "submit",
            order: None,
            symbol: Some(symbol),
            side: Some(side.as_str()),
            quantity: size.shares(),
            notional: size.notional(),
            equity_percent: size.equity_share(),
            pricing: Pricing::of(&kind),
            time_in_force: Some(time_in_force.as_str()),
            extended_hours: Some(extended_hours),
            grouping: Grouping::of(class),
        }
    }

    pub(super) fn of(intent: &Intent, state: &'a State) -> Self {
        let name = |symbol: SymbolId| state.symbols().name(symbol);
        let of_order = |number: OrderNumber| state.order(number).map(|held| name(held.symbol));
        match intent {
            Intent::Submit(wanted) => Self::new_order(wanted, name(wanted.symbol)),
            Intent::Replace { order, quantity, kind } => Self {
                intent: "replace",
                order: Some(*order),
                symbol: of_order(*order),
                quantity: Some(*quantity),
                pricing: Pricing::of(kind),
                ..Self::default()
            },
            Intent::Cancel { order } => Self {
                intent: "cancel",
                order: Some(*order),
                symbol: of_order(*order),
                ..Self::default()
            },
        }
    }
}

impl<'a> Differing<'a> {
    pub(super) fn of(difference: &'a Difference, state: &'a State) -> Self {
        let base = Self { text: difference.sentence(state.symbols()), ..Self::default() };
        match difference {
            Difference::Cash { ours, theirs } => Self {
                what: "cash",
                ours: Some(ours.to_string()),
                theirs: Some(theirs.to_string()),
                ..base
            },
            Difference::Position { symbol, ours, theirs, average_price } => Self {
                what: "position",
                symbol: Some(state.symbols().name(*symbol)),
                ours: Some(ours.to_string()),
                theirs: Some(theirs.to_string()),
                average_price: Some(*average_price),
                ..base
            },
            Difference::OrderMissing { order } => {
                Self { what: "order_missing", order: Some(*order), ..base }
            }
            Difference::OrderForeign { broker_id } => {
                Self { what: "order_foreign", broker_id: Some(&broker_id.0), ..base }
            }
            Difference::OrderAlive { order, broker_id } => Self {
                what: "order_alive",
                order: Some(*order),
                broker_id: Some(&broker_id.0),
                ..base
            },
            Difference::PositionForeign { symbol, quantity } => Self {
                what: "position_foreign",
                symbol: Some(symbol),
                theirs: Some(quantity.to_string()),
                ..base
            },
        }
    }
}

/// The name under which the broker knows an order of ours.
pub(crate) fn client_order_id(session: &str, order: OrderNumber) -> String {
    format!("tw-{}-{order}", session.get(..8).unwrap_or(session))
}
