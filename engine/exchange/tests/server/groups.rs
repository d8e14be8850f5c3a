//! Groups, trailing stops and orders in USD over the wire, and after a kill.

use crate::support::{Session, Venue, config, minutes};
use exchange::server::ServerConfig;
use serde_json::{Value, json};

/// At 100, up to a take-profit at 105 in the third minute.
fn rising() -> ServerConfig {
    let calm = ["100", "101", "99", "100"];
    config(minutes(&["AAA", "BBB"], &[calm, calm, ["104", "106", "103", "105"], calm, calm]))
}

fn bracket() -> Value {
    json!({
        "symbol": "AAA", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day",
        "order_class": "bracket", "client_order_id": "entry",
        "take_profit": {"limit_price": "105"},
        "stop_loss": {"stop_price": "95", "limit_price": 94.5},
    })
}

fn trailing() -> Value {
    json!({"symbol": "BBB", "qty": 5, "side": "sell", "type": "trailing_stop",
        "time_in_force": "gtc", "trail_percent": "1.5"})
}

/// Events of each order in turn, by its place among the orders of the group.
fn events(updates: &[Value], ids: &[&Value]) -> Vec<(usize, String)> {
    let of = |update: &Value| {
        let id = &update["order"]["id"];
        let place = ids.iter().position(|known| *known == id)?;
        Some((place, update["event"].as_str()?.to_owned()))
    };
    updates.iter().filter_map(of).collect()
}

/// Sends a bracket in the first minute and runs until its take-profit has filled.
async fn traded(venue: &Venue) -> (Session, Value, Vec<Value>) {
    let mut session = venue.session().await;
    session.step().await;
    let parent = venue.order(bracket()).await;
    session.acknowledge(1).await;
    let mut updates = session.pass().await.updates;
    updates.extend(session.step().await.updates);
    (session, parent, updates)
}

/// Conformance 42, 58.
#[tokio::test]
async fn a_bracket_is_answered_with_its_legs_and_told_of_leg_by_leg() {
    let venue = Venue::new(rising()).await;
    let (_session, parent, updates) = traded(&venue).await;
    let legs = parent["legs"].as_array().unwrap();
    let [profit, stop] = &legs[..] else { panic!("two legs: {legs:?}") };
    assert_eq!((&profit["type"], &profit["limit_price"]), (&json!("limit"), &json!("105")));
    assert_eq!((&stop["type"], &stop["stop_price"]), (&json!("stop_limit"), &json!("95")));
    for leg in legs {
        assert_eq!((&leg["status"], &leg["side"]), (&json!("held"), &json!("sell")));
        assert_eq!((&leg["order_class"], &leg["legs"]), (&json!("bracket"), &Value::Null));
    }
    let told = events(&updates, &[&parent["id"], &profit["id"], &stop["id"]]);
    let told: Vec<_> = told.iter().map(|(of, event)| (*of, event.as_str())).collect();
    let expected = [
        (0, "pending_new"),
        (1, "held"),
        (2, "held"),
        (0, "new"),
        (0, "fill"),
        (1, "new"),
        (1, "fill"),
        (2, "canceled"),
    ];
    assert_eq!(told, expected);
    assert_eq!(updates[0]["order"]["legs"][0]["id"], profit["id"], "legs come early");
    assert_eq!(venue.get("/v2/positions").await.body, json!([]));
}

/// Conformance 58.
#[tokio::test]
async fn legs_are_listed_with_their_parent_or_alone() {
    let venue = Venue::new(rising()).await;
    let mut session = venue.session().await;
    session.step().await;
    let parent = venue.order(bracket()).await;
    let path = format!("/v2/orders/{}", parent["id"].as_str().unwrap());
    assert_eq!(venue.get(&path).await.body["legs"], Value::Null);
    let nested = venue.get(&format!("{path}?nested=true")).await.body;
    assert_eq!(nested["legs"].as_array().unwrap().len(), 2);
    let by_name = venue.get("/v2/orders:by_client_order_id?client_order_id=entry").await.body;
    assert_eq!(by_name["legs"], nested["legs"]);
    let list = |query: &'static str| {
        let venue = &venue;
        async move { venue.get(&format!("/v2/orders{query}")).await.body.as_array().unwrap().len() }
    };
    assert_eq!(list("?status=all").await, 3);
    assert_eq!(list("?status=all&nested=true").await, 1);
    assert_eq!(list("").await, 1, "held legs do not count as open");

    let all = venue.delete("/v2/orders").await;
    let statuses: Vec<_> = all.body.as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!((all.status, statuses), (207, vec![&json!(200); 3]));
    let ended = venue.get("/v2/orders?status=closed").await.body;
    assert!(ended.as_array().unwrap().iter().all(|order| order["status"] == "canceled"));
}

/// Conformance 41, 67.
#[tokio::test]
async fn groups_are_refused_and_changed_in_alpacas_words() {
    let venue = Venue::new(rising()).await;
    let mut session = venue.session().await;
    session.step().await;
    let mut near = bracket();
    near["stop_loss"] = json!({"stop_price": "100"});
    let near = venue.post("/v2/orders", near).await;
    assert_eq!((near.status, &near.body["code"]), (422, &json!(42_210_000)));
    assert_eq!(near.body["message"], "stop_loss.stop_price must be <= base_price - 0.01");
    assert_eq!(near.body["base_price"], "100");
    let mut half = bracket();
    half["qty"] = json!("1.5");
    let half = venue.post("/v2/orders", half).await;
    assert_eq!(half.body["message"], "fractional orders must be simple orders");

    let parent = venue.order(bracket()).await;
    let leg = format!("/v2/orders/{}", parent["legs"][0]["id"].as_str().unwrap());
    let moved = venue.patch(&leg, json!({"limit_price": "104"})).await;
    assert_eq!((moved.status, &moved.body["status"]), (200, &json!("held")));
    assert_eq!(moved.body["replaces"], parent["legs"][0]["id"]);
    let leg = format!("/v2/orders/{}", moved.body["id"].as_str().unwrap());
    assert_eq!(venue.patch(&leg, json!({"qty": "5"})).await.status, 422);
}

/// Conformance 45.
#[tokio::test]
async fn a_trailing_stop_shows_its_mark_and_orders_in_usd_their_amount() {
    let venue = Venue::new(rising()).await;
    let mut session = venue.session().await;
    session.step().await;
    let usd = json!({"symbol": "BBB", "notional": "1000", "side": "buy", "type": "market",
        "time_in_force": "day"});
    let usd = venue.order(usd).await;
    assert_eq!((&usd["notional"], &usd["qty"]), (&json!("1000"), &Value::Null));
    assert_eq!(usd["position_intent"], "buy_to_open");
    session.acknowledge(1).await;
    session.step().await;
    let order = venue.order(trailing()).await;
    assert_eq!((&order["trail_percent"], &order["trail_price"]), (&json!("1.5"), &Value::Null));
    assert_eq!((&order["hwm"], &order["stop_price"]), (&json!("100"), &json!("98.5")));
    session.acknowledge(2).await;
    session.step().await;
    let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
    let moved = venue.get(&path).await.body;
    assert_eq!((&moved["hwm"], &moved["stop_price"]), (&json!("106"), &json!("104.41")));
    let closer = venue.patch(&path, json!({"trail": "1"})).await.body;
    assert_eq!((&closer["trail_percent"], &closer["hwm"]), (&json!("1"), &json!("106")));
    let usd = format!("/v2/orders/{}", usd["id"].as_str().unwrap());
    assert_eq!(venue.patch(&usd, json!({"qty": "1"})).await.status, 422);
}

#[tokio::test]
async fn a_killed_server_comes_back_with_its_groups() {
    let dir = tempfile::tempdir().unwrap();
    let kept = || {
        let mut config = rising();
        config.state_dir = Some(dir.path().into());
        config
    };
    let venue = Venue::new(kept()).await;
    let mut session = venue.session().await;
    session.step().await;
    let parent = venue.order(bracket()).await;
    let usd = json!({"symbol": "BBB", "notional": "1000", "side": "buy", "type": "market",
        "time_in_force": "day"});
    venue.order(usd).await;
    session.acknowledge(1).await;
    session.step().await;
    let order = venue.order(trailing()).await;
    let leg = format!("/v2/orders/{}", parent["legs"][1]["id"].as_str().unwrap());
    venue.patch(&leg, json!({"stop_price": "96"})).await;
    let auction = json!({"symbol": "BBB", "qty": "1", "side": "buy", "type": "limit",
        "limit_price": "90", "time_in_force": "cls"});
    venue.order(auction).await;
    let (before, orders) =
        (venue.running.snapshot(), venue.get("/v2/orders?status=all&nested=true").await.body);
    assert_eq!(orders.as_array().unwrap().len(), 4);
    drop(session);
    drop(venue);

    let venue = Venue::new(kept()).await;
    assert_eq!(venue.running.snapshot(), before);
    assert_eq!(venue.get("/v2/orders?status=all&nested=true").await.body, orders);
    // The exits go on excluding one another, and the stop goes on following.
    let mut session = venue.session().await;
    session.step().await;
    let legs = venue.get("/v2/orders:by_client_order_id?client_order_id=entry").await.body;
    let status = |leg: usize| legs["legs"][leg]["status"].as_str().unwrap().to_owned();
    assert_eq!((status(0), status(1)), ("filled".to_owned(), "canceled".to_owned()));
    let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(venue.get(&path).await.body["hwm"], "106");
}
