//! Carrying out what the kernel sends, and turning what comes back into answers.
//!
//! An order is sent once. When the answer is lost the order is *unknown*: it is looked up by its
//! `client_order_id` until the broker shows it, or has gone on denying it for long enough, and it
//! is never sent again. Only a request that is known not to have been carried out (no connection,
//! too many requests) is repeated; a cancel may be, since it is the same twice.

use super::backoff::Backoff;
use super::catch_up::OrderRead;
use super::venue::Venue;
use crate::alpaca::{self, ApiError, BarsQuery, ErrorClass, OrderState, Refusal};
use kernel::risk::{Approved, ApprovedCancel};
use kernel::{
    Bar, BrokerOrderId, BrokerState, FeeCharge, Order, OrderNumber, OrderStatus, Quantity, Report,
    ReportKind, Span, State, SymbolId, Timestamp,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Something to be done at the venue.
#[derive(Debug)]
pub(super) enum Errand {
    /// What the kernel sends, with the order that it is about to touch: itself, the one it
    /// replaces, or the one to cancel.
    Send(kernel::Send, Target),
    /// An order whose report cannot be understood from here.
    Read(Target),
    /// An order that may or may not have reached the broker.
    Find(Target),
    /// The fee postings since an instant.
    Fees(Timestamp),
    /// Everything the broker holds: the orders named, then fees since an instant, then the account.
    Reconcile(Vec<Target>, Timestamp),
    /// Bars of the past.
    Bars(BarsWanted),
}

/// Bars of the past that strategies are to observe.
#[derive(Debug, Clone)]
pub(super) struct BarsWanted {
    pub symbols: Vec<SymbolId>,
    pub length: Span,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// An order to be looked at, as we have it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    number: OrderNumber,
    broker_id: Option<BrokerOrderId>,
    filled: Quantity,
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
    /// The broker's fee postings.
    Fees(Vec<FeeCharge>),
    /// What the broker holds.
    Broker(Box<BrokerState>),
    /// Bars of the past.
    Bars(Vec<Bar>),
}

/// How long an order that the broker does not show is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The first wait between two look-ups; they double.
    pub first: Duration,
    /// The longest.
    pub most: Duration,
    /// How long the broker must have denied an order before it is taken to be absent.
    pub absent_after: Duration,
    /// How long the list of executions may lag behind its orders.
    pub activities_lag: Duration,
}

impl Patience {
    /// For a broker behind the internet, whose listings lag behind each other.
    pub const BROKER: Self = Self {
        first: Duration::from_millis(250),
        most: Duration::from_secs(10),
        absent_after: Duration::from_secs(60),
        activities_lag: Duration::from_secs(1),
    };

    /// For the bundled exchange, which answers everything out of one book.
    pub const EXCHANGE: Self = Self {
        first: Duration::from_millis(20),
        most: Duration::from_millis(500),
        absent_after: Duration::from_secs(1),
        activities_lag: Duration::ZERO,
    };
}

/// How often at least an order is looked for before it is taken to be absent.
const LOOKUPS: u32 = 4;
/// How often a request is repeated that is known not to have been carried out.
const REPEATS: u32 = 5;
/// How often executions are asked for before they are inferred.
const LISTINGS: u32 = 3;
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
            since: order.approved_at.minus(MARGIN),
        }
    }

    /// Its number.
    pub const fn number(&self) -> OrderNumber {
        self.number
    }

    /// An order of which the state knows no more than its number.
    pub fn unseen(number: OrderNumber, now: Timestamp) -> Self {
        Self { number, broker_id: None, filled: Quantity::ZERO, since: now.minus(MARGIN) }
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
            Errand::Send(kernel::Send::Submit(approved), target) => {
                self.submit(&approved, None, &target, now, out).await;
            }
            Errand::Send(kernel::Send::Replace { approved, original }, target) => {
                self.submit(&approved, Some(&original), &target, now, out).await;
            }
            Errand::Send(kernel::Send::Cancel(cancel), target) => {
                self.cancel(&cancel, &target, out).await;
            }
            Errand::Read(target) => self.read_and_tell(&target, out).await,
            Errand::Find(target) => self.look_for(&target, now, out).await,
            Errand::Fees(since) => self.fees(since, out).await,
            Errand::Reconcile(targets, since) => self.reconcile(targets, since, out).await,
            Errand::Bars(wanted) => self.bars(&wanted, out).await,
        }
    }

    async fn submit(
        &self,
        approved: &Approved,
        original: Option<&BrokerOrderId>,
        target: &Target,
        now: Timestamp,
        out: &mpsc::Sender<Answer>,
    ) {
        let sent = Target::of(approved.order());
        let error = match self.send_once(approved, original).await {
            Ok(report) => return tell(out, Answer::Report(report)).await,
            Err(error) => error,
        };
        if error.refusal() == Some(Refusal::DuplicateClientOrderId) {
            tracing::warn!(order = %sent.number, "the broker has the order already: adopting it");
            self.look_for(&sent, now, out).await;
        } else {
            if let Some(report) = error.report(alpaca::Request::Submit, sent.number, now) {
                tell(out, Answer::Report(report)).await;
            }
            if error.class == ErrorClass::Unknown {
                tracing::warn!(order = %sent.number, "not answered, so it is looked up: {error}");
                self.look_for(&sent, now, out).await;
            }
        }
        if original.is_some() {
            // A replacement that seems to have failed may have taken effect all the same.
            self.read_and_tell(target, out).await;
        }
    }

    /// Sends a new order or a replacement, and repeats it only when it was not carried out.
    async fn send_once(
        &self,
        approved: &Approved,
        original: Option<&BrokerOrderId>,
    ) -> Result<Report, ApiError> {
        let mut backoff = self.backoff();
        let mut repeats = REPEATS;
        loop {
            let answer = match original {
                None => self.venue.submit(approved).await,
                Some(original) => self.venue.replace(approved, original).await,
            };
            match answer {
                Err(error) if was_not_carried_out(&error) && repeats > 0 => repeats -= 1,
                answer => return answer,
            }
            tokio::time::sleep(backoff.step()).await;
        }
    }

    /// A cancel that was taken ends nothing: the order's own report does. One that was refused, or
    /// lost, leads to a read of the order.
    async fn cancel(&self, cancel: &ApprovedCancel, target: &Target, out: &mpsc::Sender<Answer>) {
        let mut backoff = self.backoff();
        let mut message = String::new();
        for _ in 0..REPEATS {
            match self.venue.cancel(cancel).await {
                Ok(()) => return,
                Err(error) => {
                    let is_final = matches!(
                        error.class,
                        ErrorClass::Refused | ErrorClass::NotFound | ErrorClass::Unauthorized
                    );
                    message = error.message;
                    match self.read(target).await {
                        Ok(Some(read)) => {
                            let ended = has_ended(&read.order);
                            tell(out, Answer::Read(target.number, Box::new(read))).await;
                            if ended {
                                return;
                            }
                        }
                        Ok(None) => {}
                        Err(error) => tracing::warn!("{error}"),
                    }
                    if is_final {
                        break;
                    }
                }
            }
            tokio::time::sleep(backoff.step()).await;
        }
        tell(out, Answer::CancelFailed(target.number, message.into())).await;
    }

    /// Looks for an order by our number until the broker shows it, or has denied it long enough.
    /// A broker that cannot be asked denies nothing, so this may go on for as long as the session.
    async fn look_for(&self, target: &Target, now: Timestamp, out: &mpsc::Sender<Answer>) {
        let mut backoff = self.backoff();
        let mut denied: Option<(Instant, u32)> = None;
        loop {
            match self.venue.find(target.number).await {
                Ok(Some(order)) => {
                    let read = self.with_fills(target, order).await;
                    return tell(out, Answer::Read(target.number, Box::new(read))).await;
                }
                Ok(None) => {
                    let (since, times) = denied.unwrap_or((Instant::now(), 0));
                    denied = Some((since, times + 1));
                    if times + 1 >= LOOKUPS && since.elapsed() >= self.patience.absent_after {
                        return tell(out, Answer::Report(not_received(target.number, now))).await;
                    }
                }
                Err(error) => tracing::warn!(order = %target.number, "cannot look it up: {error}"),
            }
            tokio::time::sleep(backoff.step()).await;
        }
    }

    /// Reads an order until the broker can be asked.
    async fn read_and_tell(&self, target: &Target, out: &mpsc::Sender<Answer>) {
        let mut backoff = self.backoff();
        loop {
            match self.read(target).await {
                Ok(Some(read)) => {
                    return tell(out, Answer::Read(target.number, Box::new(read))).await;
                }
                Ok(None) => {
                    tracing::warn!(order = %target.number, "the broker has no such order");
                    return;
                }
                Err(error) => tracing::warn!(order = %target.number, "cannot read it: {error}"),
            }
            tokio::time::sleep(backoff.step()).await;
        }
    }

    async fn read(&self, target: &Target) -> Result<Option<OrderRead>, ApiError> {
        let order = match &target.broker_id {
            Some(id) => self.venue.order(id).await?,
            None => self.venue.find(target.number).await?,
        };
        match order {
            Some(order) => Ok(Some(self.with_fills(target, order).await)),
            None => Ok(None),
        }
    }

    /// Adds the executions when the broker counts shares that we do not.
    async fn with_fills(&self, target: &Target, order: OrderState) -> OrderRead {
        if order.filled <= target.filled {
            return OrderRead { order, fills: Vec::new() };
        }
        let mut fills = Vec::new();
        for _ in 0..LISTINGS {
            match self.venue.fills(target.since).await {
                Ok(mut listed) => {
                    listed.retain(|fill| fill.broker_id == order.broker_id);
                    fills = listed;
                }
                Err(error) => tracing::warn!(order = %target.number, "no executions: {error}"),
            }
            let listed = fills.iter().filter_map(|fill| fill.cumulative).max();
            if listed.is_some_and(|listed| listed >= order.filled) {
                break;
            }
            tokio::time::sleep(self.patience.activities_lag).await;
        }
        OrderRead { order, fills }
    }

    async fn fees(&self, since: Timestamp, out: &mpsc::Sender<Answer>) {
        match self.venue.fees(since).await {
            Ok(fees) => tell(out, Answer::Fees(fees)).await,
            // The next reading brings them, and reconciliation would show what they took.
            Err(error) => tracing::warn!("cannot read fee postings: {error}"),
        }
    }

    /// Orders come before the account, so that what filled meanwhile is booked by its executions
    /// and is not seen as a difference.
    async fn reconcile(&self, targets: Vec<Target>, since: Timestamp, out: &mpsc::Sender<Answer>) {
        let mut backoff = self.backoff();
        for target in &targets {
            self.read_and_tell(target, out).await;
        }
        loop {
            self.fees(since, out).await;
            match self.venue.broker_state().await {
                Ok(state) => return tell(out, Answer::Broker(Box::new(state))).await,
                Err(error) => tracing::warn!("cannot read the account: {error}"),
            }
            tokio::time::sleep(backoff.step()).await;
        }
    }

    async fn bars(&self, wanted: &BarsWanted, out: &mpsc::Sender<Answer>) {
        match self.venue.bars(&wanted.query()).await {
            Ok(bars) => tell(out, Answer::Bars(bars)).await,
            Err(error) => tracing::warn!("the gap in the data stays open: {error}"),
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.patience.first, self.patience.most)
    }
}

/// Hands an answer over; a session that has ended wants none.
async fn tell(out: &mpsc::Sender<Answer>, answer: Answer) {
    let _ = out.send(answer).await;
}

fn was_not_carried_out(error: &ApiError) -> bool {
    matches!(error.class, ErrorClass::RateLimited | ErrorClass::NotSent)
}

/// Whether a cancel has nothing more to do.
fn has_ended(order: &OrderState) -> bool {
    let ends = |status: OrderStatus| status.is_final() || status == OrderStatus::PendingCancel;
    order.status.is_some_and(ends)
}

fn not_received(order: OrderNumber, time: Timestamp) -> Report {
    Report {
        order: Some(order),
        broker_id: None,
        kind: ReportKind::NotReceived,
        time,
        execution: None,
        cumulative: None,
        text: Some("the broker, asked again and again, has no such order".into()),
    }
}
