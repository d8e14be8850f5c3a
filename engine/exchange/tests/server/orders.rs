//! New orders, cancels and replacements over the wire.

use crate::support::{Venue, config, limit_order, market_order, quiet};
use serde_json::{Value, json};

/// Conformance 9, 24.
#[tokio::test]
async fn a_new_order_is_answered_with_the_whole_order() {
    let venue = Venue::quiet().await;
    let order = venue.order(limit_order("AAA", 2, "buy", "95.5")).await;
    let fixed = json!({
        "symbol": "AAA", "asset_class": "us_equity", "qty": "2", "notional": null,
        "filled_qty": "0", "filled_avg_price": null, "order_class": "", "order_type": "limit",
        "type": "limit", "side": "buy", "time_in_force": "day", "limit_price": "95.5",
        "stop_price": null, "status": "pending_new", "extended_hours": false, "legs": null,
        "trail_percent": null, "trail_price": null, "hwm": null, "filled_at": null,
        "expired_at": null, "canceled_at": null, "failed_at": null, "replaced_at": null,
        "replaced_by": null, "replaces": null, "cancel_requested_at": null,
        "submitted_at": "2026-01-06T14:30:00Z", "expires_at": "2026-01-06T21:00:00Z",
    });
    for (key, value) in fixed.as_object().unwrap() {
        assert_eq!(&order[key], value, "{key}");
    }
    for key in ["id", "client_order_id", "asset_id"] {
        assert!(order[key].as_str().unwrap().parse::<uuid::Uuid>().is_ok(), "{key}");
    }
}

async fn refused(venue: &Venue, body: Value) -> (u16, u64, String) {
    let answer = venue.post("/v2/orders", body).await;
    let code = answer.body["code"].as_u64().unwrap();
    (answer.status, code, answer.body["message"].as_str().unwrap().to_owned())
}

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

/// Conformance 21, 30, 31, 32, 36, 37, 39.
#[tokio::test]
async fn malformed_orders_are_refused_in_alpacas_words() {
    let venue = Venue::quiet().await;
    let market = || market_order("AAA", 1, "buy");
    let limit = || limit_order("AAA", 1, "buy", "95.5");
    let sub_penny = "invalid limit_price 290.123. sub-penny increment does not fulfill minimum \
                     pricing criteria";
    let cases = [
        (with(market(), "type", Value::Null), 40_010_001, "invalid order type"),
        (with(market(), "type", json!("peg")), 40_010_001, "invalid order type"),
        (with(market(), "time_in_force", Value::Null), 40_010_001, "invalid time_in_force"),
        (with(market(), "time_in_force", json!("gtd")), 40_010_001, "invalid time_in_force"),
        (with(market(), "qty", Value::Null), 40_010_001, "qty or notional is required"),
        (
            with(market(), "notional", json!("5")),
            40_010_001,
            "only one of qty or notional is accepted",
        ),
        (
            with(with(market(), "qty", Value::Null), "notional", json!("0.5")),
            40_010_001,
            "notional must be >= 1.00",
        ),
        (
            with(limit(), "limit_price", Value::Null),
            40_010_001,
            "limit orders require a limit price",
        ),
        (
            with(market(), "limit_price", json!("5")),
            40_010_001,
            "market orders require no stop or limit price",
        ),
        (with(limit(), "limit_price", json!("290.123")), 42_210_000, sub_penny),
        (with(market(), "symbol", json!("NONE")), 42_210_000, "asset \"NONE\" not found"),
    ];
    for (body, code, message) in cases {
        assert_eq!(refused(&venue, body).await, (422, code, message.into()));
    }
    let extended = refused(&venue, with(market(), "extended_hours", json!(true))).await;
    assert_eq!((extended.0, extended.1), (422, 42_210_000));
    let bracket = json!({"limit_price": "120"});
    assert_eq!(refused(&venue, with(market(), "take_profit", bracket)).await.0, 422);
    assert_eq!(venue.post("/v2/orders", json!(["no object"])).await.status, 400);
    assert!(venue.running.snapshot().orders.is_empty());
}

/// Conformance 27, 28.
#[tokio::test]
async fn client_order_ids_are_unique_for_ever() {
    let venue = Venue::quiet().await;
    let named = |id: String| with(limit_order("AAA", 1, "buy", "50"), "client_order_id", json!(id));
    let first = venue.order(named("mine".into())).await;
    let unique = (422, 40_010_001, "client_order_id must be unique".to_owned());
    assert_eq!(refused(&venue, named("mine".into())).await, unique);
    let path = format!("/v2/orders/{}", first["id"].as_str().unwrap());
    assert_eq!(venue.delete(&path).await.status, 204);
    assert_eq!(refused(&venue, named("mine".into())).await, unique);
    assert_eq!(refused(&venue, named("x".repeat(129))).await.0, 422);
    venue.order(named("x".repeat(128))).await;
}

/// Conformance 35, 47, 49, 51, 52, 55.
#[tokio::test]
async fn what_is_understood_and_not_granted_is_403_with_its_context() {
    let venue = Venue::quiet().await;
    let mut session = venue.session().await;
    session.step().await;
    let dear = venue.post("/v2/orders", limit_order("AAA", 100_000, "buy", "100")).await;
    assert_eq!((dear.status, &dear.body["code"]), (403, &json!(40_310_000)));
    assert_eq!(dear.body["message"], "insufficient buying power");
    assert!(dear.body["buying_power"].is_string() && dear.body["cost_basis"].is_string());

    venue.order(market_order("AAA", 10, "buy")).await;
    session.acknowledge(1).await;
    session.step().await;
    venue.order(limit_order("AAA", 6, "sell", "200")).await;
    let too_many = venue.post("/v2/orders", limit_order("AAA", 5, "sell", "201")).await;
    assert_eq!(too_many.status, 403);
    let message = "insufficient qty available for order (requested: 5, available: 4)";
    assert_eq!(too_many.body["message"], message);
    assert_eq!(too_many.body["existing_qty"], "10");
    assert_eq!(too_many.body["held_for_orders"], "6");
    assert_eq!(too_many.body["symbol"], "AAA");

    let wash = venue.post("/v2/orders", limit_order("AAA", 1, "buy", "250")).await;
    assert_eq!(wash.status, 403);
    assert!(wash.body["existing_order_id"].is_string() && wash.body["reject_reason"].is_string());

    let mut blocked = config(quiet(&["AAA"]));
    blocked.exchange.assets.entry("AAA".into()).or_default().fractionable = false;
    let whole = Venue::new(blocked.clone()).await;
    let half = with(market_order("AAA", 1, "buy"), "qty", Value::Null);
    let half = whole.post("/v2/orders", with(half, "notional", json!("10"))).await;
    assert_eq!(half.status, 403);
    assert_eq!(half.body["message"], "asset \"AAA\" is not fractionable");

    blocked.exchange.account.blocked = Some("account is not authorized to trade".into());
    let blocked = Venue::new(blocked).await;
    assert_eq!(blocked.post("/v2/orders", market_order("AAA", 1, "buy")).await.status, 403);
    assert_eq!(blocked.get("/v2/account").await.body["trading_blocked"], true);
}

/// Conformance 60, 61.
#[tokio::test]
async fn cancels_say_what_became_of_them() {
    let venue = Venue::quiet().await;
    let order = venue.order(limit_order("AAA", 1, "buy", "50")).await;
    let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
    let canceled = venue.delete(&path).await;
    assert_eq!((canceled.status, canceled.body), (204, Value::Null));
    assert_eq!(venue.get(&path).await.body["status"], "canceled");
    let late = venue.delete(&path).await;
    assert_eq!((late.status, &late.body["code"]), (422, &json!(42_210_000)));
    assert_eq!(late.body["message"], "order is already in \"canceled\" state");
    for unknown in [
        venue.delete("/v2/orders/nobody").await,
        venue.get("/v2/orders/nobody").await,
        venue.get("/v2/orders:by_client_order_id?client_order_id=nobody").await,
        venue.patch("/v2/orders/nobody", json!({"qty": "2"})).await,
    ] {
        assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!(40_410_000)));
    }
}

/// Conformance 65.
#[tokio::test]
async fn a_mass_cancel_answers_for_each_order() {
    let venue = Venue::quiet().await;
    let one = venue.order(limit_order("AAA", 1, "buy", "50")).await;
    let two = venue.order(limit_order("BBB", 1, "buy", "50")).await;
    let all = venue.delete("/v2/orders").await;
    let expected = json!([{"id": one["id"], "status": 200}, {"id": two["id"], "status": 200}]);
    assert_eq!((all.status, all.body), (207, expected));
    let none = venue.delete("/v2/orders").await;
    assert_eq!((none.status, none.body), (207, json!([])));
}

/// Conformance 67.
#[tokio::test]
async fn replacements_that_cannot_be_are_refused() {
    let venue = Venue::quiet().await;
    let order = venue.order(limit_order("AAA", 5, "buy", "50")).await;
    let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
    let same = venue.patch(&path, json!({"qty": "5", "limit_price": "50"})).await;
    assert_eq!(same.status, 403);
    assert_eq!(same.body["message"], "order parameters are not changed");
    let half = venue.patch(&path, json!({"qty": "1.5"})).await;
    assert_eq!((half.status, &half.body["message"]), (422, &json!("qty must be integer")));
    venue.delete(&path).await;
    assert_eq!(venue.patch(&path, json!({"qty": "6"})).await.status, 422);
}

/// Conformance 40, 67.
#[tokio::test]
async fn an_order_of_the_night_waits_accepted_for_the_open() {
    let mut feed = quiet(&["AAA"]);
    // The venue wakes an hour before the open.
    if let kernel::MarketData::Bar(bar) = &mut feed.data[0] {
        bar.open_time = bar.open_time.minus(kernel::Span::from_secs(12 * 3_600));
    }
    let venue = Venue::new(config(feed)).await;
    assert_eq!(venue.get("/v2/clock").await.body["is_open"], false);
    let order = venue.order(limit_order("AAA", 1, "buy", "50")).await;
    assert_eq!(order["status"], "accepted");
    let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(venue.patch(&path, json!({"qty": "2"})).await.status, 422);
}
