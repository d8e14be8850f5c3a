//! A venue without a broker's rules: sized at the fill, turned in one go, sold short at will.

use crate::support::*;
use exchange::{Exchange, ExchangeConfig, OrderRequest, UpdateEvent};
use kernel::{MarketData, OrderSize, OrderStatus, Side, TimeInForce, VenueRules};

fn plain(cash_usd: &str) -> ExchangeConfig {
    let mut config = free();
    config.rules = VenueRules::Plain;
    config.starting_cash = cash(cash_usd);
    config.account.multiplier = 1;
    config
}

fn share(side: Side, percent: &str) -> OrderRequest {
    let size = OrderSize::EquityShare(percent.parse().unwrap());
    OrderRequest::new(spy(), side, size, market())
}

fn opens_at(at: i64, open: &str) -> MarketData {
    bar(at, [open, open, open, open])
}

fn held(exchange: &Exchange) -> String {
    exchange.position(spy()).map_or("0".into(), |row| row.qty.to_string())
}

#[test]
fn a_share_of_equity_is_sized_by_the_price_of_the_fill() {
    for (percent, open, expected) in
        [("100", "104", "96"), ("100", "97", "103"), ("50", "100", "50"), ("25", "33.3", "75")]
    {
        let mut exchange = open_exchange(plain("10000"));
        exchange.submit(share(Side::Buy, percent)).unwrap();
        exchange.step(&[opens_at(0, open)]);
        assert_eq!(held(&exchange), expected, "{percent} % at {open}");
        assert_sound(&exchange);
    }
}

/// 10,000 USD are 100 shares at 100. Sold at 104 they are 10,400 USD, and 100 shares are sold short.
#[test]
fn a_turn_closes_first_and_sizes_by_what_that_left() {
    let mut exchange = open_exchange(plain("10000"));
    exchange.submit(share(Side::Buy, "100")).unwrap();
    exchange.step(&[opens_at(0, "100")]);
    exchange.submit(sell(100, market())).unwrap();
    exchange.submit(share(Side::Sell, "100")).unwrap();
    exchange.drain_updates();
    exchange.step(&[opens_at(1, "104")]);
    assert_eq!(
        fills(&exchange.drain_updates()),
        [("100".to_owned(), "104".to_owned()), ("100".to_owned(), "104".to_owned())]
    );
    assert_eq!(held(&exchange), "-100");
    // Bought back at 130 it has lost 2,600 USD: 7,800 USD are 60 shares.
    exchange.submit(buy(100, market())).unwrap();
    exchange.submit(share(Side::Buy, "100")).unwrap();
    exchange.step(&[opens_at(2, "130")]);
    assert_eq!(held(&exchange), "60");
    assert_eq!(exchange.account().equity, cash("7800"));
    assert_sound(&exchange);
}

#[test]
fn it_waits_while_the_other_side_is_held() {
    let mut config = plain("10000");
    config.fills.participation = Some(kernel::BasisPoints::new(500));
    let mut exchange = open_exchange(config);
    // Bars trade 1,000 shares: 50 may be taken of each.
    exchange.submit(buy(60, market())).unwrap();
    exchange.step(&[opens_at(0, "100")]);
    exchange.step(&[opens_at(1, "100")]);
    exchange.submit(sell(60, market())).unwrap();
    let turn = exchange.submit(share(Side::Sell, "100")).unwrap();
    exchange.step(&[opens_at(2, "100")]);
    assert_eq!((held(&exchange).as_str(), row(&exchange, &turn).status), ("10", OrderStatus::New));
    exchange.step(&[opens_at(3, "100")]);
    assert_eq!(held(&exchange), "-40", "what the close left of the volume");
    exchange.step(&[opens_at(4, "200")]);
    exchange.step(&[opens_at(5, "200")]);
    assert_eq!(held(&exchange), "-100", "its size is that of its first fill");
    assert_eq!(row(&exchange, &turn).status, OrderStatus::Filled);
}

#[test]
fn what_does_not_buy_one_share_is_rejected_at_the_fill() {
    let mut exchange = open_exchange(plain("99"));
    exchange.submit(share(Side::Buy, "100")).unwrap();
    exchange.drain_updates();
    exchange.step(&[opens_at(0, "100")]);
    assert_eq!(events(&exchange.drain_updates()), [UpdateEvent::Rejected]);
    assert_eq!(held(&exchange), "0");
}

/// No leave to borrow, no 2,000 USD, no tick of the clock: shorts and fills are the market's alone.
#[test]
fn shares_are_sold_short_without_a_broker() {
    let mut config = plain("1000");
    config.assets.entry("SPY".into()).or_default().shortable = false;
    let mut exchange = open_exchange(config);
    let half = OrderSize::Shares("2.5".parse().unwrap());
    let short = OrderRequest::new(spy(), Side::Sell, half, market());
    exchange.submit(OrderRequest { time_in_force: TimeInForce::Gtc, ..short }).unwrap();
    exchange.step(&[opens_at(0, "100")]);
    assert_eq!(held(&exchange), "-2.5");
    // What is held takes its whole value off 1,000 USD.
    assert_eq!(exchange.account().buying_power, cash("750"));
    assert!(exchange.submit(sell(8, market())).is_err());
}

#[test]
fn what_is_left_can_be_filled_at_an_open_that_has_passed() {
    let mut exchange = open_exchange(plain("10050"));
    exchange.submit(share(Side::Buy, "100")).unwrap();
    exchange.step(&[opens_at(0, "100")]);
    let MarketData::Bar(last) = bar(1, ["107", "110", "106", "109"]) else { unreachable!() };
    exchange.step(&[MarketData::Bar(last)]);
    exchange.submit(sell(100, market())).unwrap();
    exchange.submit(buy(1, limit("1"))).unwrap();
    exchange.fill_at_open(&last);
    assert_eq!(held(&exchange), "0");
    assert_eq!(exchange.account().cash, cash("10750"));
    assert_eq!(exchange.open_orders().count(), 1, "a limit is not touched");
}
