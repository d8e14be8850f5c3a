//! A session in the world's time, or in a replay at a pace.
//!
//! Everything comes in over bounded channels to this one task. What the kernel sends is carried
//! out by tasks of its own, so that a slow answer holds nothing up; answers come back as inputs.

mod books;
mod feed;
mod news;
mod said;

use super::core::Work;
use super::courier::{Answer, Errand};
use super::desk::{
    Desk, Ending, NEW_NAME, TICK, hit_about, next_market_message, next_order_message,
};
use super::models::Said;
use super::{Phase, SessionError, StopSignal};
use crate::alpaca::{MarketStream, MarketStreamMessage, OrderStreamMessage};
use crate::backoff::Backoff;
use crate::control;
use kernel::{Input, Link, State};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior};

/// Answers that may wait for the session; the tasks that bring more wait with them.
const ANSWERS: usize = 1024;

/// Trades until the session is asked to end.
pub(super) async fn trade(
    desk: &mut Desk,
    market: MarketStream,
    errands: Vec<Errand>,
    ends_at: Option<Instant>,
) -> Ending {
    let (out, answers) = mpsc::channel(ANSWERS);
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_reconciled = desk.core.state().is_reconciled();
    let pause = if is_reconciled { desk.config.timing.reconcile } else { Duration::ZERO };
    let next_reconcile = Some(Instant::now() + desk.clock.wall(pause));
    let asked_again = desk.patience.backoff(0);
    let mut session = RealTime {
        desk,
        market,
        errands: JoinSet::new(),
        out,
        answers,
        ticks,
        connection: 0,
        feeds: feed::Feeds::new(),
        asked_again,
        next_reconcile,
        in_reach: true,
        differs_since: None,
        ends_at,
        orders_go_on: true,
        market_goes_on: true,
        stopping: None,
        failure: None,
    };
    if session.desk.core.state().order_stream_is_up() {
        session.orders_are_up();
    }
    for errand in errands {
        session.send_out(errand);
    }
    let ending = session.run().await;
    // What an errand would still have found out is looked up by the next start.
    session.errands.shutdown().await;
    match (ending, session.failure) {
        (Err(error), _) | (Ok(_), Some(error)) => Ending::Failed(error),
        (Ok(ending), None) => ending,
    }
}

struct RealTime<'a> {
    desk: &'a mut Desk,
    market: MarketStream,
    errands: JoinSet<()>,
    out: mpsc::Sender<Answer>,
    answers: mpsc::Receiver<Answer>,
    ticks: Interval,
    /// Counts the comings and goings of the order stream.
    connection: u64,
    /// What is watched of both streams.
    feeds: feed::Feeds,
    /// How long until the broker is asked again after an answer that the books overtook.
    asked_again: Backoff,
    /// When the books are compared with the broker's next; `None` while that is under way.
    next_reconcile: Option<Instant>,
    /// Whether the broker answered when it was last asked for the books.
    in_reach: bool,
    /// Since when each account that was read has differed, and may only be late.
    differs_since: Option<Instant>,
    ends_at: Option<Instant>,
    /// Whether each stream can still bring anything.
    orders_go_on: bool,
    market_goes_on: bool,
    /// Until when an ending session waits.
    stopping: Option<Instant>,
    /// Why it is ending, when nobody asked.
    failure: Option<SessionError>,
}

enum Event {
    Asked(StopSignal),
    TimeUp,
    Orders(Result<OrderStreamMessage, SessionError>),
    Answer(Answer),
    Order(control::Order),
    Timer,
    News(Option<MarketStreamMessage>),
    Market(Result<MarketStreamMessage, SessionError>),
    Said(Said),
    Tick,
}

impl RealTime<'_> {
    async fn run(&mut self) -> Result<Ending, SessionError> {
        loop {
            match self.next().await {
                Event::Asked(StopSignal::Now) => return Ok(Ending::Now),
                Event::Asked(_) => self.stop()?,
                Event::TimeUp if self.stopping.is_some() => {
                    tracing::warn!("not everything that was asked for at the end has happened");
                    return Ok(Ending::Orderly);
                }
                Event::TimeUp => self.stop()?,
                Event::Orders(message) => self.order_message(message)?,
                Event::Answer(answer) => self.answer(answer)?,
                Event::Order(order) => self.obey(order)?,
                Event::Timer => self.feed(Input::Timer)?,
                Event::News(message) => self.news_message(message)?,
                Event::Market(message) => self.market_message(message)?,
                Event::Said(said) => self.said(said)?,
                Event::Tick => self.tick()?,
            }
            if self.stopping.is_some() {
                if self.desk.stop.asked() == StopSignal::DataEnded
                    && self.desk.waits_for_data_alone()
                {
                    let leave = self.desk.leave_open();
                    self.feed(leave)?;
                }
                if self.desk.is_settled() {
                    return Ok(Ending::Orderly);
                }
            }
        }
    }

    async fn next(&mut self) -> Event {
        let wanted = if self.stopping.is_some() { StopSignal::Now } else { StopSignal::Orderly };
        let deadline = self.stopping.or(self.ends_at);
        let timer = self.until_timer();
        tokio::select! {
            biased;
            () = self.desk.stop.wait_for(wanted) => Event::Asked(self.desk.stop.asked()),
            () = at(deadline) => Event::TimeUp,
            message = next_order_message(&mut self.desk.orders), if self.orders_go_on => {
                Event::Orders(message)
            }
            Some(answer) = self.answers.recv() => Event::Answer(answer),
            Some(order) = self.desk.control.recv() => Event::Order(order),
            () = at(timer) => Event::Timer,
            message = self.desk.news.next() => Event::News(message),
            message = next_market_message(&mut self.market), if self.market_goes_on => {
                Event::Market(message)
            }
            said = self.desk.models.next() => Event::Said(said),
            _ = self.ticks.tick() => Event::Tick,
        }
    }

    /// When the kernel's next deadline comes, by the machine's clock.
    fn until_timer(&self) -> Option<Instant> {
        let deadline = self.desk.core.kernel().next_deadline()?;
        let wait = self.desk.clock.until(deadline, self.desk.core.state().now())?;
        Some(Instant::now() + wait)
    }

    /// Carries out what an operator asks for, and answers.
    fn obey(&mut self, order: control::Order) -> Result<(), SessionError> {
        let Some(order) = self.desk.possible(order) else { return Ok(()) };
        self.feed(order.input)?;
        self.desk.answer(order.answer);
        Ok(())
    }

    /// Decides on an input, and sets what follows from it going.
    fn feed(&mut self, input: Input) -> Result<(), SessionError> {
        let work = self.desk.decide(input)?;
        self.set_going(work);
        Ok(())
    }

    fn set_going(&mut self, work: Work) {
        if work.renamed {
            self.desk.follow_names();
            self.market.line.reconnect(NEW_NAME);
            if let Some(link) = &self.desk.news.link {
                link.stream.line.reconnect(NEW_NAME);
            }
        }
        if work.look_again {
            // What comes of a slow answer is suspected until it is there.
            let wait = self.asked_again.step().max(self.desk.config.timing.second_look);
            self.reconcile_within(wait);
        }
        for errand in work.errands {
            self.send_out(errand);
        }
    }

    fn send_out(&mut self, errand: Errand) {
        // Finished tasks are let go of, so that a long session does not collect them.
        while self.errands.try_join_next().is_some() {}
        let (courier, out) = (self.desk.courier.clone(), self.out.clone());
        let now = self.desk.core.state().now();
        self.errands.spawn(async move { courier.run(errand, now, &out).await });
    }

    fn answer(&mut self, answer: Answer) -> Result<(), SessionError> {
        match answer {
            Answer::Missed(bars, trades) => self.missed(bars, trades),
            Answer::News { mark, pieces } => self.news_read(mark, pieces),
            Answer::Probed { channel, silent_for, wanted, bars } => {
                self.probed(channel, silent_for, &wanted, &bars)
            }
            Answer::Read(number, read) => {
                let is_late = self.was_told_late(&read.order);
                let stands =
                    |state: &State| state.order(number).map(|order| (order.status, order.filled));
                let before = stands(self.desk.core.state());
                self.take_in(Answer::Read(number, read))?;
                let is_news = stands(self.desk.core.state()) != before;
                if is_late && is_news { self.orders_are_mute() } else { Ok(()) }
            }
            Answer::NotCompared => {
                let pause = self.reconcile_pause();
                self.reconcile_within(pause);
                Ok(())
            }
            Answer::Unanswered => self.reaches(false),
            answer => self.take_in(answer),
        }
    }

    fn order_message(
        &mut self,
        message: Result<OrderStreamMessage, SessionError>,
    ) -> Result<(), SessionError> {
        match message {
            Ok(OrderStreamMessage::Report { report, .. }) => {
                self.hears_orders();
                let order = report.order;
                hit_about("report.before", order);
                self.feed(Input::Report(report))?;
                hit_about("report.after", order);
                Ok(())
            }
            Ok(OrderStreamMessage::Up) => {
                self.connection += 1;
                self.orders_are_up();
                self.feed(Desk::link(Link::Orders, true))?;
                // Without sequence numbers and replay, what was missed is read.
                self.reconcile_within(Duration::ZERO);
                let look = self.desk.look_for_others(None);
                self.send_out(look);
                Ok(())
            }
            Ok(OrderStreamMessage::Down { .. }) => {
                if self.desk.core.state().order_stream_is_up() {
                    self.connection += 1;
                    self.feed(Desk::link(Link::Orders, false))?;
                }
                Ok(())
            }
            Ok(OrderStreamMessage::OtherSession { submitted }) => {
                let look = self.desk.look_for_others(Some(submitted));
                self.send_out(look);
                Ok(())
            }
            Ok(OrderStreamMessage::Unreadable { .. }) => {
                self.reconcile_within(Duration::ZERO);
                Ok(())
            }
            Ok(OrderStreamMessage::Fatal(_)) => Ok(()),
            Err(error) => {
                self.orders_go_on = false;
                self.feed(Desk::link(Link::Orders, false))?;
                self.fail(error)
            }
        }
    }

    fn market_message(
        &mut self,
        message: Result<MarketStreamMessage, SessionError>,
    ) -> Result<(), SessionError> {
        match message {
            Ok(MarketStreamMessage::Data(data)) => self.data(data),
            Ok(MarketStreamMessage::Step { data, .. }) => self.data(data),
            Ok(MarketStreamMessage::Tape(input)) => self.feed(*input),
            Ok(MarketStreamMessage::Up { .. }) => {
                let was_up = self.desk.core.state().market_stream_is_up();
                self.desk.data_place.up();
                self.feed(Desk::link(Link::MarketData, true))?;
                let tells_missed = self.market.tells_missed;
                // The first time too: the stream was not there yet when the bars before it were read.
                if !was_up && !tells_missed && self.has_seen_data() {
                    self.fill_gap();
                }
                Ok(())
            }
            Ok(MarketStreamMessage::Down { reason }) => {
                if self.desk.core.state().market_stream_is_up() {
                    self.feed(Desk::link(Link::MarketData, false))?;
                }
                match self.desk.data_down(&reason) {
                    Some(error) => self.fail(error),
                    None => Ok(()),
                }
            }
            Ok(MarketStreamMessage::Silent { channel, silent_for }) => {
                self.is_silent(channel, silent_for);
                Ok(())
            }
            Ok(MarketStreamMessage::Lost { messages }) => {
                tracing::warn!("{messages} market data messages were dropped: the session is slow");
                self.fill_gap();
                Ok(())
            }
            Ok(MarketStreamMessage::News { .. } | MarketStreamMessage::Fatal(_)) => Ok(()),
            Err(error) => {
                self.market_goes_on = false;
                self.feed(Desk::link(Link::MarketData, false))?;
                self.fail(error)
            }
        }
    }

    fn tick(&mut self) -> Result<(), SessionError> {
        self.keep_data_moving()?;
        self.keep_news()?;
        self.note_overdue_words()?;
        // Without the stream of orders a session learns only so what becomes of them.
        if self.next_reconcile.is_some_and(|at| at <= Instant::now()) {
            self.next_reconcile = None;
            let (orders, posted_since) =
                (self.desk.core.sent_orders(), self.desk.core.postings_due());
            let mark = self.desk.core.mark(self.connection);
            self.send_out(Errand::Reconcile { orders, posted_since, mark });
        }
        for notice in self.desk.problems(&self.market) {
            self.feed(notice)?;
        }
        if let Some(room) = self.desk.core.shorter_room()? {
            self.feed(Input::Room(room))?;
        }
        self.desk.housekeeping()
    }

    /// Ends the session for a reason of its own.
    fn fail(&mut self, error: SessionError) -> Result<(), SessionError> {
        tracing::error!("{error}");
        self.failure.get_or_insert(error);
        self.stop()
    }

    fn stop(&mut self) -> Result<(), SessionError> {
        if self.stopping.is_some() {
            return Ok(());
        }
        self.stopping = Some(Instant::now() + self.desk.config.timing.settle);
        self.desk.phase = Phase::Stopping;
        let policy = self.desk.policy();
        self.feed(Input::Stop(policy))?;
        self.reconcile_within(self.desk.config.timing.second_look);
        self.desk.publish();
        Ok(())
    }
}

/// Waits until an instant; for ever when there is none.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
