//! The life of an order: what is told of it, when it waits, when it ends.

use crate::support::*;
use exchange::UpdateEvent::*;
use exchange::{Exchange, Replacement};
use kernel::{OrderStatus, Span};

const FLAT: [&str; 4] = ["100", "100", "100", "100"];

fn slow(latency: Span) -> exchange::ExchangeConfig {
    let mut config = free();
    config.fills.latency = latency;
    config
}

#[test]
fn an_order_in_session_is_pending_then_new_then_fills() {
    let mut exchange = open_exchange(free());
    let answer = exchange.submit(buy(10, market())).unwrap();
    assert_eq!(answer.status, OrderStatus::PendingNew);
    assert_eq!(answer.filled_qty, shares(0));
    assert_eq!(events(&exchange.drain_updates()), [PendingNew, New]);
    exchange.step(&[bar(0, FLAT)]);
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [Fill]);
    assert_eq!(updates[0].position_qty, shares(10));
    assert_eq!(updates[0].order.status, OrderStatus::Filled);
    assert_eq!(updates[0].order.filled_at, Some(minute(3, 0)));
}

/// Conformance 40.
#[test]
fn an_order_sent_while_closed_waits_for_the_open() {
    let mut exchange = open_exchange(free());
    exchange.advance(minute(3, 500));
    let answer = exchange.submit(buy(10, market())).unwrap();
    assert_eq!(answer.status, OrderStatus::Accepted);
    assert_eq!(answer.expires_at, Some(minute(4, 390)));
    exchange.advance(minute(4, 0).minus(Span::from_nanos(1)));
    assert_eq!(events(&exchange.drain_updates()), [Accepted]);
    exchange.advance(minute(4, 0));
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [New]);
    assert_eq!(updates[0].time, minute(4, 0));
    exchange.step(&[bar_of(spy(), minute(4, 0), FLAT, 1)]);
    assert_eq!(events(&exchange.drain_updates()), [Fill]);
}

#[test]
fn bars_outside_of_the_session_fill_nothing_but_orders_for_extended_hours() {
    let mut exchange = open_exchange(free());
    exchange.submit(gtc(buy(10, limit("99")))).unwrap();
    exchange.advance(minute(3, 400));
    let mut extended = buy(10, limit("98"));
    extended.extended_hours = true;
    let answer = exchange.submit(extended).unwrap();
    assert_eq!(answer.status, OrderStatus::PendingNew);
    exchange.drain_updates();
    exchange.step(&[bar_of(spy(), minute(3, 400), ["97", "97", "97", "97"], 1)]);
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [Fill]);
    assert_eq!(updates[0].order.id, answer.id);
    assert_sound(&exchange);
}

/// Conformance 149.
#[test]
fn day_orders_expire_at_the_close_and_keep_what_filled() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(10_000));
    let mut exchange = open_exchange(config);
    let part = exchange.submit(buy(10, limit("100"))).unwrap();
    let stays = exchange.submit(gtc(buy(10, limit("90")))).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 0), FLAT, 4)]);
    exchange.drain_updates();
    exchange.advance(minute(3, 390));
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [Expired]);
    assert_eq!(updates[0].time, minute(3, 390));
    let part = row(&exchange, &part);
    assert_eq!((part.status, part.filled_qty), (OrderStatus::Expired, shares(4)));
    assert_eq!(part.expired_at, Some(minute(3, 390)));
    assert_eq!(row(&exchange, &stays).status, OrderStatus::New);
    assert_sound(&exchange);
}

#[test]
fn the_bar_that_ends_at_the_close_still_fills() {
    let mut exchange = open_exchange(free());
    let order = exchange.submit(buy(10, limit("99"))).unwrap();
    exchange.step(&[bar(389, ["100", "100", "98", "98"])]);
    assert_eq!(row(&exchange, &order).status, OrderStatus::Filled);
    let late = exchange.submit(buy(10, limit("99"))).unwrap();
    exchange.step(&[bar(390, ["98", "98", "98", "98"])]);
    assert_eq!(row(&exchange, &late).status, OrderStatus::Accepted);
}

/// Conformance 73.
#[test]
fn gtc_orders_end_after_ninety_days_through_pending_cancel() {
    let days: Vec<_> =
        (0..120).map(|number| trading_day(20240600 + number, midnight(3 + number))).collect();
    let mut exchange = Exchange::new(free(), symbols(), days);
    exchange.advance(minute(3, 5));
    let order = exchange.submit(gtc(buy(10, limit("90")))).unwrap();
    exchange.drain_updates();
    // 16:15 in New York, a quarter of an hour after the close.
    let end = minute(93, 405);
    assert_eq!(order.expires_at, Some(end));
    exchange.advance(end.minus(Span::from_nanos(1)));
    assert!(exchange.drain_updates().is_empty());
    exchange.advance(end);
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [PendingCancel, Canceled]);
    assert_eq!(updates[1].time, end);
}

#[test]
fn a_cancel_without_latency_ends_an_order_at_once() {
    let mut exchange = open_exchange(free());
    let order = exchange.submit(buy(10, limit("90"))).unwrap();
    exchange.drain_updates();
    exchange.cancel(order.id).unwrap();
    assert_eq!(events(&exchange.drain_updates()), [Canceled]);
    let order = row(&exchange, &order);
    assert_eq!(order.cancel_requested_at, Some(minute(3, 0)));
    assert_eq!(order.canceled_at, Some(minute(3, 0)));
    exchange.step(&[bar(0, ["80", "80", "80", "80"])]);
    assert!(exchange.drain_updates().is_empty());
}

/// Conformance 64.
#[test]
fn latency_delays_orders_and_lets_fills_win_over_cancels() {
    let mut exchange = open_exchange(slow(Span::from_millis(20)));
    let order = exchange.submit(buy(10, market())).unwrap();
    let at = |millis| minute(3, 0).plus(Span::from_millis(millis));
    let quoted = |millis| quote(at(millis), ("99", 1), ("100", 1));
    exchange.step(&[quoted(19)]);
    assert_eq!(events(&exchange.drain_updates()), [PendingNew]);
    exchange.step(&[quoted(20)]);
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [New, Fill]);
    assert_eq!(updates[1].order.id, order.id);

    let second = exchange.submit(gtc(buy(10, limit("99")))).unwrap();
    exchange.advance(at(60));
    exchange.drain_updates();
    exchange.cancel(second.id).unwrap();
    exchange.step(&[quote(at(70), ("98", 1), ("99", 1))]);
    exchange.advance(at(80));
    assert_eq!(events(&exchange.drain_updates()), [PendingCancel, Fill, CancelRejected]);
    assert_eq!(row(&exchange, &second).status, OrderStatus::Filled);
    assert_sound(&exchange);
}

#[test]
fn an_order_under_way_at_a_bars_open_waits_for_the_next_bar() {
    let mut exchange = open_exchange(slow(Span::from_millis(1)));
    exchange.submit(buy(10, market())).unwrap();
    exchange.step(&[bar(0, FLAT)]);
    assert_eq!(events(&exchange.drain_updates()), [PendingNew, New]);
    exchange.step(&[bar(1, FLAT)]);
    assert_eq!(events(&exchange.drain_updates()), [Fill]);
}

/// Conformance 66, 100.
#[test]
fn a_replacement_takes_the_old_orders_place_under_a_new_id() {
    let mut exchange = open_exchange(free());
    let old = exchange.submit(named(gtc(buy(10, limit("90"))), "first")).unwrap();
    exchange.drain_updates();
    let change = Replacement { limit_price: Some(price("91")), ..Replacement::default() };
    let new = exchange.replace(old.id, change).unwrap();
    assert_eq!(new.replaces, Some(old.id));
    assert_ne!(&*new.client_order_id, "first");
    assert_eq!(
        (new.qty, new.kind, new.time_in_force),
        (shares(10), limit("91"), old.time_in_force)
    );
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [Replaced, PendingNew, New]);
    assert_eq!(updates[0].order.id, old.id);
    assert_eq!(updates[0].order.replaced_by, Some(new.id));
    assert_eq!(updates[0].order.replaced_at, Some(minute(3, 0)));
    exchange.step(&[bar(0, ["91", "91", "91", "91"])]);
    assert_eq!(fills(&exchange.drain_updates()), [("10".to_owned(), "91".to_owned())]);
    assert_eq!(exchange.positions()[0].qty, shares(10));
    assert_sound(&exchange);
}

/// Conformance 68.
#[test]
fn a_fill_beats_a_replacement_on_its_way() {
    let mut exchange = open_exchange(slow(Span::from_millis(20)));
    let old = exchange.submit(buy(10, limit("99"))).unwrap();
    exchange.advance(minute(3, 1));
    exchange.drain_updates();
    let change = Replacement { qty: Some(shares(20)), ..Replacement::default() };
    let new = exchange.replace(old.id, change).unwrap();
    exchange.step(&[quote(minute(3, 1), ("98", 1), ("99", 1))]);
    exchange.advance(minute(3, 2));
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [PendingReplace, Fill, ReplaceRejected, Rejected]);
    assert_eq!(row(&exchange, &old).status, OrderStatus::Filled);
    assert_eq!(row(&exchange, &new).status, OrderStatus::Rejected);
    assert_sound(&exchange);
}

#[test]
fn a_part_filled_meanwhile_beats_a_replacement_too() {
    let mut config = slow(Span::from_millis(20));
    config.fills.displayed_size = true;
    let mut exchange = open_exchange(config);
    let old = exchange.submit(buy(10, limit("99"))).unwrap();
    exchange.advance(minute(3, 1));
    exchange.drain_updates();
    let change = Replacement { qty: Some(shares(20)), ..Replacement::default() };
    exchange.replace(old.id, change).unwrap();
    exchange.step(&[quote(minute(3, 1), ("98", 1), ("99", 4))]);
    exchange.advance(minute(3, 2));
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [PendingReplace, PartialFill, ReplaceRejected, Rejected]);
    assert_eq!(row(&exchange, &old).status, OrderStatus::PartiallyFilled);
    exchange.step(&[quote(minute(3, 3), ("98", 1), ("99", 100))]);
    assert_eq!(row(&exchange, &old).status, OrderStatus::Filled);
    assert_sound(&exchange);
}

#[test]
fn a_replacement_that_expires_on_its_way_leaves_the_old_order_working() {
    let mut exchange = open_exchange(slow(Span::from_millis(20)));
    let old = exchange.submit(gtc(buy(10, limit("90")))).unwrap();
    exchange.advance(minute(3, 390).minus(Span::from_millis(10)));
    exchange.drain_updates();
    let day = Some(kernel::TimeInForce::Day);
    let change = Replacement { time_in_force: day, ..Replacement::default() };
    let new = exchange.replace(old.id, change).unwrap();
    exchange.advance(minute(3, 391));
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [PendingReplace, Expired, ReplaceRejected]);
    assert_eq!(row(&exchange, &old).status, OrderStatus::New);
    assert_eq!(row(&exchange, &new).status, OrderStatus::Expired);
    assert_sound(&exchange);
}

#[test]
fn a_venue_without_a_calendar_never_closes() {
    let mut exchange = Exchange::new(free(), symbols(), Vec::new());
    exchange.step(&[bar(0, FLAT)]);
    let order = exchange.submit(buy(10, limit("90"))).unwrap();
    assert_eq!((order.status, order.expires_at), (OrderStatus::PendingNew, None));
    exchange.advance(midnight(20));
    exchange.step(&[bar_of(spy(), midnight(20), ["80", "80", "80", "80"], 1)]);
    assert_eq!(row(&exchange, &order).status, OrderStatus::Filled);
    assert_sound(&exchange);
}
