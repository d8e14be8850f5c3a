//! The connections: who listens to order updates, who wants which market data, and how far each
//! has acknowledged.
//!
//! All of it lives under the venue's lock, so that every client sees events in the order in which
//! they happened. Nothing here waits: a client whose queue is full is dropped, and its connection
//! task then tells it that it was too slow.

use super::config::StreamConfig;
use super::stream::encoding::Encoding;
use super::stream::subscription::{Channel, SubscribeError, Subscription};
use super::wire::market::StreamItem;
use axum::body::Bytes;
use axum::extract::ws::Message;
use kernel::{Bar, MarketData, Symbols, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::sync::mpsc;

/// A market data endpoint. Each has its own limit of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Endpoint {
    Iex,
    Sip,
    DelayedSip,
    Test,
}

/// The name of a connection for the life of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientId(u64);

/// All connections.
pub(super) struct Hub {
    config: StreamConfig,
    last_id: u64,
    listeners: BTreeMap<ClientId, Listener>,
    subscribers: BTreeMap<ClientId, Subscriber>,
    /// Places of connections that ended without a close frame, and until when they stay taken.
    held: Vec<(Endpoint, Instant)>,
    /// The last step that was sent in lock step.
    step: u64,
}

/// An authorized order stream.
struct Listener {
    queue: mpsc::Sender<Message>,
    /// Trade updates sent since it began to listen, while it listens.
    sent: Option<u64>,
}

/// An authenticated market data connection.
struct Subscriber {
    endpoint: Endpoint,
    encoding: Encoding,
    subscription: Subscription,
    queue: mpsc::Sender<Message>,
    acknowledged: u64,
}

/// What is sent for one step.
pub(super) struct StepData<'a> {
    /// Its number and whether it is the last frame, in lock step.
    pub(super) lock_step: Option<(u64, bool)>,
    pub(super) time: Timestamp,
    pub(super) data: &'a [MarketData],
    /// The day's bars so far of the symbols in this step.
    pub(super) daily: &'a [Bar],
    pub(super) symbols: &'a Symbols,
}

impl Endpoint {
    /// The endpoint of a path's last part.
    pub(super) fn of_path(feed: &str) -> Option<Self> {
        match feed {
            "iex" => Some(Self::Iex),
            "sip" => Some(Self::Sip),
            "delayed_sip" => Some(Self::DelayedSip),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

impl Hub {
    pub(super) fn new(config: StreamConfig) -> Self {
        let (listeners, subscribers) = (BTreeMap::new(), BTreeMap::new());
        Self { config, last_id: 0, listeners, subscribers, held: Vec::new(), step: 0 }
    }

    /// A name for a new connection.
    pub(super) fn client(&mut self) -> ClientId {
        self.last_id += 1;
        ClientId(self.last_id)
    }

    /// Takes in an authorized order stream, which does not listen yet.
    pub(super) fn join_orders(&mut self, id: ClientId, queue: mpsc::Sender<Message>) {
        self.listeners.insert(id, Listener { queue, sent: None });
    }

    /// Forgets an order stream.
    pub(super) fn leave_orders(&mut self, id: ClientId) {
        self.listeners.remove(&id);
    }

    /// Begins, goes on or stops to send trade updates, and queues the acknowledgement.
    pub(super) fn listen(&mut self, id: ClientId, wanted: bool, acknowledgement: Message) {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        listener.sent = wanted.then(|| listener.sent.unwrap_or(0));
        if listener.queue.try_send(acknowledgement).is_err() {
            self.listeners.remove(&id);
        }
    }

    /// Takes in an authenticated market data connection, if its endpoint has a place left.
    pub(super) fn join(
        &mut self,
        id: ClientId,
        endpoint: Endpoint,
        encoding: Encoding,
        queue: mpsc::Sender<Message>,
    ) -> bool {
        self.held.retain(|(_, until)| *until > Instant::now());
        let held = self.held.iter().filter(|(taken, _)| *taken == endpoint).count();
        let joined = self.subscribers.values().filter(|other| other.endpoint == endpoint).count();
        if held + joined >= self.config.connections_per_endpoint {
            return false;
        }
        let subscriber = Subscriber {
            endpoint,
            encoding,
            subscription: Subscription::default(),
            queue,
            acknowledged: 0,
        };
        self.subscribers.insert(id, subscriber);
        true
    }

    /// Forgets a market data connection; `clean` says whether it sent a close frame.
    pub(super) fn leave(&mut self, id: ClientId, clean: bool) {
        let Some(gone) = self.subscribers.remove(&id) else {
            return;
        };
        if !clean && !self.config.unclean_hold.is_zero() {
            self.held.push((gone.endpoint, Instant::now() + self.config.unclean_hold));
        }
    }

    /// Changes what a connection wants and queues the acknowledgement, before any data that the
    /// change brings.
    pub(super) fn subscribe(
        &mut self,
        id: ClientId,
        message: &Map<String, Value>,
        symbol_limit: Option<usize>,
    ) -> Result<(), SubscribeError> {
        let Some(client) = self.subscribers.get_mut(&id) else {
            return Ok(());
        };
        if client.subscription.is_empty() {
            // It has not been sent the step that others may still work on.
            client.acknowledged = self.step;
        }
        match message.get("action").and_then(Value::as_str) {
            Some("unsubscribe") => client.subscription.remove(message)?,
            _ => client.subscription.add(message, symbol_limit)?,
        }
        let state = client.encoding.frame(&[client.subscription.acknowledgement()]);
        self.deliver(id, state);
        Ok(())
    }

    /// Notes that a client has finished a step.
    pub(super) fn acknowledge(&mut self, id: ClientId, step: u64) {
        if let Some(client) = self.subscribers.get_mut(&id) {
            client.acknowledged = client.acknowledged.max(step);
        }
    }

    /// Whether anyone wants market data of this venue.
    pub(super) fn has_subscriber(&self) -> bool {
        self.replayed_to().next().is_some()
    }

    /// Whether lock step can go on: someone wants market data and someone hears of fills.
    pub(super) fn is_complete(&self) -> bool {
        self.has_subscriber() && self.trade_updates_sent().is_some()
    }

    /// Trade updates sent to the newest order stream that listens: the one that a session which
    /// came back has opened.
    fn trade_updates_sent(&self) -> Option<u64> {
        self.listeners.values().rev().find_map(|listener| listener.sent)
    }

    /// Whether everyone who gets market data has finished this step.
    pub(super) fn has_finished(&self, step: u64) -> bool {
        self.replayed_to().all(|client| client.acknowledged >= step)
    }

    fn replayed_to(&self) -> impl Iterator<Item = &Subscriber> {
        let replayed = |client: &&Subscriber| {
            client.endpoint != Endpoint::Test && !client.subscription.is_empty()
        };
        self.subscribers.values().filter(replayed)
    }

    /// Sends a trade update, already encoded, to everyone who listens.
    pub(super) fn publish_update(&mut self, update: &Bytes) {
        let text = self.config.text_trade_updates;
        self.listeners.retain(|_, listener| match &mut listener.sent {
            Some(sent) => {
                *sent += 1;
                listener.queue.try_send(json_frame(update.clone(), text)).is_ok()
            }
            None => true,
        });
    }

    /// Sends a step's data to everyone who wants some of it; in lock step to all.
    pub(super) fn publish_step(&mut self, step: &StepData<'_>) {
        let sent = self.trade_updates_sent().unwrap_or(0);
        if let Some((number, _)) = step.lock_step {
            self.step = number;
        }
        self.subscribers.retain(|_, client| {
            if client.endpoint == Endpoint::Test {
                return true;
            }
            match client.step_frame(step, sent) {
                Some(frame) => client.queue.try_send(frame).is_ok(),
                None => true,
            }
        });
    }

    /// Sends data to one market data connection, which gets what it wants of them.
    pub(super) fn publish_to(&mut self, id: ClientId, step: &StepData<'_>) {
        let sent = self.trade_updates_sent().unwrap_or(0);
        let frame = self.subscribers.get(&id).and_then(|client| client.step_frame(step, sent));
        if let Some(frame) = frame {
            self.deliver(id, frame);
        }
    }

    /// Queues a frame for one market data connection.
    pub(super) fn deliver(&mut self, id: ClientId, frame: Message) {
        let delivered = |client: &Subscriber| client.queue.try_send(frame).is_ok();
        if !self.subscribers.get(&id).is_some_and(delivered) {
            self.subscribers.remove(&id);
        }
    }
}

impl Subscriber {
    fn step_frame(&self, step: &StepData<'_>, trade_updates: u64) -> Option<Message> {
        let name = |symbol| step.symbols.name(symbol);
        let opening = step
            .lock_step
            .filter(|_| !self.subscription.is_empty())
            .map(|(number, end)| StreamItem::step(number, step.time, trade_updates, end));
        let data = step.data.iter().map(|data| (data, name(data.symbol())));
        let data = data
            .filter(|(data, symbol)| self.subscription.wants(data, symbol))
            .map(|(data, symbol)| StreamItem::data(data, symbol));
        let daily = step.daily.iter().map(|bar| (bar, name(bar.symbol)));
        let daily = daily
            .filter(|(_, symbol)| self.subscription.wants_channel(Channel::DailyBars, symbol))
            .map(|(bar, symbol)| StreamItem::daily_bar(bar, symbol));
        let items: Vec<_> = opening.into_iter().chain(data).chain(daily).collect();
        (!items.is_empty()).then(|| self.encoding.frame(&items))
    }
}

/// A frame with JSON text: the order stream sends it in binary frames, as Alpaca's paper host.
pub(super) fn json_frame(json: Bytes, text: bool) -> Message {
    match axum::extract::ws::Utf8Bytes::try_from(json.clone()) {
        Ok(utf8) if text => Message::Text(utf8),
        _ => Message::Binary(json),
    }
}
