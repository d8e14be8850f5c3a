//! News: pieces as they are written, with anything missing; the stream; the listing page by page.

use super::rest::client_and;
use super::streams::market_config;
use super::stub::{Peer, SocketStub, ok};
use super::{at, names};
use crate::alpaca::decode::{MarketDecoder, MarketFrame, Notice};
use crate::alpaca::{
    Channels, MarketStreamConfig, MarketStreamMessage, Names, NewsPiece, market_stream,
};
use kernel::{Span, SymbolId, Symbols};
use serde_json::{Value, json};

/// As Alpaca writes one, with a key that nobody knows. Source: Alpaca, "Real-time News".
fn written() -> Value {
    json!({
        "T": "n", "id": 24918784, "headline": "Corsair Reports Purchase", "summary": "",
        "author": "Benzinga Newsdesk", "created_at": "2022-01-05T22:00:37Z",
        "updated_at": "2022-01-05T22:00:38Z", "url": "https://example.com", "surprise": {"x": [1]},
        "content": "<p>Corsair</p>", "symbols": ["CRSR", "AAPL", "SPY"], "source": "benzinga",
    })
}

fn decode(elements: &[Value]) -> MarketFrame {
    let text = json!(elements).to_string();
    MarketDecoder::new(&names(), Span::from_secs(60)).decode(text.as_bytes())
}

fn id(name: &str) -> SymbolId {
    names().symbol(name).unwrap()
}

/// The only piece of a frame.
fn piece(frame: &MarketFrame) -> NewsPiece {
    match frame.notices.as_slice() {
        [(0, Notice::News(piece))] => piece.clone(),
        other => panic!("{other:?}"),
    }
}

fn without(field: &str) -> Value {
    let mut written = written();
    written.as_object_mut().unwrap().remove(field).unwrap();
    written
}

/// Conformance 142.
#[test]
fn a_piece_has_neither_s_nor_t_and_counts_from_its_last_update() {
    let frame = decode(&[written()]);
    let expected = NewsPiece {
        id: "24918784".into(),
        symbols: Some(vec![id("AAPL"), id("SPY")]),
        time: Some(at("2022-01-05T22:00:38Z")),
        headline: "Corsair Reports Purchase".into(),
    };
    assert_eq!((piece(&frame), frame.unusable, frame.problem), (expected, 0, None));
}

/// What a piece lacks makes it no less news; what it lacks of whom and when is told.
#[test]
fn a_piece_is_news_whatever_it_lacks() {
    let fields = written();
    for field in fields.as_object().unwrap().keys().filter(|field| *field != "T") {
        let frame = decode(&[without(field)]);
        let piece = piece(&frame);
        assert_eq!(frame.unusable, 0, "{field}");
        assert_eq!(frame.problem.is_some(), field == "symbols", "{field}");
        assert_eq!(piece.symbols.is_none(), field == "symbols", "{field}");
        let time =
            if field == "updated_at" { "2022-01-05T22:00:37Z" } else { "2022-01-05T22:00:38Z" };
        assert_eq!(piece.time, Some(at(time)), "{field}");
    }
    let mut timeless = without("created_at");
    timeless["updated_at"] = json!("yesterday");
    let frame = decode(&[timeless]);
    assert_eq!(piece(&frame).time, None);
    assert!(frame.problem.is_some());
    for (symbols, named) in [
        (json!([]), Some(vec![])),
        (json!(["CRSR"]), Some(vec![])),
        (json!(["SPY", null, 7]), Some(vec![id("SPY")])),
        (json!("SPY"), None),
        (Value::Null, None),
    ] {
        let mut written = written();
        written["symbols"] = symbols.clone();
        assert_eq!(piece(&decode(&[written])).symbols, named, "{symbols}");
    }
}

#[test]
fn an_update_counts_from_when_it_was_updated_and_never_from_before_it_was_published() {
    let mut odd = written();
    odd["updated_at"] = json!("2022-01-05T21:00:00Z");
    assert_eq!(piece(&decode(&[odd])).time, Some(at("2022-01-05T22:00:37Z")));
}

#[test]
fn a_pair_is_known_by_its_name_in_the_news() {
    let names = Names::new(Symbols::new(["BTC/USD"]).unwrap(), "s");
    let mut written = written();
    written["symbols"] = json!(["BTCUSD"]);
    let text = json!([written]).to_string();
    let frame = MarketDecoder::new(&names, Span::from_secs(60)).decode(text.as_bytes());
    assert_eq!(piece(&frame).symbols, Some(vec![names.symbol("BTC/USD").unwrap()]));
}

fn config(address: &str) -> MarketStreamConfig {
    MarketStreamConfig { channels: Channels::NEWS, ..market_config(address) }
}

async fn bring_up(peer: &mut Peer) {
    peer.text(r#"[{"T":"success","msg":"connected"}]"#).await;
    assert_eq!(peer.hear().await["action"], "auth");
    peer.text(r#"[{"T":"success","msg":"authenticated"}]"#).await;
    let subscribe = json!({"action": "subscribe", "news": ["SPY", "AAPL"]});
    assert_eq!(peer.hear().await, subscribe);
    peer.text(r#"[{"T":"subscription","news":["AAPL","SPY"]}]"#).await;
}

/// Conformance 142.
#[tokio::test]
async fn a_piece_of_several_megabytes_is_taken() {
    let stub = SocketStub::start().await;
    let mut stream = market_stream(config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    let up = MarketStreamMessage::Up { missing: Vec::new() };
    assert_eq!(stream.messages.recv().await, Some(up));
    let mut huge = written();
    huge["content"] = json!("x".repeat(8 << 20));
    huge["headline"] = json!("é".repeat(1 << 20));
    peer.text(&json!([huge, written()]).to_string()).await;
    for expected in 1..=2 {
        match stream.messages.recv().await {
            Some(MarketStreamMessage::News { count, piece }) => {
                assert_eq!((count, &*piece.id), (expected, "24918784"));
                assert!(piece.headline.chars().count() <= 500, "it goes into the journal");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What cannot be read may have been news: the connection is given up, and what was missed is read.
#[tokio::test]
async fn after_something_that_cannot_be_read_the_stream_is_opened_again() {
    for spoilt in [r#"[{"T":"n","id":1,"#.to_owned(), json!([without("T")]).to_string()] {
        let stub = SocketStub::start().await;
        let mut stream = market_stream(config(&stub.address));
        let mut peer = stub.accept().await;
        bring_up(&mut peer).await;
        stream.messages.recv().await.unwrap();
        peer.text(&spoilt).await;
        let down = stream.messages.recv().await;
        assert!(matches!(down, Some(MarketStreamMessage::Down { .. })), "{down:?}");
        let mut peer = stub.accept().await;
        bring_up(&mut peer).await;
        let up = stream.messages.recv().await;
        assert!(matches!(up, Some(MarketStreamMessage::Up { .. })), "{up:?}");
        peer.text(&json!([written()]).to_string()).await;
        let told = stream.messages.recv().await;
        assert!(matches!(told, Some(MarketStreamMessage::News { count: 1, .. })), "{told:?}");
    }
}

#[tokio::test]
async fn kinds_that_nobody_knows_yet_are_no_reason_to_hang_up() {
    let stub = SocketStub::start().await;
    let mut stream = market_stream(config(&stub.address));
    let mut peer = stub.accept().await;
    bring_up(&mut peer).await;
    stream.messages.recv().await.unwrap();
    peer.text(&json!([{"T": "nn", "x": 1}, written()]).to_string()).await;
    let told = stream.messages.recv().await;
    assert!(matches!(told, Some(MarketStreamMessage::News { count: 1, .. })), "{told:?}");
}

#[tokio::test]
async fn the_listing_is_read_page_by_page_oldest_first() {
    let page = |token: Value| {
        let mut listed = without("T");
        listed["images"] = json!([]);
        ok(json!({"news": [listed], "next_page_token": token}).to_string())
    };
    let replies = vec![page(json!("MTY0MQ==")), page(Value::Null)];
    let (client, stub) = client_and(replies).await;
    let pieces = client.news(at("2022-01-05T21:00:00Z")).await.unwrap();
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces[0], piece(&decode(&[written()])));
    let base = "GET /v1beta1/news?symbols=SPY%2CAAPL&start=2022-01-05T21%3A00%3A00.000000000Z\
                &limit=50&sort=asc";
    let lines = stub.lines();
    assert_eq!(lines, [base.to_owned(), format!("{base}&page_token=MTY0MQ%3D%3D")]);
}
