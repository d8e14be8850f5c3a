//! A law that was broken.

use exchange::check::Breach;
use kernel::{OrderNumber, Timestamp};

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
    /// An operator's halt did not last.
    #[error("trading was halted, and is not any more although nobody resumed it")]
    HaltForgotten,
    /// The books do not balance.
    #[error("the trial balance of the ledger is not zero")]
    Unbalanced,
    /// The virtual accounts are not the account.
    #[error("the virtual accounts: {0}")]
    Accounts(&'static str),
    /// A strategy that trades apart opens a position on another side than the rest.
    #[error("order {order} opens a position against what another strategy or the house holds")]
    Opposed { order: OrderNumber },
    /// The exchange contradicts itself.
    #[error("the exchange's own record: {0}")]
    Exchange(String),
    /// By the exchange's record the session did what it must not, or says what is not so.
    #[error("{0}")]
    Breach(Breach),
    /// Books that differ although nobody else traded: something was booked wrongly or not at all.
    #[error("a difference that nobody else's trade explains: {0}")]
    Unexplained(String),
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
    /// An order on data that are from the future, or older than others.
    #[error("order {order} was decided on data of another time")]
    OtherTime { order: OrderNumber },
    /// An order that closes more than is held.
    #[error("order {order} closes more than is held")]
    ClosesTooMuch { order: OrderNumber },
    /// Cash kept free for what cannot fill any more.
    #[error("order {order} keeps cash free for more than it may still fill")]
    Reserved { order: OrderNumber },
    /// A cancel that was decided on and never handed to the exchange.
    #[error("the cancel of order {order} was decided on and not sent")]
    CancelUnsent { order: OrderNumber },
    /// An entry that outlives its time.
    #[error("order {order} is left standing beyond its time to live")]
    LeftStanding { order: OrderNumber },
    /// A symbol that is called closed and is not.
    #[error("symbol {symbol} is called closed, and the account holds some of it")]
    NotFlat { symbol: usize },
    /// A symbol that an operator had closed, and that nobody closes any more.
    #[error("symbol {symbol} is to be closed, and nothing is asked for any more")]
    Forgotten { symbol: usize },
    /// What the data stream missed is not read before what came after it.
    #[error("the bar of symbol {symbol} until {time}, which the data stream lost, is never read")]
    Unrepaired { symbol: usize, time: Timestamp },
    /// An order that the exchange refuses for one of the session's own on the other side.
    #[error("order {order} might have traded with another one of the session")]
    WashTrade { order: OrderNumber },
    /// The plan asked for too little to show anything.
    #[error("the plan is thin: a day with {orders} orders and {faults} faults")]
    Thin { orders: u64, faults: u64 },
    /// Something feeds itself for ever.
    #[error("the session does not come to rest")]
    Endless,
}

impl Violation {
    /// Who found it: one of the checkers that users have too, or a law of this simulation.
    pub const fn checker(&self) -> &'static str {
        match self {
            Violation::Exchange(_) => "`SessionRecord::findings`",
            Violation::Breach(_) => "`SessionRecord::breaches`",
            _ => "a law of the simulation",
        }
    }

    /// Whether the exchange's record shows it by itself.
    pub(crate) const fn is_of_record(&self) -> bool {
        matches!(self, Violation::Exchange(_) | Violation::Breach(_))
    }
}
