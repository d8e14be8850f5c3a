//! `/v2/{feed}`: market data; `/v1beta1/news`: news. The server greets, the client authenticates and
//! subscribes.

use super::encoding::Encoding;
use super::pump::{Incoming, Outgoing, Pump};
use super::subscription::SubscribeError;
use super::{ToldError, is_closing};
use crate::check::Stream;
use crate::server::Keys;
use crate::server::config::Plan;
use crate::server::faults::{Fate, Point};
use crate::server::hub::{ClientId, Endpoint};
use crate::server::shared::Shared;
use crate::server::test_feed::TestFeed;
use crate::server::venue::{About, Venue};
use crate::server::wire::market::StreamItem;
use axum::extract::ws::{Message, WebSocket};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout_at};

/// What a client can say.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server) enum Words {
    /// Credentials, and whether they are the right ones.
    Authenticate { accepted: bool },
    /// A change of its subscriptions.
    Subscribe(Map<String, Value>),
    /// It has finished a step of the lock step.
    Acknowledge { step: u64 },
    /// Nothing we understand.
    Other,
}

/// Reads a frame in the connection's encoding.
pub(in crate::server) fn read(frame: &[u8], encoding: Encoding, keys: &Keys) -> Words {
    let Some(message) = encoding.read::<Map<String, Value>>(frame) else {
        return Words::Other;
    };
    let text = |key: &str| message.get(key).and_then(Value::as_str);
    match text("action") {
        Some("auth") => {
            let pair = text("key").zip(text("secret"));
            Words::Authenticate { accepted: pair.is_some_and(|(key, s)| keys.accept(key, s)) }
        }
        Some("subscribe" | "unsubscribe") => Words::Subscribe(message),
        Some("tradewind_ack") => match message.get("step").and_then(Value::as_u64) {
            Some(step) => Words::Acknowledge { step },
            None => Words::Other,
        },
        _ => Words::Other,
    }
}

const INVALID_SYNTAX: u16 = 400;
const NOT_AUTHENTICATED: u16 = 401;
const AUTH_FAILED: u16 = 402;
const ALREADY_AUTHENTICATED: u16 = 403;
const AUTH_TIMEOUT: u16 = 404;
const SYMBOL_LIMIT: u16 = 405;
const CONNECTION_LIMIT: u16 = 406;
const SLOW_CLIENT: u16 = 407;
const INSUFFICIENT_SUBSCRIPTION: u16 = 409;
const INVALID_CHANNEL: u16 = 410;

/// One connection before and after it is authenticated.
struct Connection {
    shared: Arc<Shared>,
    id: ClientId,
    endpoint: Endpoint,
    encoding: Encoding,
    pump: Pump,
    /// Our end of the queue, until the hub has it: the client is authenticated then.
    queue: Option<mpsc::Sender<Outgoing>>,
    auth_deadline: Instant,
}

/// Serves one connection to its end. `by_header` says what the handshake's headers showed.
pub(in crate::server) async fn serve(
    shared: Arc<Shared>,
    socket: WebSocket,
    endpoint: Endpoint,
    encoding: Encoding,
    by_header: Option<bool>,
) {
    shared.let_in(stream_of(endpoint)).await;
    let id = shared.venue().hub.client();
    let (pump, queue) = Pump::new(socket, shared.streams.queue, shared.stop.subscribe());
    let auth_deadline = Instant::now() + shared.streams.auth_timeout;
    let queue = Some(queue);
    let mut connection = Connection { shared, id, endpoint, encoding, pump, queue, auth_deadline };
    let clean = connection.run(by_header).await;
    let shared = connection.shared;
    let mut venue = shared.venue();
    venue.hub.leave(id, clean);
    venue.note_down(id);
    drop(venue);
    shared.changed.notify_one();
}

impl Connection {
    /// Talks until either side ends it; says whether the client closed properly.
    async fn run(&mut self, by_header: Option<bool>) -> bool {
        if !self.say(Point::Connected).await {
            return false;
        }
        // Alpaca does not say whether header authentication is confirmed unasked: here it is.
        if let Some(accepted) = by_header
            && !self.authenticate(accepted).await
        {
            return true;
        }
        let mut test_feed = TestFeed::new();
        let mut next_test = Instant::now() + self.shared.streams.test_interval;
        loop {
            let is_test = self.endpoint == Endpoint::Test && self.queue.is_none();
            let incoming = tokio::select! {
                incoming = next(&mut self.pump, self.queue.is_some().then_some(self.auth_deadline)) => incoming,
                () = sleep_until(next_test), if is_test => {
                    next_test += self.shared.streams.test_interval;
                    test_feed.publish(&mut self.shared.venue().hub, self.id);
                    continue;
                }
            };
            let go_on = match incoming {
                Some(Incoming::Words(frame)) => self.answer(&frame).await,
                Some(Incoming::Gone { clean }) => return clean,
                Some(Incoming::TooSlow) => self.end(SLOW_CLIENT).await,
                None => self.end(AUTH_TIMEOUT).await,
            };
            if !go_on {
                return true;
            }
        }
    }

    /// Answers one message; `false` ends the connection.
    async fn answer(&mut self, frame: &[u8]) -> bool {
        match read(frame, self.encoding, &self.shared.keys) {
            Words::Authenticate { accepted } => self.authenticate(accepted).await,
            Words::Subscribe(message) => self.subscribe(&message).await,
            Words::Acknowledge { step } => {
                self.shared.venue().hub.acknowledge(self.id, step);
                self.shared.changed.notify_one();
                true
            }
            Words::Other => self.refuse(INVALID_SYNTAX).await,
        }
    }

    async fn authenticate(&mut self, accepted: bool) -> bool {
        let Some(queue) = self.queue.take() else {
            return self.refuse(ALREADY_AUTHENTICATED).await;
        };
        let refusal = if !accepted {
            AUTH_FAILED
        } else if self.endpoint == Endpoint::Sip && self.shared.plan == Plan::Basic {
            INSUFFICIENT_SUBSCRIPTION
        } else {
            match self.take_in(&queue) {
                Ok(outgoing) => {
                    let is_told = outgoing.iter().any(|said| matches!(said, Outgoing::Frame(_)));
                    if !is_told {
                        self.queue = Some(queue);
                    }
                    return self.pump.say(outgoing).await;
                }
                Err(refusal) => {
                    // Alpaca's Go client tries again on the same socket, so it stays open.
                    self.auth_deadline = Instant::now() + self.shared.streams.auth_timeout;
                    refusal
                }
            }
        };
        self.queue = Some(queue);
        if is_closing(refusal) {
            return self.end(refusal).await;
        }
        self.refuse(refusal).await
    }

    /// Takes a client with the right keys in, and gives what it is told; or the code of a refusal.
    fn take_in(&mut self, queue: &mpsc::Sender<Outgoing>) -> Result<Vec<Outgoing>, u16> {
        let mut venue = self.shared.venue();
        let mut word = success(Point::Authenticated);
        let fate = venue.fate(Point::Authenticated, &mut word, About::default());
        if let Fate::Error { code, .. } = fate {
            return Err(code);
        }
        let outgoing = self.outgoing(&mut venue, &fate, &word);
        let is_told = outgoing.iter().any(|said| matches!(said, Outgoing::Frame(_)));
        if is_told {
            if !venue.hub.join(self.id, self.endpoint, self.encoding, queue.clone()) {
                return Err(CONNECTION_LIMIT);
            }
            self.pump.joined();
        }
        Ok(outgoing)
    }

    async fn subscribe(&mut self, message: &Map<String, Value>) -> bool {
        if self.queue.is_some() {
            return self.refuse(NOT_AUTHENTICATED).await;
        }
        let changed = self.change(&mut self.shared.venue(), message);
        self.shared.changed.notify_one();
        match changed {
            Ok(()) => true,
            Err(SubscribeError::Syntax) => self.refuse(INVALID_SYNTAX).await,
            Err(SubscribeError::Channel) => self.refuse(INVALID_CHANNEL).await,
            Err(SubscribeError::SymbolLimit) => self.refuse(SYMBOL_LIMIT).await,
        }
    }

    /// Changes the subscriptions and queues the acknowledgement.
    fn change(
        &self,
        venue: &mut Venue,
        message: &Map<String, Value>,
    ) -> Result<(), SubscribeError> {
        let limit = self.shared.plan.symbol_limit();
        let Some(mut state) = venue.hub.subscribe(self.id, message, limit)? else {
            return Ok(());
        };
        let fate = venue.fate(Point::Subscription, &mut state, About::default());
        for outgoing in self.outgoing(venue, &fate, &state) {
            venue.hub.deliver(self.id, outgoing);
        }
        match self.endpoint {
            Endpoint::Test => {}
            Endpoint::News => venue.note_up(Stream::News, self.id),
            Endpoint::Iex | Endpoint::Sip | Endpoint::DelayedSip => {
                venue.note_up(Stream::Data, self.id);
                venue.tell_of_end(self.id);
            }
        }
        Ok(())
    }

    /// What goes out for a word of this stream.
    fn outgoing(&self, venue: &mut Venue, fate: &Fate, word: &Value) -> Vec<Outgoing> {
        let encoding = self.encoding;
        let items = word.as_object().map(StreamItem::written);
        let frame = |is_cut| match is_cut {
            true => encoding.cut_frame(&items.as_slice()),
            false => encoding.frame(&items.as_slice()),
        };
        super::outgoing(fate, frame, |code| ToldError::new(venue, code).frame(encoding))
    }

    /// Says a word of success; `false` when the connection has ended.
    async fn say(&mut self, point: Point) -> bool {
        let mut word = success(point);
        let outgoing = {
            let mut venue = self.shared.venue();
            let fate = venue.fate(point, &mut word, About::default());
            self.outgoing(&mut venue, &fate, &word)
        };
        self.pump.say(outgoing).await
    }

    /// Sends an error, behind what is queued already.
    async fn refuse(&mut self, code: u16) -> bool {
        let frame = self.error_frame(code);
        if self.queue.is_some() {
            return self.pump.send(frame).await;
        }
        self.shared.venue().hub.deliver(self.id, Outgoing::Frame(frame));
        true
    }

    fn error_frame(&self, code: u16) -> Message {
        ToldError::new(&mut self.shared.venue(), code).frame(self.encoding)
    }

    /// Sends an error and closes.
    async fn end(&mut self, code: u16) -> bool {
        let frame = self.error_frame(code);
        self.pump.send(frame).await;
        self.pump.close().await;
        false
    }
}

const fn stream_of(endpoint: Endpoint) -> Stream {
    match endpoint {
        Endpoint::News => Stream::News,
        Endpoint::Iex | Endpoint::Sip | Endpoint::DelayedSip | Endpoint::Test => Stream::Data,
    }
}

/// A word of success.
fn success(point: Point) -> Value {
    json!({"T": "success", "msg": point.as_str()})
}

/// What comes next; `None` when the deadline passes first.
async fn next(pump: &mut Pump, deadline: Option<Instant>) -> Option<Incoming> {
    match deadline {
        Some(deadline) => timeout_at(deadline, pump.next()).await.ok(),
        None => Some(pump.next().await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys() -> Keys {
        Keys { key: "PK".into(), secret: "S".into(), token: Some("T".into()) }
    }

    #[test]
    fn both_encodings_are_read() {
        let auth = json!({"action": "auth", "key": "access_token", "secret": "T"});
        let json = auth.to_string().into_bytes();
        let messagepack = rmp_serde::to_vec_named(&auth).unwrap();
        let accepted = Words::Authenticate { accepted: true };
        assert_eq!(read(&json, Encoding::Json, &keys()), accepted);
        assert_eq!(read(&messagepack, Encoding::MessagePack, &keys()), accepted);
        assert_eq!(read(&messagepack, Encoding::Json, &keys()), Words::Other);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(frame: Vec<u8>) {
            read(&frame, Encoding::Json, &keys());
            read(&frame, Encoding::MessagePack, &keys());
        }

        #[test]
        fn any_values_in_the_right_places_are_read(
            action in "auth|subscribe|unsubscribe|tradewind_ack|",
            value in crate::server::tests::any_json(),
        ) {
            let message = json!({
                "action": action, "key": value, "secret": value, "step": value, "bars": value,
                "news": value,
            });
            let words = read(message.to_string().as_bytes(), Encoding::Json, &keys());
            let packed = rmp_serde::to_vec_named(&message).unwrap();
            let packed = read(&packed, Encoding::MessagePack, &keys());
            proptest::prop_assert_eq!(&words, &packed);
            if let Words::Subscribe(message) = words {
                let mut subscription = super::super::subscription::Subscription::default();
                for of_news in [false, true] {
                    let _ = subscription.add(&message, Some(3), of_news);
                    let _ = subscription.remove(&message, of_news);
                }
            }
        }
    }
}
