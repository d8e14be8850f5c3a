//! What a client asks for: typed, and raw as it comes over a wire.

use kernel::{
    OrderClass, OrderKind, OrderSize, Percent, Price, Quantity, Side, SymbolId, TimeInForce,
};
use serde::{Deserialize, Serialize};

/// A new order in types: whoever has this has no field left to get wrong in form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Of what.
    pub symbol: SymbolId,
    /// Buy or sell; selling from flat is a short sale.
    pub side: Side,
    /// Shares, or USD to trade for; above zero.
    pub size: OrderSize,
    /// How it is priced.
    pub kind: OrderKind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// The client's name for it: unique for the life of the account, at most 128 characters. The
    /// exchange makes one when it is absent.
    pub client_order_id: Option<String>,
    /// Whether it also works before and after the regular session; limit orders only.
    pub extended_hours: bool,
    /// Which exits belong to it. The limit order of an OCO takes the profit.
    pub class: OrderClass,
}

impl OrderRequest {
    /// A simple order for the day.
    pub fn new(symbol: SymbolId, side: Side, size: impl Into<OrderSize>, kind: OrderKind) -> Self {
        Self {
            symbol,
            side,
            size: size.into(),
            kind,
            time_in_force: TimeInForce::Day,
            client_order_id: None,
            extended_hours: false,
            class: OrderClass::Simple,
        }
    }
}

/// A change of a working order in types. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replacement {
    /// Shares of the new order in all; its own fills start from zero.
    pub qty: Option<Quantity>,
    /// How long the new order works.
    pub time_in_force: Option<TimeInForce>,
    /// The new limit price.
    pub limit_price: Option<Price>,
    /// The new stop price.
    pub stop_price: Option<Price>,
    /// The new distance of a trailing stop: USD or percent, as it was asked for at first.
    pub trail: Option<Price>,
    /// The client's name for the new order.
    pub client_order_id: Option<String>,
}

/// How much of a position to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All of it.
    Whole,
    /// So many shares.
    Shares(Quantity),
    /// So much of what is held.
    Percent(Percent),
}

/// A new order as texts, before anything about it has been checked.
/// [`crate::Exchange::read_order`] makes an [`OrderRequest`] of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields are those of OrderRequest, as texts")]
pub struct RawOrder {
    pub symbol: Option<String>,
    pub qty: Option<String>,
    pub notional: Option<String>,
    pub side: Option<String>,
    pub kind: Option<String>,
    pub time_in_force: Option<String>,
    pub limit_price: Option<String>,
    pub stop_price: Option<String>,
    pub trail_price: Option<String>,
    pub trail_percent: Option<String>,
    pub client_order_id: Option<String>,
    pub extended_hours: bool,
    pub order_class: Option<String>,
    /// `take_profit.limit_price`.
    pub take_profit: Option<String>,
    pub stop_loss: Option<RawStopLoss>,
    pub position_intent: Option<String>,
}

/// `stop_loss` as texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields are the prices of a stop, as texts")]
pub struct RawStopLoss {
    pub stop_price: Option<String>,
    pub limit_price: Option<String>,
}

/// A replacement as texts. [`crate::Exchange::read_replacement`] makes a [`Replacement`] of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields are those of Replacement, as texts")]
pub struct RawReplacement {
    pub qty: Option<String>,
    pub time_in_force: Option<String>,
    pub limit_price: Option<String>,
    pub stop_price: Option<String>,
    pub trail: Option<String>,
    pub client_order_id: Option<String>,
}
