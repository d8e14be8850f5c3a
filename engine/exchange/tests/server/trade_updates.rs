//! The order stream.

use crate::support::{
    KEY, SECRET, Session, TOKEN, Venue, config, events, limit_order, market_order,
};
use crate::support::{minutes, quiet};
use kernel::Span;
use serde_json::{Value, json};

/// Conformance 91, 92, 93.
#[tokio::test]
async fn the_client_speaks_first_and_both_forms_of_credentials_work() {
    let venue = Venue::quiet().await;
    let authorized = json!({
        "stream": "authorization", "data": {"status": "authorized", "action": "authenticate"},
    });
    let unauthorized = |action: &str| json!({"stream": "authorization", "data": {"status": "unauthorized", "action": action}});
    for credentials in [
        json!({"action": "auth", "key": KEY, "secret": SECRET}),
        json!({"action": "authenticate", "data": {"key_id": KEY, "secret_key": SECRET}}),
        json!({"action": "authenticate", "data": {"oauth_token": TOKEN}}),
    ] {
        let mut socket = venue.socket("/stream", &[]).await;
        socket.send(credentials).await;
        assert_eq!(socket.json().await, authorized, "the first frame is an answer");
    }
    let mut socket = venue.socket("/stream", &[]).await;
    socket.send(json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
    assert_eq!(socket.json().await, unauthorized("listen"));
    socket.send(json!({"action": "auth", "key": KEY, "secret": "x"})).await;
    assert_eq!(socket.json().await, unauthorized("authenticate"));
    assert!(socket.frame().await.is_none());
}

/// Conformance 94.
#[tokio::test]
async fn listening_is_acknowledged_with_what_is_heard_and_ends_with_an_empty_list() {
    let venue = Venue::quiet().await;
    let mut socket = venue.listener().await;
    socket.send(json!({"action": "listen", "data": {"streams": ["trade_updates", "news"]}})).await;
    let heard = json!({"stream": "listening", "data": {"streams": ["trade_updates"]}});
    assert_eq!(socket.json().await, heard);
    socket.send(json!({"action": "listen", "data": {"streams": []}})).await;
    assert_eq!(socket.json().await, json!({"stream": "listening", "data": {"streams": []}}));
    venue.order(limit_order("AAA", 1, "buy", "50")).await;
    socket.send(json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
    assert_eq!(socket.json().await["stream"], "listening", "nothing of the order came");
}

/// Conformance 95.
#[tokio::test]
async fn frames_are_binary_unless_text_is_asked_for() {
    let mut text = config(quiet(&["AAA"]));
    for is_text in [false, true] {
        text.streams.text_trade_updates = is_text;
        let venue = Venue::new(text.clone()).await;
        let mut socket = venue.socket("/stream", &[]).await;
        socket.send(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
        assert_eq!(socket.frame().await.unwrap().is_text(), is_text);
        socket.send(json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
        assert_eq!(socket.frame().await.unwrap().is_text(), is_text);
        venue.order(limit_order("AAA", 1, "buy", "50")).await;
        assert_eq!(socket.frame().await.unwrap().is_text(), is_text);
    }
}

async fn partial_fills(venue: &Venue) -> (Session, Vec<Value>) {
    let mut session = venue.session().await;
    session.step().await;
    venue.order(market_order("AAA", 1_500, "buy")).await;
    session.acknowledge(1).await;
    let mut updates = session.pass().await.updates;
    updates.extend(session.pass().await.updates);
    (session, updates)
}

/// Conformance 9, 97, 98, 99.
#[tokio::test]
async fn fills_carry_their_own_price_and_quantity_and_the_order_after_them() {
    let rows =
        [["100", "101", "99", "100"], ["100", "101", "99", "100"], ["102", "103", "102", "102"]];
    let mut shared_volume = config(minutes(&["AAA"], &rows));
    shared_volume.exchange.fills.participation = Some(kernel::BasisPoints::new(1_000));
    let venue = Venue::new(shared_volume).await;
    let (_session, updates) = partial_fills(&venue).await;
    assert_eq!(events(&updates), ["pending_new", "new", "partial_fill", "fill"]);
    for update in &updates {
        assert!(update["timestamp"].is_string());
        assert_eq!(update["order"]["symbol"], "AAA");
    }
    let [partial, fill] = [&updates[2], &updates[3]];
    assert_eq!((&partial["qty"], &partial["price"]), (&json!("1000"), &json!("100")));
    assert_eq!((&fill["qty"], &fill["price"]), (&json!("500"), &json!("102")));
    assert_eq!([&partial["position_qty"], &fill["position_qty"]], ["1000", "1500"]);
    assert_ne!(partial["execution_id"], fill["execution_id"]);
    assert_eq!(partial["order"]["status"], "partially_filled");
    assert_eq!(fill["order"]["status"], "filled");
    assert_eq!(fill["order"]["filled_qty"], "1500");
    assert_eq!(fill["order"]["filled_avg_price"], "100.666666667");
    assert!(updates[1].get("execution_id").is_none());
}

/// Conformance 66, 100.
#[tokio::test]
async fn a_replacement_shows_the_old_order_then_the_new_one() {
    let venue = Venue::quiet().await;
    let mut session = venue.session().await;
    session.step().await;
    let old = venue.order(limit_order("AAA", 5, "buy", "50")).await;
    let path = format!("/v2/orders/{}", old["id"].as_str().unwrap());
    let new = venue.patch(&path, json!({"limit_price": "51", "qty": "6"})).await;
    assert_eq!(new.status, 200);
    assert_eq!(new.body["replaces"], old["id"]);
    assert_ne!(new.body["id"], old["id"]);
    session.acknowledge(1).await;
    let updates = session.pass().await.updates;
    assert_eq!(events(&updates), ["pending_new", "new", "replaced", "pending_new", "new"]);
    assert_eq!(updates[2]["order"]["id"], old["id"]);
    assert_eq!(updates[2]["order"]["replaced_by"], new.body["id"]);
    assert_eq!(updates[4]["order"]["limit_price"], "51");
    let old = venue.get(&path).await.body;
    assert_eq!(old["status"], "replaced");
    assert!(old["replaced_at"].is_string());
}

/// Conformance 64.
#[tokio::test]
async fn a_fill_can_come_between_the_204_and_the_end_of_a_cancel() {
    let mut slow = config(quiet(&["AAA"]));
    slow.exchange.fills.latency = Span::from_secs(70);
    let venue = Venue::new(slow).await;
    let mut session = venue.session().await;
    session.step().await;
    let order = venue.order(market_order("AAA", 1, "buy")).await;
    session.acknowledge(1).await;
    session.pass().await;
    session.step().await;
    let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(venue.delete(&path).await.status, 204);
    session.acknowledge(3).await;
    let updates = session.step().await.updates;
    assert_eq!(events(&updates), ["pending_cancel", "fill"]);
    assert_eq!(venue.get(&path).await.body["status"], "filled");
}
