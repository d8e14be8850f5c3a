//! What is to happen, in order of virtual time.

use exchange::{OrderId, Update};
use kernel::{
    BasisPoints, BrokerState, Cash, Command, Input, Link, MarketData, MovementKind, OrderNumber,
    Report, Span, SymbolId, Timestamp,
};
use std::collections::BTreeMap;

/// One thing that will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The exchange takes a step of market data.
    Step(usize),
    /// Market data reach the session, if the connection that they travel on still stands.
    Data { connection: u64, data: MarketData },
    /// The data stream closes, for so long.
    DataDown { connection: u64, wait: Span },
    /// The data stream comes up.
    DataUp { life: u32 },
    /// What the data stream missed was asked for.
    Missed { life: u32, wanted: Wanted },
    /// What the data stream missed has been waited for long enough.
    Overdue { life: u32, gap: u64 },
    /// An operator is told of a kind of message that could not be used.
    Unusable { life: u32, message: &'static str },
    /// A report reaches the session and cannot be read.
    Unread { connection: u64, update: Box<Update>, unread: Unread },
    /// A request reaches the exchange, for the first time or again.
    Arrive { life: u32, parcel: usize, attempt: u32 },
    /// An answer reaches the process that asked.
    Answer { life: u32, answer: Answer },
    /// A report reaches the session, if the connection that it travels on still stands.
    Frame { connection: u64, update: Box<Update> },
    /// The session looks for an order that it had no answer for.
    LookUp { life: u32, search: Search },
    /// The session reads an order whose report it did not understand.
    Read { life: u32, order: OrderNumber },
    /// The session asks what the broker holds.
    Reconcile { life: u32 },
    /// The order stream goes down or comes up.
    Stream { life: u32, up: bool },
    /// The order stream has said nothing for too long.
    Silence { connection: u64 },
    /// The venue halts a symbol or lets it go.
    Halt(SymbolId, bool),
    /// The venue's price bands of a symbol change: so far from the last price on both sides.
    Bands(SymbolId, BasisPoints),
    /// An operator says something.
    Command(Command),
    /// The exchange refuses an order that it had taken.
    Reject(OrderId),
    /// Somebody else closes a position.
    CloseByHand(SymbolId),
    /// Cash comes or goes by no trade and no fee.
    MoveCash(MovementKind, Cash),
    /// The shares of a symbol are split: which one in the plan.
    Split(usize),
    /// The process is started again.
    Start,
    /// The kernel asked for a timer.
    Timer { life: u32 },
}

/// Bars of the past that are asked for: of one symbol, or of all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) symbol: Option<SymbolId>,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// Why a report cannot be read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unread {
    /// A field is missing; whose order it is about can be read.
    Incomplete,
    /// It is no JSON.
    Malformed,
    /// It is too huge, which ends its connection.
    Huge,
}

/// What comes back for a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A report on an order.
    Report(Report),
    /// A cancel was refused.
    CancelRefused(OrderNumber, Box<str>),
    /// What the broker holds, and where the books stood when it was asked.
    Broker(Box<BrokerState>, Mark),
}

/// A search for an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search {
    pub(crate) order: OrderNumber,
    /// How often the exchange has denied it.
    pub(crate) denials: u32,
    /// When it first did.
    pub(crate) since: Option<Timestamp>,
}

/// Where the books stand: what a broker says can be compared only when they stand where they stood
/// while it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) connection: u64,
    pub(crate) sent: u64,
    pub(crate) unanswered: usize,
    pub(crate) fills: u64,
    pub(crate) postings: usize,
}

/// Happenings by time; those of one instant in the order in which they were planned.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: BTreeMap<(Timestamp, u64), Happening>,
    planned: u64,
}

impl Queue {
    pub(crate) fn plan(&mut self, at: Timestamp, happening: Happening) {
        self.planned += 1;
        self.waiting.insert((at, self.planned), happening);
    }

    pub(crate) fn next(&mut self) -> Option<(Timestamp, Happening)> {
        self.waiting.pop_first().map(|((at, _), happening)| (at, happening))
    }
}

/// The input for a connection.
pub(crate) const fn link(up: bool) -> Input {
    Input::Link { link: Link::Orders, up }
}
