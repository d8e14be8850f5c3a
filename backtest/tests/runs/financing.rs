//! What borrowing costs in a backtest, worked by hand.

use crate::common::*;
use backtest::BacktestConfig;
use kernel::{BasisPoints, Cash, Limits, Side, Span};
use marketdata::Feed;

const DAY: Span = Span::from_secs(86_400);

/// Daily bars from Tuesday 2024-01-02 to Friday, midnight in New York.
fn daily(closes: [i64; 4]) -> Feed {
    bars(&[("AAA", flat(&closes))], time("2024-01-02T05:00:00Z"), DAY)
}

fn unlimited(feed: &Feed) -> BacktestConfig {
    let mut config = without_fees(feed);
    config.limits = Limits {
        max_order_quantity: None,
        max_order_notional: None,
        max_position_notional: None,
        max_gross_exposure: None,
        max_risk_per_trade: None,
        daily_drawdown: None,
        max_leverage: 4,
        ..config.limits
    };
    config
}

fn usd(text: &str) -> Cash {
    text.parse().unwrap()
}

/// 100 shares sold short at Wednesday's open of 100 USD, at 3.6 % a year: 1 USD on 10,000 USD for
/// Wednesday's night, 1.10 on 11,000 for Thursday's, 3.30 for the three after Friday.
#[test]
fn a_short_position_pays_from_close_to_close() {
    let feed = daily([10_000, 10_000, 11_000, 11_000]);
    let mut config = unlimited(&feed);
    config.exchange.financing.borrow = BasisPoints::new(360);
    let report = run(&config, &feed, vec![wishes("short", &[(1, Side::Sell, 100)])]);
    assert_eq!(report.financing.borrow_fees, usd("5.4"));
    assert_eq!((report.cash, report.equity), (usd("109994.6"), usd("98994.6")));
    assert_eq!(report.fees, Cash::ZERO, "interest is no fee");
}

/// 1,500 shares at 100 USD borrow 50,000 USD: at 7.2 % 10 USD, then 10.002 on what is owed, then
/// three times 10.004: 50.014 USD, of which whole cents are posted.
#[test]
fn a_debit_balance_pays_interest() {
    let feed = daily([10_000; 4]);
    let mut config = unlimited(&feed);
    config.exchange.financing.margin_interest = BasisPoints::new(720);
    let report = run(&config, &feed, vec![wishes("long", &[(1, Side::Buy, 1_500)])]);
    assert_eq!(report.financing.margin_interest, usd("50.01"));
    assert_eq!(report.financing.accrued, usd("0.004"));
    assert_eq!(report.equity, usd("99949.99"));
}

/// 3,000 shares with 200,000 USD borrowed: at 95 USD equity is 85,000, below 30 % of 285,000.
#[test]
fn a_margin_call_is_told() {
    let feed = daily([10_000, 10_000, 9_500, 9_500]);
    let long = || vec![wishes("long", &[(1, Side::Buy, 3_000)])];
    let report = run(&unlimited(&feed), &feed, long());
    assert_eq!(report.positions["AAA"].qty.to_string(), "3000");
    let financing = report.financing;
    assert_eq!((financing.margin_calls, financing.first_margin_call), (2, Some(20240104)));
    assert!(report.notes.iter().any(|note| note.contains("margin call")), "{:?}", report.notes);
}

/// Rates of zero are no rates: nothing of the result is otherwise.
#[test]
fn without_rates_nothing_is_written_of_them() {
    let feed = daily([10_000; 4]);
    let config = unlimited(&feed);
    let report = run(&config, &feed, vec![wishes("short", &[(1, Side::Sell, 100)])]);
    let json = serde_json::to_value(&report).unwrap();
    assert!(
        json.get("financing").is_none() && json["rules"]["exchange"].get("financing").is_none()
    );
}
