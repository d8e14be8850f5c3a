//! Cancelling every order, closing one position, closing all.

use crate::support::*;
use exchange::{AssetRules, Exchange, Part};
use kernel::{OrderClass, OrderKind, OrderStatus, Percent, Quantity, Side, Span, StopLoss};

const FLAT: [&str; 4] = ["100", "100", "100", "100"];

fn percent(text: &str) -> Part {
    Part::Percent(text.parse().unwrap())
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// Ten shares of SPY and a hundred of F short.
fn long_and_short() -> Exchange {
    let mut exchange = holding(free(), 10);
    let short = exchange::OrderRequest::new(ford(), Side::Sell, shares(100), market());
    exchange.submit(short).unwrap();
    exchange.step(&[bar_of(ford(), minute(3, 1), ["10", "10", "10", "10"], 1_000)]);
    exchange.drain_updates();
    assert_eq!(exchange.position(ford()).unwrap().qty, shares(-100));
    exchange
}

/// Conformance 65.
#[test]
fn every_open_order_is_cancelled_and_answered_for() {
    let mut exchange = open_exchange(free());
    let first = exchange.submit(buy(1, limit("90"))).unwrap();
    let ended = exchange.submit(buy(2, limit("91"))).unwrap();
    exchange.cancel(ended.id).unwrap();
    let second = exchange.submit(gtc(buy(3, stop("110")))).unwrap();
    assert_eq!(exchange.cancel_all(), [(first.id, Ok(())), (second.id, Ok(()))]);
    assert_eq!(row(&exchange, &first).status, OrderStatus::Canceled);
    assert_eq!(row(&exchange, &second).status, OrderStatus::Canceled);
    assert_eq!(exchange.cancel_all(), [], "what has ended is left alone");
    assert_sound(&exchange);
}

#[test]
fn orders_that_go_with_another_of_their_group_count_as_cancelled() {
    let mut exchange = open_exchange(free());
    let mut bracket = buy(5, limit("90"));
    let stop_loss = StopLoss { stop: price("80"), limit: None };
    bracket.class = OrderClass::Bracket { take_profit: price("120"), stop_loss };
    exchange.submit(bracket).unwrap();
    let outcomes = exchange.cancel_all();
    assert_eq!(outcomes.len(), 3, "the entry and both of its exits");
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()), "{outcomes:?}");
    assert_eq!(exchange.open_orders().count(), 0);
}

#[test]
fn a_cancel_that_is_on_its_way_is_not_sent_again_and_a_replacement_is_refused_alone() {
    let mut config = free();
    config.fills.latency = Span::from_secs(1);
    let mut exchange = open_exchange(config);
    let resting = [90, 91, 92].map(|at| exchange.submit(buy(1, limit(&at.to_string()))).unwrap());
    let [going, changing, plain] = resting;
    exchange.advance(minute(3, 0).plus(Span::from_secs(5)));
    exchange.cancel(going.id).unwrap();
    let asked = row(&exchange, &going).cancel_requested_at;
    let cheaper = exchange::Replacement { limit_price: Some(price("89")), ..Default::default() };
    let new = exchange.replace(changing.id, cheaper).unwrap();
    exchange.advance(minute(3, 0).plus(Span::from_nanos(5_500_000_000)));
    let outcomes = exchange.cancel_all();
    let of =
        |order: &exchange::OrderRow| &outcomes.iter().find(|(id, _)| *id == order.id).unwrap().1;
    assert_eq!(*of(&going), Ok(()));
    assert_eq!(row(&exchange, &going).cancel_requested_at, asked);
    let refusal = of(&changing).clone().unwrap_err();
    let expected = (422, 42_210_000, "order is already in \"pending_replace\" state");
    assert_eq!(said(&refusal), expected);
    assert_eq!(*of(&plain), Ok(()), "the refusal of another stops nothing");
    assert_eq!(row(&exchange, &plain).status, OrderStatus::PendingCancel);
    exchange.advance(minute(3, 1));
    assert_eq!(row(&exchange, &plain).status, OrderStatus::Canceled);
    assert_eq!(*of(&new), Ok(()));
    let replaced = [row(&exchange, &changing).status, row(&exchange, &new).status];
    assert_eq!(replaced, [OrderStatus::Replaced, OrderStatus::Canceled], "one after the other");
    assert_sound(&exchange);
}

#[test]
fn what_nobody_holds_cannot_be_closed() {
    let mut exchange = open_exchange(free());
    let refusal = exchange.close_position(spy(), Part::Whole).unwrap_err();
    assert_eq!(said(&refusal), (404, 40_410_000, "position does not exist"));
    assert_eq!(exchange.close_all(true), []);
    assert_eq!(exchange.orders().len(), 0);
}

/// Conformance 81.
#[test]
fn a_position_is_sold_at_the_market_and_is_gone_with_the_next_price() {
    let mut exchange = holding(free(), 10);
    let order = exchange.close_position(spy(), Part::Whole).unwrap();
    assert_eq!((order.side, order.qty, order.kind), (Side::Sell, shares(10), OrderKind::Market));
    assert!(!order.opens);
    exchange.step(&[bar(1, FLAT)]);
    assert_eq!(exchange.position(spy()), None);
    assert_eq!(row(&exchange, &order).status, OrderStatus::Filled);
    let again = exchange.close_position(spy(), Part::Whole).unwrap_err();
    assert_eq!(again.status, 404, "what is flat is not closed again");
    assert_sound(&exchange);
}

#[test]
fn a_short_position_is_bought_back() {
    let mut exchange = long_and_short();
    let part = exchange.close_position(ford(), percent("33.5")).unwrap();
    assert_eq!((part.side, part.qty), (Side::Buy, shares(33)), "whole shares are borrowed");
    let rest = exchange.close_position(ford(), Part::Shares(shares(67))).unwrap();
    assert_eq!((rest.side, rest.qty), (Side::Buy, shares(67)));
    exchange.step(&[bar_of(ford(), minute(3, 2), ["10", "10", "10", "10"], 1_000)]);
    assert_eq!(exchange.position(ford()), None);
    assert_sound(&exchange);
}

#[test]
fn a_percentage_is_taken_towards_zero() {
    let cases = [
        ("35", true, "3.5"),
        ("33.333333333", true, "3.333333333"),
        ("0.000000001", true, "0"),
        ("100", true, "10"),
        ("35", false, "3"),
        ("9.9", false, "0"),
    ];
    for (part, in_parts, expected) in cases {
        let mut config = free();
        let rules = AssetRules { fractionable: in_parts, ..AssetRules::default() };
        config.assets.insert("SPY".into(), rules);
        let mut exchange = holding(config, 10);
        let outcome = exchange.close_position(spy(), percent(part));
        match quantity(expected) {
            Quantity::ZERO => {
                let refusal = outcome.unwrap_err();
                assert_eq!(said(&refusal), (422, 40_010_001, "qty must be > 0"), "{part} %");
            }
            qty => assert_eq!(outcome.unwrap().qty, qty, "{part} % of ten shares"),
        }
    }
}

/// Conformance 81.
#[test]
fn shares_that_orders_hold_are_not_closed_and_the_orders_stay() {
    let mut exchange = holding(free(), 10);
    let exit = exchange.submit(sell(6, limit("120"))).unwrap();
    for (part, asked) in
        [(Part::Whole, "10"), (Part::Shares(shares(5)), "5"), (percent("41"), "4.1")]
    {
        let refusal = exchange.close_position(spy(), part).unwrap_err();
        let message =
            format!("insufficient qty available for order (requested: {asked}, available: 4)");
        assert_eq!(said(&refusal), (403, 40_310_000, &*message));
        let held = ("held_for_orders".to_owned(), "6".to_owned());
        assert!(refusal.fields.contains(&held), "{:?}", refusal.fields);
    }
    exchange.close_position(spy(), percent("40")).unwrap();
    assert_eq!(row(&exchange, &exit).status, OrderStatus::New);
    exchange.step(&[bar(1, FLAT)]);
    assert_eq!(exchange.position(spy()).unwrap().qty, shares(6));
    assert_sound(&exchange);
}

#[test]
fn more_than_is_held_is_not_closed() {
    let mut exchange = holding(free(), 10);
    let refusal = exchange.close_position(spy(), Part::Shares(shares(11))).unwrap_err();
    assert_eq!(refusal.status, 403);
    let none = exchange.close_position(spy(), Part::Shares(shares(0))).unwrap_err();
    assert_eq!(said(&none), (422, 40_010_001, "qty must be > 0"));
}

#[test]
fn an_order_on_the_other_side_bars_a_close_as_a_wash_trade() {
    let mut exchange = holding(free(), 10);
    exchange.submit(buy(1, limit("99"))).unwrap();
    let refusal = exchange.close_position(spy(), Part::Whole).unwrap_err();
    let expected = (403, 40_310_000, "potential wash trade detected. use complex orders");
    assert_eq!(said(&refusal), expected);
}

/// Conformance 82.
#[test]
fn every_position_is_closed_and_one_that_is_refused_stops_no_other() {
    let mut exchange = long_and_short();
    let exit = exchange.submit(sell(10, limit("120"))).unwrap();
    let outcomes = exchange.close_all(false);
    let [(first, held), (second, cover)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!((*first, *second), (spy(), ford()));
    assert_eq!(held.as_ref().unwrap_err().status, 403);
    assert_eq!(cover.as_ref().unwrap().qty, shares(100));
    assert_eq!(row(&exchange, &exit).status, OrderStatus::New, "nothing was cancelled");
}

#[test]
fn all_is_closed_when_orders_are_cancelled_first() {
    let mut exchange = long_and_short();
    let exit = exchange.submit(sell(10, limit("120"))).unwrap();
    let entry = exchange.submit(gtc(buy(5, limit("90")))).unwrap();
    let outcomes = exchange.close_all(true);
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()), "{outcomes:?}");
    for order in [&exit, &entry] {
        assert_eq!(row(&exchange, order).status, OrderStatus::Canceled);
    }
    let flat = [bar(2, FLAT), bar_of(ford(), minute(3, 2), ["10", "10", "10", "10"], 1_000)];
    exchange.step(&flat);
    assert_eq!(exchange.positions(), []);
    assert_sound(&exchange);
}

#[test]
fn orders_hold_their_shares_while_their_cancel_travels() {
    let mut config = free();
    config.fills.latency = Span::from_secs(1);
    let mut exchange = open_exchange(config);
    exchange.submit(buy(10, market())).unwrap();
    exchange.step(&[bar(1, FLAT)]);
    let exit = exchange.submit(sell(10, limit("120"))).unwrap();
    exchange.advance(minute(3, 3));
    let outcomes = exchange.close_all(true);
    assert_eq!(outcomes[0].1.as_ref().unwrap_err().status, 403);
    exchange.advance(minute(3, 4));
    assert_eq!(row(&exchange, &exit).status, OrderStatus::Canceled);
    let again = exchange.close_all(true);
    assert!(again[0].1.is_ok(), "the cancel has arrived: {again:?}");
}

#[test]
fn a_close_while_the_session_is_closed_waits_for_the_open() {
    let mut exchange = holding(free(), 10);
    exchange.advance(minute(3, 500));
    let order = exchange.close_position(spy(), Part::Whole).unwrap();
    assert_eq!(order.status, OrderStatus::Accepted);
    assert_eq!(exchange.position(spy()).unwrap().qty, shares(10));
    exchange.step(&[bar_of(spy(), minute(4, 0), FLAT, 1_000)]);
    assert_eq!(exchange.position(spy()), None);
}

#[test]
fn how_much_to_close_is_read_from_texts() {
    let exchange = open_exchange(free());
    let read = |qty, percentage| exchange.read_part(qty, percentage);
    assert_eq!(read(None, None), Ok(Part::Whole));
    assert_eq!(read(Some("1.5"), None), Ok(Part::Shares(quantity("1.5"))));
    let fraction = Percent::from_nanos(12_500_000_000);
    assert_eq!(read(None, Some("12.5")), Ok(Part::Percent(fraction)));
    let wrong = "percentage must be above 0 and at most 100";
    let refused = [
        (Some("1"), Some("10"), "only one of qty or percentage is accepted"),
        (Some("all"), None, "invalid qty"),
        (None, Some("half"), wrong),
        (None, Some("0"), wrong),
        (None, Some("-1"), wrong),
        (None, Some("100.000000001"), wrong),
    ];
    for (qty, percentage, message) in refused {
        let refusal = read(qty, percentage).unwrap_err();
        assert_eq!(said(&refusal), (422, 40_010_001, message), "{qty:?} {percentage:?}");
    }
}
