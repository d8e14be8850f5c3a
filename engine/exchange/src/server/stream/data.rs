//! `/v2/{feed}`: market data. The server greets, the client authenticates and subscribes.

use super::encoding::Encoding;
use super::pump::{Incoming, Pump};
use super::subscription::SubscribeError;
use crate::server::Keys;
use crate::server::config::Plan;
use crate::server::hub::{ClientId, Endpoint};
use crate::server::shared::Shared;
use crate::server::test_feed::TestFeed;
use axum::extract::ws::{Message, WebSocket};
use serde::Serialize;
use serde_json::{Map, Value};
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

/// Control messages: arrays of one.
#[derive(Serialize)]
struct Success {
    #[serde(rename = "T")]
    kind: &'static str,
    msg: &'static str,
}

#[derive(Serialize)]
struct Failure {
    #[serde(rename = "T")]
    kind: &'static str,
    code: u16,
    msg: &'static str,
}

const INVALID_SYNTAX: (u16, &str) = (400, "invalid syntax");
const NOT_AUTHENTICATED: (u16, &str) = (401, "not authenticated");
const AUTH_FAILED: (u16, &str) = (402, "auth failed");
const ALREADY_AUTHENTICATED: (u16, &str) = (403, "already authenticated");
const AUTH_TIMEOUT: (u16, &str) = (404, "auth timeout");
const SYMBOL_LIMIT: (u16, &str) = (405, "symbol limit exceeded");
const CONNECTION_LIMIT: (u16, &str) = (406, "connection limit exceeded");
const SLOW_CLIENT: (u16, &str) = (407, "slow client");
const INSUFFICIENT_SUBSCRIPTION: (u16, &str) = (409, "insufficient subscription");
const INVALID_CHANNEL: (u16, &str) = (410, "invalid subscribe action for this feed");

/// One connection before and after it is authenticated.
struct Connection {
    shared: Arc<Shared>,
    id: ClientId,
    endpoint: Endpoint,
    encoding: Encoding,
    pump: Pump,
    /// Our end of the queue, until the hub has it: the client is authenticated then.
    queue: Option<mpsc::Sender<Message>>,
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
    let id = shared.venue().hub.client();
    let (pump, queue) = Pump::new(socket, shared.streams.queue, shared.stop.subscribe());
    let auth_deadline = Instant::now() + shared.streams.auth_timeout;
    let queue = Some(queue);
    let mut connection = Connection { shared, id, endpoint, encoding, pump, queue, auth_deadline };
    let clean = connection.run(by_header).await;
    let shared = connection.shared;
    shared.venue().hub.leave(id, clean);
    shared.changed.notify_one();
}

impl Connection {
    /// Talks until either side ends it; says whether the client closed properly.
    async fn run(&mut self, by_header: Option<bool>) -> bool {
        if !self.say("connected").await {
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
            let waiting = queue.clone();
            let joined = {
                let mut venue = self.shared.venue();
                venue.hub.join(self.id, self.endpoint, self.encoding, waiting)
            };
            if joined {
                self.pump.joined();
                return self.say("authenticated").await;
            }
            // Alpaca's Go client tries again on the same socket, so it stays open.
            self.auth_deadline = Instant::now() + self.shared.streams.auth_timeout;
            CONNECTION_LIMIT
        };
        self.queue = Some(queue);
        self.refuse(refusal).await
    }

    async fn subscribe(&mut self, message: &Map<String, Value>) -> bool {
        if self.queue.is_some() {
            return self.refuse(NOT_AUTHENTICATED).await;
        }
        let limit = self.shared.plan.symbol_limit();
        let changed = {
            let mut venue = self.shared.venue();
            let changed = venue.hub.subscribe(self.id, message, limit);
            if changed.is_ok() && self.endpoint != Endpoint::Test {
                venue.tell_of_end(self.id);
            }
            changed
        };
        self.shared.changed.notify_one();
        match changed {
            Ok(()) => true,
            Err(SubscribeError::Syntax) => self.refuse(INVALID_SYNTAX).await,
            Err(SubscribeError::Channel) => self.refuse(INVALID_CHANNEL).await,
            Err(SubscribeError::SymbolLimit) => self.refuse(SYMBOL_LIMIT).await,
        }
    }

    async fn say(&mut self, msg: &'static str) -> bool {
        let frame = self.encoding.frame(&[Success { kind: "success", msg }]);
        self.pump.send(frame).await
    }

    /// Sends an error, behind what is queued already.
    async fn refuse(&mut self, (code, msg): (u16, &'static str)) -> bool {
        let frame = self.encoding.frame(&[Failure { kind: "error", code, msg }]);
        if self.queue.is_some() {
            return self.pump.send(frame).await;
        }
        self.shared.venue().hub.deliver(self.id, frame);
        true
    }

    /// Sends an error and closes.
    async fn end(&mut self, (code, msg): (u16, &'static str)) -> bool {
        let frame = self.encoding.frame(&[Failure { kind: "error", code, msg }]);
        self.pump.send(frame).await;
        self.pump.close().await;
        false
    }
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
            });
            let words = read(message.to_string().as_bytes(), Encoding::Json, &keys());
            let packed = rmp_serde::to_vec_named(&message).unwrap();
            let packed = read(&packed, Encoding::MessagePack, &keys());
            proptest::prop_assert_eq!(&words, &packed);
            if let Words::Subscribe(message) = words {
                let mut subscription = super::super::subscription::Subscription::default();
                let _ = subscription.add(&message, Some(3));
                let _ = subscription.remove(&message);
            }
        }
    }
}
