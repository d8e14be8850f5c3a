//! What trading costs by date, and when it is taken from cash.

use crate::support::*;
use exchange::{Activity, Exchange, ExchangeConfig, FeeActivity};
use kernel::{Cash, FeeKind, Side, Span, TradingDay};

/// Buys and sells so many shares at a price on one date, and returns the fees posted that day.
fn round_trip(date: &str, qty: i64, at: &str, config: ExchangeConfig) -> Vec<FeeActivity> {
    let open = format!("{date}T14:30:00Z").parse().unwrap();
    let number = date.replace('-', "").parse().unwrap();
    let close = kernel::Timestamp::plus(open, Span::from_secs(6 * 3600));
    let day = TradingDay { date: number, open, close, extended_open: open, extended_close: close };
    let mut exchange = Exchange::new(config, symbols(), vec![day]);
    let step = |exchange: &mut Exchange, minute: i64| {
        let time = open.plus(Span::from_secs(minute * 60));
        exchange.step(&[bar_of(spy(), time, [at; 4], 1)]);
    };
    step(&mut exchange, 0);
    for (number, side) in [Side::Buy, Side::Sell].into_iter().enumerate() {
        exchange.submit(order(side, qty, market())).unwrap();
        step(&mut exchange, number as i64 + 1);
    }
    assert!(fees(&exchange).is_empty(), "nothing is posted before the close");
    let before = exchange.account();
    exchange.advance(close);
    let after = exchange.account();
    let posted = fees(&exchange);
    let sum: i64 = posted.iter().map(|fee| fee.amount.nanos()).sum();
    assert_eq!(before.cash, exchange.config().starting_cash, "accrued fees are not cash yet");
    assert_eq!(after.cash.nanos(), before.cash.nanos() - sum);
    assert!(before.accrued_fees.nanos() <= sum);
    assert_eq!(after.accrued_fees, Cash::ZERO);
    assert!(posted.iter().all(|fee| (fee.time, fee.date) == (close, number)));
    assert_sound(&exchange);
    posted
}

fn fees(exchange: &Exchange) -> Vec<FeeActivity> {
    let fees = exchange.activities().iter().filter_map(|activity| match activity {
        Activity::Fee(fee) => Some(fee.clone()),
        _ => None,
    });
    fees.collect()
}

fn rich() -> ExchangeConfig {
    ExchangeConfig { starting_cash: cash("100000000"), ..ExchangeConfig::default() }
}

#[test]
fn regulatory_fees_follow_the_date() {
    use FeeKind::{Cat, Sec, Taf};
    // 1,000 shares at 100: sales of 100,000 USD.
    let table: &[(&str, &[(FeeKind, &str)])] = &[
        ("2001-01-03", &[]),
        // 19.20 and 16.90 a million; TAF from 2005 at 0.000075.
        ("2011-01-20", &[(Sec, "1.69"), (Taf, "0.08")]),
        ("2011-01-21", &[(Sec, "1.92"), (Taf, "0.08")]),
        ("2019-02-11", &[(Sec, "1.3"), (Taf, "0.12")]),
        ("2024-05-21", &[(Sec, "0.8"), (Taf, "0.17")]),
        ("2024-05-22", &[(Sec, "2.78"), (Taf, "0.17")]),
        // CAT on both sides: 2,000 shares at 0.000035.
        ("2024-09-03", &[(Sec, "2.78"), (Taf, "0.17"), (Cat, "0.07")]),
        ("2025-05-14", &[(Taf, "0.17"), (Cat, "0.07")]),
        ("2026-01-02", &[(Taf, "0.2")]),
        ("2026-05-04", &[(Sec, "2.06"), (Taf, "0.2"), (Cat, "0.01")]),
        ("2026-11-02", &[(Sec, "2.06"), (Cat, "0.01")]),
    ];
    for (date, expected) in table {
        let posted = round_trip(date, 1_000, "100", rich());
        let posted: Vec<_> = posted.iter().map(|fee| (fee.kind, fee.amount)).collect();
        let expected: Vec<_> = expected.iter().map(|&(kind, usd)| (kind, cash(usd))).collect();
        assert_eq!(posted, expected, "{date}");
    }
}

#[test]
fn the_taf_is_capped_for_each_execution() {
    let posted = round_trip("2024-06-03", 60_000, "2", rich());
    let taf = posted.iter().find(|fee| fee.kind == FeeKind::Taf).unwrap();
    assert_eq!(taf.amount, cash("8.3"));
}

#[test]
fn the_days_total_of_a_kind_is_rounded_up_to_the_cent_once() {
    // Sales of 10 at 10: 0.00278 SEC and 0.00166 TAF.
    let posted = round_trip("2024-06-03", 10, "10", rich());
    let amounts: Vec<_> = posted.iter().map(|fee| fee.amount).collect();
    assert_eq!(amounts, [cash("0.01"), cash("0.01")]);

    let mut exchange = holding(ExchangeConfig::default(), 30);
    for minute in 1..=3 {
        exchange.submit(sell(10, market())).unwrap();
        exchange.step(&[bar(minute, ["100", "100", "100", "100"])]);
    }
    // 3,000 at 27.80 a million and 30 shares at 0.000166.
    assert_eq!(exchange.account().accrued_fees, cash("0.08838"));
    exchange.advance(minute(3, 390));
    let amounts: Vec<_> = fees(&exchange).iter().map(|fee| fee.amount).collect();
    assert_eq!(amounts, [cash("0.09"), cash("0.01")]);
    assert_sound(&exchange);
}

#[test]
fn a_total_of_whole_cents_is_not_rounded() {
    // 1,000 shares at 0.01 commission, both ways.
    let mut config = free();
    config.fees.commission.per_share = cash("0.01");
    config.fees.commission.per_order = cash("1.25");
    let posted = round_trip("2024-06-03", 1_000, "10", config);
    let posted: Vec<_> = posted.iter().map(|fee| (fee.kind, fee.amount)).collect();
    assert_eq!(posted, [(FeeKind::Commission, cash("22.5"))]);
}

#[test]
fn a_venue_may_charge_nothing() {
    assert!(round_trip("2024-06-03", 1_000, "10", free()).is_empty());
}
