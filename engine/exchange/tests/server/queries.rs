//! Listing orders.

use crate::support::{Venue, limit_order};
use serde_json::Value;

async fn listed(venue: &Venue, query: &str) -> Vec<String> {
    let answer = venue.get(&format!("/v2/orders?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let orders = answer.body.as_array().unwrap().clone();
    orders.iter().map(|order| order["qty"].as_str().unwrap().to_owned()).collect()
}

/// Three steps with an order each, of 1, 2 and 3 shares; the second is cancelled.
async fn three_orders(venue: &Venue) -> Vec<Value> {
    let mut session = venue.session().await;
    let mut orders = Vec::new();
    for (qty, symbol) in [(1, "AAA"), (2, "BBB"), (3, "AAA")] {
        let step = session.step().await;
        orders.push(venue.order(limit_order(symbol, qty, "buy", "50")).await);
        session.acknowledge(step.number).await;
    }
    let second = orders[1]["id"].as_str().unwrap();
    venue.delete(&format!("/v2/orders/{second}")).await;
    orders
}

/// Conformance 56.
#[tokio::test]
async fn open_orders_come_newest_first_and_fifty_at_most() {
    let venue = Venue::quiet().await;
    for qty in 1..=52 {
        venue.order(limit_order("AAA", qty, "buy", "50")).await;
    }
    let newest: Vec<String> = (3..=52).rev().map(|qty| qty.to_string()).collect();
    assert_eq!(listed(&venue, "").await, newest);
    assert_eq!(listed(&venue, "limit=100000").await.len(), 52);
    assert_eq!(listed(&venue, "limit=2&direction=asc").await, ["1", "2"]);
    assert_eq!(venue.get("/v2/orders?limit=x").await.status, 422);
    assert_eq!(venue.get("/v2/orders?status=sleeping").await.status, 422);
}

/// Conformance 57.
#[tokio::test]
async fn bounds_are_exclusive_and_do_not_mix() {
    let venue = Venue::quiet().await;
    let orders = three_orders(&venue).await;
    let [first, second, third] = [0, 1, 2].map(|place: usize| &orders[place]);
    let id = |order: &Value| order["id"].as_str().unwrap().to_owned();
    let time = |order: &Value| order["submitted_at"].as_str().unwrap().to_owned();
    assert_eq!(listed(&venue, "status=all").await, ["3", "2", "1"]);
    assert_eq!(listed(&venue, "status=closed").await, ["2"]);
    assert_eq!(listed(&venue, &format!("status=all&after={}", time(first))).await, ["3", "2"]);
    assert_eq!(listed(&venue, &format!("status=all&until={}", time(third))).await, ["2", "1"]);
    let behind = format!("status=all&after_order_id={}&direction=asc", id(first));
    assert_eq!(listed(&venue, &behind).await, ["2", "3"]);
    assert_eq!(listed(&venue, &format!("before_order_id={}", id(second))).await, ["1"]);
    assert_eq!(listed(&venue, "status=all&symbols=BBB,CCC").await, ["2"]);
    assert!(listed(&venue, "status=all&side=sell").await.is_empty());
    assert!(listed(&venue, "status=all&asset_class=crypto").await.is_empty());
    let mixed = format!("/v2/orders?after={}&after_order_id={}", time(first), id(first));
    assert_eq!(venue.get(&mixed).await.status, 422);
}
