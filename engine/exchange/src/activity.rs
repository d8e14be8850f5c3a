//! The account's history: fills and fees, each with an id that sorts by time.

use kernel::{Cash, FeeKind, OrderStatus, Price, Quantity, Side, SymbolId, Timestamp};
use serde::{Deserialize, Serialize};

/// One entry of the account's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// An execution.
    Fill(FillActivity),
    /// A fee taken from cash.
    Fee(FeeActivity),
}

/// An execution in the account's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillActivity {
    /// `yyyymmddHHMMSSmmm::uuid`: New York time of the execution and its id.
    pub id: String,
    /// When it happened.
    pub time: Timestamp,
    /// The order's id.
    pub order_id: String,
    /// Where the order stood after it.
    pub order_status: OrderStatus,
    /// Of what.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// Whether the sale opened or grew a short position.
    pub short: bool,
    /// Shares of this execution.
    pub qty: Quantity,
    /// Its price.
    pub price: Price,
    /// Shares of the order filled after it.
    pub cum_qty: Quantity,
    /// Shares of the order still open after it.
    pub leaves_qty: Quantity,
}

/// A fee in the account's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeActivity {
    /// `yyyymmddHHMMSSmmm::uuid`: New York time of the posting and a UUID.
    pub id: String,
    /// When it was taken from cash.
    pub time: Timestamp,
    /// The trading day it is for, as `yyyymmdd` in New York.
    pub date: u32,
    /// What kind.
    pub kind: FeeKind,
    /// What it took from cash, in USD, above zero.
    pub amount: Cash,
}

impl Activity {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Activity::Fill(fill) => &fill.id,
            Activity::Fee(fee) => &fee.id,
        }
    }

    /// When it happened.
    pub const fn time(&self) -> Timestamp {
        match self {
            Activity::Fill(fill) => fill.time,
            Activity::Fee(fee) => fee.time,
        }
    }
}
