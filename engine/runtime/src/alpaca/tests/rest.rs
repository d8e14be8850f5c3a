//! The REST client against a server that does as told.

use super::fixtures::{ACCOUNT, BARS, CLOCK, FILL_ACTIVITY, ORDER, POSITIONS};
use super::stub::{HttpStub, Reply, ok, status};
use super::{at, credentials, names, price, shares};
use crate::alpaca::conformance::for_tests;
use crate::alpaca::{
    BarsQuery, Client, ClientConfig, Credentials, Endpoints, ErrorClass, Listing, Pace, Refusal,
    Request, Timing,
};
use kernel::risk::ApprovedCancel;
use kernel::{
    Approved, BrokerOrderId, Intent, NewOrder, OrderKind, OrderNumber, ReportKind, Send, Side,
    Span, Timestamp,
};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn client_at(endpoints: Endpoints) -> Client {
    client_with(endpoints, credentials())
}

pub(super) fn client_with(endpoints: Endpoints, credentials: Credentials) -> Client {
    let timing = Timing {
        connect: Duration::from_secs(5),
        answer: Duration::from_millis(300),
        retry: Duration::from_millis(1),
        pace: Pace::Unlimited,
    };
    let config =
        ClientConfig { endpoints, credentials, feed: "iex".into(), timing, counted_in: None };
    Client::new(config).unwrap().named(names())
}

pub(super) async fn client_and(replies: Vec<Reply>) -> (Client, HttpStub) {
    let stub = HttpStub::start(replies).await;
    (client_at(Endpoints::server(stub.address)), stub)
}

fn intent(kind: OrderKind) -> Intent {
    let symbol = names().symbol("SPY").unwrap();
    Intent::Submit(NewOrder::new(symbol, Side::Buy, shares("2"), kind))
}

pub(super) fn approved(kind: OrderKind) -> Approved {
    match for_tests::sends(&names(), vec![intent(kind)]).pop() {
        Some(Send::Submit(approved)) => approved,
        other => panic!("{other:?}"),
    }
}

fn cancel(works: bool) -> ApprovedCancel {
    let limit = OrderKind::Limit { limit: price("99") };
    match for_tests::changes(&names(), vec![intent(limit)], works).pop() {
        Some(Send::Cancel(cancel)) => cancel,
        other => panic!("{other:?}"),
    }
}

pub(super) fn order_with(changes: Value) -> String {
    let mut order: Value = serde_json::from_str(ORDER).unwrap();
    for (key, change) in changes.as_object().unwrap() {
        order[key] = change.clone();
    }
    order.to_string()
}

/// Conformance 4, 24, 25, 26.
#[tokio::test]
async fn an_order_is_sent_as_text_with_the_keys_and_its_own_id() {
    let (client, stub) = client_and(vec![ok(ORDER), ok(ORDER)]).await;
    let report = client.submit(&approved(OrderKind::Market)).await.unwrap().remove(0);
    assert_eq!((report.order, report.kind), (Some(OrderNumber(7)), ReportKind::Accepted));
    assert_eq!((report.cumulative, report.execution), (None, None));
    let stop_limit = OrderKind::StopLimit { stop: price("101.5"), limit: price("102.25") };
    client.submit(&approved(stop_limit)).await.unwrap();
    let seen = stub.seen();
    assert_eq!((seen[0].key.as_str(), seen[0].secret.as_str()), ("PKTEST", "s3cret"));
    assert_eq!(seen[0].line, "POST /v2/orders");
    let body = |at: usize| serde_json::from_str::<Value>(&seen[at].body).unwrap();
    let market = json!({"symbol": "SPY", "qty": "2", "side": "buy", "type": "market",
        "time_in_force": "day", "client_order_id": "tw-5e5510a0-1"});
    assert_eq!(body(0), market);
    assert_eq!(body(1)["limit_price"], json!("102.25"));
    assert_eq!(body(1)["stop_price"], json!("101.5"));
}

/// Conformance 19, 20.
#[tokio::test]
async fn an_order_whose_answer_is_lost_is_unknown_and_not_sent_again() {
    let (unknown, unreadable) = (ErrorClass::Unknown, ErrorClass::Unreadable);
    let replies = [
        (Reply::Never, unknown),
        (status(504, ""), unknown),
        (status(500, "{}"), unknown),
        (ok("not JSON"), unreadable),
    ];
    for (reply, class) in replies {
        let (client, stub) = client_and(vec![reply, ok(ORDER)]).await;
        let error = client.submit(&approved(OrderKind::Market)).await.unwrap_err();
        assert_eq!(error.class, class, "{error}");
        let report = error.report(Request::Submit, OrderNumber(7), Timestamp::MIN).unwrap();
        assert_eq!(report.kind, ReportKind::AnswerLost, "{error}");
        assert_eq!(stub.lines().len(), 1, "{error}");
    }
}

/// Conformance 23.
#[tokio::test]
async fn a_refused_order_is_refused_once() {
    for code in [403, 404, 422, 429] {
        let (client, stub) = client_and(vec![status(code, "{}"), ok(ORDER)]).await;
        assert!(client.submit(&approved(OrderKind::Market)).await.is_err());
        assert_eq!(stub.lines().len(), 1, "{code}");
    }
}

/// Conformance 29.
#[tokio::test]
async fn an_order_whose_id_is_taken_has_arrived_before_and_is_adopted() {
    let taken = r#"{"code":40010001,"message":"client_order_id must be unique"}"#;
    let (client, stub) = client_and(vec![status(422, taken), ok(ORDER)]).await;
    let report = client.submit(&approved(OrderKind::Market)).await.unwrap().remove(0);
    assert_eq!(report.kind, ReportKind::Accepted);
    let look_up = "GET /v2/orders:by_client_order_id?client_order_id=tw-5e5510a0-1";
    assert_eq!(stub.lines()[1], look_up);
}

/// Conformance 18.
#[tokio::test]
async fn what_changes_nothing_is_asked_again() {
    let replies = vec![status(429, ""), status(503, "<html>"), Reply::Never, ok(CLOCK)];
    let (client, stub) = client_and(replies).await;
    assert!(client.clock().await.unwrap().is_open);
    assert_eq!(stub.lines(), vec!["GET /v2/clock"; 4]);
    let (client, stub) = client_and(vec![status(403, "{}"), ok(CLOCK)]).await;
    assert_eq!(client.clock().await.unwrap_err().class, ErrorClass::Refused);
    assert_eq!(stub.lines().len(), 1, "a refusal is final");
}

/// Conformance 17.
#[tokio::test]
async fn after_a_429_everybody_waits_for_the_reset() {
    let reset = jiff::Timestamp::now().as_second() + 1;
    let date = jiff::fmt::rfc2822::to_string(
        &jiff::Timestamp::from_second(reset - 1).unwrap().to_zoned(jiff::tz::TimeZone::UTC),
    )
    .unwrap();
    let headers = vec![("x-ratelimit-reset", reset.to_string()), ("date", date)];
    let stub = HttpStub::start(vec![Reply::Answer(429, headers, String::new()), ok(CLOCK)]).await;
    let mut config = client_at(Endpoints::server(stub.address)).config().clone();
    config.timing.pace = Pace::default();
    let start = std::time::Instant::now();
    Client::new(config).unwrap().clock().await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

/// Conformance 7, 8.
#[tokio::test]
async fn keys_that_are_not_good_stop_at_once_with_the_host() {
    let page = "<html><head><title>401 Authorization Required</title></head></html>";
    let (client, stub) = client_and(vec![status(401, page)]).await;
    let error = client.account().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthorized);
    assert!(error.to_string().contains(&stub.address.to_string()), "{error}");
    assert!(!error.to_string().contains("s3cret"));
    assert_eq!(stub.lines().len(), 1);
}

#[tokio::test]
async fn an_order_that_found_nobody_was_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = client_at(Endpoints::server(address));
    let error = client.submit(&approved(OrderKind::Market)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotSent, "{error}");
    assert!(error.to_string().contains("reachable?"), "{error}");
}

/// Conformance 62.
#[tokio::test]
async fn a_cancel_that_is_taken_says_nothing_of_the_order() {
    let (client, stub) = client_and(vec![status(204, "")]).await;
    client.cancel(&cancel(true)).await.unwrap();
    assert_eq!(stub.lines(), ["DELETE /v2/orders/broker-1"]);
}

/// Conformance 63.
#[tokio::test]
async fn a_cancel_that_comes_too_late_says_that_the_order_ended() {
    let late = r#"{"code":42210000,"message":"order is already in \"filled\" state"}"#;
    let (client, _) = client_and(vec![status(422, late)]).await;
    let error = client.cancel(&cancel(true)).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::OrderEnded));
}

#[tokio::test]
async fn a_cancel_of_an_order_without_a_name_looks_it_up_first() {
    let found = order_with(json!({"id": "../../x y"}));
    let (client, stub) = client_and(vec![ok(found), status(504, ""), status(204, "")]).await;
    client.cancel(&cancel(false)).await.unwrap();
    let lines = stub.lines();
    assert_eq!(lines[0], "GET /v2/orders:by_client_order_id?client_order_id=tw-5e5510a0-1");
    assert_eq!(lines[1..], ["DELETE /v2/orders/..%2F..%2Fx%20y"; 2], "asked again after a 504");
    let (client, _) = client_and(vec![status(404, "")]).await;
    assert_eq!(client.cancel(&cancel(false)).await.unwrap_err().class, ErrorClass::NotFound);
}

/// Conformance 70.
#[tokio::test]
async fn a_replacement_names_the_new_order_and_ends_nothing() {
    let limit = |text| OrderKind::Limit { limit: price(text) };
    let replace =
        Intent::Replace { order: OrderNumber(1), quantity: shares("3"), kind: limit("98.5") };
    let sends = for_tests::changes(&names(), vec![intent(limit("99")), replace], true);
    let Some(Send::Replace { approved, original }) = sends.first() else { panic!("{sends:?}") };
    let answer = order_with(json!({"client_order_id": "tw-5e5510a0-2", "replaces": "broker-1"}));
    let (client, stub) = client_and(vec![ok(answer)]).await;
    let report = client.replace(approved, original).await.unwrap().remove(0);
    assert_eq!((report.order, report.kind), (Some(OrderNumber(2)), ReportKind::Accepted));
    assert_eq!(stub.lines(), ["PATCH /v2/orders/broker-1"]);
    let body: Value = serde_json::from_str(&stub.seen()[0].body).unwrap();
    let expected = json!({"qty": "3", "limit_price": "98.5", "time_in_force": "day",
        "client_order_id": "tw-5e5510a0-2"});
    assert_eq!(body, expected);
}

/// Conformance 60.
#[tokio::test]
async fn what_the_broker_does_not_know_is_none() {
    let missing = r#"{"code":40410000,"message":"order not found"}"#;
    let replies = (0..3).map(|_| status(404, missing)).collect();
    let (client, stub) = client_and(replies).await;
    assert_eq!(client.order_by_client_id("a&b").await.unwrap(), None);
    assert_eq!(client.order(&BrokerOrderId("x".into())).await.unwrap(), None);
    assert_eq!(client.asset("BTC/USD").await.unwrap(), None);
    let lines = stub.lines();
    assert_eq!(lines[0], "GET /v2/orders:by_client_order_id?client_order_id=a%26b");
    assert_eq!(lines[2], "GET /v2/assets/BTC%2FUSD");
}

/// Conformance 59.
#[tokio::test]
async fn every_page_of_orders_is_read_and_none_twice() {
    let order = |number: usize, second: usize| {
        let submitted = format!("2026-01-05T15:{:02}:{:02}Z", second / 60, second % 60);
        order_with(json!({"id": format!("id-{number}"), "submitted_at": submitted}))
    };
    let page = |numbers: std::ops::Range<usize>| {
        let orders: Vec<String> = numbers.map(|number| order(number, number.min(498))).collect();
        ok(format!("[{}]", orders.join(",")))
    };
    // The last two of the first page were submitted in the same instant as the next one.
    let (client, stub) = client_and(vec![page(0..500), page(498..501)]).await;
    let orders = client.orders(Listing::All, Some(at("2026-01-05T00:00:00Z"))).await.unwrap();
    let ids: Vec<String> = orders.iter().map(|order| order.broker_id.to_string()).collect();
    assert_eq!(ids, (0..501).map(|number| format!("id-{number}")).collect::<Vec<_>>());
    let lines = stub.lines();
    assert!(lines[0].contains("status=all&limit=500&direction=asc&after=2026-01-05"), "{lines:?}");
    assert!(lines[1].contains("after=2026-01-05T15%3A08%3A17.999999999Z"), "{lines:?}");
}

/// Conformance 86.
#[tokio::test]
async fn every_page_of_executions_is_read_and_none_twice() {
    let page = |numbers: std::ops::Range<usize>| {
        let fill = |number: usize| {
            let mut fill: Value = serde_json::from_str(FILL_ACTIVITY).unwrap();
            fill["id"] = json!(format!("2026::{number}"));
            fill.to_string()
        };
        ok(format!("[{}]", numbers.map(fill).collect::<Vec<_>>().join(",")))
    };
    let (client, stub) = client_and(vec![page(0..100), page(99..130)]).await;
    let fills = client.fills(None).await.unwrap();
    assert_eq!(fills.len(), 130);
    assert_eq!(fills[129].execution.id.0.as_ref(), "129");
    assert!(
        stub.lines()[1].ends_with("page_size=100&page_token=2026%3A%3A99"),
        "{:?}",
        stub.lines()
    );
}

fn query(symbols: &[kernel::SymbolId]) -> BarsQuery<'_> {
    BarsQuery {
        symbols,
        length: Span::from_secs(300),
        start: at("2022-01-03T09:00:00Z"),
        end: at("2022-01-03T10:00:00Z"),
        limit: None,
    }
}

/// Conformance 114, 118.
#[tokio::test]
async fn bars_are_read_until_there_is_no_token_with_the_same_question() {
    let spy = r#"{"bars":{"SPY":[{"t":"2022-01-03T09:00:00Z","o":1,"h":2,"l":0.5,"c":1.5,"v":9}]},
        "next_page_token":null}"#;
    let (client, stub) = client_and(vec![ok(BARS), ok(spy)]).await;
    let symbols: Vec<_> = names().symbols().ids().collect();
    let bars = client.bars(&query(&symbols)).await.unwrap();
    assert_eq!(bars.iter().map(|bar| bar.symbol).collect::<Vec<_>>(), symbols);
    assert_eq!(bars[1].open, price("178.26"));
    assert_eq!(bars[1].length, Span::from_secs(300));
    let lines = stub.lines();
    assert!(lines[0].contains("symbols=SPY%2CAAPL&timeframe=5Min"), "{lines:?}");
    assert!(lines[0].contains("&limit=10000&feed=iex&adjustment=split"), "{lines:?}");
    assert!(lines[1].starts_with(&lines[0]) && lines[1].contains("&page_token=QUFQ"), "{lines:?}");
}

/// Conformance 115.
#[tokio::test]
async fn no_bars_are_written_in_three_ways() {
    for nothing in
        [r#"{"bars":null,"next_page_token":null}"#, r#"{"bars":{}}"#, r#"{"bars":{"SPY":null}}"#]
    {
        let (client, _) = client_and(vec![ok(nothing)]).await;
        let symbols: Vec<_> = names().symbols().ids().collect();
        assert_eq!(client.bars(&query(&symbols)).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_broker_state_is_account_positions_and_open_orders() {
    let (client, stub) =
        client_and(vec![ok(ACCOUNT), ok(POSITIONS), ok(format!("[{ORDER}]"))]).await;
    let state = client.broker_state().await.unwrap();
    assert_eq!(state.positions[0].quantity, shares("2"));
    assert_eq!(state.open_orders[0].order, Some(OrderNumber(7)));
    assert!(stub.lines()[2].contains("status=open&limit=500"));
}
