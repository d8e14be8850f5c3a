//! The account's arithmetic, worked by hand.

use crate::support::*;
use exchange::{Activity, Exchange};
use kernel::{OrderStatus, Side};

fn fill(exchange: &mut Exchange, at: i64, side: Side, qty: i64, price: &str) {
    exchange.submit(order(side, qty, market())).unwrap();
    exchange.step(&[bar(at, [price; 4])]);
}

/// Conformance 80.
#[test]
fn positions_keep_their_weighted_mean_price() {
    let mut exchange = open_exchange(free());
    fill(&mut exchange, 0, Side::Buy, 10, "100");
    fill(&mut exchange, 1, Side::Buy, 20, "103");
    let position = exchange.position(spy()).unwrap();
    assert_eq!(position.avg_entry_price, price("102"));
    assert_eq!(position.cost_basis, cash("3060"));
    fill(&mut exchange, 2, Side::Sell, 12, "110");
    let position = exchange.position(spy()).unwrap();
    assert_eq!((position.qty, position.avg_entry_price), (shares(18), price("102")));
    assert_eq!((position.market_value, position.unrealized_pl), (cash("1980"), cash("144")));
    assert_eq!(exchange.account().cash, cash("98260"));
    fill(&mut exchange, 3, Side::Sell, 18, "110");
    assert_eq!(exchange.position(spy()), None);
    assert_eq!(exchange.account().cash, cash("100240"));
    assert_eq!(exchange.account().equity, cash("100240"));
}

/// Conformance 79.
#[test]
fn short_positions_have_negative_quantity_value_and_cost() {
    let mut exchange = open_exchange(free());
    fill(&mut exchange, 0, Side::Sell, 10, "100");
    fill(&mut exchange, 1, Side::Sell, 10, "90");
    let position = exchange.position(spy()).unwrap();
    assert_eq!(position.qty, shares(-20));
    assert_eq!(position.avg_entry_price, price("95"));
    assert_eq!((position.market_value, position.cost_basis), (cash("-1800"), cash("-1900")));
    assert_eq!(position.unrealized_pl, cash("100"));
    let account = exchange.account();
    assert_eq!((account.cash, account.short_market_value), (cash("101900"), cash("-1800")));
    assert_eq!(account.equity, cash("100100"));
    fill(&mut exchange, 2, Side::Buy, 20, "80");
    assert_eq!(exchange.account().cash, cash("100300"));
    let shorts = exchange.activities().iter().map(|activity| match activity {
        Activity::Fill(fill) => fill.short,
        _ => unreachable!("fills alone"),
    });
    assert_eq!(shorts.collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn margins_follow_the_price_of_the_position() {
    // Shares, price, initial margin, maintenance margin.
    let table = [
        (100, "100", "5000", "3000"),
        (100, "2.49", "124.5", "249"),
        (100, "2.5", "125", "75"),
        (-100, "4", "200", "400"),
        (-100, "2", "100", "250"),
        (-100, "10", "500", "500"),
        (-100, "20", "1000", "600"),
    ];
    for (qty, at, initial, maintenance) in table {
        let mut exchange = open_exchange(free());
        let side = if qty > 0 { Side::Buy } else { Side::Sell };
        fill(&mut exchange, 0, side, i64::abs(qty), at);
        let account = exchange.account();
        assert_eq!(account.initial_margin, cash(initial), "{qty} at {at}");
        assert_eq!(account.maintenance_margin, cash(maintenance), "{qty} at {at}");
    }
}

/// Conformance 78.
#[test]
fn buying_power_follows_the_multiplier() {
    for (multiplier, expected) in [(1, "90000"), (2, "190000"), (4, "388000")] {
        let mut config = free();
        config.account.multiplier = multiplier;
        let mut exchange = open_exchange(config);
        fill(&mut exchange, 0, Side::Buy, 100, "100");
        assert_eq!(exchange.account().buying_power, cash(expected), "multiplier {multiplier}");
    }
}

/// Conformance 47, 48.
#[test]
fn open_orders_that_open_a_position_reserve_buying_power() {
    let mut exchange = open_exchange(free());
    let all = cash("400000");
    let reserved = |exchange: &Exchange| {
        kernel::Cash::from_nanos(all.nanos() - exchange.account().buying_power.nanos())
    };
    // A limit at its price; a market order 2.5 % above the market; a short 3 % above it, or at
    // its limit; a stop at the limit it becomes.
    let table = [
        (buy(10, limit("90")), "900"),
        (buy(10, market()), "1025"),
        (sell(10, market()), "1030"),
        (sell(10, limit("120")), "1200"),
        (sell(10, limit("101")), "1030"),
        (buy(10, stop("120")), "1230"),
        (buy(10, stop_limit("120", "121")), "1210"),
    ];
    for (request, expected) in table {
        let order = exchange.submit(request).unwrap();
        assert_eq!(reserved(&exchange), cash(expected), "{order:?}");
        exchange.cancel(order.id).unwrap();
        assert_eq!(reserved(&exchange), cash("0"));
    }
}

#[test]
fn orders_that_close_reserve_shares_instead() {
    let mut exchange = holding(free(), 100);
    let power = exchange.account().buying_power;
    let order = exchange.submit(sell(60, limit("110"))).unwrap();
    assert_eq!(exchange.account().buying_power, power);
    assert_eq!(exchange.position(spy()).unwrap().qty_available, shares(40));
    exchange.cancel(order.id).unwrap();
    assert_eq!(exchange.position(spy()).unwrap().qty_available, shares(100));
}

#[test]
fn the_close_is_remembered() {
    let mut exchange = open_exchange(free());
    fill(&mut exchange, 0, Side::Buy, 100, "100");
    exchange.step(&[bar(389, ["104", "104", "104", "104"])]);
    exchange.step(&[bar_of(spy(), minute(4, 0), ["110"; 4], 1)]);
    let account = exchange.account();
    assert_eq!((account.last_equity, account.equity), (cash("100400"), cash("101000")));
    assert_eq!(account.last_maintenance_margin, cash("3120"));
    assert_eq!(account.balance_asof, Some(20240603));
    let position = exchange.position(spy()).unwrap();
    assert_eq!(position.lastday_price, Some(price("104")));
    assert_eq!(position.current_price, price("110"));
}

#[test]
fn fills_are_activities_named_by_new_yorks_time() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(10_000));
    let mut exchange = open_exchange(config);
    let order = exchange.submit(buy(10, market())).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 0), ["100"; 4], 4)]);
    exchange.step(&[bar_of(spy(), minute(3, 1), ["101"; 4], 100)]);
    let updates = exchange.drain_updates();
    let fills = exchange.activities().iter().map(|activity| match activity {
        Activity::Fill(fill) => fill,
        _ => unreachable!("fills alone"),
    });
    let fills = fills.collect::<Vec<_>>();
    assert_eq!(fills.len(), 2);
    assert_eq!(fills[0].order_id, order.id);
    let statuses = (fills[0].order_status, fills[1].order_status);
    assert_eq!(statuses, (OrderStatus::PartiallyFilled, OrderStatus::Filled));
    assert_eq!((fills[0].cum_qty, fills[0].leaves_qty), (shares(4), shares(6)));
    assert_eq!((fills[1].cum_qty, fills[1].leaves_qty), (shares(10), shares(0)));
    let execution = updates.iter().find_map(|update| update.execution.as_ref()).unwrap();
    let id = exchange.activities()[0].id();
    assert_eq!(id, format!("20240603093000000::{}", execution.id));
    assert!(exchange.activities()[0].is(&id) && !exchange.activities()[1].is(&id));
    assert_eq!(exchange.order(order.id).unwrap().filled_avg_price, Some(price("100.6")));
}
