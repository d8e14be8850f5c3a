//! The parts that payloads are put together from.

use kernel::{
    Difference, Intent, OrderKind, OrderNumber, Origin, Price, Quantity, State, SymbolId,
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
}

/// What was asked for and denied.
#[derive(Debug, Default, Serialize)]
pub(super) struct Wish<'a> {
    intent: &'static str,
    order: Option<OrderNumber>,
    symbol: Option<&'a str>,
    side: Option<&'static str>,
    quantity: Option<Quantity>,
    #[serde(flatten)]
    pricing: Pricing,
    time_in_force: Option<&'static str>,
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
        Self { kind: Some(kind.as_str()), limit_price: kind.limit(), stop_price: kind.stop() }
    }
}

impl<'a> Wish<'a> {
    pub(super) fn of(intent: &Intent, state: &'a State) -> Self {
        let name = |symbol: SymbolId| state.symbols().name(symbol);
        let of_order = |number: OrderNumber| state.order(number).map(|held| name(held.symbol));
        match intent {
            Intent::Submit { symbol, side, quantity, kind, time_in_force } => Self {
                intent: "submit",
                order: None,
                symbol: Some(name(*symbol)),
                side: Some(side.as_str()),
                quantity: Some(*quantity),
                pricing: Pricing::of(kind),
                time_in_force: Some(time_in_force.as_str()),
            },
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
