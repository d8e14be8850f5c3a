//! The streams against a server that does as told.

use super::fixtures::{FILL, trade_update};
use super::stub::{Peer, SocketStub};
use super::{credentials, names};
use crate::alpaca::order_stream::Updates;
use crate::alpaca::stream::Protocol;
use crate::alpaca::{
    Channels, MarketStream, MarketStreamConfig, MarketStreamMessage, OrderStream,
    OrderStreamConfig, OrderStreamMessage, Overflow, Silence, StreamError, StreamTiming,
    market_stream, order_stream,
};
use kernel::{Channel, OrderNumber, ReportKind, Span};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

const AUTHORISED: &str =
    r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#;
const LISTENING: &str = r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#;
const TRADE: &str = r#"[{"T":"t","S":"SPY","p":1,"s":1,"t":"2021-02-22T15:51:44Z"}]"#;

/// Waits that are short, and limits that only a broken test reaches.
fn timing() -> StreamTiming {
    StreamTiming {
        answer: Duration::from_secs(20),
        ping: Duration::from_secs(20),
        dead_after: Duration::from_secs(60),
        first_retry: Duration::from_millis(1),
        longest_retry: Duration::from_millis(20),
    }
}

pub(super) fn order_config(address: &str) -> OrderStreamConfig {
    OrderStreamConfig {
        address: address.into(),
        credentials: credentials(),
        names: names(),
        timing: timing(),
        overflow: Overflow::Reconnect,
        capacity: 64,
    }
}

pub(super) fn market_config(address: &str) -> MarketStreamConfig {
    MarketStreamConfig {
        address: address.into(),
        credentials: credentials(),
        names: names(),
        channels: Channels { bars: true, quotes: true, statuses: true, ..Channels::NONE },
        bar_length: Span::from_secs(60),
        timing: timing(),
        silence: None,
        market_open: Arc::new(AtomicBool::new(false)),
        overflow: Overflow::Drop,
        capacity: 64,
    }
}

/// What the order stream makes of one message.
pub(super) fn take(body: &[u8]) -> Vec<OrderStreamMessage> {
    let mut updates = Updates::new(order_config("ws://127.0.0.1:1"), Arc::default());
    let mut out = Vec::new();
    let _ = updates.receive(body, &mut out);
    out
}

async fn next(stream: &mut OrderStream) -> OrderStreamMessage {
    stream.messages.recv().await.unwrap()
}

async fn next_data(stream: &mut MarketStream) -> MarketStreamMessage {
    stream.messages.recv().await.unwrap()
}

/// Lets an order stream authenticate and listen.
async fn bring_up(peer: &mut Peer) {
    let auth = json!({"action": "auth", "key": "PKTEST", "secret": "s3cret"});
    assert_eq!(peer.hear().await, auth);
    peer.binary(AUTHORISED).await;
    let listen = json!({"action": "listen", "data": {"streams": ["trade_updates"]}});
    assert_eq!(peer.hear().await, listen);
    peer.binary(LISTENING).await;
}

/// Lets a market data stream authenticate and subscribe.
async fn bring_market_up(peer: &mut Peer) {
    peer.text(r#"[{"T":"success","msg":"connected"}]"#).await;
    assert_eq!(peer.hear().await["action"], "auth");
    peer.text(r#"[{"T":"success","msg":"authenticated"}]"#).await;
    assert_eq!(peer.hear().await["action"], "subscribe");
    let all =
        r#"[{"T":"subscription","bars":["SPY","AAPL"],"quotes":["*"],"statuses":["SPY","AAPL"]}]"#;
    peer.text(all).await;
}

/// Conformance 96, 104.
#[tokio::test]
async fn text_and_binary_frames_say_the_same() {
    let stub = SocketStub::start().await;
    let mut stream = order_stream(order_config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    peer.text(&trade_update(FILL)).await;
    peer.binary(&trade_update(FILL)).await;
    for expected in 1..=2 {
        let OrderStreamMessage::Report { count, report } = next(&mut stream).await else {
            panic!()
        };
        assert_eq!((count, report.order), (expected, Some(OrderNumber(3))));
        assert_eq!(report.kind, ReportKind::Fill);
    }
}

#[tokio::test]
async fn updates_without_data_are_passed_over_and_unreadable_ones_are_told() {
    let stub = SocketStub::start().await;
    let mut stream = order_stream(order_config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    for strange in
        ["", "[]", "7", r#"{"stream":"account_updates","data":{}}"#, &trade_update("null")]
    {
        peer.binary(strange).await;
    }
    peer.binary(&trade_update(r#"{"event":"fill"}"#)).await;
    let unreadable = [
        "it is no JSON object",
        "`stream` is missing",
        "it is no JSON object",
        "order update: `order` is missing",
    ];
    for (expected, why) in (1..).zip(unreadable) {
        let OrderStreamMessage::Unreadable { count, reason } = next(&mut stream).await else {
            panic!()
        };
        assert_eq!((count, reason.as_str()), (expected, why));
    }
    assert_eq!(stream.counters.unusable.load(Ordering::Relaxed), 6);
}

/// Conformance 107, 141.
#[tokio::test]
async fn after_a_loss_it_says_so_and_comes_up_again_on_one_new_connection() {
    let stub = SocketStub::start().await;
    let mut stream = order_stream(order_config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    peer.binary(&trade_update(FILL)).await;
    assert!(matches!(next(&mut stream).await, OrderStreamMessage::Report { count: 1, .. }));
    peer.drop_connection();
    assert!(matches!(next(&mut stream).await, OrderStreamMessage::Down { .. }));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    peer.binary(&trade_update(FILL)).await;
    let again = next(&mut stream).await;
    assert!(matches!(again, OrderStreamMessage::Report { count: 1, .. }), "counted anew");
}

#[tokio::test]
async fn an_error_message_of_the_server_brings_it_down_and_up_again() {
    let stub = SocketStub::start().await;
    let mut stream = order_stream(order_config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    peer.binary(r#"{"action":"error","data":{"error_message":"internal server error"}}"#).await;
    let OrderStreamMessage::Down { reason } = next(&mut stream).await else { panic!() };
    assert_eq!(reason, "the server reports: internal server error");
    bring_up(&mut stub.accept().await).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
}

#[tokio::test]
async fn wrong_keys_end_both_streams_with_what_to_check() {
    let stub = SocketStub::start().await;
    let mut orders = order_stream(order_config(&stub.address));
    let mut peer = stub.accept().await;
    peer.hear().await;
    peer.binary(r#"{"stream":"authorization","data":{"status":"unauthorized","action":"authenticate","message":"access key verification failed"}}"#).await;
    let OrderStreamMessage::Fatal(error) = next(&mut orders).await else { panic!() };
    assert!(error.to_string().contains("APCA_API_KEY_ID") && !error.to_string().contains("s3cret"));
    assert_eq!(orders.messages.recv().await, None, "it does not try again");
}

/// Conformance 131.
#[tokio::test]
async fn each_error_of_the_market_data_stream_has_its_consequence() {
    let fatal = [400_u16, 402, 405, 408, 409, 410, 411, 412, 413];
    let retryable = [401_u16, 404, 406, 407, 500, 599];
    for code in fatal.into_iter().chain(retryable) {
        let stub = SocketStub::start().await;
        let mut stream = market_stream(market_config(&stub.address));
        let mut peer = stub.accept().await;
        peer.text(r#"[{"T":"success","msg":"connected"}]"#).await;
        peer.hear().await;
        peer.text(r#"[{"T":"error","code":403,"msg":"already authenticated"}]"#).await;
        peer.text(&format!(r#"[{{"T":"error","code":{code},"msg":"words"}}]"#)).await;
        match next_data(&mut stream).await {
            MarketStreamMessage::Fatal(error) => {
                assert!(fatal.contains(&code), "{code}: {error}");
                let expected = match error {
                    StreamError::Unauthorized { .. } => 402,
                    StreamError::SymbolLimit { .. } => 405,
                    StreamError::Plan { .. } => 409,
                    StreamError::Refused { code, .. } => code,
                };
                assert_eq!(expected, code);
            }
            MarketStreamMessage::Down { reason } => {
                assert!(retryable.contains(&code), "{reason}");
                assert_eq!(reason, format!("{code} words"));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// An error of which a field is missing ends the connection as any error does, and is told of.
#[tokio::test]
async fn an_error_without_its_code_or_its_words_is_still_an_error() {
    let whole = json!([{"T": "error", "code": 500, "msg": "words"}]);
    let without = |field: &str| {
        let mut less = whole.clone();
        less[0].as_object_mut().unwrap().remove(field);
        less.to_string()
    };
    for (frame, words) in [(without("code"), "words"), (without("msg"), "500")] {
        let stub = SocketStub::start().await;
        let mut stream = market_stream(market_config(&stub.address));
        let mut peer = stub.accept().await;
        bring_market_up(&mut peer).await;
        assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Up { .. }));
        peer.text(&frame).await;
        let MarketStreamMessage::Down { reason } = next_data(&mut stream).await else { panic!() };
        assert!(reason.contains(words), "{reason}");
    }
    for frame in [r#"{"action":"error","data":{}}"#, r#"{"action":"error"}"#] {
        let stub = SocketStub::start().await;
        let mut stream = order_stream(order_config(&stub.address));
        let mut peer = stub.accept().await;
        bring_up(&mut peer).await;
        assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
        peer.binary(frame).await;
        let OrderStreamMessage::Down { reason } = next(&mut stream).await else { panic!() };
        assert!(reason.starts_with("the server reports"), "{reason}");
    }
}

/// Conformance 130.
#[tokio::test]
async fn a_place_that_is_taken_is_waited_for_and_not_hammered() {
    let stub = SocketStub::start().await;
    let mut config = market_config(&stub.address);
    config.timing.first_retry = Duration::from_millis(5);
    config.timing.longest_retry = Duration::from_secs(60);
    let mut stream = market_stream(config);
    let start = Instant::now();
    for _ in 0..5 {
        let mut peer = stub.accept().await;
        peer.text(r#"[{"T":"success","msg":"connected"}]"#).await;
        peer.hear().await;
        peer.text(r#"[{"T":"error","code":406,"msg":"connection limit exceeded"}]"#).await;
        assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Down { .. }));
    }
    bring_market_up(&mut stub.accept().await).await;
    assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Up { .. }));
    // 5 + 10 + 20 + 40 + 80 ms, each less a fifth at most: the waits grew.
    assert!(start.elapsed() >= Duration::from_millis(124), "{:?}", start.elapsed());
}

/// Conformance 108.
#[tokio::test]
async fn a_handshake_answered_429_is_tried_again_and_401_is_not() {
    let stub = SocketStub::start().await;
    let mut stream = order_stream(order_config(&stub.address));
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    stub.connection().await.write_all(answer("429 Too Many Requests").as_bytes()).await.unwrap();
    let OrderStreamMessage::Down { reason } = next(&mut stream).await else { panic!() };
    assert_eq!(reason, "the server answered 429");
    stub.connection().await.write_all(answer("401 Unauthorized").as_bytes()).await.unwrap();
    let fatal = next(&mut stream).await;
    assert!(matches!(fatal, OrderStreamMessage::Fatal(StreamError::Unauthorized { .. })));
}

/// Conformance 127.
#[tokio::test]
async fn the_acknowledgement_is_compared_with_what_was_wanted() {
    let stub = SocketStub::start().await;
    let mut stream = market_stream(market_config(&stub.address));
    let mut peer = stub.accept().await;
    peer.text(r#"[{"T":"success","msg":"connected"}]"#).await;
    peer.hear().await;
    peer.text(r#"[{"T":"success","msg":"authenticated"}]"#).await;
    let both = ["SPY", "AAPL"];
    let wanted = json!({"action": "subscribe", "bars": both, "quotes": both, "statuses": both});
    assert_eq!(peer.hear().await, wanted);
    peer.text(TRADE).await;
    peer.text(r#"[{"T":"subscription","trades":[],"quotes":["*"],"bars":["SPY"]}]"#).await;
    let missing = ["bars:AAPL", "statuses:SPY", "statuses:AAPL"].map(String::from).to_vec();
    assert_eq!(next_data(&mut stream).await, MarketStreamMessage::Up { missing });
    let overtook = next_data(&mut stream).await;
    assert!(matches!(overtook, MarketStreamMessage::Data(data) if data.len() == 1));
}

/// Conformance 141.
#[tokio::test]
async fn a_long_list_of_symbols_goes_in_parts() {
    let stub = SocketStub::start().await;
    let symbols: Vec<String> = (0..1_100).map(|number| format!("S{number}")).collect();
    let names = crate::alpaca::Names::new(kernel::Symbols::new(&symbols).unwrap(), "s");
    let channels = Channels { bars: true, ..Channels::NONE };
    let mut stream =
        market_stream(MarketStreamConfig { names, channels, ..market_config(&stub.address) });
    let mut peer = stub.accept().await;
    peer.text(r#"[{"T":"success","msg":"connected"}]"#).await;
    peer.hear().await;
    peer.text(r#"[{"T":"success","msg":"authenticated"}]"#).await;
    let mut held = Vec::new();
    for expected in [500, 500, 100] {
        let part = peer.hear().await["bars"].as_array().unwrap().clone();
        assert_eq!(part.len(), expected);
        held.extend(part);
        peer.text(&json!([{"T": "subscription", "bars": held}]).to_string()).await;
    }
    assert_eq!(next_data(&mut stream).await, MarketStreamMessage::Up { missing: Vec::new() });
}

#[tokio::test]
async fn a_step_is_one_message_and_is_acknowledged_in_words_of_ours() {
    let stub = SocketStub::start().await;
    let config = MarketStreamConfig {
        overflow: Overflow::Wait,
        capacity: 1,
        ..market_config(&stub.address)
    };
    let mut stream = market_stream(config);
    let mut peer = stub.accept().await;
    bring_market_up(&mut peer).await;
    let step = |number: u64, end: bool| {
        format!(
            r#"[{{"T":"tradewind_step","step":{number},"time":"2011-01-03T14:31:00.000000000Z","trade_updates":2,"end":{end}}},{{"T":"s","S":"SPY","sc":"2","t":"2011-01-03T14:31:00Z"}},{{"T":"t","S":"SPY","p":1,"s":1,"t":"2011-01-03T14:31:00Z"}}]"#
        )
    };
    for number in 1..=20 {
        peer.text(&step(number, number == 20)).await;
    }
    assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Up { .. }));
    for number in 1..=20 {
        assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Tape(_)));
        let MarketStreamMessage::Step { head, data } = next_data(&mut stream).await else {
            panic!()
        };
        assert_eq!((head.step, head.trade_updates, head.end), (number, 2, number == 20));
        assert_eq!(data.len(), 1);
        assert!(stream.acks.ack(number).await);
        assert_eq!(peer.hear().await, json!({"action": "tradewind_ack", "step": number}));
    }
}

/// Conformance 138.
#[tokio::test]
async fn what_a_busy_session_misses_is_counted_and_told() {
    let stub = SocketStub::start().await;
    let mut stream =
        market_stream(MarketStreamConfig { capacity: 2, ..market_config(&stub.address) });
    let mut peer = stub.accept().await;
    bring_market_up(&mut peer).await;
    for _ in 0..10 {
        peer.text(TRADE).await;
    }
    // The server is never made to wait: it hears from the client although the session reads nothing.
    while stream.counters.lost.load(Ordering::Relaxed) < 9 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Up { .. }));
    assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Data(_)));
    peer.text(TRADE).await;
    assert_eq!(next_data(&mut stream).await, MarketStreamMessage::Lost { messages: 9 });
    assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Data(_)));
}

/// Conformance 138.
#[tokio::test]
async fn an_order_stream_that_overflows_is_brought_up_anew() {
    let stub = SocketStub::start().await;
    let mut stream = order_stream(OrderStreamConfig { capacity: 1, ..order_config(&stub.address) });
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    peer.binary(&trade_update(FILL)).await;
    peer.binary(&trade_update(FILL)).await;
    while stream.counters.lost.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    let OrderStreamMessage::Down { reason } = next(&mut stream).await else { panic!() };
    assert_eq!(reason, "the session did not keep up with the stream");
    bring_up(&mut stub.accept().await).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
}

/// Conformance 137.
#[tokio::test]
async fn it_pings_and_gives_up_when_nothing_comes_back() {
    let stub = SocketStub::start().await;
    let mut config = order_config(&stub.address);
    config.timing.ping = Duration::from_millis(10);
    config.timing.dead_after = Duration::from_millis(60);
    let mut stream = order_stream(config);
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    assert!(matches!(peer.frame().await, Some(Message::Ping(_))));
    // From here on the server reads nothing, so it answers no ping.
    let OrderStreamMessage::Down { reason } = next(&mut stream).await else { panic!() };
    assert!(reason.starts_with("no sign of life"), "{reason}");
}

/// Conformance 136.
#[tokio::test]
async fn of_a_silent_channel_the_session_is_told_while_data_is_to_be_expected() {
    let stub = SocketStub::start().await;
    let mut config = market_config(&stub.address);
    config.timing.ping = Duration::from_millis(10);
    let silence = Duration::from_millis(30);
    config.silence = Some(Silence { bars: silence, ..Silence::default() });
    let open = Arc::clone(&config.market_open);
    let mut stream = market_stream(config);
    let mut peer = stub.accept().await;
    bring_market_up(&mut peer).await;
    assert!(matches!(next_data(&mut stream).await, MarketStreamMessage::Up { .. }));
    for _ in 0..8 {
        assert!(matches!(peer.frame().await, Some(Message::Ping(_))), "alive while closed");
    }
    open.store(true, Ordering::Relaxed);
    let hear = async { while peer.frame().await.is_some() {} };
    let told = tokio::select! {
        told = next_data(&mut stream) => told,
        () = hear => panic!("the socket is not left"),
    };
    let MarketStreamMessage::Silent { channel: Channel::Bars, silent_for } = told else {
        panic!("{told:?}")
    };
    assert!(silent_for >= silence, "{silent_for:?}");
}

#[tokio::test]
async fn both_streams_open_another_connection_when_they_are_asked_to() {
    let stub = SocketStub::start().await;
    let mut orders = order_stream(order_config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut orders).await, OrderStreamMessage::Up);
    orders.line.reconnect("it was mute");
    let down = next(&mut orders);
    let hear = async { while peer.frame().await.is_some() {} };
    let (down, ()) = tokio::join!(down, hear);
    assert_eq!(down, OrderStreamMessage::Down { reason: "it was mute".into() });
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut orders).await, OrderStreamMessage::Up);
    drop(orders);
    let mut market = market_stream(market_config(&stub.address));
    let mut peer = stub.accept().await;
    bring_market_up(&mut peer).await;
    assert!(matches!(next_data(&mut market).await, MarketStreamMessage::Up { .. }));
    market.line.reconnect("it was mute");
    let hear = async { while peer.frame().await.is_some() {} };
    let (down, ()) = tokio::join!(next_data(&mut market), hear);
    assert_eq!(down, MarketStreamMessage::Down { reason: "it was mute".into() });
}

#[tokio::test]
async fn a_stream_that_nobody_wants_closes_cleanly() {
    let stub = SocketStub::start().await;
    let mut stream = order_stream(order_config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    assert_eq!(next(&mut stream).await, OrderStreamMessage::Up);
    drop(stream.messages);
    assert!(matches!(peer.frame().await, Some(Message::Close(_))));
    stream.task.await.unwrap();
}
