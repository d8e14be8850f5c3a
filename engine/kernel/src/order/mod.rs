//! Orders: what was asked, where it stands, what it has filled.

mod report;
mod request;
mod transition;

pub use report::{BrokerOrderId, Execution, ExecutionId, Report, ReportKind};
pub use request::{Leg, NewOrder, OrderClass, OrderSize, StopLoss, TimeInForce, Trail};
pub use transition::{Transition, transition};

use crate::{Cash, Price, Quantity, StrategyId, SymbolId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Buy or sell. There is no short side: selling from flat is a short sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Takes shares.
    Buy,
    /// Gives shares.
    Sell,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// A quantity with the sign this side gives it: buys positive, sells negative.
    pub const fn signed(self, quantity: Quantity) -> Quantity {
        match self {
            Side::Buy => quantity,
            Side::Sell => Quantity::from_nanos(-quantity.nanos()),
        }
    }

    /// `buy` or `sell`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }
}

/// How an order is priced; the prices it needs are inside the case that needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At whatever the market gives.
    Market,
    /// At this price or better.
    Limit {
        /// The worst price.
        limit: Price,
    },
    /// A market order once the market trades at or through the stop.
    Stop {
        /// The trigger.
        stop: Price,
    },
    /// A limit order once the market trades at or through the stop.
    StopLimit {
        /// The trigger.
        stop: Price,
        /// The worst price.
        limit: Price,
    },
    /// A stop that follows the market at a distance: a sell below the highest price since it was
    /// received, a buy above the lowest. Triggered, it is a market order.
    TrailingStop {
        /// The distance.
        trail: Trail,
    },
}

impl OrderKind {
    /// The worst price the order may fill at, if it names one.
    pub const fn limit(&self) -> Option<Price> {
        match self {
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(*limit),
            OrderKind::Market | OrderKind::Stop { .. } | OrderKind::TrailingStop { .. } => None,
        }
    }

    /// The trigger, if it names one; that of a trailing stop moves with the market.
    pub const fn stop(&self) -> Option<Price> {
        match self {
            OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. } => Some(*stop),
            OrderKind::Market | OrderKind::Limit { .. } | OrderKind::TrailingStop { .. } => None,
        }
    }

    /// The distance at which it follows the market, if it does.
    pub const fn trail(&self) -> Option<Trail> {
        match self {
            OrderKind::TrailingStop { trail } => Some(*trail),
            OrderKind::Market
            | OrderKind::Limit { .. }
            | OrderKind::Stop { .. }
            | OrderKind::StopLimit { .. } => None,
        }
    }

    /// `market`, `limit`, `stop`, `stop_limit` or `trailing_stop`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            OrderKind::Market => "market",
            OrderKind::Limit { .. } => "limit",
            OrderKind::Stop { .. } => "stop",
            OrderKind::StopLimit { .. } => "stop_limit",
            OrderKind::TrailingStop { .. } => "trailing_stop",
        }
    }
}

/// The number of an order within its session, from 1. With the session it makes the
/// `client_order_id`, so it is the name under which an order whose answer was lost is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(pub u64);

impl fmt::Display for OrderNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Who asked for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A strategy of the session.
    Strategy(StrategyId),
    /// A person, through the control socket or a signal.
    Operator,
    /// The kernel itself: a time to live that ended, a shutdown policy.
    Kernel,
}

/// Where an order stands. The 17 statuses of Alpaca (Trading API 2.0.1, `OrderStatus`) and three
/// of ours: `Approved`, `Unknown` and `NotReceived`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Passed risk and on disk; the broker has not answered yet.
    Approved,
    /// Sent, and the answer was lost: it may or may not work.
    Unknown,
    /// Received by the broker, not yet routed.
    Accepted,
    /// Routed, not yet accepted by the venue.
    PendingNew,
    /// Received for a call auction.
    AcceptedForBidding,
    /// Working.
    New,
    /// Waiting for another order of its group.
    Held,
    /// Working with a part filled.
    PartiallyFilled,
    /// Stopped for today, works again tomorrow.
    DoneForDay,
    /// A trade is guaranteed but has not happened.
    Stopped,
    /// Not eligible to trade for now.
    Suspended,
    /// Done for the day, settlement being worked out.
    Calculated,
    /// A cancel is on its way.
    PendingCancel,
    /// A replacement is on its way.
    PendingReplace,
    /// Wholly filled. Final.
    Filled,
    /// Cancelled, perhaps after a part was filled. Final.
    Canceled,
    /// Its time in force ended. Final.
    Expired,
    /// Refused. Final.
    Rejected,
    /// Another order took its place. Final for this one.
    Replaced,
    /// It never reached the broker. Final.
    NotReceived,
}

impl OrderStatus {
    /// Every status, in the order of declaration.
    pub const ALL: [OrderStatus; 20] = [
        OrderStatus::Approved,
        OrderStatus::Unknown,
        OrderStatus::Accepted,
        OrderStatus::PendingNew,
        OrderStatus::AcceptedForBidding,
        OrderStatus::New,
        OrderStatus::Held,
        OrderStatus::PartiallyFilled,
        OrderStatus::DoneForDay,
        OrderStatus::Stopped,
        OrderStatus::Suspended,
        OrderStatus::Calculated,
        OrderStatus::PendingCancel,
        OrderStatus::PendingReplace,
        OrderStatus::Filled,
        OrderStatus::Canceled,
        OrderStatus::Expired,
        OrderStatus::Rejected,
        OrderStatus::Replaced,
        OrderStatus::NotReceived,
    ];

    /// Whether nothing more is expected of the order.
    pub const fn is_final(self) -> bool {
        match self {
            OrderStatus::Filled
            | OrderStatus::Canceled
            | OrderStatus::Expired
            | OrderStatus::Rejected
            | OrderStatus::Replaced
            | OrderStatus::NotReceived => true,
            OrderStatus::Approved
            | OrderStatus::Unknown
            | OrderStatus::Accepted
            | OrderStatus::PendingNew
            | OrderStatus::AcceptedForBidding
            | OrderStatus::New
            | OrderStatus::Held
            | OrderStatus::PartiallyFilled
            | OrderStatus::DoneForDay
            | OrderStatus::Stopped
            | OrderStatus::Suspended
            | OrderStatus::Calculated
            | OrderStatus::PendingCancel
            | OrderStatus::PendingReplace => false,
        }
    }

    /// The name as Alpaca writes it; ours follow the same pattern.
    pub const fn as_str(self) -> &'static str {
        match self {
            OrderStatus::Approved => "approved",
            OrderStatus::Unknown => "unknown",
            OrderStatus::Accepted => "accepted",
            OrderStatus::PendingNew => "pending_new",
            OrderStatus::AcceptedForBidding => "accepted_for_bidding",
            OrderStatus::New => "new",
            OrderStatus::Held => "held",
            OrderStatus::PartiallyFilled => "partially_filled",
            OrderStatus::DoneForDay => "done_for_day",
            OrderStatus::Stopped => "stopped",
            OrderStatus::Suspended => "suspended",
            OrderStatus::Calculated => "calculated",
            OrderStatus::PendingCancel => "pending_cancel",
            OrderStatus::PendingReplace => "pending_replace",
            OrderStatus::Filled => "filled",
            OrderStatus::Canceled => "canceled",
            OrderStatus::Expired => "expired",
            OrderStatus::Rejected => "rejected",
            OrderStatus::Replaced => "replaced",
            OrderStatus::NotReceived => "not_received",
        }
    }
}

/// An order of the session as the state keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number in the session.
    pub number: OrderNumber,
    /// Who asked for it.
    pub origin: Origin,
    /// Of what.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// How much was asked for.
    pub size: OrderSize,
    /// The most shares that it may fill: those asked for, or what an order in dollars comes to at
    /// the lowest price that was assumed at its approval. Shares that the other leg of its group
    /// has filled are taken off.
    pub quantity: Quantity,
    /// How it is priced.
    pub kind: OrderKind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// Whether it also works before and after the regular session.
    pub extended_hours: bool,
    /// Which orders belong to it.
    pub class: OrderClass,
    /// The order that it is a leg of. The broker holds a leg until its parent has wholly filled.
    pub parent: Option<OrderNumber>,
    /// Whether it opened or grew the position when it was approved.
    pub grows: bool,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it passed risk.
    pub approved_at: Timestamp,
    /// When the kernel cancels what has not filled; entries only.
    pub expires_at: Option<Timestamp>,
    /// The broker's name for it, once known.
    pub broker_id: Option<BrokerOrderId>,
    /// The order whose place it takes.
    pub replaces: Option<OrderNumber>,
    /// Shares filled so far.
    pub filled: Quantity,
    /// Signed cost of what has filled: price times quantity, summed.
    pub filled_value: crate::Notional,
    /// Executions booked, by the broker's name for them.
    pub executions: Vec<ExecutionId>,
    /// Cash kept free for what has not filled.
    pub reserved: Cash,
    /// Whether a cancel has been sent and its outcome is not known.
    pub cancel_requested: bool,
}

impl Order {
    /// Shares that may still fill.
    pub fn remaining(&self) -> Quantity {
        if self.status.is_final() {
            return Quantity::ZERO;
        }
        self.quantity.checked_sub(self.filled).unwrap_or(Quantity::ZERO)
    }

    /// Whether the other exit of its group has filled shares that it was asked for. Which of the two
    /// filled the last ones, and which was cancelled over it, only the broker knows: executions are
    /// heard of in any order.
    pub fn has_shrunk(&self) -> bool {
        self.size.shares().is_some_and(|asked| self.quantity < asked)
    }

    /// Whether it belongs together with other orders, as their parent or as a leg.
    pub fn is_grouped(&self) -> bool {
        self.parent.is_some() || self.class != OrderClass::Simple
    }

    /// The parent of the exits that it is one of: exits of one parent are for the same shares, and
    /// what one fills is taken off the others. The order of an OCO is an exit of its own group.
    pub const fn exits_of(&self) -> Option<OrderNumber> {
        match self.class {
            OrderClass::Oco { .. } => Some(self.number),
            OrderClass::Simple | OrderClass::Bracket { .. } | OrderClass::Oto { .. } => self.parent,
        }
    }

    /// The number that stands for the exits that are for the same shares as this one.
    pub(crate) fn shares_with(&self) -> OrderNumber {
        self.exits_of().unwrap_or(self.number)
    }

    /// Whether it is what an operator or the kernel closes a position with, rather than protects it.
    pub(crate) fn closes_for_good(&self) -> bool {
        let at_once = matches!(self.kind, OrderKind::Market)
            || (matches!(self.kind, OrderKind::Limit { .. })
                && self.time_in_force == TimeInForce::Day);
        let is_simple = self.class == OrderClass::Simple && self.parent.is_none();
        let is_of_strategy = matches!(self.origin, Origin::Strategy(_));
        !is_of_strategy && !self.grows && is_simple && at_once
    }

    /// Whether the broker may still fill it.
    pub const fn is_live(&self) -> bool {
        !self.status.is_final()
    }

    /// Whether the broker has said anything of it.
    pub const fn has_arrived(&self) -> bool {
        !matches!(self.status, OrderStatus::Approved | OrderStatus::Unknown)
    }
}
