//! `/stream`: the client speaks first, authenticates, says what it listens to, and gets
//! `trade_updates`.

use super::pump::{Incoming, Outgoing, Pump};
use crate::check::Stream;
use crate::server::Keys;
use crate::server::faults::{self, Point};
use crate::server::hub::json_frame;
use crate::server::shared::Shared;
use crate::server::venue::{About, Venue};
use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a client can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum Words {
    /// Credentials, and whether they are the right ones.
    Authenticate { accepted: bool },
    /// The complete set of streams that it wants to hear.
    Listen { trade_updates: bool },
    /// Nothing we understand.
    Other,
}

/// Reads a frame: both ways to authenticate that Alpaca's clients use, and `listen`.
/// Source: Alpaca, "Websocket streaming" for the first; its SDKs for the second.
pub(in crate::server) fn read(frame: &[u8], keys: &Keys) -> Words {
    let Ok(message) = serde_json::from_slice::<Value>(frame) else {
        return Words::Other;
    };
    let data = message.get("data").unwrap_or(&Value::Null);
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(String::from);
    let accept = |pair: (Option<String>, Option<String>)| match pair {
        (Some(key), Some(secret)) => keys.accept(&key, &secret),
        _ => false,
    };
    match message.get("action").and_then(Value::as_str) {
        Some("auth") => Words::Authenticate {
            accepted: accept((text(&message, "key"), text(&message, "secret"))),
        },
        Some("authenticate") => {
            let by_token = text(data, "oauth_token").is_some_and(|token| keys.accept_token(&token));
            let by_pair = accept((text(data, "key_id"), text(data, "secret_key")));
            Words::Authenticate { accepted: by_token || by_pair }
        }
        Some("listen") => {
            let streams = data.get("streams").and_then(Value::as_array);
            let named = |streams: &Vec<Value>| streams.iter().any(|name| name == "trade_updates");
            Words::Listen { trade_updates: streams.is_some_and(named) }
        }
        _ => Words::Other,
    }
}

/// Serves one connection to its end.
pub(in crate::server) async fn serve(shared: Arc<Shared>, socket: WebSocket) {
    shared.let_in(Stream::Orders).await;
    let id = shared.venue().hub.client();
    let (mut pump, queue) = Pump::new(socket, shared.streams.queue, shared.stop.subscribe());
    let mut queue = Some(queue);
    loop {
        let frame = match pump.next().await {
            Incoming::Words(frame) => frame,
            Incoming::Gone { .. } => break,
            Incoming::TooSlow => {
                pump.close().await;
                break;
            }
        };
        let go_on = match read(&frame, &shared.keys) {
            Words::Authenticate { accepted: true } => {
                let reply = authorization("authorized", "authenticate");
                let outgoing = shared.word(&mut shared.venue(), Point::Authorization, reply);
                let is_told = outgoing.iter().any(|said| matches!(said, Outgoing::Frame(_)));
                let goes_on = pump.say(outgoing).await;
                if is_told && let Some(queue) = queue.take() {
                    shared.venue().hub.join_orders(id, queue);
                    pump.joined();
                }
                goes_on
            }
            Words::Authenticate { accepted: false } => {
                let reply = authorization("unauthorized", "authenticate");
                let outgoing = shared.word(&mut shared.venue(), Point::Authorization, reply);
                pump.say(outgoing).await;
                pump.close().await;
                false
            }
            Words::Listen { .. } if queue.is_some() => {
                let reply = authorization("unauthorized", "listen");
                let outgoing = shared.word(&mut shared.venue(), Point::Authorization, reply);
                pump.say(outgoing).await
            }
            Words::Listen { trade_updates } => {
                let streams: &[&str] = if trade_updates { &["trade_updates"] } else { &[] };
                let reply = json!({"stream": "listening", "data": {"streams": streams}});
                let mut venue = shared.venue();
                let outgoing = shared.word(&mut venue, Point::Listening, reply);
                venue.hub.listen(id, trade_updates, &outgoing);
                if trade_updates {
                    venue.note_up(Stream::Orders, id);
                }
                drop(venue);
                shared.changed.notify_one();
                true
            }
            // Alpaca does not say what it answers to words it does not know.
            Words::Other => true,
        };
        if !go_on {
            break;
        }
    }
    let mut venue = shared.venue();
    venue.hub.leave_orders(id);
    venue.note_down(id);
    drop(venue);
    shared.changed.notify_one();
}

fn authorization(status: &str, action: &str) -> Value {
    json!({"stream": "authorization", "data": {"status": status, "action": action}})
}

impl Shared {
    /// A word of this stream after what the fault script does to it.
    fn word(&self, venue: &mut Venue, point: Point, mut reply: Value) -> Vec<Outgoing> {
        let fate = venue.fate(point, &mut reply, About::default());
        let text = self.streams.text_trade_updates;
        let frame = |is_cut| json_frame(faults::bytes(&reply, is_cut), text);
        super::outgoing(&fate, frame, |_| Message::Close(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { key: "PK".into(), secret: "S".into(), token: Some("T".into()) }
    }

    #[test]
    fn both_forms_of_credentials_are_read() {
        let cases = [
            (json!({"action": "auth", "key": "PK", "secret": "S"}), true),
            (json!({"action": "auth", "key": "PK", "secret": "x"}), false),
            (json!({"action": "auth", "key": "oauth", "secret": "T"}), true),
            (json!({"action": "authenticate", "data": {"key_id": "PK", "secret_key": "S"}}), true),
            (json!({"action": "authenticate", "data": {"oauth_token": "T"}}), true),
            (json!({"action": "authenticate"}), false),
        ];
        for (message, accepted) in cases {
            let words = read(message.to_string().as_bytes(), &keys());
            assert_eq!(words, Words::Authenticate { accepted }, "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(frame: Vec<u8>) {
            read(&frame, &keys());
        }

        #[test]
        fn any_values_in_the_right_places_are_read(
            action in "auth|authenticate|listen|", value in crate::server::tests::any_json()
        ) {
            let message = json!({"action": action, "key": value, "secret": value, "data": value});
            read(message.to_string().as_bytes(), &keys());
            let inner = json!({"streams": value, "key_id": value, "oauth_token": value});
            let message = json!({"action": action, "data": inner});
            read(message.to_string().as_bytes(), &keys());
        }
    }
}
