//! Positions and their ends.

use crate::support::{Session, Venue, limit_order, market_order};
use serde_json::json;

/// Ten shares of AAA long, four of BBB short, after two steps.
async fn invested(venue: &Venue) -> Session {
    let mut session = venue.session().await;
    session.step().await;
    venue.order(market_order("AAA", 10, "buy")).await;
    venue.order(market_order("BBB", 4, "sell")).await;
    session.acknowledge(1).await;
    session.step().await;
    session
}

/// Conformance 77, 78, 79.
#[tokio::test]
async fn longs_and_shorts_are_signed_and_equity_adds_up() {
    let venue = Venue::quiet().await;
    let _session = invested(&venue).await;
    let positions = venue.get("/v2/positions").await.body;
    let long = json!({
        "symbol": "AAA", "qty": "10", "qty_available": "10", "side": "long",
        "avg_entry_price": "100", "cost_basis": "1000", "current_price": "100.5",
        "market_value": "1005", "unrealized_pl": "5", "unrealized_plpc": "0.005",
        "asset_class": "us_equity", "asset_marginable": true,
    });
    let short = json!({
        "symbol": "BBB", "qty": "-4", "side": "short", "market_value": "-402",
        "cost_basis": "-400", "unrealized_pl": "-2", "unrealized_plpc": "-0.005",
    });
    for (position, expected) in positions.as_array().unwrap().iter().zip([long, short]) {
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&position[key], value, "{key}");
        }
    }
    let account = venue.get("/v2/account").await.body;
    let number = |key: &str| account[key].as_str().unwrap().parse::<kernel::Cash>().unwrap();
    let sum = number("cash").checked_add(number("long_market_value")).unwrap();
    let sum = sum.checked_add(number("short_market_value")).unwrap();
    assert_eq!(number("equity"), sum);
    let one = venue.get("/v2/positions/AAA").await;
    assert_eq!((one.status, &one.body), (200, &positions[0]));
}

/// Conformance 81, 84.
#[tokio::test]
async fn a_position_is_closed_in_part_by_percentage_or_whole() {
    let venue = Venue::quiet().await;
    let mut session = invested(&venue).await;
    let both = venue.delete("/v2/positions/AAA?qty=1&percentage=10").await;
    assert_eq!(both.status, 422);
    let part = venue.delete("/v2/positions/AAA?percentage=35").await;
    assert_eq!(part.status, 200);
    let seen = [&part.body["qty"], &part.body["side"], &part.body["type"]];
    assert_eq!(seen, ["3.5", "sell", "market"], "parts of a share where the asset has them");
    assert_eq!(venue.delete("/v2/positions/AAA?qty=6.5").await.body["qty"], "6.5");
    assert_eq!(venue.delete("/v2/positions/AAA").await.status, 403, "all is held by orders");
    let cover = venue.delete("/v2/positions/BBB").await;
    assert_eq!((&cover.body["qty"], &cover.body["side"]), (&json!("4"), &json!("buy")));
    session.acknowledge(2).await;
    session.step().await;
    assert_eq!(venue.get("/v2/positions").await.body, json!([]));
    for gone in [venue.get("/v2/positions/AAA").await, venue.delete("/v2/positions/AAA").await] {
        let expected = json!({"code": 40_410_000, "message": "position does not exist"});
        assert_eq!((gone.status, gone.body), (404, expected));
    }
}

/// Conformance 82.
#[tokio::test]
async fn all_positions_are_closed_and_answered_for_one_by_one() {
    let venue = Venue::quiet().await;
    let _session = invested(&venue).await;
    venue.order(limit_order("AAA", 10, "sell", "200")).await;
    let held = venue.delete("/v2/positions").await;
    assert_eq!(held.status, 207);
    assert_eq!(held.body[0]["symbol"], "AAA");
    assert_eq!(held.body[0]["status"], 403);
    assert_eq!(held.body[0]["body"]["held_for_orders"], "10");
    assert_eq!(held.body[1]["status"], 200);
    let freed = venue.delete("/v2/positions?cancel_orders=true").await;
    assert_eq!(freed.body[0]["status"], 200);
    assert_eq!(freed.body[0]["body"]["qty"], "10");
    assert_eq!(freed.body[0]["body"]["symbol"], "AAA");
}
