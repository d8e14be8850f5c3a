//! The account's history: fills and fees, each with an id that sorts by time.
//!
//! An id is kept as what it is made of, and written only when somebody asks for it.

use crate::OrderId;
use crate::local::NewYork;
use kernel::{
    Cash, FeeKind, MovementKind, OrderStatus, Price, Quantity, Side, SymbolId, Timestamp,
};
use uuid::Uuid;

/// One entry of the account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// An execution.
    Fill(FillActivity),
    /// A fee taken from cash.
    Fee(FeeActivity),
    /// Shares that a split brought or took.
    Split(SplitActivity),
    /// Cash that came or went by no trade and no fee.
    Cash(CashActivity),
    /// The account was begun anew: nothing of before is left.
    Reset(ResetActivity),
}

/// An execution in the account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillActivity {
    /// The execution's id, the second half of the activity's.
    pub execution: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// The order's id.
    pub order_id: OrderId,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeActivity {
    /// The second half of the activity's id.
    pub number: Uuid,
    /// When it was taken from cash.
    pub time: Timestamp,
    /// The trading day it is for, as `yyyymmdd` in New York.
    pub date: u32,
    /// What kind.
    pub kind: FeeKind,
    /// What it took from cash, in USD, above zero.
    pub amount: Cash,
}

/// A split in the account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitActivity {
    /// The second half of its id.
    pub number: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// Of what.
    pub symbol: SymbolId,
    /// By how many signed shares the position changed.
    pub change: Quantity,
}

/// A movement of cash in the account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashActivity {
    /// The second half of its id.
    pub number: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// What kind.
    pub kind: MovementKind,
    /// What it added to cash, in USD; below zero for what it took.
    pub amount: Cash,
}

/// The beginning of an account that takes the place of another. No list of activities shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetActivity {
    /// The account's id from here on.
    pub number: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// What it holds, in USD.
    pub cash: Cash,
}

impl Activity {
    /// Its id: `yyyymmddHHMMSSmmm::uuid`, New York time and [`Activity::number`].
    pub fn id(&self) -> String {
        format!("{}::{}", NewYork::new().stamp(self.time()), self.number())
    }

    /// The second half of its id: what it is known by without its time.
    pub const fn number(&self) -> Uuid {
        match self {
            Activity::Fill(fill) => fill.execution,
            Activity::Fee(fee) => fee.number,
            Activity::Split(split) => split.number,
            Activity::Cash(moved) => moved.number,
            Activity::Reset(reset) => reset.number,
        }
    }

    /// Whether this is the activity of an id.
    pub fn is(&self, id: &str) -> bool {
        let number = id.split_once("::").and_then(|(_, number)| number.parse().ok());
        number == Some(self.number()) && id == self.id()
    }

    /// When it happened.
    pub const fn time(&self) -> Timestamp {
        match self {
            Activity::Fill(fill) => fill.time,
            Activity::Fee(fee) => fee.time,
            Activity::Split(split) => split.time,
            Activity::Cash(moved) => moved.time,
            Activity::Reset(reset) => reset.time,
        }
    }
}
