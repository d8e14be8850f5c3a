//! The client against the bundled exchange, which speaks Alpaca's protocols over real sockets.

use super::rest::approved;
use super::streams::{market_config, order_config};
use super::{credentials, names, shares};
use crate::alpaca::{
    Channels, Client, ClientConfig, Endpoints, ErrorClass, MarketStreamConfig, MarketStreamMessage,
    Names, OrderStreamConfig, OrderStreamMessage, Outcome, Overflow, Pace, StreamError, Timing,
    conformance, market_stream, order_stream,
};
use exchange::server::{
    FaultScript, Keys, Plan, Running, ServerConfig, Source, Speed, Synthetic, start,
};
use kernel::{Bar, MarketData, OrderKind, OrderNumber, ReportKind, Span, Symbols, Timestamp};
use marketdata::Feed;
use std::time::Duration;

fn config(source: Source, speed: Speed) -> ServerConfig {
    let mut config = ServerConfig::new(source, speed);
    config.keys = Keys { key: "PKTEST".into(), secret: "s3cret".into(), token: None };
    config
}

/// Generated bars, a minute a second.
fn synthetic() -> ServerConfig {
    config(Source::Synthetic(Synthetic::new(1, ["SPY", "AAPL"])), Speed::Times(60.0))
}

/// Three minute bars of SPY in lock step.
fn three_bars() -> ServerConfig {
    let symbols = Symbols::new(["SPY", "AAPL"]).unwrap();
    let price = |text: &str| text.parse().unwrap();
    let bar = |minute: i64| {
        MarketData::Bar(Bar {
            symbol: symbols.id("SPY").unwrap(),
            open_time: Timestamp::from_secs(1_767_711_600 + 60 * minute),
            length: Span::from_secs(60),
            open: price("100"),
            high: price("101.5"),
            low: price("99.5"),
            close: price("100.25"),
            volume: "10000".parse().unwrap(),
        })
    };
    let data = (0..3).map(bar).collect();
    let feed = Feed { symbols, data, bar_length: Some(Span::from_secs(60)) };
    config(Source::Files(feed), Speed::Max)
}

fn client(running: &Running, pace: Pace) -> Client {
    let config = ClientConfig {
        endpoints: Endpoints::server(running.addr()),
        credentials: credentials(),
        feed: "iex".into(),
        timing: Timing { pace, ..Timing::default() },
        counted_in: None,
    };
    Client::new(config).unwrap().named(names())
}

fn stream_address(running: &Running, feed: &str) -> String {
    Endpoints::server(running.addr()).market_stream(feed)
}

/// Conformance 24, 61, 88, 90, 92, 122.
#[tokio::test]
async fn a_venue_that_speaks_alpaca_passes_every_check() {
    let running = start(synthetic()).await.unwrap();
    let client =
        client(&running, Pace::Limited { per_minute: 200, per_quarter_hour: None, speed: 60.0 });
    let reading = conformance(&client, false).await;
    let skipped = reading.last().unwrap();
    assert_eq!((skipped.outcome, running.snapshot().orders.len()), (Outcome::Skipped, 0));
    for finding in conformance(&client, true).await {
        assert_eq!(finding.outcome, Outcome::Passed, "{}: {}", finding.check, finding.detail);
    }
    let orders = running.snapshot().orders;
    assert_eq!(orders.len(), 1, "one order, no more");
}

#[tokio::test]
async fn the_checks_end_early_when_the_keys_are_not_good() {
    let running = start(ServerConfig { keys: Keys::generate(), ..synthetic() }).await.unwrap();
    let findings = conformance(&client(&running, Pace::Unlimited), true).await;
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].outcome, Outcome::Failed);
    assert!(findings[0].detail.contains("APCA_API_KEY_ID"), "{}", findings[0].detail);
}

/// Conformance 19, 20, 28, 29.
#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_by_its_id_and_adopted() {
    let mut config = synthetic();
    let script = "[[fault]]\non='submit'\ninject='answer'\nstatus=504\ncarried_out=true";
    config.faults = FaultScript::parse(script).unwrap();
    let running = start(config).await.unwrap();
    let client = client(&running, Pace::Unlimited);
    let order = approved(OrderKind::Limit { limit: "1".parse().unwrap() });
    let lost = client.submit(&order).await.unwrap_err();
    assert_eq!((lost.class, lost.status), (ErrorClass::Unknown, Some(504)));
    let id = names().client_order_id(OrderNumber(1));
    let found = client.order_by_client_id(&id).await.unwrap().unwrap();
    assert_eq!((found.order, found.quantity), (Some(OrderNumber(1)), shares("2")));
    let adopted = client.submit(&order).await.unwrap().remove(0);
    assert_eq!(adopted.broker_id, Some(found.broker_id));
    assert_eq!(running.snapshot().orders.len(), 1, "taken once");
}

/// Conformance 7, 93, 122.
#[tokio::test]
async fn wrong_keys_are_refused_everywhere() {
    let running = start(ServerConfig { keys: Keys::generate(), ..synthetic() }).await.unwrap();
    let error = client(&running, Pace::Unlimited).account().await.unwrap_err();
    assert_eq!((error.class, error.status), (ErrorClass::Unauthorized, Some(401)));
    let address = Endpoints::server(running.addr()).trading_stream;
    let mut orders = order_stream(order_config(&address));
    let said = orders.messages.recv().await.unwrap();
    assert!(
        matches!(said, OrderStreamMessage::Fatal(StreamError::Unauthorized { .. })),
        "{said:?}"
    );
    let mut market = market_stream(market_config(&stream_address(&running, "iex")));
    let said = market.messages.recv().await.unwrap();
    assert!(
        matches!(said, MarketStreamMessage::Fatal(StreamError::Unauthorized { .. })),
        "{said:?}"
    );
}

/// Conformance 95, 96, 97, 98.
#[tokio::test]
async fn in_lock_step_updates_are_counted_and_every_step_is_acknowledged() {
    let running = start(three_bars()).await.unwrap();
    let client = client(&running, Pace::Unlimited);
    let address = Endpoints::server(running.addr()).trading_stream;
    let mut orders =
        order_stream(OrderStreamConfig { overflow: Overflow::Wait, ..order_config(&address) });
    assert_eq!(orders.messages.recv().await.unwrap(), OrderStreamMessage::Up);
    let mut market = market_stream(MarketStreamConfig {
        overflow: Overflow::Wait,
        ..market_config(&stream_address(&running, "iex"))
    });
    let up = market.messages.recv().await.unwrap();
    assert_eq!(up, MarketStreamMessage::Up { missing: Vec::new() });
    let (mut told, mut bars) = (Vec::new(), 0);
    loop {
        let message = market.messages.recv().await.unwrap();
        let MarketStreamMessage::Step { head, data } = message else { panic!("{message:?}") };
        while (told.len() as u64) < head.trade_updates {
            let said = orders.messages.recv().await.unwrap();
            let OrderStreamMessage::Report { count, report } = said else { panic!("{said:?}") };
            told.push(report.kind);
            assert_eq!((count, report.order), (told.len() as u64, Some(OrderNumber(1))));
        }
        bars += data.len();
        if head.step == 1 {
            let answer = client.submit(&approved(OrderKind::Market)).await.unwrap().remove(0);
            assert_eq!(answer.kind, ReportKind::PendingNew);
        }
        assert!(market.acks.ack(head.step).await);
        if head.end {
            break;
        }
    }
    assert_eq!(told, [ReportKind::PendingNew, ReportKind::New, ReportKind::Fill]);
    assert_eq!(bars, 3);
    let fills = client.fills(None).await.unwrap();
    assert_eq!((fills.len(), fills[0].execution.quantity), (1, shares("2")));
    let state = client.broker_state().await.unwrap();
    assert_eq!(state.positions[0].quantity, shares("2"));
}

/// Conformance 106, 129, 130.
#[tokio::test]
async fn a_second_session_waits_until_the_first_has_gone() {
    let running = start(synthetic()).await.unwrap();
    let address = stream_address(&running, "iex");
    let mut first = market_stream(market_config(&address));
    assert!(matches!(first.messages.recv().await, Some(MarketStreamMessage::Up { .. })));
    let mut second = market_stream(market_config(&address));
    let Some(MarketStreamMessage::Down { reason }) = second.messages.recv().await else { panic!() };
    assert_eq!(reason, "406 connection limit exceeded");
    drop(first.messages);
    first.task.await.unwrap();
    while let Some(message) = second.messages.recv().await {
        match message {
            MarketStreamMessage::Up { .. } => return,
            MarketStreamMessage::Down { reason } => assert!(reason.starts_with("406"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
    panic!("the second stream has ended");
}

/// Conformance 117, 128, 131.
#[tokio::test]
async fn what_the_plan_does_not_include_ends_the_stream_with_advice() {
    let running = start(ServerConfig { plan: Plan::Basic, ..synthetic() }).await.unwrap();
    let mut sip = market_stream(market_config(&stream_address(&running, "sip")));
    let Some(MarketStreamMessage::Fatal(error)) = sip.messages.recv().await else { panic!() };
    assert!(matches!(error, StreamError::Plan { .. }), "{error}");
    let many: Vec<String> = (0..31).map(|number| format!("S{number}")).collect();
    let names = Names::new(Symbols::new(&many).unwrap(), "session");
    let channels = Channels { quotes: true, ..Channels::NONE };
    let config = market_config(&stream_address(&running, "iex"));
    let mut crowded = market_stream(MarketStreamConfig { names, channels, ..config });
    let Some(MarketStreamMessage::Fatal(error)) = crowded.messages.recv().await else { panic!() };
    assert!(matches!(error, StreamError::SymbolLimit { .. }), "{error}");
}

/// Conformance 14, 16.
#[tokio::test]
async fn a_client_at_the_venues_pace_is_never_told_to_slow_down() {
    let running = start(ServerConfig { speed: Speed::Times(600.0), ..synthetic() }).await.unwrap();
    let pace = Pace::Limited { per_minute: 200, per_quarter_hour: None, speed: 600.0 };
    let mut config = client(&running, pace).config().clone();
    // A second try would wait for longer than this test may take.
    config.timing.retry = Duration::from_secs(3_600);
    let client = Client::new(config).unwrap();
    let asking = async {
        for _ in 0..250 {
            client.clock().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(300), asking).await.unwrap();
}
