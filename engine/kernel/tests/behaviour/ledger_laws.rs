//! Laws of the books, for any fills.

use crate::common::*;
use kernel::*;
use proptest::prelude::*;

/// Signed shares and a price in cents.
fn fills() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let one = (prop_oneof![-50_i64..0, 1_i64..=50], 1_i64..50_000);
    proptest::collection::vec(one, 1..40)
}

use proptest::strategy::Strategy;

/// Books fills directly, as an operator's foreign hand could: through reports on one big order
/// per side, so that every crossing of zero happens too.
fn book(fills: &[(i64, i64)]) -> Bench {
    let limits = Limits {
        max_order_quantity: None,
        max_order_notional: None,
        max_position_notional: None,
        max_gross_exposure: None,
        duplicate_window: None,
        ..Limits::default()
    };
    let mut bench = Bench::warm(limits);
    let buy = bench.submit(Side::Buy, 900, OrderKind::Limit { limit: price("96") });
    let sell = bench.submit(Side::Sell, 1, OrderKind::Limit { limit: price("104") });
    bench.propose([buy]);
    // It has ended, so that the other side may be opened; late fills are booked all the same.
    bench.report(1, ReportKind::Canceled);
    bench.propose([sell]);
    for (index, (signed, cents)) in fills.iter().enumerate() {
        let order = if *signed > 0 { 1 } else { 2 };
        let at = Price::from_nanos(cents * 10_000_000).to_string();
        bench.fill(order, &format!("x-{index}"), signed.abs(), &at);
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// `Bench::feed` checks after each input that all accounts sum to zero.
    #[test]
    fn position_and_cash_are_the_sum_of_fills(fills in fills()) {
        let bench = book(&fills);
        let quantity: i64 = fills.iter().map(|(signed, _)| signed).sum();
        let spent: i64 = fills.iter().map(|(signed, cents)| signed * cents).sum();
        prop_assert_eq!(bench.position().quantity, shares(quantity));
        let expected = 100_000 * SCALE - spent * 10_000_000;
        prop_assert_eq!(bench.kernel.state().ledger().cash().nanos(), expected);
    }

    /// Realised and unrealised profit together are what the trades made, at any last price.
    #[test]
    fn profit_is_conserved(fills in fills()) {
        let bench = book(&fills);
        let position = bench.position();
        let last = price("100");
        let total = position.realised.checked_add(position.unrealised(last).unwrap()).unwrap();
        let made: i64 = fills.iter().map(|(signed, cents)| signed * (10_000 - cents)).sum();
        prop_assert_eq!(total.nanos(), made * 10_000_000);
    }

    #[test]
    fn a_flat_position_costs_nothing(fills in fills()) {
        let mut closed = fills.clone();
        let rest: i64 = fills.iter().map(|(signed, _)| signed).sum();
        if rest != 0 {
            closed.push((-rest, 12_345));
        }
        let position = book(&closed).position();
        prop_assert_eq!(position.quantity, Quantity::ZERO);
        prop_assert_eq!(position.cost, Cash::ZERO);
    }

    #[test]
    fn every_fill_twice_is_every_fill_once(fills in fills()) {
        let once = book(&fills);
        let mut twice = book(&fills);
        for (index, (signed, cents)) in fills.iter().enumerate() {
            let order = if *signed > 0 { 1 } else { 2 };
            let at = Price::from_nanos(cents * 10_000_000).to_string();
            twice.fill(order, &format!("x-{index}"), signed.abs(), &at);
        }
        prop_assert_eq!(once.kernel.state().ledger(), twice.kernel.state().ledger());
    }
}
