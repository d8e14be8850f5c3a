//! The checker of stops: each way of losing one is found, and each end that has a reason is none.

use crate::support::*;
use exchange::check::{Breach, Claims, SessionRecord};
use exchange::{Exchange, OrderRequest, OrderRow, Replacement};
use kernel::{OrderClass, StopLoss};

/// A bracket of ten shares that has filled at 100, its exits at 105 and 95.
fn entered() -> (Exchange, OrderRow) {
    let mut exchange = open_exchange(free());
    let stop_loss = StopLoss { stop: price("95"), limit: None };
    let class = OrderClass::Bracket { take_profit: price("105"), stop_loss };
    let entry = named(OrderRequest { class, ..buy(10, market()) }, "tw-1");
    let parent = exchange.submit(entry).unwrap();
    exchange.step(&[bar(0, ["100"; 4])]);
    (exchange, parent)
}

/// Ten shares, and a stop of the session's for them.
fn guarded() -> (Exchange, OrderRow) {
    let mut exchange = open_exchange(free());
    exchange.submit(named(buy(10, market()), "tw-1")).unwrap();
    exchange.step(&[bar(0, ["100"; 4])]);
    let guard = exchange.submit(named(sell(10, stop("95")), "tw-2")).unwrap();
    (exchange, guard)
}

fn lost(record: &SessionRecord) -> Vec<String> {
    let claims = Claims { prefix: "tw-".into(), ..Claims::default() };
    let stops = record.breaches(&claims).into_iter().filter_map(|breach| match breach {
        Breach::LostStop { id } => Some(id),
        _ => None,
    });
    stops.collect()
}

/// The record with an end of a stop that nobody asked for.
fn spoiled(exchange: &Exchange, stop: &OrderRow, spoil: impl Fn(&mut OrderRow)) -> SessionRecord {
    let mut record = SessionRecord::of(exchange);
    record.orders.iter_mut().filter(|row| row.id == stop.id).for_each(spoil);
    record
}

#[test]
fn each_way_of_losing_a_stop_is_found() {
    type Spoil = fn(&mut OrderRow);
    let ways: [Spoil; 2] =
        [|row| row.canceled_at = Some(minute(3, 2)), |row| row.expired_at = Some(minute(3, 2))];
    for way in ways {
        let (exchange, guard) = guarded();
        assert_eq!(lost(&spoiled(&exchange, &guard, way)), ["tw-2"]);
        let (exchange, parent) = entered();
        let leg = exchange.order(parent.legs[1].unwrap()).unwrap().clone();
        let found = lost(&spoiled(&exchange, &leg, way));
        assert_eq!(found, [leg.client_order_id.to_string()], "a leg is its parent's");
    }
}

#[test]
fn a_stop_that_is_lost_counts_though_its_position_is_closed_later() {
    let (mut exchange, guard) = guarded();
    exchange.step(&[bar(1, ["100"; 4])]);
    exchange.cancel(guard.id).unwrap();
    exchange.submit(named(sell(10, market()), "tw-3")).unwrap();
    exchange.step(&[bar(2, ["100"; 4])]);
    assert!(exchange.positions().is_empty());
    let record = spoiled(&exchange, &guard, |row| {
        (row.canceled_at, row.cancel_requested_at) = (Some(minute(3, 1)), None);
    });
    assert_eq!(lost(&record), ["tw-2"]);
}

#[test]
fn a_part_that_the_other_exit_fills_excuses_no_lost_stop() {
    let (mut exchange, parent) = entered();
    exchange.fill_by_hand(parent.legs[0].unwrap(), 50).unwrap();
    let leg = exchange.order(parent.legs[1].unwrap()).unwrap().clone();
    assert_eq!(lost(&SessionRecord::of(&exchange)), [""; 0]);
    let record = spoiled(&exchange, &leg, |row| row.canceled_at = Some(minute(3, 2)));
    assert_eq!(lost(&record).len(), 1);
}

#[test]
fn a_stop_whose_end_has_a_reason_is_not_lost() {
    type Act = fn(&mut Exchange, &OrderRow);
    let groups: [Act; 4] = [
        |exchange, parent| exchange.cancel(parent.legs[1].unwrap()).unwrap(),
        |exchange, parent| exchange.cancel(parent.legs[0].unwrap()).unwrap(),
        |exchange, parent| exchange.fill_by_hand(parent.legs[0].unwrap(), 100).unwrap(),
        |exchange, _| exchange.split_by_hand(spy(), 2, 1).unwrap(),
    ];
    for (number, act) in groups.iter().enumerate() {
        let (mut exchange, parent) = entered();
        act(&mut exchange, &parent);
        let leg = exchange.order(parent.legs[1].unwrap()).unwrap();
        assert!(leg.status.is_final(), "{number}");
        assert_eq!(lost(&SessionRecord::of(&exchange)), [""; 0], "{number}");
    }
    let singles: [Act; 5] = [
        |exchange, guard| exchange.reject_by_hand(guard.id).unwrap(),
        |exchange, guard| exchange.cancel(guard.id).unwrap(),
        |exchange, guard| {
            let stop_price = Some(price("96"));
            let to = Replacement { stop_price, ..Replacement::default() };
            exchange.replace(guard.id, to).unwrap();
        },
        |exchange, guard| exchange.fill_by_hand(guard.id, 100).unwrap(),
        |exchange, _| exchange.begin_anew_by_hand(cash("1000")),
    ];
    for (number, act) in singles.iter().enumerate() {
        let (mut exchange, guard) = guarded();
        act(&mut exchange, &guard);
        assert!(row(&exchange, &guard).status.is_final(), "{number}");
        assert_eq!(lost(&SessionRecord::of(&exchange)), [""; 0], "{number}");
    }
}

#[test]
fn what_no_position_needs_and_what_its_plan_ends_is_not_lost() {
    let (exchange, guard) = guarded();
    let record = spoiled(&exchange, &guard, |row| row.expired_at = row.expires_at);
    assert_eq!(lost(&record), [""; 0], "a day order at the close");
    let (mut exchange, guard) = guarded();
    exchange.fill_by_hand(guard.id, 100).unwrap();
    let record = spoiled(&exchange, &guard, |row| row.canceled_at = Some(minute(3, 2)));
    assert_eq!(lost(&record), [""; 0], "nothing is held");
    let mut record = SessionRecord::of(&exchange);
    record.orders.iter_mut().for_each(|row| row.client_order_id = "other".into());
    assert_eq!(lost(&record), [""; 0], "somebody else's");
}
