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
