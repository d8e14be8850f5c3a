//! The market data stream.

use crate::support::{KEY, SECRET, Socket, TOKEN, Venue, config, minutes, quiet};
use exchange::server::{Plan, Source, Speed};
use futures_util::SinkExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

fn error(code: u16, msg: &str) -> Value {
    json!([{"T": "error", "code": code, "msg": msg}])
}

fn success(msg: &str) -> Value {
    json!([{"T": "success", "msg": msg}])
}

fn auth() -> Value {
    json!({"action": "auth", "key": KEY, "secret": SECRET})
}

/// Conformance 122, 124.
#[tokio::test]
async fn authentication_answers_every_wrong_order_of_things() {
    let venue = Venue::quiet().await;
    let mut socket = venue.socket("/v2/iex", &[]).await;
    assert_eq!(socket.json().await, success("connected"));
    socket.send(json!({"action": "subscribe", "bars": ["AAA"]})).await;
    assert_eq!(socket.json().await, error(401, "not authenticated"));
    socket.send(json!({"action": "auth", "key": KEY, "secret": "x"})).await;
    assert_eq!(socket.json().await, error(402, "auth failed"));
    socket.send(auth()).await;
    assert_eq!(socket.json().await, success("authenticated"));
    socket.send(auth()).await;
    assert_eq!(socket.json().await, error(403, "already authenticated"));
}

/// Conformance 122.
#[tokio::test]
async fn who_does_not_authenticate_in_time_is_told_and_dropped() {
    let mut hasty = config(quiet(&["AAA"]));
    hasty.streams.auth_timeout = Duration::from_millis(1);
    let venue = Venue::new(hasty).await;
    let mut socket = venue.socket("/v2/iex", &[]).await;
    assert_eq!(socket.json().await, success("connected"));
    assert_eq!(socket.json().await, error(404, "auth timeout"));
    assert!(socket.frame().await.is_none());
}

/// Conformance 123.
#[tokio::test]
async fn the_handshake_can_carry_the_credentials() {
    let venue = Venue::quiet().await;
    let pair = [("apca-api-key-id", KEY), ("apca-api-secret-key", SECRET)];
    let mut socket = venue.socket("/v2/iex", &pair).await;
    assert_eq!(socket.json().await, success("connected"));
    assert_eq!(socket.json().await, success("authenticated"));
    let bearer = format!("Bearer {TOKEN}");
    let mut socket = venue.socket("/v2/sip", &[("authorization", &bearer)]).await;
    assert_eq!(socket.json().await, success("connected"));
    assert_eq!(socket.json().await, success("authenticated"));
}

/// Conformance 124, 126.
#[tokio::test]
async fn every_change_is_answered_with_the_whole_state() {
    let venue = Venue::quiet().await;
    let mut socket = venue.market().await;
    let subscribe = json!({
        "action": "subscribe", "trades": ["AAA"], "quotes": ["BBB", "AAA"], "bars": ["*"],
        "updatedBars": ["AAA"], "dailyBars": ["AAA"],
    });
    socket.send(subscribe).await;
    let state = json!([{
        "T": "subscription", "trades": ["AAA"], "quotes": ["BBB", "AAA"], "bars": ["*"],
        "updatedBars": ["AAA"], "dailyBars": ["AAA"], "statuses": [], "lulds": [],
        "corrections": ["AAA"], "cancelErrors": ["AAA"],
    }]);
    assert_eq!(socket.json().await, state);
    let unsubscribe = json!({
        "action": "unsubscribe", "trades": ["AAA"], "quotes": ["BBB"], "bars": ["*"],
    });
    socket.send(unsubscribe).await;
    let state = socket.json().await;
    assert_eq!(state[0]["quotes"], json!(["AAA"]));
    assert_eq!([&state[0]["trades"], &state[0]["bars"], &state[0]["corrections"]], [&json!([]); 3]);
}

/// Conformance 128.
#[tokio::test]
async fn bad_messages_get_their_code_and_change_nothing() {
    let mut basic = config(quiet(&["AAA"]));
    basic.plan = Plan::Basic;
    let venue = Venue::new(basic).await;
    let mut sip = venue.socket("/v2/sip", &[]).await;
    sip.json().await;
    sip.send(auth()).await;
    assert_eq!(sip.json().await, error(409, "insufficient subscription"));

    let mut socket = venue.market().await;
    let many: Vec<String> = (0..31).map(|number| format!("S{number}")).collect();
    let cases = [
        (json!({"action": "subscribe", "trades": many}), error(405, "symbol limit exceeded")),
        (
            json!({"action": "subscribe", "orderbooks": ["AAA"]}),
            error(410, "invalid subscribe action for this feed"),
        ),
        (json!({"action": "subscribe", "bars": ["a?"]}), error(400, "invalid syntax")),
        (json!({"action": "fly"}), error(400, "invalid syntax")),
        (json!([]), error(400, "invalid syntax")),
    ];
    for (message, expected) in cases {
        socket.send(message).await;
        assert_eq!(socket.json().await, expected);
    }
    socket.0.send(Message::text("{")).await.unwrap();
    assert_eq!(socket.json().await, error(400, "invalid syntax"));
    socket.send(json!({"action": "subscribe"})).await;
    assert_eq!(socket.json().await[0]["trades"], json!([]));
}

/// Conformance 129.
#[tokio::test]
async fn a_second_connection_on_an_endpoint_is_refused_while_the_first_lives() {
    let venue = Venue::quiet().await;
    let first = venue.market().await;
    let mut second = venue.socket("/v2/iex", &[]).await;
    second.json().await;
    second.send(auth()).await;
    assert_eq!(second.json().await, error(406, "connection limit exceeded"));
    let mut other_endpoint = venue.socket("/v2/sip", &[]).await;
    other_endpoint.json().await;
    other_endpoint.send(auth()).await;
    assert_eq!(other_endpoint.json().await, success("authenticated"));
    drop(first);
    authenticate_when_free(&mut second).await;
}

/// Tries again on the same socket, as Alpaca's Go client does, until the place is free.
async fn authenticate_when_free(socket: &mut Socket) {
    loop {
        socket.send(auth()).await;
        let reply = socket.json().await;
        if reply == success("authenticated") {
            return;
        }
        assert_eq!(reply, error(406, "connection limit exceeded"));
    }
}

/// Conformance 129.
#[tokio::test]
async fn an_unclean_end_can_hold_the_place() {
    let mut holding = config(quiet(&["AAA"]));
    holding.streams.unclean_hold = Duration::from_secs(3_600);
    let venue = Venue::new(holding).await;
    let mut clean = venue.market().await;
    clean.0.close(None).await.unwrap();
    let mut next = venue.socket("/v2/iex", &[]).await;
    next.json().await;
    authenticate_when_free(&mut next).await;
    drop(next);
    for _ in 0..20 {
        let mut refused = venue.socket("/v2/iex", &[]).await;
        refused.json().await;
        refused.send(auth()).await;
        assert_eq!(refused.json().await, error(406, "connection limit exceeded"));
    }
}

/// Conformance 134.
#[tokio::test]
async fn messagepack_goes_both_ways_in_binary_frames() {
    let venue = Venue::quiet().await;
    let _orders = venue.listener().await;
    let mut socket = venue.socket("/v2/iex", &[("content-type", "application/msgpack")]).await;
    let greeting = socket.frame().await.unwrap();
    assert!(greeting.is_binary());
    let greeting: Value = rmp_serde::from_slice(&greeting.into_data()).unwrap();
    assert_eq!(greeting, success("connected"));
    for message in [auth(), json!({"action": "subscribe", "bars": ["AAA"]})] {
        let packed = rmp_serde::to_vec_named(&message).unwrap();
        socket.0.send(Message::binary(packed)).await.unwrap();
        assert!(socket.frame().await.unwrap().is_binary());
    }
    let step = socket.frame().await.unwrap();
    assert!(step.is_binary());
    let bytes = step.into_data();
    // An array of two maps; the first key of each is `T`.
    assert_eq!(bytes[0], 0x92);
    assert_eq!(bytes[2..4], [0xa1, b'T']);
    let bar = bytes.windows(4).position(|at| at == [0xa1, b'T', 0xa1, b'b']).unwrap();
    assert_eq!(bytes[bar - 1] & 0xf0, 0x80, "a map opens right before the bar's `T`");
    // The bar's time, 14:30:00Z, is the 32-bit timestamp extension.
    let time = bytes.windows(4).position(|at| at == [0xa1, b't', 0xd6, 0xff]).unwrap();
    assert_eq!(bytes[time + 4..time + 8], 1_767_709_800_u32.to_be_bytes());
}

/// Conformance 132.
#[tokio::test]
async fn bars_come_with_the_running_bar_of_the_day() {
    let rows = [["100", "101", "99", "100"], ["100", "105", "100", "104"]];
    let venue = Venue::new(config(minutes(&["AAA"], &rows))).await;
    let _orders = venue.listener().await;
    let mut socket = venue.market().await;
    socket.send(json!({"action": "subscribe", "bars": ["AAA"], "dailyBars": ["AAA"]})).await;
    socket.json().await;
    socket.json().await;
    socket.send(json!({"action": "tradewind_ack", "step": 1})).await;
    let frame = socket.json().await;
    assert_eq!((&frame[1]["T"], &frame[1]["t"]), (&json!("b"), &json!("2026-01-06T14:31:00Z")));
    let day = json!({
        "T": "d", "S": "AAA", "o": 100.0, "h": 105.0, "l": 99.0, "c": 104.0, "v": 20000, "n": 0,
        "vw": 102.666666666, "t": "2026-01-06T05:00:00Z",
    });
    assert_eq!(frame[2], day);
}

/// Conformance 135.
#[tokio::test]
async fn the_test_stream_has_its_one_symbol_at_any_hour() {
    let mut quick = config(quiet(&["AAA"]));
    quick.streams.test_interval = Duration::from_millis(1);
    let venue = Venue::new(quick).await;
    let mut socket = venue.socket("/v2/test", &[]).await;
    socket.json().await;
    socket.send(auth()).await;
    assert_eq!(socket.json().await, success("authenticated"));
    socket.send(json!({"action": "subscribe", "quotes": ["*"], "bars": ["FAKEPACA"]})).await;
    assert_eq!(socket.json().await[0]["T"], "subscription");
    loop {
        let frame = socket.json().await;
        assert!(frame.as_array().unwrap().iter().all(|item| item["S"] == "FAKEPACA"));
        if let Some(bar) = frame.get(1) {
            assert_eq!(bar["T"], "b");
            break;
        }
    }
}

/// Conformance 140.
#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_as_slow() {
    let mut tight = config(quiet(&["AAA"]));
    tight.streams.queue = 1;
    tight.speed = Speed::Times(1e9);
    // More than the buffers of both sockets hold.
    let symbols: Vec<String> = (0..256).map(|number| format!("S{number:03}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    tight.source = Source::Files(minutes(&symbols, &[["100", "101", "99", "100"]; 390]));
    let venue = Venue::new(tight).await;
    let mut socket = venue.market().await;
    socket.send(json!({"action": "subscribe", "bars": ["*"]})).await;
    venue.running.finished().await;
    let mut last = Value::Null;
    while let Some(frame) = socket.frame().await {
        last = serde_json::from_slice(&frame.into_data()).unwrap();
    }
    assert_eq!(last, error(407, "slow client"));
}

#[tokio::test]
async fn pings_are_answered_and_compression_is_declined() {
    let venue = Venue::quiet().await;
    let mut socket = venue.market().await;
    socket.0.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(socket.frame().await.unwrap(), Message::Pong("are you there".into()));
}
