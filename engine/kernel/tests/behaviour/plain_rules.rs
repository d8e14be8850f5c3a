//! A venue without a broker's rules: orders for a share of equity, and turns in one go.

use crate::common::*;
use kernel::risk::Denial;
use kernel::risk::compatibility::Rule;
use kernel::*;

fn share(bench: &Bench, side: Side, percent: &str) -> Intent {
    let size = OrderSize::EquityShare(percent.parse().unwrap());
    Intent::Submit(NewOrder::new(bench.symbol("AAA"), side, size, OrderKind::Market))
}

fn unlimited() -> Limits {
    Limits {
        max_order_notional: None,
        max_position_notional: None,
        max_order_quantity: None,
        max_gross_exposure: None,
        max_leverage: 1,
        market_slip: BasisPoints::new(500),
        ..Limits::default()
    }
}

fn approved(events: &[Event]) -> Vec<&Order> {
    let orders = events.iter().filter_map(|event| match event {
        Event::OrderApproved(order) => Some(&**order),
        _ => None,
    });
    orders.collect()
}

#[test]
fn alpaca_sizes_no_order_by_equity() {
    let mut bench = Bench::warm(unlimited());
    let wanted = share(&bench, Side::Buy, "50");
    let events = bench.propose([wanted]);
    let rule = Rule::EquityShareAlpaca;
    assert_eq!(denial(&events), Some(&Denial::NotAllowed { rule }));
    assert!(bench.sends.is_empty());
}

/// All of 100,000 USD at a price of 100 that may be 5 % lower: 1,052.63... shares, and no more USD
/// than there are.
#[test]
fn from_flat_it_takes_what_it_says_and_no_more() {
    let mut bench = Bench::plain_rules(unlimited(), 0);
    let wanted = share(&bench, Side::Buy, "100");
    let events = bench.propose([wanted]);
    let order = approved(&events)[0];
    assert!(order.grows);
    assert_eq!(order.reserved, cash("100000"));
    assert_eq!(order.quantity, "1052.631578948".parse().unwrap());
    let more = share(&bench, Side::Buy, "1");
    let events = bench.propose([more]);
    assert_eq!(denial(&events).map(Denial::code), Some("buying_power"));
}

#[test]
fn a_turn_is_a_close_and_an_entry_that_is_bounded_at_worst() {
    let mut bench = Bench::plain_rules(unlimited(), 1_000);
    // 100,000 USD in cash and 1,000 shares at 100 are 200,000 USD of equity.
    let (close, open) = (bench.market(Side::Sell, 1_000), share(&bench, Side::Sell, "100"));
    let events = bench.propose([close, open]);
    let orders = approved(&events);
    assert_eq!(orders.len(), 2, "{events:?}");
    assert!(!orders[0].grows && orders[1].grows);
    // What is held may be sold 5 % higher.
    assert_eq!(orders[1].reserved, cash("205000"));

    let mut report = bench.plain(1, ReportKind::Fill);
    report.execution = Some(Execution {
        id: ExecutionId("x1".into()),
        quantity: shares(1_000),
        price: price("104"),
    });
    bench.feed(Input::Report(report));
    assert_eq!(bench.position().quantity, Quantity::ZERO);
    // 204,000 USD at 104 are 1,961 whole shares; the venue's word ends the order.
    bench.fill(2, "x2", 1_961, "104");
    assert_eq!(bench.position().quantity, shares(-1_961));
    assert_eq!(bench.status(2), OrderStatus::Filled);
    assert_eq!(bench.kernel.state().reserved(), Some(Cash::ZERO));
}

#[test]
fn without_its_close_a_turn_would_cross_zero() {
    let mut bench = Bench::plain_rules(unlimited(), 1_000);
    let open = share(&bench, Side::Sell, "100");
    let events = bench.propose([open.clone()]);
    assert_eq!(denial(&events).map(Denial::code), Some("reduces_too_much"));
    // A close of a part, or at a limit that may never be met, is not enough.
    let part = bench.market(Side::Sell, 999);
    let events = bench.propose([part, open.clone()]);
    assert_eq!(denial(&events).map(Denial::code), Some("reduces_too_much"));

    let mut bench = Bench::plain_rules(unlimited(), 1_000);
    let resting = bench.submit(Side::Sell, 1_000, OrderKind::Limit { limit: price("101") });
    let events = bench.propose([resting, open]);
    assert_eq!(denial(&events).map(Denial::code), Some("reduces_too_much"));
}

#[test]
fn limits_see_the_position_after_the_turn() {
    let exposure = Limits { max_gross_exposure: Some(BasisPoints::new(10_000)), ..unlimited() };
    let position = Limits { max_position_notional: Some(cash("205000")), ..unlimited() };
    for (limits, percent, verdict) in [
        (exposure.clone(), "100", None),
        (exposure, "100.01", Some("gross_exposure")),
        (position.clone(), "100", None),
        (position, "100.01", Some("position_notional")),
        (unlimited(), "100.01", Some("buying_power")),
    ] {
        let limits = Limits { max_leverage: if percent == "100" { 1 } else { 4 }, ..limits };
        let limits = match verdict {
            Some("buying_power") => Limits { max_leverage: 1, ..limits },
            _ => limits,
        };
        let mut bench = Bench::plain_rules(limits, 1_000);
        let (close, open) = (bench.market(Side::Sell, 1_000), share(&bench, Side::Sell, percent));
        let events = bench.propose([close, open]);
        assert_eq!(denial(&events).map(Denial::code), verdict, "{percent}");
        assert!(!approved(&events).is_empty(), "the close passes in any case");
    }
}

#[test]
fn a_short_in_parts_needs_no_loan() {
    let mut bench = Bench::plain_rules(unlimited(), 0);
    let facts = AssetFacts {
        shortable: false,
        easy_to_borrow: false,
        fractionable: false,
        ..facts(bench.symbol("AAA"))
    };
    bench.feed(Input::Asset(facts));
    let size: Quantity = "1.5".parse().unwrap();
    let order = NewOrder::new(bench.symbol("AAA"), Side::Sell, size, OrderKind::Market);
    assert_eq!(bench.verdict(order.lasting(TimeInForce::Gtc)), "approved");
}
