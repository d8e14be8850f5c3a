//! Every kind of order as it is written to the broker, and legs as the broker answers with them.

use super::rest::{client_and, order_with};
use super::stub::ok;
use super::{names, price, shares};
use crate::alpaca::conformance::for_tests;
use kernel::{
    Approved, Cash, Intent, Leg, NewOrder, OrderClass, OrderKind, OrderNumber, OrderSize,
    ReportKind, Send, Side, StopLoss, TimeInForce, Trail,
};
use serde_json::{Value, json};

fn order(side: Side, size: OrderSize, kind: OrderKind) -> NewOrder {
    NewOrder::new(names().symbol("SPY").unwrap(), side, size, kind)
}

fn whole(side: Side, kind: OrderKind) -> NewOrder {
    order(side, shares("2").into(), kind)
}

/// Approved for an account that holds ten shares.
fn approved(order: NewOrder) -> Approved {
    match for_tests::sends_holding(&names(), 10, vec![Intent::Submit(order)]).pop() {
        Some(Send::Submit(approved)) => approved,
        other => panic!("{other:?}"),
    }
}

fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { limit: price(at) }
}

fn bracket() -> NewOrder {
    let stop_loss = StopLoss::with_limit(price("95"), price("94.5"));
    let class = OrderClass::Bracket { take_profit: price("110"), stop_loss };
    whole(Side::Buy, limit("100")).lasting(TimeInForce::Gtc).grouped(class)
}

/// Each order and what its request has beside symbol and id.
/// Source: Alpaca, Trading API 2.0.1, POST `/v2/orders`; "Orders at Alpaca", advanced orders.
fn requests() -> Vec<(NewOrder, Value)> {
    let trailing = |trail| OrderKind::TrailingStop { trail };
    let stop = StopLoss::at(price("95"));
    vec![
        (
            whole(Side::Sell, trailing(Trail::Price(price("2.5")))).lasting(TimeInForce::Gtc),
            json!({"qty": "2", "side": "sell", "type": "trailing_stop", "time_in_force": "gtc",
                "trail_price": "2.5"}),
        ),
        (
            whole(Side::Sell, trailing(Trail::Percent("1.25".parse().unwrap()))),
            json!({"qty": "2", "side": "sell", "type": "trailing_stop", "time_in_force": "day",
                "trail_percent": "1.25"}),
        ),
        (
            order(
                Side::Buy,
                OrderSize::Notional("250.5".parse::<Cash>().unwrap()),
                OrderKind::Market,
            ),
            json!({"notional": "250.5", "side": "buy", "type": "market", "time_in_force": "day"}),
        ),
        (
            order(Side::Sell, shares("0.123456789").into(), limit("101")),
            json!({"qty": "0.123456789", "side": "sell", "type": "limit", "time_in_force": "day",
                "limit_price": "101"}),
        ),
        (
            whole(Side::Buy, limit("99")).in_extended_hours(),
            json!({"qty": "2", "side": "buy", "type": "limit", "time_in_force": "day",
                "limit_price": "99", "extended_hours": true}),
        ),
        (
            whole(Side::Buy, OrderKind::Market).lasting(TimeInForce::Opg),
            json!({"qty": "2", "side": "buy", "type": "market", "time_in_force": "opg"}),
        ),
        (
            whole(Side::Buy, limit("99")).lasting(TimeInForce::Fok),
            json!({"qty": "2", "side": "buy", "type": "limit", "time_in_force": "fok",
                "limit_price": "99"}),
        ),
        (
            bracket(),
            json!({"qty": "2", "side": "buy", "type": "limit", "time_in_force": "gtc",
                "limit_price": "100", "order_class": "bracket",
                "take_profit": {"limit_price": "110"},
                "stop_loss": {"stop_price": "95", "limit_price": "94.5"}}),
        ),
        (
            whole(Side::Sell, limit("110")).grouped(OrderClass::Oco { stop_loss: stop }),
            json!({"qty": "2", "side": "sell", "type": "limit", "time_in_force": "day",
                "limit_price": "110", "order_class": "oco",
                "take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "95"}}),
        ),
        (
            whole(Side::Buy, OrderKind::Market)
                .grouped(OrderClass::Oto { leg: Leg::StopLoss(stop) }),
            json!({"qty": "2", "side": "buy", "type": "market", "time_in_force": "day",
                "order_class": "oto", "stop_loss": {"stop_price": "95"}}),
        ),
    ]
}

/// Conformance 44.
#[tokio::test]
async fn each_kind_is_written_as_the_broker_reads_it() {
    let requests = requests();
    let replies = requests.iter().map(|_| ok(order_with(json!({})))).collect();
    let (client, stub) = client_and(replies).await;
    for (order, _) in &requests {
        client.submit(&approved(*order)).await.unwrap();
    }
    for ((order, expected), seen) in requests.iter().zip(stub.seen()) {
        let mut expected = expected.clone();
        expected["symbol"] = json!("SPY");
        expected["client_order_id"] = json!("tw-5e5510a0-1");
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(body, expected, "{order:?}");
    }
}

/// The answer to a bracket, its legs in whatever order.
fn answer(nested: bool) -> String {
    let leg = |id: &str, kind: &str, status: &str| -> Value {
        let changes = json!({"id": id, "client_order_id": format!("{id}-uuid"), "type": kind,
            "order_class": "bracket", "side": "sell", "status": status});
        serde_json::from_str(&order_with(changes)).unwrap()
    };
    let legs = json!([leg("stop", "stop_limit", "held"), leg("profit", "limit", "held")]);
    order_with(json!({"client_order_id": "tw-5e5510a0-1", "order_class": "bracket",
        "status": "accepted", "legs": if nested { legs } else { Value::Null }}))
}

#[tokio::test]
async fn the_answer_to_a_bracket_names_its_legs() {
    let (client, _stub) = client_and(vec![ok(answer(true))]).await;
    let reports = client.submit(&approved(bracket())).await.unwrap();
    let told = reports
        .into_iter()
        .map(|report| (report.order.unwrap().0, report.broker_id.unwrap().0, report.kind));
    let mut told: Vec<_> = told.collect();
    told.sort_by_key(|(number, ..)| *number);
    let id = "7b08df51-c1ac-453c-99f9-323a5f075f0d";
    let expected = [
        (1, id.into(), ReportKind::Accepted),
        (2, "profit".into(), ReportKind::Held),
        (3, "stop".into(), ReportKind::Held),
    ];
    assert_eq!(told, expected);
}

/// Its number is followed by whatever was ordered next: the exit that the broker made for the order before
/// it is known by its name alone, and one that was moved by our own.
#[tokio::test]
async fn the_exit_of_an_order_in_the_place_of_another_is_no_number_of_ours() {
    let leg = |id: &str, name: &str| -> Value {
        let changes = json!({"id": id, "client_order_id": name, "type": "stop",
            "order_class": "oco", "side": "sell", "status": "held"});
        serde_json::from_str(&order_with(changes)).unwrap()
    };
    let legs = json!([leg("made", "made-uuid"), leg("moved", "tw-5e5510a0-7")]);
    let body = order_with(json!({"client_order_id": "tw-5e5510a0-4", "order_class": "oco",
        "replaces": "first", "status": "new", "legs": legs}));
    let (client, _stub) = client_and(vec![ok(body)]).await;
    let found = client.order_by_client_id("tw-5e5510a0-4").await.unwrap().unwrap();
    let told = found.leg_reports().into_iter();
    let told: Vec<_> = told
        .map(|report| (report.order.map(|order| order.0), report.broker_id.unwrap().0))
        .collect();
    assert_eq!(told, [(None, "made".into()), (Some(7), "moved".into())]);
}

#[tokio::test]
async fn a_bracket_that_is_looked_up_is_read_again_with_its_legs() {
    let (client, stub) = client_and(vec![ok(answer(false)), ok(answer(true))]).await;
    let found = client.order_by_client_id("tw-5e5510a0-1").await.unwrap().unwrap();
    let legs: Vec<_> = found.leg_reports().into_iter().filter_map(|report| report.order).collect();
    assert_eq!(legs, [OrderNumber(3), OrderNumber(2)]);
    assert_eq!(stub.lines()[1], "GET /v2/orders/7b08df51-c1ac-453c-99f9-323a5f075f0d?nested=true");
}
