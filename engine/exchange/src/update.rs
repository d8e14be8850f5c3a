//! What the exchange tells of its orders, in the order in which it happened.

use crate::OrderRow;
use kernel::{Price, Quantity, Timestamp};
use uuid::Uuid;

/// What happened to an order; the names are those of Alpaca's `trade_updates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UpdateEvent {
    /// Received while the session is closed; works from the next open.
    Accepted,
    /// Received, on its way to the market.
    PendingNew,
    /// Working.
    New,
    /// A part filled.
    PartialFill,
    /// The rest filled.
    Fill,
    /// A cancel is on its way.
    PendingCancel,
    /// Ended by a cancel.
    Canceled,
    /// A cancel came too late.
    CancelRejected,
    /// A replacement is on its way.
    PendingReplace,
    /// Another order took its place; the order is the old one.
    Replaced,
    /// A replacement came too late.
    ReplaceRejected,
    /// Ended by its time in force.
    Expired,
    /// Refused after it had been received.
    Rejected,
    /// Received, and held until another order of its group fills.
    Held,
    /// Changed by the venue: an exit lost what the other one has filled.
    Restated,
}

impl UpdateEvent {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            UpdateEvent::Accepted => "accepted",
            UpdateEvent::PendingNew => "pending_new",
            UpdateEvent::New => "new",
            UpdateEvent::PartialFill => "partial_fill",
            UpdateEvent::Fill => "fill",
            UpdateEvent::PendingCancel => "pending_cancel",
            UpdateEvent::Canceled => "canceled",
            UpdateEvent::CancelRejected => "order_cancel_rejected",
            UpdateEvent::PendingReplace => "pending_replace",
            UpdateEvent::Replaced => "replaced",
            UpdateEvent::ReplaceRejected => "order_replace_rejected",
            UpdateEvent::Expired => "expired",
            UpdateEvent::Rejected => "rejected",
            UpdateEvent::Held => "held",
            UpdateEvent::Restated => "restated",
        }
    }
}

/// One execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The exchange's name for it, also the second half of its activity's id.
    pub id: Uuid,
    /// The price of this execution alone.
    pub price: Price,
    /// Shares of this execution alone.
    pub qty: Quantity,
}

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// What.
    pub event: UpdateEvent,
    /// When, by the exchange's clock.
    pub time: Timestamp,
    /// The execution, for a fill.
    pub execution: Option<Fill>,
    /// The signed position in the symbol after the event.
    pub position_qty: Quantity,
    /// The order after the event.
    pub order: OrderRow,
}
