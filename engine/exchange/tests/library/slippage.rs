//! What a taker loses, worked by hand: a bar of 1,000 shares that opens at 100, or a quote of them.

use crate::support::*;
use exchange::{ExchangeConfig, Impact, OrderRequest};
use kernel::{BasisPoints, OrderSize, Side};

fn points(points: i32) -> BasisPoints {
    BasisPoints::new(points)
}

fn with(impact: Impact) -> ExchangeConfig {
    let mut config = free();
    config.fills.impact = impact;
    config
}

/// The price of the fill of an order on a bar.
fn filled(config: ExchangeConfig, request: OrderRequest) -> String {
    let mut exchange = open_exchange(config);
    exchange.submit(request).unwrap();
    exchange.drain_updates();
    exchange.step(&[bar(0, ["100", "101", "99", "100"])]);
    let fills = fills(&exchange.drain_updates());
    assert_eq!(fills.len(), 1);
    assert_sound(&exchange);
    fills[0].1.clone()
}

#[test]
fn cents_a_share_come_on_top_of_basis_points() {
    let mut config = free();
    config.fills.slippage_usd = price("0.05");
    assert_eq!(filled(config.clone(), buy(1, market())), "100.05");
    assert_eq!(filled(config.clone(), sell(1, market())), "99.95");
    // 10 basis points of 100 USD are 10 cents.
    config.fills.slippage = points(10);
    assert_eq!(filled(config.clone(), buy(1, market())), "100.15");
    assert_eq!(filled(config, buy(1, limit("100.1"))), "100.1", "within the limit");
}

/// Of 1,000 shares 100 are a tenth: its square a hundredth, its root 0.3162. At 1,000 basis points of
/// 100 USD those are 10 cents, and 3.1622... USD, up to the tick.
#[test]
fn impact_goes_by_the_share_of_the_volume() {
    for (impact, qty, bought, sold) in [
        (Impact::VolumeShare(points(1_000)), 100, "100.1", "99.9"),
        (Impact::VolumeShare(points(1_000)), 500, "102.5", "97.5"),
        (Impact::SquareRoot(points(1_000)), 100, "103.17", "96.83"),
        (Impact::SquareRoot(points(1_000)), 250, "105", "95"),
        (Impact::SquareRoot(points(0)), 250, "100", "100"),
        (Impact::None, 250, "100", "100"),
    ] {
        assert_eq!(filled(with(impact), buy(qty, market())), bought, "{impact:?} {qty}");
        assert_eq!(filled(with(impact), sell(qty, market())), sold, "{impact:?} {qty}");
    }
}

#[test]
fn more_than_the_volume_moves_the_price_as_all_of_it() {
    let mut config = with(Impact::VolumeShare(points(100)));
    config.starting_cash = cash("10000000");
    assert_eq!(filled(config, buy(5_000, market())), "101");
}

#[test]
fn a_resting_limit_that_the_market_comes_to_pays_nothing() {
    let config = with(Impact::SquareRoot(points(1_000)));
    assert_eq!(filled(config.clone(), buy(100, limit("99.5"))), "99.5");
    assert_eq!(filled(config, buy(100, limit("101"))), "101", "a taker's price ends at its limit");
}

#[test]
fn an_order_in_dollars_gets_fewer_shares() {
    let config = with(Impact::VolumeShare(points(10_000)));
    let mut exchange = open_exchange(config);
    let size = OrderSize::Notional(cash("10000"));
    exchange.submit(OrderRequest::new(spy(), Side::Buy, size, market())).unwrap();
    exchange.step(&[bar(0, ["100", "100", "100", "100"])]);
    // 100 shares would be a tenth: 1 % worse is 101, which buys 99.00990099.
    let position = exchange.position(spy()).unwrap();
    assert_eq!(position.qty.to_string(), "99.00990099");
    assert!(exchange.account().cash >= cash("90000"));
}

#[test]
fn a_quote_is_as_deep_as_it_shows() {
    let mut exchange = open_exchange(with(Impact::VolumeShare(points(1_000))));
    exchange.submit(buy(100, market())).unwrap();
    exchange.drain_updates();
    exchange.step(&[quote(minute(3, 0), ("99.9", 100), ("100", 200))]);
    // Half of what is offered: a quarter of 1,000 basis points.
    assert_eq!(fills(&exchange.drain_updates())[0].1, "102.5");
}
