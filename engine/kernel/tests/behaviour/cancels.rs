//! Cancels: refused, overtaking their orders, and beside replacements.

use crate::common::*;
use kernel::*;

fn cancels(bench: &Bench) -> usize {
    bench.sends.iter().filter(|send| matches!(send, Send::Cancel(_))).count()
}

/// The cancel of an order that was still on its way finds nothing; the order arrives and works.
#[test]
fn a_cancel_that_came_before_its_order_is_asked_for_again() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.report(1, ReportKind::AnswerLost);
    bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    bench.report(1, ReportKind::CancelRejected);
    let events = bench.report(1, ReportKind::New);
    assert!(
        matches!(&events[..], [Event::OrderUpdated { .. }, Event::CancelApproved { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_refused_cancel_leaves_the_order_working_and_may_be_asked_again() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.report(1, ReportKind::New);
    bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    bench.report(1, ReportKind::PendingCancel);
    bench.report(1, ReportKind::CancelRejected);
    assert_eq!(bench.status(1), OrderStatus::New);
    let events = bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    assert!(matches!(&events[..], [Event::CancelApproved { .. }]), "{events:?}");
}

/// The replacement was rejected and nobody told that the original works on, so it counts as being replaced.
#[test]
fn a_cancel_that_was_refused_under_a_replacement_may_be_asked_again() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.report(1, ReportKind::New);
    bench.report(1, ReportKind::PendingReplace);
    bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    bench.report(1, ReportKind::CancelRejected);
    assert_eq!(bench.status(1), OrderStatus::PendingReplace);
    let events = bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    assert!(matches!(&events[..], [Event::CancelApproved { .. }]), "{events:?}");
}

/// The cancel overtakes its order, which is still being sent: the broker knows no such order yet.
#[test]
fn a_cancel_that_overtook_its_order_is_asked_for_again() {
    for first in [ReportKind::PendingNew, ReportKind::New] {
        let mut bench = Bench::warm(Limits::default());
        let buy = bench.market(Side::Buy, 10);
        bench.propose([buy]);
        bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
        bench.report(1, ReportKind::CancelRejected);
        assert_eq!(cancels(&bench), 1, "nothing works yet that could be cancelled");
        bench.report(1, first);
        assert_eq!(cancels(&bench), 2, "after {first:?}");
        bench.report(1, ReportKind::Canceled);
        assert_eq!(bench.status(1), OrderStatus::Canceled);
    }
}

/// The order is heard of before the refusal of a cancel that overtook it: one cancel is under way at a time,
/// so that the refusal of one is not taken for the refusal of the other.
#[test]
fn a_cancel_that_overtook_its_order_is_asked_for_again_once_it_is_refused() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    bench.report(1, ReportKind::New);
    assert_eq!(cancels(&bench), 1, "it may yet be carried out");
    bench.report(1, ReportKind::CancelRejected);
    assert_eq!(cancels(&bench), 2);
    bench.report(1, ReportKind::CancelRejected);
    assert_eq!(cancels(&bench), 2, "that one had reached it");
}

/// What an operator cancels is not kept alive by a strategy that changes it meanwhile.
#[test]
fn an_order_that_is_being_cancelled_is_not_replaced() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.submit(Side::Buy, 10, OrderKind::Limit { limit: price("99") });
    bench.propose([buy]);
    bench.report(1, ReportKind::New);
    bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    let kind = OrderKind::Limit { limit: price("98") };
    let order = OrderNumber(1);
    let events = bench.propose([Intent::Replace { order, quantity: shares(10), kind }]);
    let denial = risk::Denial::OrderNotWorking { order, status: Some(OrderStatus::PendingCancel) };
    assert!(
        matches!(&events[..], [Event::OrderDenied { denial: found, .. }] if *found == denial),
        "{events:?}"
    );
}

fn cancel_all() -> Input {
    Input::Command(Command::CancelAll { reason: "tidy up".into() })
}

/// What an operator cancels all at once is cancelled again where that failed, until the broker lists
/// none of it. What a strategy sends afterwards is not meant.
#[test]
fn everything_is_cancelled_until_the_broker_lists_none_of_it() {
    let mut bench = Bench::warm(Limits::default());
    let kind = OrderKind::Limit { limit: price("99") };
    let buy = bench.submit(Side::Buy, 10, kind);
    bench.propose([buy]);
    bench.report(1, ReportKind::New);
    bench.feed(cancel_all());
    let later = bench.submit(Side::Buy, 20, kind);
    bench.propose([later]);
    bench.report(2, ReportKind::New);
    assert_eq!((cancels(&bench), bench.kernel.state().cancels_until()), (1, Some(OrderNumber(1))));

    bench.report(1, ReportKind::CancelRejected);
    assert_eq!(cancels(&bench), 1, "not at once");
    let due = bench.kernel.next_deadline().expect("it is tried again");
    assert_eq!(due, bench.now.plus(Span::from_secs(5)));
    bench.wait(5).feed(Input::Timer);
    assert_eq!(cancels(&bench), 2);

    let symbol = Some(bench.symbol("AAA"));
    let listed = |order: u64| {
        let (order, broker_id) = (OrderNumber(order), BrokerOrderId(format!("b-{order}").into()));
        let (side, quantity, filled) = (Side::Buy, shares(10), Quantity::ZERO);
        let status = OrderStatus::New;
        BrokerOrder { order: Some(order), broker_id, symbol, side, quantity, filled, status }
    };
    let looks = |bench: &mut Bench, orders: &[u64]| {
        let open_orders = orders.iter().map(|order| listed(*order)).collect();
        let state = BrokerState { open_orders, ..broker("100000") };
        bench.feed(Input::Broker(Box::new(state)));
        bench.kernel.state().cancels_until()
    };
    assert_eq!(looks(&mut bench, &[1, 2]), Some(OrderNumber(1)));
    bench.report(1, ReportKind::Canceled);
    assert_eq!(looks(&mut bench, &[1, 2]), Some(OrderNumber(1)), "the broker still lists it");
    assert_eq!(looks(&mut bench, &[2]), None);
    assert_eq!((cancels(&bench), bench.status(2)), (2, OrderStatus::New));
}

/// Where that does not end, somebody is told.
#[test]
fn a_cancel_of_everything_that_does_not_end_is_told() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.submit(Side::Buy, 10, OrderKind::Limit { limit: price("99") });
    bench.propose([buy]);
    bench.report(1, ReportKind::New);
    bench.feed(cancel_all());
    bench.report(1, ReportKind::PendingCancel);
    let asked = bench.now;
    assert_eq!(bench.kernel.next_deadline(), Some(asked.plus(Span::from_secs(300))));
    let events = bench.wait(300).feed(Input::Timer);
    let [Event::AlertRaised(alert)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((alert.severity, &*alert.code), (Severity::Critical, "not_flat"));
    assert!(alert.text.contains("order 1 to buy 10 AAA"), "{}", alert.text);
    bench.feed(Input::Command(Command::Resume { reason: "it may stay".into() }));
    assert_eq!(bench.kernel.state().not_flat_since(), None);
}
