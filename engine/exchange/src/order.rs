//! An order as the exchange shows it.

use kernel::{OrderKind, OrderStatus, Price, Quantity, Side, SymbolId, TimeInForce, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

/// The exchange's name for an order: a number that is written as a UUID.
pub type OrderId = Uuid;

/// An order. Times are the exchange's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The exchange's name for it.
    pub id: OrderId,
    /// The client's name for it.
    pub client_order_id: Arc<str>,
    /// Of what.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// Shares asked for.
    pub qty: Quantity,
    /// How it is priced, as it was asked for.
    pub kind: OrderKind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// Whether it also works outside of the regular session.
    pub extended_hours: bool,
    /// Where it stands.
    pub status: OrderStatus,
    /// Shares filled.
    pub filled_qty: Quantity,
    /// Mean price of what has filled, by quantity, half to even at 1e-9; `None` before a fill.
    pub filled_avg_price: Option<Price>,
    /// When it was received.
    pub submitted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its time in force ends by plan: the close of its session, or for gtc 16:15 New York
    /// time 90 days after it was received. `None` on a venue that never closes.
    pub expires_at: Option<Timestamp>,
    /// When it filled wholly.
    pub filled_at: Option<Timestamp>,
    /// When its time in force ended it.
    pub expired_at: Option<Timestamp>,
    /// When a cancel was asked for.
    pub cancel_requested_at: Option<Timestamp>,
    /// When it was cancelled.
    pub canceled_at: Option<Timestamp>,
    /// When it was refused after it had been received.
    pub failed_at: Option<Timestamp>,
    /// When another order took its place.
    pub replaced_at: Option<Timestamp>,
    /// The id of the order that took its place.
    pub replaced_by: Option<OrderId>,
    /// The id of the order whose place it took.
    pub replaces: Option<OrderId>,
}

impl OrderRow {
    /// Shares that may still fill: none once the order has ended.
    pub fn leaves(&self) -> Quantity {
        if self.status.is_final() {
            return Quantity::ZERO;
        }
        self.unfilled()
    }

    /// Shares that have not filled, whether or not they still may.
    pub(crate) fn unfilled(&self) -> Quantity {
        self.qty.checked_sub(self.filled_qty).unwrap_or(Quantity::ZERO)
    }
}
