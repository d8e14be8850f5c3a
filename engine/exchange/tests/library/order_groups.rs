//! Brackets, OCO and OTO: their life, and what the path inside a bar does to them.

use crate::support::*;
use exchange::{Exchange, GroupKind, OrderRequest, OrderRow, Replacement, UpdateEvent as U};
use kernel::{Leg, OrderClass, OrderStatus, Side, Span, StopLoss};

fn loss(stop: &str) -> StopLoss {
    StopLoss { stop: price(stop), limit: None }
}

fn bracket(mut order: OrderRequest, profit: &str, stop: &str) -> OrderRequest {
    order.class = OrderClass::Bracket { take_profit: price(profit), stop_loss: loss(stop) };
    order
}

fn oco(order: OrderRequest, stop: &str) -> OrderRequest {
    OrderRequest { class: OrderClass::Oco { stop_loss: loss(stop) }, ..order }
}

fn oto(order: OrderRequest, leg: Leg) -> OrderRequest {
    OrderRequest { class: OrderClass::Oto { leg }, ..order }
}

/// The orders of a group as they stand: parent, then legs.
fn statuses(exchange: &Exchange, parent: &OrderRow) -> Vec<OrderStatus> {
    let legs = parent.legs.iter().flatten().map(|&leg| exchange.order(leg).unwrap());
    [row(exchange, parent)].into_iter().chain(legs).map(|row| row.status).collect()
}

fn leg(exchange: &Exchange, parent: &OrderRow, number: usize) -> OrderRow {
    exchange.order(parent.legs[number].unwrap()).unwrap().clone()
}

/// A bracket of ten shares at the market that has filled at 100, its exits at 105 and 95.
fn entered() -> (Exchange, OrderRow) {
    let mut exchange = open_exchange(free());
    let parent = exchange.submit(bracket(buy(10, market()), "105", "95")).unwrap();
    exchange.step(&[bar(0, ["100", "101", "99", "100"])]);
    exchange.drain_updates();
    (exchange, parent)
}

use OrderStatus::{Canceled, Expired, Filled, Held, New, PartiallyFilled, PendingNew, Replaced};

/// Conformance 42.
#[test]
fn exits_are_held_until_the_entry_has_wholly_filled() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(10_000));
    let mut exchange = open_exchange(config);
    let parent = exchange.submit(bracket(buy(10, market()), "105", "95")).unwrap();
    assert_eq!((parent.status, parent.group), (PendingNew, GroupKind::Bracket));
    assert_eq!(statuses(&exchange, &parent), [New, Held, Held]);
    let (profit, stop) = (leg(&exchange, &parent, 0), leg(&exchange, &parent, 1));
    assert_eq!(
        (profit.side, profit.kind, profit.parent),
        (Side::Sell, limit("105"), Some(parent.id))
    );
    assert_eq!((stop.side, stop.kind, stop.qty), (Side::Sell, self::stop("95"), shares(10)));
    assert_eq!(events(&exchange.drain_updates()), [U::PendingNew, U::Held, U::Held, U::New]);

    exchange.step(&[bar_of(spy(), minute(3, 0), ["100"; 4], 4)]);
    assert_eq!(statuses(&exchange, &parent)[1..], [Held; 2], "a part is not enough");
    exchange.step(&[bar_of(spy(), minute(3, 1), ["100"; 4], 100)]);
    assert_eq!(statuses(&exchange, &parent), [Filled, New, Held]);
    assert_eq!(events(&exchange.drain_updates()), [U::PartialFill, U::Fill, U::New]);
    assert_eq!(exchange.positions()[0].qty_available, shares(0), "held once for both exits");
    assert_sound(&exchange);
}

/// Conformance 42.
#[test]
fn one_exit_cancels_the_other() {
    for (prices, left, fill) in [
        (["101", "106", "100", "104"], [Filled, Filled, Canceled], "105"),
        (["99", "100", "94", "96"], [Filled, Canceled, Filled], "95"),
        (["94", "96", "93", "95"], [Filled, Canceled, Filled], "94"),
    ] {
        let (mut exchange, parent) = entered();
        exchange.step(&[bar(1, prices)]);
        assert_eq!(statuses(&exchange, &parent), left);
        assert_eq!(fills(&exchange.drain_updates()), [("10".to_owned(), fill.to_owned())]);
        assert!(exchange.positions().is_empty());
        assert_sound(&exchange);
    }
}

#[test]
fn where_a_bar_reaches_both_exits_the_stop_fills() {
    let (mut exchange, parent) = entered();
    exchange.step(&[bar(1, ["100", "110", "90", "109"])]);
    assert_eq!(statuses(&exchange, &parent), [Filled, Canceled, Filled]);
    assert_eq!(fills(&exchange.drain_updates()), [("10".to_owned(), "95".to_owned())]);
}

#[test]
fn a_bar_that_opens_beyond_the_profit_fills_it_before_the_stop() {
    let (mut exchange, parent) = entered();
    exchange.step(&[bar(1, ["106", "107", "90", "100"])]);
    assert_eq!(statuses(&exchange, &parent), [Filled, Filled, Canceled]);
    assert_eq!(fills(&exchange.drain_updates()), [("10".to_owned(), "106".to_owned())]);
}

#[test]
fn exits_meet_the_bar_of_their_entry() {
    // The entry, the bar, what the group comes to, and the exit's fill.
    let at_open = || buy(10, market());
    let inside = || buy(10, limit("98"));
    type Case = (OrderRequest, [&'static str; 4], [OrderStatus; 3], Option<&'static str>);
    let cases: [Case; 5] = [
        (at_open(), ["100", "101", "94", "100"], [Filled, Canceled, Filled], Some("95")),
        (at_open(), ["100", "106", "99", "100"], [Filled, Filled, Canceled], Some("105")),
        (at_open(), ["100", "106", "94", "100"], [Filled, Canceled, Filled], Some("95")),
        (inside(), ["100", "101", "94", "100"], [Filled, Canceled, Filled], Some("95")),
        // The high may have come before the entry.
        (inside(), ["100", "106", "97", "100"], [Filled, New, Held], None),
    ];
    for (entry, prices, left, exit) in cases {
        let mut exchange = open_exchange(free());
        let parent = exchange.submit(bracket(entry, "105", "95")).unwrap();
        exchange.step(&[bar(0, prices)]);
        assert_eq!(statuses(&exchange, &parent), left, "{prices:?}");
        let fills = fills(&exchange.drain_updates());
        assert_eq!(fills.get(1).map(|(_, price)| price.as_str()), exit, "{prices:?}");
        assert_sound(&exchange);
    }
}

/// Conformance 43.
#[test]
fn what_one_exit_fills_is_taken_off_the_other() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(10_000));
    let mut exchange = open_exchange(config);
    let parent = exchange.submit(bracket(buy(10, market()), "105", "95")).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 0), ["100"; 4], 100)]);
    exchange.drain_updates();
    exchange.step(&[bar_of(spy(), minute(3, 1), ["106"; 4], 4)]);
    assert_eq!(events(&exchange.drain_updates()), [U::PartialFill, U::Restated]);
    assert_eq!(leg(&exchange, &parent, 1).qty, shares(6));
    assert_eq!(statuses(&exchange, &parent)[1..], [PartiallyFilled, Held]);

    exchange.step(&[bar_of(spy(), minute(3, 2), ["94"; 4], 2)]);
    assert_eq!(events(&exchange.drain_updates()), [U::New, U::PartialFill, U::Restated]);
    assert_eq!(leg(&exchange, &parent, 0).qty, shares(8));
    exchange.step(&[bar_of(spy(), minute(3, 3), ["94"; 4], 100)]);
    assert_eq!(events(&exchange.drain_updates()), [U::Fill, U::Canceled]);
    assert!(exchange.positions().is_empty());
    assert_sound(&exchange);
}

/// A replacement names its own quantity, whatever the order before it had filled.
#[test]
fn an_exit_that_was_replaced_by_more_than_is_left_ends_the_group_when_nothing_is() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(10_000));
    let mut exchange = open_exchange(config);
    exchange.submit(buy(30, market())).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 0), ["100"; 4], 100)]);
    let parent = exchange.submit(oco(sell(10, limit("105")), "95")).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 1), ["94"; 4], 8)]);
    assert_eq!(row(&exchange, &parent).qty, shares(2));
    let change = Replacement { stop_price: Some(price("96")), ..Replacement::default() };
    let more = exchange.replace(parent.legs[0].unwrap(), change).unwrap();
    assert_eq!(more.qty, shares(10));
    exchange.step(&[bar_of(spy(), minute(3, 2), ["94"; 4], 4)]);
    let (first, more) = (row(&exchange, &parent), row(&exchange, &more));
    assert_eq!((first.status, first.qty, first.filled_qty), (Canceled, shares(2), shares(0)));
    assert_eq!((more.status, more.filled_qty), (Canceled, shares(4)));
    assert_eq!(exchange.positions()[0].qty, shares(18));
    assert_sound(&exchange);
}

/// Only one of an order and its replacement will ever fill, so the two keep no more than the larger of them.
#[test]
fn exits_start_beside_an_order_whose_replacement_is_on_its_way() {
    let mut config = free();
    config.fills.latency = Span::from_millis(20);
    let mut exchange = open_exchange(config);
    exchange.submit(buy(135, market())).unwrap();
    exchange.step(&[bar(1, ["100"; 4])]);
    let resting = exchange.submit(sell(91, limit("110"))).unwrap();
    exchange.advance(minute(3, 3));
    let group = exchange.submit(oco(sell(26, limit("105")), "95")).unwrap();
    let change = Replacement { qty: Some(shares(93)), ..Replacement::default() };
    let more = exchange.replace(resting.id, change).unwrap();
    exchange.advance(minute(3, 4));
    assert_eq!(statuses(&exchange, &group), [New, Held]);
    assert_eq!(row(&exchange, &more).status, New);
    assert_eq!(exchange.position(spy()).unwrap().qty_available, shares(16));
    assert_sound(&exchange);
}

/// Conformance 43.
#[test]
fn to_cancel_one_of_a_group_is_to_cancel_all() {
    for of in 0..3 {
        let mut exchange = open_exchange(free());
        let parent = exchange.submit(bracket(buy(10, limit("90")), "105", "85")).unwrap();
        let ids = [Some(parent.id), parent.legs[0], parent.legs[1]];
        exchange.cancel(ids[of].unwrap()).unwrap();
        assert_eq!(statuses(&exchange, &parent), [Canceled; 3]);
        assert_sound(&exchange);
    }
    for of in 0..2 {
        let (mut exchange, parent) = entered();
        exchange.cancel(parent.legs[of].unwrap()).unwrap();
        assert_eq!(statuses(&exchange, &parent), [Filled, Canceled, Canceled]);
        let refusal = exchange.cancel(parent.id).unwrap_err();
        assert_eq!(said(&refusal).2, "order is already in \"filled\" state");
    }
}

#[test]
fn a_group_expires_together() {
    let (mut exchange, parent) = entered();
    exchange.advance(minute(3, 390));
    assert_eq!(statuses(&exchange, &parent), [Filled, Expired, Expired]);
    let parent = exchange.submit(gtc(bracket(sell(5, limit("105")), "90", "120"))).unwrap_err();
    assert_eq!(said(&parent).2, "bracket orders must be entry orders");
    assert_sound(&exchange);
}

#[test]
fn an_oco_exits_once() {
    for (prices, left, fill) in [
        (["101", "106", "100", "104"], [Filled, Canceled], "105"),
        (["99", "100", "94", "96"], [Canceled, Filled], "95"),
        (["100", "106", "94", "104"], [Canceled, Filled], "95"),
    ] {
        let mut exchange = holding(free(), 10);
        let parent = exchange.submit(oco(sell(10, limit("105")), "95")).unwrap();
        assert_eq!(statuses(&exchange, &parent), [New, Held]);
        exchange.step(&[bar(1, prices)]);
        assert_eq!(statuses(&exchange, &parent), left);
        assert_eq!(fills(&exchange.drain_updates()), [("10".to_owned(), fill.to_owned())]);
        assert_sound(&exchange);
    }
    let mut exchange = open_exchange(free());
    let refusal = exchange.submit(oco(sell(10, limit("105")), "95")).unwrap_err();
    assert_eq!(said(&refusal), (422, 42_210_000, "oco orders must be exit orders"));
}

#[test]
fn an_oto_has_one_exit() {
    let profit = Leg::TakeProfit { limit: price("105") };
    for (exit, prices) in [
        (profit, ["101", "106", "100", "104"]),
        (Leg::StopLoss(loss("95")), ["96", "96", "94", "96"]),
    ] {
        let mut exchange = open_exchange(free());
        let parent = exchange.submit(oto(buy(10, market()), exit)).unwrap();
        exchange.step(&[bar(0, ["100"; 4])]);
        assert_eq!(statuses(&exchange, &parent), [Filled, New]);
        exchange.step(&[bar(1, prices)]);
        assert_eq!(statuses(&exchange, &parent), [Filled, Filled]);
        assert_sound(&exchange);
    }
}

#[test]
fn a_short_bracket_is_the_mirror_image() {
    let mut exchange = open_exchange(free());
    let parent = exchange.submit(bracket(sell(10, market()), "95", "105")).unwrap();
    exchange.step(&[bar(0, ["100"; 4])]);
    assert_eq!(leg(&exchange, &parent, 0).side, Side::Buy);
    exchange.step(&[bar(1, ["100", "106", "94", "100"])]);
    assert_eq!(statuses(&exchange, &parent), [Filled, Canceled, Filled]);
    assert_sound(&exchange);
}

/// Conformance 41.
#[test]
fn exits_lie_on_their_sides_of_the_entry() {
    let mut exchange = open_exchange(free());
    let high = "stop_loss.stop_price must be <= base_price - 0.01";
    let low = "take_profit.limit_price must be >= base_price + 0.01";
    let cases = [
        (bracket(buy(1, market()), "100", "95"), low, "100"),
        (bracket(buy(1, limit("98")), "105", "98"), high, "98"),
        (bracket(buy(1, stop("102")), "102", "95"), low, "102"),
        (
            bracket(sell(1, market()), "105", "110"),
            "take_profit.limit_price must be <= base_price - 0.01",
            "100",
        ),
    ];
    for (order, message, base) in cases {
        let refusal = exchange.submit(order).unwrap_err();
        assert_eq!(said(&refusal), (422, 42_210_000, message));
        assert_eq!(refusal.fields, [("base_price".to_owned(), base.to_owned())]);
    }
}

#[test]
fn prices_of_legs_can_be_changed_and_nothing_else() {
    let (mut exchange, parent) = entered();
    let stop_at = |at| Replacement { stop_price: Some(price(at)), ..Replacement::default() };
    let moved = exchange.replace(parent.legs[1].unwrap(), stop_at("97")).unwrap();
    assert_eq!((moved.status, moved.parent), (Held, Some(parent.id)));
    let parent = row(&exchange, &parent).clone();
    assert_eq!(parent.legs[1], Some(moved.id), "the parent names its new leg");
    let up = Replacement { limit_price: Some(price("104")), ..Replacement::default() };
    let profit = exchange.replace(parent.legs[0].unwrap(), up).unwrap();

    let refusal = exchange.replace(moved.id, stop_at("104")).unwrap_err();
    assert_eq!(said(&refusal).2, "take_profit.limit_price must be >= base_price + 0.01");
    let fewer = Replacement { qty: Some(shares(5)), ..Replacement::default() };
    let refusal = exchange.replace(profit.id, fewer).unwrap_err();
    assert_eq!(said(&refusal).2, "only the prices of a bracket or oco order can be changed");

    exchange.step(&[bar(1, ["100", "100", "96.5", "97"])]);
    assert_eq!(row(&exchange, &moved).status, Filled);
    assert_eq!(row(&exchange, &profit).status, Canceled);
    assert_sound(&exchange);
}

#[test]
fn a_changed_entry_keeps_its_exits() {
    let mut exchange = open_exchange(free());
    let old = exchange.submit(bracket(buy(10, limit("98")), "105", "95")).unwrap();
    let change = Replacement { limit_price: Some(price("99")), ..Replacement::default() };
    let new = exchange.replace(old.id, change).unwrap();
    assert_eq!(row(&exchange, &old).status, Replaced);
    assert_eq!(leg(&exchange, &new, 0).parent, Some(new.id));
    exchange.step(&[bar(0, ["100", "100", "98.5", "100"])]);
    assert_eq!(statuses(&exchange, &new), [Filled, New, Held]);
    assert_sound(&exchange);
}

#[test]
fn exits_work_for_no_more_than_is_held() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(10_000));
    let mut exchange = open_exchange(config);
    let parent = exchange.submit(bracket(buy(10, market()), "105", "95")).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 0), ["100"; 4], 4)]);
    exchange.submit(sell(3, limit("104"))).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 1), ["100"; 4], 100)]);
    assert_eq!(leg(&exchange, &parent, 0).qty, shares(7));
    assert_eq!(leg(&exchange, &parent, 1).qty, shares(7));
    assert_sound(&exchange);
}

#[test]
fn a_group_is_no_wash_trade() {
    let mut exchange = holding(free(), 10);
    exchange.submit(oco(sell(10, limit("105")), "95")).unwrap();
    exchange.submit(bracket(buy(10, market()), "110", "90")).unwrap();
    exchange.submit(buy(1, limit("106"))).unwrap();
}

#[test]
fn a_cancel_that_travels_may_meet_a_fill_of_its_group() {
    let mut config = free();
    config.fills.latency = Span::from_secs(90);
    let mut exchange = open_exchange(config);
    let parent = exchange.submit(bracket(buy(10, market()), "105", "95")).unwrap();
    exchange.step(&[bar(2, ["100"; 4])]);
    exchange.cancel(parent.legs[0].unwrap()).unwrap();
    exchange.step(&[bar(3, ["100", "100", "94", "95"])]);
    exchange.advance(minute(3, 10));
    assert_eq!(statuses(&exchange, &parent), [Filled, Canceled, Filled]);
    assert_sound(&exchange);
}
