//! What the broker, or the way to it, says of an order.

use super::{OrderNumber, OrderStatus};
use crate::{Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The broker's name for an order, kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerOrderId(pub Box<str>);

/// The broker's name for an execution; made from the facts when a fill is inferred.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionId(pub Box<str>);

impl fmt::Display for BrokerOrderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The broker's name for it.
    pub id: ExecutionId,
    /// Shares of this execution alone; above zero.
    pub quantity: Quantity,
    /// The price of this execution alone.
    pub price: Price,
}

/// What happened, in Alpaca's `trade_updates` events and order statuses, with three of our own at
/// the end of the list that the way to the broker makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Received, not yet routed.
    Accepted,
    /// Routed, not yet accepted by the venue.
    PendingNew,
    /// Received for a call auction.
    AcceptedForBidding,
    /// Working.
    New,
    /// Waiting for another order of its group.
    Held,
    /// An execution that fills the order wholly. Part or whole follows from the quantities, and
    /// from this only where the shares are not known before: for an order in dollars.
    Fill,
    /// Stopped for today.
    DoneForDay,
    /// Ended by a cancel.
    Canceled,
    /// Ended by its time in force.
    Expired,
    /// Another order took its place.
    Replaced,
    /// Refused after it had been received.
    Rejected,
    /// A cancel is on its way.
    PendingCancel,
    /// A cancel was refused.
    CancelRejected,
    /// A replacement is on its way.
    PendingReplace,
    /// A replacement was refused.
    ReplaceRejected,
    /// A trade is guaranteed.
    Stopped,
    /// Not eligible for now.
    Suspended,
    /// Settlement being worked out.
    Calculated,
    /// Changed by the broker's staff.
    Restated,
    /// An earlier execution was voided.
    TradeBust,
    /// An earlier execution was changed.
    TradeCorrect,
    /// Under review.
    PendingReview,
    /// A word we do not know.
    Unrecognised,
    /// The request was refused outright (HTTP 403, 422): it never existed.
    Refused,
    /// The answer to the request was lost: time-out, reset, 5xx.
    AnswerLost,
    /// The broker, asked long enough after, has no such order.
    NotReceived,
    /// An execution after which more is to come.
    PartialFill,
}

impl ReportKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [ReportKind; 27] = [
        ReportKind::Accepted,
        ReportKind::PendingNew,
        ReportKind::AcceptedForBidding,
        ReportKind::New,
        ReportKind::Held,
        ReportKind::Fill,
        ReportKind::DoneForDay,
        ReportKind::Canceled,
        ReportKind::Expired,
        ReportKind::Replaced,
        ReportKind::Rejected,
        ReportKind::PendingCancel,
        ReportKind::CancelRejected,
        ReportKind::PendingReplace,
        ReportKind::ReplaceRejected,
        ReportKind::Stopped,
        ReportKind::Suspended,
        ReportKind::Calculated,
        ReportKind::Restated,
        ReportKind::TradeBust,
        ReportKind::TradeCorrect,
        ReportKind::PendingReview,
        ReportKind::Unrecognised,
        ReportKind::Refused,
        ReportKind::AnswerLost,
        ReportKind::NotReceived,
        ReportKind::PartialFill,
    ];

    /// The report that a status which the broker states amounts to. Fills come with their
    /// executions, so an order that has filled is reported as working.
    pub const fn of_status(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Accepted => ReportKind::Accepted,
            OrderStatus::PendingNew => ReportKind::PendingNew,
            OrderStatus::AcceptedForBidding => ReportKind::AcceptedForBidding,
            OrderStatus::New | OrderStatus::PartiallyFilled | OrderStatus::Filled => {
                ReportKind::New
            }
            OrderStatus::Held => ReportKind::Held,
            OrderStatus::DoneForDay => ReportKind::DoneForDay,
            OrderStatus::Stopped => ReportKind::Stopped,
            OrderStatus::Suspended => ReportKind::Suspended,
            OrderStatus::Calculated => ReportKind::Calculated,
            OrderStatus::PendingCancel => ReportKind::PendingCancel,
            OrderStatus::PendingReplace => ReportKind::PendingReplace,
            OrderStatus::Canceled => ReportKind::Canceled,
            OrderStatus::Expired => ReportKind::Expired,
            OrderStatus::Rejected => ReportKind::Rejected,
            OrderStatus::Replaced => ReportKind::Replaced,
            // Ours, which no broker says.
            OrderStatus::Approved | OrderStatus::Unknown | OrderStatus::NotReceived => {
                ReportKind::Unrecognised
            }
        }
    }
}

/// One report on one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Our number, when the `client_order_id` is one of this session's; else it is foreign.
    pub order: Option<OrderNumber>,
    /// The broker's name for the order, when it gave one.
    pub broker_id: Option<BrokerOrderId>,
    /// What happened.
    pub kind: ReportKind,
    /// When, by the broker's clock.
    pub time: Timestamp,
    /// The execution, for a fill.
    pub execution: Option<Execution>,
    /// Shares filled in all by the broker's count after this report, when it said so.
    pub cumulative: Option<Quantity>,
    /// The broker's words, for a refusal.
    pub text: Option<Box<str>>,
}
