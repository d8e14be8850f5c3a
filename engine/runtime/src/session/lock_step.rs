//! A session in lock step with the bundled exchange: as fast as both can, and always the same.
//!
//! Each step brings the number of order updates that the exchange has sent so far. The session
//! consumes that many, then the step's data, one input after the other, each with everything that
//! follows from it; then it acknowledges, and the exchange takes the next step. Updates that the
//! step's own requests cause wait for the next step. Nothing sleeps, so two runs over the same data
//! decide the same.

mod news;

use super::desk::{Desk, Ending, NEW_NAME, next_market_message, next_order_message};
use super::venue_clock::span;
use super::{Phase, SessionError, StopSignal};
use crate::alpaca::{MarketStream, MarketStreamMessage, OrderStreamMessage, StepHead};
use kernel::{Channel, Input, Link, MarketData, Order, ShutdownPolicy};
use std::time::Duration;
use tokio::time::Instant;

/// After an acknowledgement the next step comes at once; one that does not come is not waited for
/// at the end of a session.
const NEXT_STEP: Duration = Duration::from_secs(1);

/// Trades until the data end or the session is asked to.
pub(super) async fn trade(
    desk: &mut Desk,
    market: MarketStream,
    ends_at: Option<Instant>,
) -> Ending {
    let mut lock_step = LockStep {
        desk,
        market,
        heard: 0,
        connections: 0,
        connections_before: None,
        pending: false,
    };
    match lock_step.run(ends_at).await {
        Ok(ending) => ending,
        Err(error) => Ending::Failed(error),
    }
}

struct LockStep<'a> {
    desk: &'a mut Desk,
    market: MarketStream,
    /// Order updates consumed on the connection that is up.
    heard: u64,
    /// Connections of the order stream since the first step, and how many there were before it.
    connections: u64,
    connections_before: Option<u64>,
    /// Whether a step was acknowledged and the next has not come.
    pending: bool,
}

/// What a session in lock step waits for.
enum Event {
    Stop,
    Order(crate::control::Order),
    Message(MarketStreamMessage),
}

impl LockStep<'_> {
    async fn run(&mut self, ends_at: Option<Instant>) -> Result<Ending, SessionError> {
        loop {
            let event = self.next(ends_at).await?;
            let ended = match event {
                Event::Stop => return self.stop(false).await,
                Event::Order(order) => {
                    self.desk.obey_in_turn(order).await?;
                    false
                }
                Event::Message(message) => self.message(message).await?,
            };
            if ended {
                return self.stop(true).await;
            }
            if let Some(room) = self.desk.core.shorter_room()? {
                self.desk.feed_in_turn(Input::Room(room)).await?;
            }
            self.desk.housekeeping()?;
        }
    }

    async fn next(&mut self, ends_at: Option<Instant>) -> Result<Event, SessionError> {
        let time_is_up = async {
            match ends_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.desk.stop.wait_for(StopSignal::Orderly) => Ok(Event::Stop),
            () = time_is_up => Ok(Event::Stop),
            Some(order) = self.desk.control.recv() => Ok(Event::Order(order)),
            message = next_market_message(&mut self.market) => message.map(Event::Message),
        }
    }

    /// Takes in a message; `true` when the data have ended.
    async fn message(&mut self, message: MarketStreamMessage) -> Result<bool, SessionError> {
        match message {
            MarketStreamMessage::Step { head, data } => {
                self.step(head, data).await?;
                return Ok(head.end);
            }
            MarketStreamMessage::Up { .. } => {
                self.desk.data_place.up();
                self.link(Link::MarketData, true).await?;
            }
            MarketStreamMessage::Down { reason } => {
                self.link(Link::MarketData, false).await?;
                if let Some(error) = self.desk.data_down(&reason) {
                    return Err(error);
                }
            }
            MarketStreamMessage::Data(data) => self.data(data).await?,
            MarketStreamMessage::Tape(input) => self.desk.feed_in_turn(*input).await?,
            MarketStreamMessage::Silent { channel, silent_for } => {
                self.mute(channel, silent_for).await?;
            }
            MarketStreamMessage::Lost { .. }
            | MarketStreamMessage::News { .. }
            | MarketStreamMessage::Fatal(_) => {}
        }
        Ok(false)
    }

    /// In lock step the next step comes at once: a stream that brings none is mute.
    async fn mute(&mut self, channel: Channel, silent_for: Duration) -> Result<(), SessionError> {
        if !self.pending {
            return Ok(());
        }
        self.market.line.reconnect("it was mute");
        let silent_for = span(silent_for);
        self.desk.feed_in_turn(Input::Mute { channel, silent_for }).await
    }

    async fn step(&mut self, head: StepHead, data: Vec<MarketData>) -> Result<(), SessionError> {
        self.pending = false;
        self.desk.step_time = head.time;
        self.hear(head).await?;
        self.hear_news(&head).await?;
        // Here everything that was sent before the step has been heard, whatever came first.
        for notice in self.desk.problems(&self.market) {
            self.desk.feed_in_turn(notice).await?;
        }
        let state = self.desk.core.state();
        let waits_for_flat =
            (state.confirms_flat() && !state.is_flattening()) || state.confirms_cancels();
        let each_step = self.desk.config.timing.compare_each_step;
        if each_step || self.desk.not_compared || waits_for_flat {
            self.compare().await?;
        }
        self.desk.find_lost(Some(head.time)).await?;
        self.data(data).await?;
        self.desk.core.gauges().data_arrived();
        if std::mem::take(&mut self.desk.renamed) && !head.end {
            // The exchange goes on as soon as the stream is there again.
            self.market.line.reconnect(NEW_NAME);
            return Ok(());
        }
        // A stream that is gone says so where the next step is waited for.
        self.pending = self.market.acks.ack(head.step).await && !head.end;
        Ok(())
    }

    /// Compares the books with the broker's. Every update that was sent has been heard, so the stream
    /// owed the news that only this brings: it is mute, and is opened again.
    async fn compare(&mut self) -> Result<(), SessionError> {
        let before: Vec<Order> = self.desk.core.state().live_orders().cloned().collect();
        self.desk.reconcile_in_turn().await?;
        let stands = |order: &Order| (order.status, order.filled);
        let is_news = |was: &Order| {
            self.desk.core.state().order(was.number).is_some_and(|is| stands(is) != stands(was))
        };
        if !before.iter().any(is_news) {
            return Ok(());
        }
        self.desk.orders.line.reconnect("it was mute");
        let (channel, silent_for) = (Channel::Orders, self.desk.bar_length);
        self.desk.feed_in_turn(Input::Mute { channel, silent_for }).await?;
        let connections = self.connections;
        while self.connections == connections {
            let message = next_order_message(&mut self.desk.orders);
            let Ok(message) = tokio::time::timeout(self.desk.config.timing.answer, message).await
            else {
                break;
            };
            self.order_message(message?).await?;
        }
        Ok(())
    }

    async fn data(&mut self, data: Vec<MarketData>) -> Result<(), SessionError> {
        let news: Vec<_> = data.into_iter().filter(|data| !self.desk.is_warmed(data)).collect();
        for data in &news {
            self.desk.feed_in_turn(Input::Market(*data)).await?;
        }
        for word in self.desk.ask_models(&news) {
            self.desk.feed_in_turn(word).await?;
        }
        Ok(())
    }

    /// Consumes order updates until as many have come as the exchange has sent on its newest order
    /// stream. After a reconnect the count begins anew, and what came before it has been read over
    /// REST.
    async fn hear(&mut self, head: StepHead) -> Result<(), SessionError> {
        let before = *self.connections_before.get_or_insert(head.order_streams);
        while self.connections.saturating_add(before) < head.order_streams {
            let message = next_order_message(&mut self.desk.orders);
            let Ok(message) = tokio::time::timeout(NEXT_STEP, message).await else {
                // A stream of somebody else is not waited for again.
                self.connections_before = head.order_streams.checked_sub(self.connections);
                break;
            };
            self.order_message(message?).await?;
        }
        while head.orders_away && self.desk.core.state().order_stream_is_up() {
            let message = next_order_message(&mut self.desk.orders);
            let Ok(message) = tokio::time::timeout(NEXT_STEP, message).await else { break };
            self.order_message(message?).await?;
        }
        while self.heard < head.trade_updates {
            let mut stop = self.desk.stop.clone();
            let message = tokio::select! {
                message = next_order_message(&mut self.desk.orders) => message?,
                () = stop.wait_for(StopSignal::Now) => return Ok(()),
            };
            let is_new_connection = message == OrderStreamMessage::Up;
            self.order_message(message).await?;
            if is_new_connection {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn order_message(&mut self, message: OrderStreamMessage) -> Result<(), SessionError> {
        match message {
            OrderStreamMessage::Report { count, report } => {
                self.heard = count;
                self.desk.hear_in_turn(report).await
            }
            OrderStreamMessage::Unreadable { count, .. } => {
                self.heard = self.heard.max(count);
                self.desk.reconcile_in_turn().await
            }
            OrderStreamMessage::Down { .. } => self.link(Link::Orders, false).await,
            OrderStreamMessage::Up => {
                (self.heard, self.connections) = (0, self.connections + 1);
                self.link(Link::Orders, true).await?;
                let look = self.desk.look_for_others(None);
                self.desk.run_in_turn(look).await?;
                self.desk.reconcile_in_turn().await
            }
            OrderStreamMessage::OtherSession { submitted } => {
                let look = self.desk.look_for_others(Some(submitted));
                self.desk.run_in_turn(look).await
            }
            OrderStreamMessage::Fatal(_) => Ok(()),
        }
    }

    async fn link(&mut self, link: Link, up: bool) -> Result<(), SessionError> {
        self.desk.feed_in_turn(Desk::link(link, up)).await
    }

    /// Ends the session: what the exchange has done already is heard, then the policy is carried
    /// out. When the data have ended nothing can fill any more.
    async fn stop(&mut self, mut ended: bool) -> Result<Ending, SessionError> {
        self.desk.phase = Phase::Stopping;
        self.desk.publish();
        let deadline = Instant::now() + self.desk.config.timing.settle;
        if self.pending {
            ended |= self.finish_step().await?;
        }
        let policy = self.desk.policy();
        self.desk.feed_in_turn(Input::Stop(policy)).await?;
        if ended || policy != ShutdownPolicy::Flatten {
            // The venue's clock goes no further: what it has not got by now it will not get.
            self.desk.find_lost(None).await?;
        }
        while !self.desk.is_settled() {
            if ended && self.desk.waits_for_data_alone() {
                let leave = self.desk.leave_open();
                self.desk.feed_in_turn(leave).await?;
                break;
            }
            let mut stop = self.desk.stop.clone();
            let steps_on = policy == ShutdownPolicy::Flatten && !ended;
            tokio::select! {
                biased;
                () = stop.wait_for(StopSignal::Now) => return Ok(Ending::Now),
                () = tokio::time::sleep_until(deadline) => {
                    tracing::warn!("not everything that was asked for at the end has happened");
                    break;
                }
                message = next_order_message(&mut self.desk.orders) => {
                    self.order_message(message?).await?;
                }
                // Closing orders fill only while the market goes on.
                message = next_market_message(&mut self.market), if steps_on => {
                    ended = self.message(message?).await?;
                }
            }
        }
        Ok(Ending::Orderly)
    }

    /// The exchange has taken a step already: its fills are heard, its data are not traded on.
    /// `true` when it was the last.
    async fn finish_step(&mut self) -> Result<bool, SessionError> {
        let next = async {
            loop {
                if let MarketStreamMessage::Step { head, .. } =
                    next_market_message(&mut self.market).await?
                {
                    return Ok::<_, SessionError>(head);
                }
            }
        };
        match tokio::time::timeout(NEXT_STEP, next).await {
            Ok(head) => {
                let head = head?;
                self.hear(head).await?;
                Ok(head.end)
            }
            Err(_) => Ok(false),
        }
    }
}
