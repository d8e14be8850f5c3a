//! A law that was broken.

use kernel::{Cash, OrderNumber, OrderStatus, Quantity, TradingState};

/// What a simulated session did that no session may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named in the sentence of each")]
pub enum Violation {
    /// One order, requested twice.
    #[error("order {order} was requested more than once")]
    Twice { order: OrderNumber },
    /// A limit was exceeded.
    #[error("order {order} exceeds the limit of {what}")]
    Limit { order: OrderNumber, what: &'static str },
    /// Growth while halted or reducing.
    #[error("order {order} grows a position while trading is {}", state.as_str())]
    GrewWhileHalted { order: OrderNumber, state: TradingState },
    /// An operator's halt did not last.
    #[error("trading was halted, and is not any more although nobody resumed it")]
    HaltForgotten,
    /// The books do not balance.
    #[error("the trial balance of the ledger is not zero")]
    Unbalanced,
    /// The exchange contradicts itself.
    #[error("the exchange's own record: {0}")]
    Exchange(String),
    /// Books that differ although nobody else traded: something was booked wrongly or not at all.
    #[error("a difference that nobody else's trade explains: {0}")]
    Unexplained(String),
    /// A position differs after quiet.
    #[error("the position in symbol {symbol} is {ours} in the books and {theirs} at the exchange")]
    Position { symbol: usize, ours: Quantity, theirs: Quantity },
    /// Cash differs after quiet.
    #[error("cash is {ours} in the books and {theirs} at the exchange")]
    Cash { ours: Cash, theirs: Cash },
    /// An order stands elsewhere after quiet.
    #[error("order {order} is {} in the books and {} at the exchange", ours.as_str(), theirs.as_str())]
    Standing { order: OrderNumber, ours: OrderStatus, theirs: OrderStatus },
    /// An order at the exchange that the books have never heard of.
    #[error("order {order} is at the exchange and not in the books")]
    Unknown { order: OrderNumber },
    /// An order never came to an end.
    #[error("order {order} is still {} after the end", status.as_str())]
    Open { order: OrderNumber, status: OrderStatus },
    /// An order never came to an end at the exchange.
    #[error("order {id} is still open at the exchange after the end")]
    OpenThere { id: String },
    /// The journal could not be opened again.
    #[error("the journal cannot be taken up: {0}")]
    Journal(String),
    /// The kernel refuses its own records.
    #[error("the kernel contradicts itself: {0}")]
    Contradiction(String),
    /// The same inputs lead to other events.
    #[error("decided again, record {seq} comes out otherwise")]
    Otherwise { seq: u64 },
    /// An order in a symbol that the venue had halted.
    #[error("order {order} is for a symbol that the venue has halted")]
    Halted { order: OrderNumber },
    /// The plan asked for too little to show anything.
    #[error("the plan is thin: {days} days, {orders} orders, {faults} faults")]
    Thin { days: u64, orders: u64, faults: u64 },
    /// Something feeds itself for ever.
    #[error("the session does not come to rest")]
    Endless,
}
