//! A venue that says nothing of a replay, as Alpaca's does not: the world's clock, and a market
//! that is closed.

use crate::support::{Plan, data_dir, exchange, generated};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use exchange::server::Speed;
use journal::Reader;
use kernel::{Event, Input, RecordBody, Span};
use runtime::session::{Phase, journal_dir, machine_time};
use serde_json::json;
use std::net::SocketAddr;

/// Stands before an exchange and hides what no real venue has: `/v2/clock` shows the world's time
/// and a closed market.
async fn disguise(exchange: SocketAddr) -> SocketAddr {
    let clock = || async {
        let opens = machine_time().plus(Span::from_secs(3600));
        let closes = machine_time().plus(Span::from_secs(7200));
        axum::Json(json!({
            "timestamp": machine_time(), "is_open": false, "next_open": opens, "next_close": closes,
        }))
    };
    let app = Router::new().route("/v2/clock", get(clock)).fallback(pass_on).with_state(exchange);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

pub async fn pass_on(State(exchange): State<SocketAddr>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut headers = head.headers;
    headers.remove("host");
    let answer = reqwest::Client::new()
        .request(head.method, format!("http://{exchange}{target}"))
        .headers(headers)
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status(), answer.bytes().await.unwrap()).into_response()
}

/// Conformance 89.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_market_is_waited_for_and_said() {
    runtime::alpaca::tls::install();
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 50), Speed::Times(60.0)).await;
    let mut plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
    let disguised = disguise(exchange.addr()).await;
    plan.config.endpoints.trading = format!("http://{disguised}");
    let mut session = plan.start();
    let waiting = session.until(|status| status.phase == Phase::Running).await;
    let message = waiting.message.expect("what it waits for");
    assert!(message.contains("it opens at 20") && message.contains("--data FILE"), "{message}");
    let age = machine_time().since(waiting.venue_time.unwrap());
    assert!(age.nanos().abs() < Span::from_secs(60).nanos(), "its time is the world's");
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!(summary.orders.sent, 0);
    assert_eq!(summary.agrees_with_broker(), Some(true));
}

/// The calendar of a session that knows only a week ahead is extended before it runs out, so that
/// it trades on every day of a replay that is far longer.
#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_is_extended_while_the_session_runs() {
    let dir = data_dir();
    let minutes = 390;
    let exchange = exchange(generated(&["SPY"], 30 * minutes), Speed::Max).await;
    let mut plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
    plan.config.timing.calendar_ahead = Span::from_secs(7 * 86_400);
    plan.run().await.unwrap();
    let mut records = Reader::open(&journal_dir(dir.path()), 1).unwrap();
    let (mut extended, mut days, mut known) = (0, 0, 0);
    while let Some(record) = records.next().unwrap() {
        match record.body {
            RecordBody::Input(stamped) => match stamped.input {
                Input::Start(start) => known = start.calendar.last().unwrap().date,
                Input::Calendar(_) => extended += 1,
                _ => {}
            },
            RecordBody::Event { event: Event::DayStarted { date, .. }, .. } => {
                days += usize::from(date > known);
            }
            RecordBody::Event { .. } => {}
        }
    }
    assert!(extended >= 5, "{extended}");
    assert!(days >= 20, "{days} days lie beyond what was known at the start");
}
