//! An order as the exchange shows it.

use kernel::{
    Cash, OrderClass, OrderKind, OrderStatus, Percent, Price, Quantity, Side, SymbolId,
    TimeInForce, Timestamp,
};
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
    /// Shares asked for. Of an order in USD: what has filled and what the rest of the USD buys at
    /// the last price it met. The legs of a group lose what another leg fills.
    pub qty: Quantity,
    /// USD asked for, of an order in USD.
    pub notional: Option<Cash>,
    /// The share of equity asked for, of an order that is sized by it at its first fill; until then
    /// its shares are an estimate.
    pub equity_share: Option<Percent>,
    /// How it is priced, as it was asked for.
    pub kind: OrderKind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// Whether it also works outside of the regular session.
    pub extended_hours: bool,
    /// What kind of group it belongs to.
    pub group: GroupKind,
    /// The order whose leg it is.
    pub parent: Option<OrderId>,
    /// Its legs: take-profit before stop-loss.
    pub legs: [Option<OrderId>; 2],
    /// Whether it opens or grows a position, as it was judged when it arrived.
    pub opens: bool,
    /// The last price when it arrived; `None` when none was known.
    pub arrival_price: Option<Price>,
    /// Where a trailing stop has got to; `None` before its first price.
    pub trailed: Option<Trailed>,
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

/// What kind of group an order belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// None.
    Simple,
    /// An entry with two exits.
    Bracket,
    /// Two exits.
    Oco,
    /// An entry with one exit.
    Oto,
}

/// Where a trailing stop has got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailed {
    /// The highest price since it was received, of a sell; of a buy the lowest.
    pub extreme: Price,
    /// The stop that follows from it.
    pub stop: Price,
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

    /// Whether it was asked for in parts of a share or in USD.
    pub fn is_fractional(&self) -> bool {
        self.notional.is_some() || !self.qty.is_whole()
    }
}

impl GroupKind {
    /// `bracket`, `oco`, `oto`, or nothing for a simple order.
    pub const fn as_str(self) -> &'static str {
        match self {
            GroupKind::Simple => "",
            GroupKind::Bracket => "bracket",
            GroupKind::Oco => "oco",
            GroupKind::Oto => "oto",
        }
    }
}

impl From<OrderClass> for GroupKind {
    fn from(class: OrderClass) -> Self {
        match class {
            OrderClass::Simple => GroupKind::Simple,
            OrderClass::Bracket { .. } => GroupKind::Bracket,
            OrderClass::Oco { .. } => GroupKind::Oco,
            OrderClass::Oto { .. } => GroupKind::Oto,
        }
    }
}
