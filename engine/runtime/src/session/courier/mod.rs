//! Carrying out what the kernel sends, and turning what comes back into answers.
//!
//! An order is sent once. When the answer is lost the order is *unknown*: it is looked up by its
//! `client_order_id` until the broker shows it, or a listing of orders and the executions, taken
//! long enough after, prove that it has none; it is never sent again. Only a request that is
//! certain not to have been carried out ([`crate::alpaca::ApiError::was_not_carried_out`]) is
//! repeated, three times at most; a cancel may be, since it is the same twice.

mod lost;
mod orders;
mod reads;
#[cfg(test)]
mod tests;

pub(super) use reads::{AccountRead, read_account};

use super::catch_up::OrderRead;
use super::lease::{Lease, OtherSession};
use super::venue::Venue;
use crate::alpaca::{BarsQuery, NewsPiece, Posting};
use crate::backoff::Backoff;
use kernel::{
    AssetFacts, Bar, BrokerOrderId, BrokerState, Channel, CorporateAction, Order, OrderNumber,
    Quantity, Report, Span, State, SymbolId, Timestamp, Trade, TradingDay,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Something to be done at the venue.
#[derive(Debug)]
pub(super) enum Errand {
    /// What the kernel sends, with the order that it is about to touch: itself, the one it
    /// replaces, or the one to cancel.
    Send(Box<kernel::Send>, Target),
    /// An order whose report cannot be understood from here.
    Read(Target),
    /// An order that may or may not have reached the broker.
    Find(Target),
    /// Many of them, with as few requests as it takes.
    ReadAll(Vec<Target>),
    /// What the broker says of these symbols today.
    Assets(Vec<(SymbolId, Box<str>)>),
    /// What was posted to the account since an instant.
    Postings(Timestamp),
    /// Splits and new names from one instant's date to another's.
    Corporate { from: Timestamp, to: Timestamp },
    /// Everything the broker holds: the orders named, then what was posted since an instant, then
    /// the account.
    Reconcile {
        orders: Vec<Target>,
        posted_since: Timestamp,
        /// Where the books stand while it is asked, for the answer.
        mark: Mark,
    },
    /// Bars and trades that the data stream did not bring.
    Missed(MissedWanted),
    /// Whether a silent channel had anything to say.
    Probe { channel: Channel, silent_for: Duration, bars: BarsWanted },
    /// The trading days after an instant, up to another.
    Calendar { from: Timestamp, to: Timestamp },
    /// Whether another session trades on the account, by its orders since an instant.
    Others(Arc<Lease>, Timestamp),
    /// The news since an instant, for a connection of the news stream.
    News { since: Timestamp, mark: u64 },
}

/// Where the books stand. What the broker says of its own can be compared with ours only when
/// they stand where they stood while it was asked: account, positions and orders are three answers,
/// and an execution that is booked in between is in some of them and not in others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Counts the comings and goings of the order stream.
    pub connection: u64,
    /// Orders approved.
    pub sent: u64,
    /// Orders that the broker has not answered for: one that it answers for meanwhile may be
    /// missing in what it listed before.
    pub unanswered: usize,
    /// Executions booked.
    pub fills: u64,
    /// Postings booked.
    pub postings: usize,
}

/// Bars of the past that strategies are to observe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BarsWanted {
    pub symbols: Vec<SymbolId>,
    pub length: Span,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// Bars and trades of the past that were missed.
#[derive(Debug, Clone)]
pub(super) struct MissedWanted {
    pub bars: BarsWanted,
    /// `None` when no trades are listened to, or none was ever seen.
    pub trades_since: Option<Timestamp>,
}

/// An order to be looked at, as we have it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    number: OrderNumber,
    broker_id: Option<BrokerOrderId>,
    filled: Quantity,
    approved_at: Timestamp,
    since: Timestamp,
}

/// What came of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A report on an order.
    Report(Report),
    /// An order as the broker has it.
    Read(OrderNumber, Box<OrderRead>),
    /// A cancel came to nothing and the order works on, as far as is known.
    CancelFailed(OrderNumber, Box<str>),
    /// What was posted to the account.
    Postings(Vec<Posting>),
    /// Splits and new names.
    Corporate(Vec<CorporateAction>),
    /// What the broker holds, and where the books stood when it was asked.
    Broker(Box<BrokerState>, Mark),
    /// What the broker holds cannot be read, though it answers: the books were not compared.
    NotCompared,
    /// A request of those that compare the books has failed; it is made again.
    Unanswered,
    /// What the data stream did not bring.
    Missed(Vec<Bar>, Vec<Trade>),
    /// The bars in the time in which a channel was silent.
    Probed { channel: Channel, silent_for: Duration, wanted: BarsWanted, bars: Vec<Bar> },
    /// Trading days.
    Calendar(Vec<TradingDay>),
    /// What the broker says of a symbol.
    Asset(AssetFacts),
    /// Another session trades on the account.
    Other(OtherSession),
    /// News, for a connection of the news stream; `None` when they cannot be read now.
    News { mark: u64, pieces: Option<Vec<NewsPiece>> },
}

impl Answer {
    /// The order that it is about, when it is about one of ours.
    pub const fn order(&self) -> Option<OrderNumber> {
        match self {
            Answer::Report(report) => report.order,
            Answer::Read(order, _) | Answer::CancelFailed(order, _) => Some(*order),
            Answer::Postings(_)
            | Answer::Corporate(_)
            | Answer::Broker(..)
            | Answer::NotCompared
            | Answer::Unanswered
            | Answer::Missed(..)
            | Answer::Probed { .. }
            | Answer::Calendar(_)
            | Answer::Asset(_)
            | Answer::Other(_)
            | Answer::News { .. } => None,
        }
    }
}

/// How long an order that the broker does not show is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The first wait between two look-ups; they double.
    pub first: Duration,
    /// The longest.
    pub most: Duration,
    /// How long the broker must have denied an order before its absence can be proven.
    pub absent_after: Wait,
    /// How long the list of executions may lag behind its orders.
    pub activities_lag: Duration,
    /// How long account and positions may lag behind the executions that changed them: only when
    /// nothing was booked for so long is it a difference that they are not ours. Alpaca's have been
    /// seen ten seconds behind its orders (issue 276 of its API).
    pub account_lag: Duration,
    /// How long an account that differs at each reading is taken for late while one thing after the
    /// other is booked; then it is suspected. Several times the lag, so that one that is only late
    /// has agreed in between.
    pub account_differs: Duration,
    /// From this the waits are shortened by chance, so that two sessions do not ask together.
    pub seed: u64,
}

/// A wait by one of the two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// From the last of the empty answers, by the machine's clock.
    Machine(Duration),
    /// From when the order was approved, by the venue's clock: in lock step, where no time passes
    /// while anybody waits.
    Venue(Span),
}

/// So long after, a listing of orders that lacks one proves that it never arrived.
const ABSENT_AFTER: u32 = 60;

impl Patience {
    /// For a broker behind the internet, whose listings lag behind each other.
    pub const BROKER: Self = Self {
        first: Duration::from_millis(250),
        most: Duration::from_secs(10),
        absent_after: Wait::Machine(Duration::from_secs(ABSENT_AFTER as u64)),
        activities_lag: Duration::from_secs(1),
        account_lag: Duration::from_secs(10),
        account_differs: Duration::from_secs(60),
        seed: 0,
    };

    /// For the bundled exchange in lock step: it answers everything out of one book, and its clock
    /// stands while a session waits.
    pub const LOCK_STEP: Self = Self {
        first: Duration::from_millis(20),
        most: Duration::from_millis(500),
        absent_after: Wait::Venue(Span::from_secs(ABSENT_AFTER as i64)),
        activities_lag: Duration::ZERO,
        account_lag: Duration::ZERO,
        account_differs: Duration::ZERO,
        seed: 0,
    };

    /// For the bundled exchange at so many venue seconds in a second.
    pub fn paced(speed: f64) -> Self {
        let wait = Duration::from_secs(ABSENT_AFTER.into()).div_f64(speed.max(1.0));
        Self { absent_after: Wait::Machine(wait), ..Self::LOCK_STEP }
    }

    /// Whether an order that is unknown can be proven absent at a time of the venue's.
    pub(super) fn is_due(&self, order: &Target, now: Timestamp) -> bool {
        match self.absent_after {
            Wait::Machine(_) => true,
            Wait::Venue(wait) => now.since(order.approved_at) >= wait,
        }
    }

    /// The waits between two look-ups; `salt` tells one row of them from another.
    pub(super) fn backoff(&self, salt: u64) -> Backoff {
        Backoff::new(self.first, self.most, self.seed ^ salt)
    }
}

/// Executions are listed from this long before their order was approved: clocks differ.
const MARGIN: Span = Span::from_secs(60);

/// Carries errands to the venue. Cheap to clone: one for each errand that is under way.
#[derive(Clone)]
pub(super) struct Courier {
    venue: Arc<dyn Venue>,
    patience: Patience,
}

impl BarsWanted {
    /// What came since the oldest of the symbols' last prices.
    pub fn since_last_seen(state: &State, length: Span, end: Timestamp) -> Self {
        let symbols: Vec<SymbolId> = state.symbols().ids().collect();
        let seen = symbols.iter().filter_map(|symbol| state.last_price_time(*symbol)).min();
        let start = seen.unwrap_or(end).minus(length);
        Self { symbols, length, start, end }
    }

    /// As the client takes it: every page.
    pub fn query(&self) -> BarsQuery<'_> {
        BarsQuery {
            symbols: &self.symbols,
            length: self.length,
            start: self.start,
            end: self.end,
            limit: None,
        }
    }
}

impl Target {
    /// An order as the state has it.
    pub fn of(order: &Order) -> Self {
        Self {
            number: order.number,
            broker_id: order.broker_id.clone(),
            filled: order.filled,
            approved_at: order.approved_at,
            since: order.approved_at.minus(MARGIN),
        }
    }

    /// The same, as if it had been waited for long enough.
    #[must_use]
    pub fn overdue(mut self) -> Self {
        self.approved_at = Timestamp::MIN;
        self
    }

    /// Its number.
    pub const fn number(&self) -> OrderNumber {
        self.number
    }

    /// An order of which the state knows no more than its number.
    pub fn unseen(number: OrderNumber, now: Timestamp) -> Self {
        let (filled, since) = (Quantity::ZERO, now.minus(MARGIN));
        Self { number, broker_id: None, filled, approved_at: now, since }
    }
}

impl Courier {
    pub fn new(venue: Arc<dyn Venue>, patience: Patience) -> Self {
        Self { venue, patience }
    }

    /// Runs one errand; answers go out as they come. Returns when nothing more will come. `now`
    /// is the venue's time, for the reports that are made here.
    pub async fn run(&self, errand: Errand, now: Timestamp, out: &mpsc::Sender<Answer>) {
        match errand {
            Errand::Send(send, target) => match *send {
                kernel::Send::Submit(approved) => {
                    self.submit(&approved, None, &target, now, out).await;
                }
                kernel::Send::Replace { approved, original } => {
                    self.submit(&approved, Some(&original), &target, now, out).await;
                }
                kernel::Send::Cancel(cancel) => self.cancel(&cancel, &target, out).await,
            },
            Errand::Read(target) => self.read_and_tell(&target, out).await,
            Errand::ReadAll(targets) => self.read_all(&targets, false, out).await,
            Errand::Assets(symbols) => self.assets(&symbols, out).await,
            Errand::Find(target) => self.look_for(&target, now, out).await,
            Errand::Postings(since) => self.postings(since, out).await,
            Errand::Corporate { from, to } => self.corporate_actions(from, to, out).await,
            Errand::Reconcile { orders, posted_since, mark } => {
                self.read_all(&orders, true, out).await;
                self.account(posted_since, mark, out).await;
            }
            Errand::Missed(wanted) => self.missed(&wanted, out).await,
            Errand::Probe { channel, silent_for, bars } => {
                self.probe(channel, silent_for, bars, out).await;
            }
            Errand::Calendar { from, to } => self.calendar(from, to, out).await,
            Errand::Others(lease, after) => self.others(&lease, after, out).await,
            Errand::News { since, mark } => self.news(since, mark, out).await,
        }
    }

    fn backoff(&self, salt: u64) -> Backoff {
        self.patience.backoff(salt)
    }
}

/// Hands an answer over; a session that has ended wants none.
async fn tell(out: &mpsc::Sender<Answer>, answer: Answer) {
    let _ = out.send(answer).await;
}
