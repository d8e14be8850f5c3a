//! What both ways of running a session share: the core, the courier, the streams, the clock, and
//! the ways in and out.

use super::core::{Core, Work};
use super::courier::{Answer, Courier, Errand, Patience};
use super::lease::{DataPlace, Lease, RECENT};
use super::models::Models;
use super::news::NewsDesk;
use super::venue::Venue;
use super::{Phase, SessionConfig, SessionError, Status, StopReceiver, StopSignal, VenueClock};
use crate::alpaca::{MarketStream, Names, OrderStream, OrderStreamMessage, Problem, StreamError};
use crate::control;
use crate::telemetry::Live;
use journal::failpoint::hit;
use kernel::{
    AHEAD, Command, Input, Link, MarketData, Notice, OrderNumber, Report, ShutdownPolicy, Span,
    Timestamp, TradingState,
};
use serde_json::json;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How often the status is published, and housekeeping done.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// How often the broker is asked in turn until two looks at it say the same.
const LOOKS: u32 = 4;

/// A session that has its account and its streams.
pub(super) struct Desk {
    pub core: Core,
    pub courier: Courier,
    pub patience: Patience,
    pub venue: Arc<dyn Venue>,
    pub clock: VenueClock,
    pub names: Names,
    /// In lock step, whether a symbol got a new name that the data stream has not heard of.
    pub renamed: bool,
    /// Whether the books could not be compared with the broker's when that was last tried in turn.
    pub not_compared: bool,
    /// What is to be found out once the books have been compared with the broker's.
    pub when_compared: Option<Errand>,
    /// In lock step, the time of the step: what data and reports claim beyond it is not believed.
    pub step_time: Timestamp,
    pub config: SessionConfig,
    pub stop: StopReceiver,
    pub control: mpsc::Receiver<control::Order>,
    pub status: watch::Sender<Status>,
    pub lease: Arc<Lease>,
    pub data_place: DataPlace,
    pub orders: OrderStream,
    pub news: NewsDesk,
    /// Tells the market data stream whether to expect data.
    pub market_open: Arc<AtomicBool>,
    /// What says something of the bars that strategies see.
    pub models: Models,
    /// Figures that are not in the journal, for the metrics.
    pub live: Arc<Live>,
    /// How long the bars of the stream last.
    pub bar_length: Span,
    /// The end of the last bar of each symbol that strategies have observed; in lock step, where
    /// none is missed, of the last in the warm-up.
    pub warmed: Vec<Timestamp>,
    pub phase: Phase,
    pub message: Option<String>,
    pub published: Instant,
    pub synced: Instant,
}

/// Why the data stream is opened again when a symbol is renamed: it is to be asked for by its name.
pub(super) const NEW_NAME: &str = "a symbol has a new name";

/// How a session came to its end.
#[derive(Debug)]
pub(super) enum Ending {
    /// It was asked to, its time was up, or the data ended; its policy was carried out.
    Orderly,
    /// At once.
    Now,
    /// Something made it impossible to go on; what could be carried out was.
    Failed(SessionError),
}

impl Desk {
    /// The time at which an input is taken in.
    pub fn at(&self, input: &Input) -> Timestamp {
        let now = self.core.state().now();
        let own = match (&self.clock, input) {
            (VenueClock::Data, input) => input.own_time().map(|time| time.min(self.step_time)),
            // A replay's clock follows its data.
            (VenueClock::Paced { .. }, Input::Market(data)) => Some(data.time()),
            // The world's clock is not set by what a stream claims.
            (VenueClock::Paced { .. } | VenueClock::Real { .. }, _) => None,
        };
        self.clock.now(now).max(own.unwrap_or(now))
    }

    /// Decides on an input, after the timers that come before it.
    pub fn decide(&mut self, input: Input) -> Result<Work, SessionError> {
        let at = self.at(&input);
        let mut all = Work::default();
        while let Some(deadline) = self.core.kernel().due(at) {
            all.append(self.take(Input::Timer, deadline)?);
        }
        all.append(self.take(input, at)?);
        Ok(all)
    }

    /// Decides on one input. What was approved before it, and has not been sent, waits for a venue that
    /// must know whether entries may still go.
    fn take(&mut self, input: Input, at: Timestamp) -> Result<Work, SessionError> {
        let mut work = self.core.take(input, at)?;
        for (symbol, ratio) in work.splits.drain(..) {
            self.models.rebase(symbol, ratio);
        }
        let state = self.core.state();
        let is_active = state.trading_state() == TradingState::Active;
        self.venue.let_entries(is_active && state.order_stream_is_up());
        Ok(work)
    }

    /// Decides on an input and carries out everything that follows from it, one after the other,
    /// answers included, before it returns.
    pub async fn feed_in_turn(&mut self, input: Input) -> Result<(), SessionError> {
        self.feed_with(input, false).await
    }

    async fn feed_with(&mut self, input: Input, was_read: bool) -> Result<(), SessionError> {
        let at = self.at(&input);
        while let Some(deadline) = self.core.kernel().due(at) {
            let work = self.take(Input::Timer, deadline)?;
            self.carry_out(work).await?;
        }
        let work = self.take(input, at)?;
        self.carry_out(if was_read { work.without_reads() } else { work }).await
    }

    /// The same for what the order stream has told.
    pub async fn hear_in_turn(&mut self, report: Report) -> Result<(), SessionError> {
        let order = report.order;
        hit_about("report.before", order);
        self.feed_in_turn(Input::Report(report)).await?;
        hit_about("report.after", order);
        Ok(())
    }

    async fn carry_out(&mut self, work: Work) -> Result<(), SessionError> {
        if work.renamed {
            self.follow_names();
            self.renamed = true;
        }
        for errand in work.errands {
            // An answer may lead to further errands.
            Box::pin(self.run_in_turn(errand)).await?;
        }
        Ok(())
    }

    /// Has requests and streams name symbols as the books do.
    pub fn follow_names(&self) {
        self.names.follow(self.core.state().symbols());
    }

    /// Runs one errand to its end and feeds its answers as they come.
    pub async fn run_in_turn(&mut self, errand: Errand) -> Result<(), SessionError> {
        self.run_at(errand, self.core.state().now()).await
    }

    async fn run_at(&mut self, errand: Errand, now: Timestamp) -> Result<(), SessionError> {
        let (out, mut answers) = mpsc::channel(16);
        let courier = self.courier.clone();
        let mut stop = self.stop.clone();
        let mut running = pin!(async move { courier.run(errand, now, &out).await });
        let mut is_done = false;
        loop {
            let answer = tokio::select! {
                biased;
                answer = answers.recv() => answer,
                () = &mut running, if !is_done => {
                    is_done = true;
                    continue;
                }
                // What is not known by then is looked up by the next start.
                () = stop.wait_for(StopSignal::Now) => None,
            };
            let Some(answer) = answer else {
                return Ok(());
            };
            let was_read = matches!(answer, Answer::Read(..));
            match answer {
                Answer::Broker(..) => self.not_compared = false,
                Answer::NotCompared => self.not_compared = true,
                _ => {}
            }
            let ends = ends_for(&answer);
            let order = answer.order();
            hit_about("answer.before", order);
            let inputs = match answer {
                Answer::News { mark, pieces } => self.inputs_of_reading(mark, pieces),
                answer => self.core.inputs(answer),
            };
            for input in inputs {
                self.feed_with(input, was_read).await?;
            }
            hit_about("answer.after", order);
            if let Some(error) = ends {
                return Err(error);
            }
        }
    }

    /// Compares the books with the broker's, and does so again while a difference is only
    /// suspected. Books that were never compared let nothing grow.
    pub async fn reconcile_in_turn(&mut self) -> Result<(), SessionError> {
        for _ in 0..LOOKS {
            let (orders, posted_since) = (self.core.sent_orders(), self.core.postings_due());
            let mark = self.core.mark(0);
            self.run_in_turn(Errand::Reconcile { orders, posted_since, mark }).await?;
            if self.core.state().is_reconciled() || self.not_compared {
                break;
            }
        }
        Ok(())
    }

    /// The errand that finds out whether another session trades on the account, after the order
    /// stream was away or brought an order of one.
    pub fn look_for_others(&self, submitted: Option<Timestamp>) -> Errand {
        let now = self.core.state().now();
        let after = submitted.map_or(now.minus(RECENT), |at| at.minus(Span::from_millis(1)));
        Errand::Others(Arc::clone(&self.lease), after)
    }

    /// Notes that the data stream is down; the error when its only place is another program's.
    pub fn data_down(&mut self, reason: &str) -> Option<SessionError> {
        self.data_place.down(reason, self.config.timing.data_place)
    }

    /// Looks for every order of which nothing is known and whose time has come, by the venue's
    /// clock; when that will go no further, for every one.
    pub async fn find_lost(&mut self, now: Option<Timestamp>) -> Result<(), SessionError> {
        for order in self.core.unknown_orders() {
            let order = if now.is_some() { order } else { order.overdue() };
            let now = now.unwrap_or(self.core.state().now());
            if self.patience.is_due(&order, now) {
                self.run_at(Errand::Find(order), now).await?;
            }
        }
        Ok(())
    }

    /// Carries out what an operator asks for in turn, and answers.
    pub async fn obey_in_turn(&mut self, order: control::Order) -> Result<(), SessionError> {
        let Some(order) = self.possible(order) else { return Ok(()) };
        self.feed_in_turn(order.input).await?;
        self.answer(order.answer);
        Ok(())
    }

    /// What an operator asks for, unless the books as they are do not allow it; then that is answered.
    pub fn possible(&self, order: control::Order) -> Option<control::Order> {
        let Input::Command(Command::Transfer { transfer, .. }) = &order.input else {
            return Some(order);
        };
        match self.core.state().may_transfer(transfer) {
            Ok(()) => Some(order),
            Err(error) => {
                // An operator who has left needs no answer.
                let _ = order.answer.send(control::Answer::refused(error.to_string()));
                None
            }
        }
    }

    /// Tells an operator where trading stands now; whoever asks for the status next sees the same.
    pub fn answer(&mut self, answer: tokio::sync::oneshot::Sender<control::Answer>) {
        self.publish();
        let state = self.core.state();
        // An operator who has left needs no answer.
        let _ = answer.send(control::Answer::done(&json!({
            "trading": state.trading_state(),
            "flattening": state.is_flattening(),
            "open_orders": state.live_orders().count(),
        })));
    }

    /// The input for a connection that came up or went down.
    pub const fn link(link: Link, up: bool) -> Input {
        Input::Link { link, up }
    }

    /// What of the broker's words could not be used since this was last asked, each told once.
    pub fn problems(&mut self, market: &MarketStream) -> impl Iterator<Item = Input> + use<> {
        let mut all = self.venue.problems();
        all.extend(self.orders.counters.problems.take());
        all.extend(market.counters.problems.take());
        all.extend(self.news.problems());
        all.into_iter()
            .map(|Problem { message, reason }| Input::Notice(Notice::Unusable { message, reason }))
    }

    /// Whether strategies have observed a bar already.
    pub fn is_warmed(&self, data: &MarketData) -> bool {
        let MarketData::Bar(bar) = data else {
            return false;
        };
        self.warmed.get(bar.symbol.index()).is_some_and(|end| bar.end_time() <= *end)
    }

    /// Whether strategies have observed any bar.
    pub fn is_warm(&self) -> bool {
        self.warmed.iter().any(|end| *end > Timestamp::MIN)
    }

    /// Whether data are stamped so far ahead of the world's clock that the kernel will refuse them.
    /// The clock of a replay follows its data and has nothing to hold against them.
    pub fn is_from_the_future(&self, data: &MarketData) -> bool {
        let now = self.clock.now(self.core.state().now());
        matches!(self.clock, VenueClock::Real { .. }) && data.time() > now.plus(AHEAD)
    }

    /// Notes a bar that strategies are about to see, so that they see it once.
    pub fn observed(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else {
            return;
        };
        if let Some(warmed) = self.warmed.get_mut(bar.symbol.index()) {
            *warmed = bar.end_time().max(*warmed);
        }
    }

    /// What is done now and then: the status is published and the journal synced.
    ///
    /// # Errors
    /// When the journal cannot be synced.
    pub fn housekeeping(&mut self) -> Result<(), SessionError> {
        if self.published.elapsed() < TICK {
            return Ok(());
        }
        let open = self.core.state().session_is_open();
        self.market_open.store(open, Ordering::Relaxed);
        if open {
            self.message = None;
        }
        self.publish();
        self.core.keep_digest()?;
        if self.synced.elapsed() >= self.config.timing.sync {
            self.core.sync()?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    /// Publishes the status.
    pub fn publish(&mut self) {
        self.published = Instant::now();
        self.live.journal_bytes.store(self.core.journal().bytes(), Ordering::Relaxed);
        let (core, phase, message) = (&mut self.core, self.phase, &self.message);
        self.status.send_modify(|status| {
            core.show(status);
            status.phase = phase;
            status.message.clone_from(message);
        });
    }

    /// What happens to open orders and positions at the end.
    pub fn policy(&self) -> ShutdownPolicy {
        self.config.shutdown
    }

    /// Whether positions are being closed and nothing else is waited for: closing orders fill only
    /// while the market goes on.
    pub fn waits_for_data_alone(&self) -> bool {
        let state = self.core.state();
        state.is_flattening()
            && state.live_orders().all(|order| !order.cancel_requested)
            && self.core.unanswered_orders().is_empty()
    }

    /// The input that leaves open what cannot be closed any more.
    pub fn leave_open(&self) -> Input {
        let open = self.core.state().live_orders().count();
        tracing::warn!("the data have ended, so {open} closing orders can not fill and stay open");
        Input::Stop(ShutdownPolicy::Leave)
    }

    /// Whether everything that was asked for at the end has happened, and every order that was
    /// sent is answered.
    pub fn is_settled(&self) -> bool {
        self.core.kernel().is_settled() && self.core.unanswered_orders().is_empty()
    }
}

/// A place of a failpoint at which news of an order are taken in, or of none.
pub(super) fn hit_about(name: &'static str, order: Option<OrderNumber>) {
    hit(name, order.map_or(0, |order| order.0));
}

/// Why the session ends, when an answer shows that it came second to its account.
pub(super) fn ends_for(answer: &Answer) -> Option<SessionError> {
    match answer {
        Answer::Other(other) if other.is_elder => Some(other.error()),
        Answer::Other(_)
        | Answer::Report(_)
        | Answer::Read(..)
        | Answer::CancelFailed(..)
        | Answer::Postings(_)
        | Answer::Corporate(_)
        | Answer::Broker(..)
        | Answer::NotCompared
        | Answer::Unanswered
        | Answer::Missed(..)
        | Answer::Probed { .. }
        | Answer::Calendar(_)
        | Answer::Asset(_)
        | Answer::News { .. } => None,
    }
}

/// The next message of the order stream; a stream whose task is gone cannot go on.
pub(super) async fn next_order_message(
    orders: &mut OrderStream,
) -> Result<OrderStreamMessage, SessionError> {
    match orders.messages.recv().await {
        Some(OrderStreamMessage::Fatal(error)) => Err(fatal("order", &error)),
        Some(message) => Ok(message),
        None => Err(gone("order")),
    }
}

/// The next message of the market data stream.
pub(super) async fn next_market_message(
    market: &mut MarketStream,
) -> Result<crate::alpaca::MarketStreamMessage, SessionError> {
    use crate::alpaca::MarketStreamMessage;
    match market.messages.recv().await {
        Some(MarketStreamMessage::Fatal(error)) => Err(fatal("market data", &error)),
        Some(message) => Ok(message),
        None => Err(gone("market data")),
    }
}

fn fatal(stream: &'static str, error: &StreamError) -> SessionError {
    let refused = matches!(error, StreamError::Unauthorized { .. } | StreamError::Plan { .. });
    SessionError::Stream { stream, reason: error.to_string(), refused }
}

fn gone(stream: &'static str) -> SessionError {
    SessionError::Stream { stream, reason: "its task has ended".into(), refused: false }
}
