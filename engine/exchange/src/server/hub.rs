//! The connections: who listens to order updates, who wants which market data, and how far each
//! has acknowledged.
//!
//! All of it lives under the venue's lock, so that every client sees events in the order in which
//! they happened. Nothing here waits: a client whose queue is full is dropped, and its connection
//! task then tells it that it was too slow.

mod news;

use super::config::StreamConfig;
use super::faults::Fate;
use super::stream::encoding::Encoding;
use super::stream::pump::Outgoing;
use super::stream::subscription::{Channel, SubscribeError, Subscription};
use super::stream::{ToldError, is_closing};
use super::wire::market::{Sent, StreamItem};
use crate::check::Stream;
use axum::body::Bytes;
use axum::extract::ws::Message;
use kernel::{Bar, MarketData, SymbolId, Symbols, Timestamp};
pub(super) use news::NewsSent;
use news::NewsStreams;
use serde_json::{Map, Value, json};
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
    News,
}

/// The name of a connection for the life of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientId(u64);

/// All connections.
pub(super) struct Hub {
    config: StreamConfig,
    last_id: u64,
    listeners: BTreeMap<ClientId, Listener>,
    /// How many have begun to listen.
    order_streams: u64,
    subscribers: BTreeMap<ClientId, Subscriber>,
    /// Places of connections that ended without a close frame, and until when they stay taken.
    held: Vec<(Endpoint, Instant)>,
    /// The last step that was sent in lock step.
    step: u64,
    /// Streams that a fault took away, each with the last step that is taken without it.
    away: BTreeMap<Stream, u64>,
    news: NewsStreams,
}

/// An authorized order stream.
struct Listener {
    queue: mpsc::Sender<Outgoing>,
    /// Trade updates sent since it began to listen, while it listens.
    sent: Option<u64>,
    /// Whether nothing is sent to it any more.
    muted: bool,
}

/// An authenticated market data connection.
struct Subscriber {
    endpoint: Endpoint,
    encoding: Encoding,
    subscription: Subscription,
    queue: mpsc::Sender<Outgoing>,
    acknowledged: u64,
    muted: bool,
    /// Pieces of news sent since it subscribed to them.
    news: Option<u64>,
}

/// One element of market data, for those who have subscribed to its channel.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) channel: Channel,
    pub(super) symbol: SymbolId,
    pub(super) item: Item,
}

/// What an element tells.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// What the market did.
    Data(MarketData),
    /// The day's bar so far.
    Daily(Bar),
    /// A message that is written down already: a trading status, or one that a fault has changed.
    Written(Map<String, Value>),
}

/// What is sent for one step.
pub(super) struct StepData<'a> {
    /// Its number and whether it is the last frame, in lock step.
    pub(super) lock_step: Option<(u64, bool)>,
    pub(super) time: Timestamp,
    pub(super) elements: &'a [Element],
    pub(super) symbols: &'a Symbols,
    /// Whether the data go out in a frame that is cut in the middle.
    pub(super) cut: bool,
}

impl Element {
    /// The element of market data.
    pub(super) fn data(data: &MarketData) -> Self {
        let channel = match data {
            MarketData::Bar(_) => Channel::Bars,
            MarketData::Quote(_) => Channel::Quotes,
            MarketData::Trade(_) => Channel::Trades,
        };
        Self { channel, symbol: data.symbol(), item: Item::Data(*data) }
    }

    /// The element of the day's bar so far.
    pub(super) fn daily(bar: Bar) -> Self {
        Self { channel: Channel::DailyBars, symbol: bar.symbol, item: Item::Daily(bar) }
    }

    /// As it is written on the stream.
    pub(super) fn item<'a>(&'a self, symbols: &'a Symbols) -> StreamItem<'a> {
        let symbol = symbols.name(self.symbol);
        match &self.item {
            Item::Data(data) => StreamItem::data(data, symbol),
            Item::Daily(bar) => StreamItem::daily_bar(bar, symbol),
            Item::Written(fields) => StreamItem::written(fields),
        }
    }
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

    /// Whether the market is replayed on it.
    const fn is_replayed(self) -> bool {
        !matches!(self, Self::Test | Self::News)
    }
}

impl Hub {
    pub(super) fn new(config: StreamConfig) -> Self {
        let (listeners, subscribers) = (BTreeMap::new(), BTreeMap::new());
        let (held, order_streams) = (Vec::new(), 0);
        let (step, away, news) = (0, BTreeMap::new(), NewsStreams::default());
        Self { config, last_id: 0, listeners, order_streams, subscribers, held, step, away, news }
    }

    /// A name for a new connection.
    pub(super) fn client(&mut self) -> ClientId {
        self.last_id += 1;
        ClientId(self.last_id)
    }

    /// Takes in an authorized order stream, which does not listen yet.
    pub(super) fn join_orders(&mut self, id: ClientId, queue: mpsc::Sender<Outgoing>) {
        self.listeners.insert(id, Listener { queue, sent: None, muted: false });
    }

    /// Forgets an order stream.
    pub(super) fn leave_orders(&mut self, id: ClientId) {
        self.listeners.remove(&id);
    }

    /// Begins, goes on or stops to send trade updates, and queues the acknowledgement.
    pub(super) fn listen(&mut self, id: ClientId, wanted: bool, acknowledgement: &[Outgoing]) {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        self.order_streams += u64::from(wanted && listener.sent.is_none());
        listener.sent = wanted.then(|| listener.sent.unwrap_or(0));
        for outgoing in acknowledgement {
            listener.muted |= *outgoing == Outgoing::Mute;
            let is_end = *outgoing == Outgoing::Drop;
            if listener.queue.try_send(outgoing.clone()).is_err() || is_end {
                self.listeners.remove(&id);
                return;
            }
        }
    }

    /// Takes in an authenticated market data connection, if its endpoint has a place left.
    pub(super) fn join(
        &mut self,
        id: ClientId,
        endpoint: Endpoint,
        encoding: Encoding,
        queue: mpsc::Sender<Outgoing>,
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
            muted: false,
            news: None,
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
        if gone.endpoint.is_replayed() {
            self.forget_news_stream();
        }
    }

    /// Changes what a connection wants; gives the acknowledgement, which must be queued before any
    /// data that the change brings. `None` for a connection that is gone.
    pub(super) fn subscribe(
        &mut self,
        id: ClientId,
        message: &Map<String, Value>,
        symbol_limit: Option<usize>,
    ) -> Result<Option<Value>, SubscribeError> {
        let Some(client) = self.subscribers.get_mut(&id) else {
            return Ok(None);
        };
        if client.subscription.is_empty() {
            // It has not been sent the step that others may still work on.
            client.acknowledged = self.step;
        }
        let is_news = client.endpoint == Endpoint::News;
        match message.get("action").and_then(Value::as_str) {
            Some("unsubscribe") => client.subscription.remove(message, is_news)?,
            _ => client.subscription.add(message, symbol_limit, is_news)?,
        }
        let state = match is_news {
            true => client.subscription.acknowledgement_of_news(),
            false => json!(client.subscription.acknowledgement()),
        };
        self.note_news_stream(id);
        Ok(Some(state))
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

    /// Whether lock step can go on from a step: someone wants market data and someone hears of fills,
    /// except for a stream that the next step is taken without.
    pub(super) fn is_complete(&self, step: u64) -> bool {
        let goes_without = |stream| self.away_until(stream) > step;
        (self.has_subscriber() || goes_without(Stream::Data))
            && (self.trade_updates_sent().is_some() || goes_without(Stream::Orders))
            && !self.waits_for_news(step)
    }

    /// The last step that is taken without a stream; nobody is let in on it before.
    pub(super) fn away_until(&self, stream: Stream) -> u64 {
        self.away.get(&stream).copied().unwrap_or(0)
    }

    /// Notes that a fault took a stream away with a step.
    fn go_without(&mut self, stream: Stream, fate: &Fate, step: u64) {
        if let Fate::Drop { steps } | Fate::Error { steps, .. } = fate
            && *steps > 0
        {
            self.away.insert(stream, step + steps);
        }
    }

    /// Trade updates sent to the newest order stream that listens: the one that a session which
    /// came back has opened.
    fn trade_updates_sent(&self) -> Option<u64> {
        self.listeners.values().rev().find_map(|listener| listener.sent)
    }

    fn sent(&self) -> Sent {
        let sent = self.trade_updates_sent();
        let (trade_updates, orders_away) = (sent.unwrap_or(0), sent.is_none());
        let news = self.news_sent();
        Sent { trade_updates, order_streams: self.order_streams, orders_away, news }
    }

    /// Whether everyone who gets market data has finished this step.
    pub(super) fn has_finished(&self, step: u64) -> bool {
        self.replayed_to().all(|client| client.acknowledged >= step)
    }

    fn replayed_to(&self) -> impl Iterator<Item = &Subscriber> {
        let replayed =
            |client: &&Subscriber| client.endpoint.is_replayed() && !client.subscription.is_empty();
        self.subscribers.values().filter(replayed)
    }

    /// Sends a trade update, already encoded, to everyone who listens.
    pub(super) fn publish_update(&mut self, update: &Bytes) {
        let text = self.config.text_trade_updates;
        self.listeners.retain(|_, listener| match &mut listener.sent {
            Some(sent) if !listener.muted => {
                *sent += 1;
                let frame = Outgoing::Frame(json_frame(update.clone(), text));
                listener.queue.try_send(frame).is_ok()
            }
            Some(_) | None => true,
        });
    }

    /// Drops or mutes every order stream, with a step.
    pub(super) fn strike_listeners(&mut self, fate: &Fate, step: u64) {
        self.go_without(Stream::Orders, fate, step);
        self.listeners.retain(|_, listener| match fate {
            Fate::Drop { .. } => {
                // One that does not take it is gone anyway.
                let _ = listener.queue.try_send(Outgoing::Drop);
                false
            }
            Fate::Mute => {
                listener.muted = true;
                listener.queue.try_send(Outgoing::Mute).is_ok()
            }
            _ => true,
        });
    }

    /// Drops or mutes every connection that market data are replayed to, or sends it an error, with a
    /// step.
    pub(super) fn strike_subscribers(&mut self, fate: &Fate, error: Option<&ToldError>, step: u64) {
        if !matches!(fate, Fate::Error { code, .. } if !is_closing(*code)) {
            self.go_without(Stream::Data, fate, step);
        }
        self.subscribers.retain(|_, client| {
            let is_spared = !client.endpoint.is_replayed() || client.subscription.is_empty();
            is_spared || client.strike(fate, error)
        });
    }

    /// Sends a step's data to everyone who wants some of it; in lock step to all.
    pub(super) fn publish_step(&mut self, step: &StepData<'_>) {
        let sent = self.sent();
        if let Some((number, _)) = step.lock_step {
            self.step = number;
        }
        self.subscribers.retain(|_, client| {
            if !client.endpoint.is_replayed() {
                return true;
            }
            client.deliver(client.step_frames(step, sent))
        });
    }

    /// Sends data to one market data connection, which gets what it wants of them.
    pub(super) fn publish_to(&mut self, id: ClientId, step: &StepData<'_>) {
        let sent = self.sent();
        if let Some(client) = self.subscribers.get(&id)
            && !client.deliver(client.step_frames(step, sent))
        {
            self.subscribers.remove(&id);
        }
    }

    /// Queues something for one market data connection.
    pub(super) fn deliver(&mut self, id: ClientId, outgoing: Outgoing) {
        let Some(client) = self.subscribers.get_mut(&id) else {
            return;
        };
        client.muted |= outgoing == Outgoing::Mute;
        let ends = matches!(outgoing, Outgoing::Drop | Outgoing::Last(_));
        if client.queue.try_send(outgoing).is_err() || ends {
            self.subscribers.remove(&id);
        }
    }
}

impl Subscriber {
    /// Queues frames; `false` when there is no room.
    fn deliver(&self, frames: Vec<Message>) -> bool {
        self.muted
            || frames.into_iter().all(|frame| self.queue.try_send(Outgoing::Frame(frame)).is_ok())
    }

    /// Drops it, mutes it, or sends it an error; `false` when it is gone.
    fn strike(&mut self, fate: &Fate, error: Option<&ToldError>) -> bool {
        let (outgoing, stays) = match fate {
            Fate::Drop { .. } => (Outgoing::Drop, false),
            Fate::Mute => {
                self.muted = true;
                (Outgoing::Mute, true)
            }
            Fate::Error { code, .. } => {
                let Some(frame) = error.map(|error| error.frame(self.encoding)) else {
                    return true;
                };
                match is_closing(*code) {
                    true => (Outgoing::Last(frame), false),
                    false => (Outgoing::Frame(frame), true),
                }
            }
            _ => return true,
        };
        self.queue.try_send(outgoing).is_ok() && stays
    }

    /// The frames of a step: one, or two when its data are cut, so that its head is whole.
    fn step_frames(&self, step: &StepData<'_>, sent: Sent) -> Vec<Message> {
        let opening = step
            .lock_step
            .filter(|_| !self.subscription.is_empty())
            .map(|(number, end)| StreamItem::step(number, step.time, sent, end));
        let wanted = step.elements.iter().filter(|element| {
            self.subscription.wants_channel(element.channel, step.symbols.name(element.symbol))
        });
        let mut data: Vec<_> = wanted.map(|element| element.item(step.symbols)).collect();
        let mut frames = Vec::new();
        if step.cut && !data.is_empty() {
            frames.push(self.encoding.cut_frame(&data));
            data.clear();
        }
        let items: Vec<_> = opening.into_iter().chain(data).collect();
        if !items.is_empty() {
            frames.push(self.encoding.frame(&items));
        }
        frames
    }
}

/// A frame with JSON text: the order stream sends it in binary frames, as Alpaca's paper host.
pub(super) fn json_frame(json: Bytes, text: bool) -> Message {
    match axum::extract::ws::Utf8Bytes::try_from(json.clone()) {
        Ok(utf8) if text => Message::Text(utf8),
        _ => Message::Binary(json),
    }
}
