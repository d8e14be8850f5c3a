//! A paced replay: the clock runs, and jumps over times without data.

use crate::support::{Venue, config, limit_order, minutes, quiet};
use exchange::server::Speed;
use kernel::{MarketData, Span};
use serde_json::json;

#[tokio::test]
async fn the_clock_stands_until_someone_subscribes() {
    let mut paced = config(quiet(&["AAA"]));
    paced.speed = Speed::Times(60.0);
    let venue = Venue::new(paced).await;
    for _ in 0..5 {
        let clock = venue.get("/v2/clock").await.body;
        assert_eq!(clock["timestamp"], "2026-01-06T09:30:00-05:00");
        let tradewind =
            json!({"speed": "60", "lockstep": false, "bar_seconds": 60, "data": "file"});
        assert_eq!(clock["tradewind"], tradewind);
    }
}

/// Conformance 132.
#[tokio::test]
async fn bars_come_without_being_asked_for_and_fill_orders() {
    let mut paced = config(quiet(&["AAA"]));
    paced.speed = Speed::Times(3_000.0);
    let venue = Venue::new(paced).await;
    let mut orders = venue.listener().await;
    let mut market = venue.market().await;
    venue.order(limit_order("AAA", 1, "buy", "150")).await;
    market.send(json!({"action": "subscribe", "bars": ["AAA"]})).await;
    assert_eq!(market.json().await[0]["T"], "subscription");
    for minute in 30..35 {
        let frame = market.json().await;
        assert_eq!(frame[0]["T"], "b", "no frame opens a step outside of lock step");
        assert_eq!(frame[0]["t"], format!("2026-01-06T14:{minute}:00Z"));
    }
    for event in ["pending_new", "new", "fill"] {
        assert_eq!(orders.json().await["data"]["event"], event);
    }
    venue.running.finished().await;
    let end = venue.get("/v2/clock").await.body["timestamp"].clone();
    assert_eq!(venue.get("/v2/clock").await.body["timestamp"], end, "the clock stands again");
}

#[tokio::test]
async fn long_gaps_are_jumped_over() {
    let mut feed = minutes(&["AAA"], &[["100", "101", "99", "100"]; 2]);
    if let Some(MarketData::Bar(bar)) = feed.data.get_mut(1) {
        bar.open_time = bar.open_time.plus(Span::from_secs(86_400));
    }
    let mut paced = config(feed);
    paced.speed = Speed::Times(3_000.0);
    let venue = Venue::new(paced).await;
    let mut market = venue.market().await;
    market.send(json!({"action": "subscribe", "bars": ["*"]})).await;
    market.json().await;
    assert_eq!(market.json().await[0]["t"], "2026-01-06T14:30:00Z");
    // A day at this speed would be half a minute; the gap is cut to a minute of the venue's.
    assert_eq!(market.json().await[0]["t"], "2026-01-07T14:31:00Z");
    venue.running.finished().await;
}
