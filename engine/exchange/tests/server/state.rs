//! The state log: a server that comes back is the one that went.

use crate::support::{KEY, SECRET, Venue, config, limit_order, market_order, minutes, quiet};
use exchange::server::{ServerConfig, ServerError, Speed, StateError, start};
use serde_json::{Value, json};
use std::path::Path;

fn kept(dir: &Path) -> ServerConfig {
    let rows = [["100", "101", "99", "100"]; 6];
    let mut config = config(minutes(&["AAA", "BBB"], &rows));
    config.state_dir = Some(dir.into());
    config.exchange.fills.participation = Some(kernel::BasisPoints::new(1_000));
    config
}

/// What a client can see.
async fn seen(venue: &Venue) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/v2/account",
        "/v2/orders?status=all&limit=500",
        "/v2/positions",
        "/v2/account/activities",
        "/v2/clock",
        "/v2/stocks/bars?symbols=AAA,BBB&timeframe=1Min",
    ] {
        seen.push(venue.get(path).await.body);
    }
    seen
}

/// Trades over three steps: fills, a partial fill, a cancel, a replacement, refusals.
async fn trade(venue: &Venue) {
    let mut session = venue.session().await;
    session.step().await;
    venue.order(market_order("AAA", 1_500, "buy")).await;
    let resting = venue.order(limit_order("BBB", 5, "buy", "50")).await;
    let path = format!("/v2/orders/{}", resting["id"].as_str().unwrap());
    let replaced = venue.patch(&path, json!({"limit_price": "51"})).await.body;
    venue.post("/v2/orders", limit_order("AAA", 1_000_000, "buy", "100")).await;
    session.acknowledge(1).await;
    session.step().await;
    venue.delete(&format!("/v2/orders/{}", replaced["id"].as_str().unwrap())).await;
    venue.delete("/v2/orders/nobody").await;
    venue.order(market_order("BBB", 3, "sell")).await;
    session.acknowledge(2).await;
    session.step().await;
}

#[tokio::test]
async fn a_killed_server_comes_back_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::new(kept(dir.path())).await;
    trade(&venue).await;
    let (before, snapshot) = (seen(&venue).await, venue.running.snapshot());
    assert_eq!((snapshot.step, snapshot.positions.len()), (3, 2));
    // Dropped without an orderly end, the tail cut inside a line as a kill would leave it.
    drop(venue);
    let log = dir.path().join("exchange.jsonl");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.extend_from_slice(b"{\"ask\":{\"at\":\"2026-");
    std::fs::write(&log, bytes).unwrap();
    let venue = Venue::new(kept(dir.path())).await;
    assert_eq!(venue.running.snapshot(), snapshot);
    assert_eq!(seen(&venue).await, before);
    // It goes on as the server that never stopped would have.
    let mut session = venue.session().await;
    assert_eq!(session.step().await.number, 4);
    venue.order(market_order("AAA", 1, "sell")).await;
    session.acknowledge(4).await;
    session.step().await;
    let resumed = venue.running.snapshot();
    let whole = tempfile::tempdir().unwrap();
    let other = Venue::new(kept(whole.path())).await;
    trade(&other).await;
    let mut session = other.session_when_free().await;
    assert_eq!(session.step().await.number, 4);
    other.order(market_order("AAA", 1, "sell")).await;
    session.acknowledge(4).await;
    session.step().await;
    assert_eq!(other.running.snapshot(), resumed);
}

#[tokio::test]
async fn what_was_cancelled_and_closed_in_one_request_comes_back_closed() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::new(kept(dir.path())).await;
    trade(&venue).await;
    let asked = [
        ("/v2/positions/AAA?percentage=10", 200),
        ("/v2/orders", 207),
        ("/v2/positions?cancel_orders=true", 207),
    ];
    for (path, status) in asked {
        assert_eq!(venue.delete(path).await.status, status, "{path}");
    }
    let (before, snapshot) = (seen(&venue).await, venue.running.snapshot());
    drop(venue);
    let venue = Venue::new(kept(dir.path())).await;
    assert_eq!(venue.running.snapshot(), snapshot);
    assert_eq!(seen(&venue).await, before);
    let mut session = venue.session_when_free().await;
    session.step().await;
    session.acknowledge(4).await;
    session.step().await;
    assert_eq!(venue.get("/v2/positions").await.body, json!([]));
}

#[tokio::test]
async fn a_paced_server_comes_back_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut paced = kept(dir.path());
    paced.speed = Speed::Times(3_000.0);
    let venue = Venue::new(paced.clone()).await;
    venue.order(limit_order("AAA", 1_500, "buy", "150")).await;
    let mut market = venue.market().await;
    market.send(json!({"action": "subscribe", "bars": ["AAA"]})).await;
    for _ in 0..3 {
        market.json().await;
        venue.order(limit_order("BBB", 1, "buy", "50")).await;
    }
    venue.running.finished().await;
    venue.delete("/v2/orders").await;
    let (before, snapshot) = (seen(&venue).await, venue.running.snapshot());
    assert_eq!((snapshot.step, snapshot.orders.len()), (6, 4));
    drop(venue);
    let venue = Venue::new(paced).await;
    assert_eq!(venue.running.snapshot(), snapshot);
    // The clock stands where it stood, too: it waits for a subscriber.
    assert_eq!(seen(&venue).await, before);
}

#[tokio::test]
async fn an_order_is_on_disk_before_it_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::new(kept(dir.path())).await;
    let mut order = limit_order("AAA", 1, "buy", "50");
    order["client_order_id"] = json!("tw-12345678-1");
    venue.order(order).await;
    let log = std::fs::read_to_string(dir.path().join("exchange.jsonl")).unwrap();
    assert!(log.lines().last().unwrap().contains("tw-12345678-1"));
    assert!(!log.contains(KEY) && !log.contains(SECRET));
}

async fn refusal(config: ServerConfig) -> ServerError {
    match start(config).await {
        Ok(_) => panic!("it must not start"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn two_servers_cannot_share_a_state() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Venue::new(kept(dir.path())).await;
    let error = refusal(kept(dir.path())).await;
    assert!(matches!(error, ServerError::State(StateError::Locked { .. })), "{error}");
    let text = error.to_string();
    assert!(text.contains("is in use by another server"), "{text}");
    venue.running.shutdown().await;
    start(kept(dir.path())).await.unwrap();
}

#[tokio::test]
async fn other_data_or_rules_are_refused_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    Venue::new(kept(dir.path())).await.running.shutdown().await;
    let mut other_data = config(quiet(&["AAA", "BBB"]));
    other_data.state_dir = Some(dir.path().into());
    let mut other_seed = kept(dir.path());
    other_seed.exchange.seed += 1;
    let mut days = kept(dir.path());
    days.calendar = Some(Vec::new());
    for (config, what) in
        [(other_data, "market data"), (other_seed, "configuration"), (days, "trading days")]
    {
        let text = refusal(config).await.to_string();
        assert!(text.contains(&format!("is of other {what}")), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let taken = Venue::quiet().await;
    let mut config = config(quiet(&["AAA"]));
    config.listen = taken.running.addr();
    let text = refusal(config.clone()).await.to_string();
    assert!(text.starts_with("cannot listen on 127.0.0.1:"), "{text}");
    let mut empty = quiet(&["AAA"]);
    empty.data.clear();
    config.source = exchange::server::Source::Files(empty);
    assert!(matches!(refusal(config.clone()).await, ServerError::NoData));
    let nothing = exchange::server::Synthetic::new(1, Vec::<String>::new());
    config.source = exchange::server::Source::Synthetic(nothing);
    assert!(matches!(refusal(config.clone()).await, ServerError::NoSymbols));
    config.state_dir = Some("/proc/nowhere".into());
    config.source = exchange::server::Source::Files(quiet(&["AAA"]));
    assert!(matches!(refusal(config).await, ServerError::State(StateError::Io { .. })));
}
