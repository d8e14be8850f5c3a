//! Refusals in Alpaca's words: HTTP status, code, message and context fields.

use crate::OrderRow;
use kernel::{Cash, OrderKind, OrderStatus, Price, Quantity};
use serde::{Deserialize, Serialize};

/// Why a request was refused. Nothing has changed in the exchange when one is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message} (HTTP {status}, code {code})")]
pub struct Refusal {
    /// The HTTP status: 403, 404 or 422.
    pub status: u16,
    /// Alpaca's code.
    pub code: u32,
    /// Alpaca's words.
    pub message: String,
    /// Context fields of the error body, as texts, in the order of their names.
    pub fields: Vec<(String, String)>,
}

impl Refusal {
    fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: Vec::new() }
    }

    /// 422: a field is missing or not what it should be.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(422, 40_010_001, message)
    }

    /// 422: well formed, and not allowed in this state.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, 42_210_000, message)
    }

    /// 403: understood, and not granted.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, 40_310_000, message)
    }

    /// 404: there is no such thing.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, 40_410_000, message)
    }

    pub(crate) fn order_not_found(id: impl std::fmt::Display) -> Self {
        Self::not_found(format!("order not found for {id}"))
    }

    pub(crate) fn position_not_found() -> Self {
        Self::not_found("position does not exist")
    }

    pub(crate) fn asset_not_found(symbol: &str) -> Self {
        Self::unprocessable(format!("asset \"{symbol}\" not found"))
    }

    /// An order that has ended, or whose end is on its way, cannot be cancelled.
    pub(crate) fn already(status: OrderStatus) -> Self {
        Self::unprocessable(format!("order is already in \"{}\" state", status.as_str()))
    }

    /// An exit on the wrong side of the price at which its group begins, or too near to it.
    pub(crate) fn too_near_to_base(field: &str, above: bool, base: Price) -> Self {
        let (order, sign) = if above { (">=", '+') } else { ("<=", '-') };
        Self::unprocessable(format!("{field} must be {order} base_price {sign} 0.01"))
            .with("base_price", base)
    }

    pub(crate) fn not_fractionable(symbol: &str) -> Self {
        Self::forbidden(format!("asset \"{symbol}\" is not fractionable"))
    }

    pub(crate) fn sub_penny(field: &str, price: Price) -> Self {
        Self::unprocessable(format!(
            "invalid {field} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        ))
    }

    pub(crate) fn insufficient_qty(
        symbol: &str,
        requested: Quantity,
        available: Quantity,
        held: Quantity,
        held_for_orders: Quantity,
    ) -> Self {
        Self::forbidden(format!(
            "insufficient qty available for order (requested: {requested}, available: {available})"
        ))
        .with("available", available)
        .with("existing_qty", held)
        .with("held_for_orders", held_for_orders)
        .with("symbol", symbol)
    }

    pub(crate) fn insufficient_buying_power(power: Cash, cost: Cash) -> Self {
        Self::forbidden("insufficient buying power")
            .with("buying_power", power)
            .with("cost_basis", cost)
    }

    pub(crate) fn wash_trade(resting: &OrderRow) -> Self {
        let reason = match resting.kind {
            OrderKind::Market | OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => {
                "opposite side market/stop order exists"
            }
            OrderKind::Limit { .. } | OrderKind::StopLimit { .. } => {
                "opposite side limit order exists"
            }
        };
        Self::forbidden("potential wash trade detected. use complex orders")
            .with("existing_order_id", resting.id)
            .with("reject_reason", reason)
    }

    fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.fields.push((name.into(), value.to_string()));
        self
    }
}
