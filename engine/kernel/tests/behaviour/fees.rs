//! Fees are accrued with each execution, and taken back when the broker posts them.

use crate::common::*;
use kernel::*;

/// 27.80 USD a million, 0.000166 USD a share up to 8.30 USD, and 0.000035 USD a share.
fn rates() -> FeeRates {
    let taf = TafRate { nanos_per_share: 166_000, cap_cents: 830 };
    FeeRates { sec: vec![(0, 2_780)], taf: vec![(0, taf)], cat: vec![(0, 35_000)] }
}

/// A session that buys 100 at 100 and sells 40 of them at 110.
fn bench() -> Bench {
    let mut bench = Bench::priced(Limits::default(), rates());
    let buy = bench.market(Side::Buy, 100);
    bench.propose([buy]);
    bench.fill(1, "e1", 100, "100");
    let sell = bench.market(Side::Sell, 40);
    bench.propose([sell]);
    bench.fill(2, "e2", 40, "110");
    bench
}

fn post(bench: &mut Bench, id: &str, kind: FeeKind, amount: &str) -> Vec<Event> {
    bench.feed(Input::Fee(FeeCharge { id: id.into(), kind, amount: cash(amount) }))
}

fn alerts(events: &[Event]) -> Vec<&str> {
    let codes = events.iter().filter_map(|event| match event {
        Event::AlertRaised(alert) => Some(&*alert.code),
        _ => None,
    });
    codes.collect()
}

#[test]
fn what_will_be_posted_is_due_from_the_execution_on_and_is_not_in_the_cash() {
    let bench = bench();
    let ledger = bench.kernel.state().ledger();
    assert_eq!(ledger.cash(), cash("94400"), "100,000 less 10,000 and 4,400 more");
    assert_eq!(ledger.total_fees(), Cash::ZERO);
    // SEC 4,400 x 27.80 / 1,000,000, TAF 40 x 0.000166, CAT 140 x 0.000035.
    assert_eq!(ledger.accrued_fees(), cash("0.13386"));
}

#[test]
fn a_posting_takes_its_accrual_back_and_its_rounding_is_told_apart() {
    let mut bench = bench();
    for (id, kind, amount, left) in [
        ("f1", FeeKind::Sec, "0.13", "0.01154"),
        ("f2", FeeKind::Taf, "0.01", "0.0049"),
        ("f3", FeeKind::Cat, "0.01", "0"),
    ] {
        assert_eq!(alerts(&post(&mut bench, id, kind, amount)), [""; 0]);
        assert_eq!(bench.kernel.state().ledger().accrued_fees(), cash(left));
    }
    let ledger = bench.kernel.state().ledger();
    assert_eq!(ledger.cash(), cash("94399.85"), "cash is the broker's");
    assert_eq!(ledger.total_fees(), cash("0.15"));
    assert_eq!(ledger.fees()[&FeeKind::Sec], cash("0.12232"));
    assert_eq!(ledger.fee_rounding(), cash("0.01614"));
}

#[test]
fn more_or_less_than_a_days_rounding_is_told() {
    for amount in ["0.14", "0.10", "5"] {
        let mut bench = bench();
        let events = post(&mut bench, "f1", FeeKind::Sec, amount);
        assert_eq!(alerts(&events), ["fee_residue"], "{amount}");
        let ledger = bench.kernel.state().ledger();
        assert_eq!((ledger.total_fees(), ledger.fee_rounding()), (cash(amount), Cash::ZERO));
        assert_eq!(ledger.accrued_fees(), cash("0.01154"), "nothing waits for ever");
        assert_eq!(alerts(&post(&mut bench, "f2", FeeKind::Sec, "0.01")), ["fee_residue"]);
        assert_eq!(alerts(&post(&mut bench, "f3", FeeKind::Commission, "1")), [""; 0]);
    }
}
