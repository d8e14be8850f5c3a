//! What borrowing costs, worked by hand.

use crate::support::*;
use exchange::{Activity, AssetRules, Exchange, ExchangeConfig, OrderRequest};
use kernel::{BasisPoints, MovementKind, Side};

fn rates(borrow: i32, interest: i32) -> ExchangeConfig {
    let mut config = free();
    config.financing.borrow = BasisPoints::new(borrow);
    config.financing.margin_interest = BasisPoints::new(interest);
    config
}

/// What was posted, as texts.
fn posted(exchange: &Exchange) -> Vec<String> {
    let posted = exchange.activities().iter().filter_map(|activity| match activity {
        Activity::Cash(moved) => {
            assert_eq!(moved.kind, MovementKind::Interest);
            Some(moved.amount.to_string())
        }
        _ => None,
    });
    posted.collect()
}

fn in_ford(side: Side, qty: i64) -> OrderRequest {
    OrderRequest::new(ford(), side, shares(qty), market())
}

/// 100 shares at 100 USD and 3.6 % a year over 360 days: 1 USD a night, and three over a weekend.
#[test]
fn a_short_position_pays_for_each_night() {
    let mut exchange = holding(rates(360, 0), -100);
    exchange.advance(minute(7, 391));
    assert_eq!(posted(&exchange), ["-1", "-1", "-1", "-1", "-3"]);
    assert_eq!(exchange.account().cash, cash("109993"));
    let financing = exchange.financing();
    assert_eq!((financing.borrow_fees, financing.margin_interest), (cash("7"), cash("0")));
    assert_eq!((financing.accrued, financing.margin_calls), (cash("0"), 0));
    assert_sound(&exchange);
}

/// At 0.25 %: 0.069444... USD a night. Whole cents are posted, the rest is kept: seven nights owe
/// 0.486111... USD.
#[test]
fn whole_cents_are_posted_and_the_rest_is_kept() {
    let mut exchange = holding(rates(25, 0), -100);
    exchange.advance(minute(7, 391));
    assert_eq!(posted(&exchange), ["-0.06", "-0.07", "-0.07", "-0.07", "-0.21"]);
    assert_eq!(exchange.financing().accrued, cash("0.006111112"));
}

/// The market value at the close counts, and an asset's own rate before the venue's: SPY 36 % on
/// 11,000 USD is 11 USD, F 3.6 % on 10,000 USD is 1 USD.
#[test]
fn each_asset_has_its_rate_on_its_value_at_the_close() {
    let mut config = rates(360, 0);
    let hard = AssetRules { borrow: Some(BasisPoints::new(3_600)), ..AssetRules::default() };
    config.assets.insert("SPY".into(), hard);
    let mut exchange = holding(config, -100);
    exchange.submit(in_ford(Side::Sell, 1_000)).unwrap();
    exchange.step(&[
        bar_of(ford(), minute(3, 1), ["10"; 4], 1_000),
        bar_of(spy(), minute(3, 1), ["100", "110", "100", "110"], 1_000),
    ]);
    exchange.advance(minute(3, 391));
    assert_eq!(posted(&exchange), ["-12"]);
}

/// 1,500 shares at 100 USD with 100,000 USD: 50,000 are borrowed, at 7.2 % 10 USD a night, and 10
/// more the next: 10.002 USD.
#[test]
fn a_debit_balance_pays_interest() {
    let mut exchange = holding(rates(0, 720), 1_500);
    exchange.advance(minute(4, 391));
    assert_eq!(posted(&exchange), ["-10", "-10"]);
    let financing = exchange.financing();
    assert_eq!((financing.margin_interest, financing.accrued), (cash("20"), cash("0.002")));
    assert_eq!(exchange.account().cash, cash("-50020"));
}

/// 1,000 shares of SPY take all the cash, and 1,000 of F sold short bring 10,000 USD, which are set
/// aside. When F costs 12 USD, 2,000 USD are lacking: at 7.2 % 0.40 USD a night.
#[test]
fn what_a_short_sale_brought_is_no_cash_to_use() {
    let mut exchange = holding(rates(0, 720), 1_000);
    exchange.submit(in_ford(Side::Sell, 1_000)).unwrap();
    exchange.step(&[bar_of(ford(), minute(3, 1), ["10"; 4], 1_000)]);
    exchange.advance(minute(3, 391));
    assert!(posted(&exchange).is_empty());
    exchange.step(&[bar_of(ford(), minute(4, 0), ["12"; 4], 1_000)]);
    exchange.advance(minute(4, 391));
    assert_eq!(posted(&exchange), ["-0.4"]);
}

/// 3,000 shares with 200,000 USD borrowed. At 95 USD equity is 85,000 and 30 % of 285,000 are 85,500:
/// a call at each close until the price is back. Nothing grows meanwhile.
#[test]
fn equity_below_maintenance_is_a_margin_call() {
    let mut exchange = holding(free(), 3_000);
    exchange.advance(minute(3, 391));
    assert_eq!(exchange.financing().margin_calls, 0, "100,000 against 90,000");
    exchange.step(&[bar_of(spy(), minute(4, 0), ["95"; 4], 1_000)]);
    let refused = exchange.submit(buy(1, market())).unwrap_err();
    assert!(refused.message.contains("insufficient buying power"), "{refused:?}");
    exchange.advance(minute(5, 391));
    let financing = exchange.financing();
    assert_eq!((financing.margin_calls, financing.first_margin_call), (2, Some(20240604)));
    exchange.step(&[bar_of(spy(), minute(6, 0), ["100"; 4], 1_000)]);
    exchange.advance(minute(6, 391));
    assert_eq!(exchange.financing().margin_calls, 2);
    assert_eq!(exchange.position(spy()).unwrap().qty, shares(3_000), "nothing is closed by it");
}
