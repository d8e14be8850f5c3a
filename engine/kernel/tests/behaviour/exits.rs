//! Two exits for the same shares: what one fills the other does not, and one ends the other.

use crate::common::*;
use kernel::*;

/// An OCO around ten AAA that are held, of which nothing has been heard: orders 1 and 2.
fn unanswered() -> Bench {
    let mut bench = Bench::holding(10);
    let class = OrderClass::Oco { stop_loss: StopLoss::at(price("96")) };
    let kind = OrderKind::Limit { limit: price("108") };
    bench.approve(NewOrder::new(bench.symbol("AAA"), Side::Sell, shares(10), kind).grouped(class));
    bench
}

/// The same, both named by the broker.
fn oco() -> Bench {
    let mut bench = unanswered();
    bench.report(1, ReportKind::New);
    bench.report(2, ReportKind::Held);
    bench
}

/// The broker cancels the order of an OCO when its leg has filled, and may say so first.
#[test]
fn the_leg_of_an_oco_outlives_its_order_until_it_is_read() {
    for end in [ReportKind::Canceled, ReportKind::Expired, ReportKind::Rejected] {
        let mut bench = oco();
        let events = bench.report(1, end);
        assert_eq!(bench.status(2), OrderStatus::Held, "{end:?}");
        let asked = events
            .iter()
            .any(|event| matches!(event, Event::OrderQueryNeeded { order, .. } if order.0 == 2));
        assert!(asked, "{events:?}");
        bench.fill(2, "loss", 10, "96");
        assert_eq!(bench.status(2), OrderStatus::Filled);
        assert_eq!(bench.position().quantity, Quantity::ZERO);
    }
}

#[test]
fn the_leg_of_an_oco_that_the_broker_never_had_ends_with_it() {
    let ends = [
        (ReportKind::Refused, OrderStatus::Rejected),
        (ReportKind::NotReceived, OrderStatus::NotReceived),
    ];
    for (end, status) in ends {
        let mut bench = unanswered();
        bench.report(1, end);
        assert_eq!([bench.status(1), bench.status(2)], [status; 2]);
    }
}

/// A part of an order, and how much the broker counts of it since.
fn part(bench: &mut Bench, order: u64, kind: ReportKind, quantity: i64, counted: i64) {
    let execution = Execution {
        id: ExecutionId(format!("{order}-{counted}").into()),
        quantity: shares(quantity),
        price: price("100"),
    };
    let (execution, cumulative) = (Some(execution), Some(shares(counted)));
    let report = Report { execution, cumulative, ..bench.plain(order, kind) };
    bench.feed(Input::Report(report));
}

/// The limit order fills three, its leg the other seven, and the limit order is cancelled over it. The three
/// are heard of last, after the cancel or before it, or in two parts around the seven.
#[test]
fn an_exit_that_was_cancelled_over_the_other_has_not_filled() {
    let (first, last) = (ReportKind::PartialFill, ReportKind::Fill);
    let canceled = |bench: &mut Bench| {
        let cumulative = Some(shares(3));
        let report = Report { cumulative, ..bench.plain(1, ReportKind::Canceled) };
        bench.feed(Input::Report(report));
    };
    for after in [true, false] {
        for in_two in [true, false] {
            let mut bench = oco();
            if in_two {
                part(&mut bench, 1, first, 2, 2);
            }
            part(&mut bench, 2, last, 7, 7);
            if after {
                canceled(&mut bench);
            }
            part(&mut bench, 1, first, if in_two { 1 } else { 3 }, 3);
            let order = bench.kernel.state().order(OrderNumber(1)).unwrap();
            assert_eq!((order.filled, order.status.is_final()), (shares(3), after));
            if !after {
                canceled(&mut bench);
            }
            let stands = [bench.status(1), bench.status(2)];
            assert_eq!(stands, [OrderStatus::Canceled, OrderStatus::Filled], "{after} {in_two}");
            assert_eq!(bench.position().quantity, Quantity::ZERO);
        }
    }
}

/// The other way round: the leg fills a part, then the limit order the rest, and the broker says so.
#[test]
fn an_exit_that_the_other_left_a_part_to_has_filled_when_the_broker_says_so() {
    for is_read in [true, false] {
        let mut bench = oco();
        part(&mut bench, 2, ReportKind::PartialFill, 7, 7);
        let kind = if is_read { ReportKind::PartialFill } else { ReportKind::Fill };
        part(&mut bench, 1, kind, 3, 3);
        if is_read {
            let cumulative = Some(shares(3));
            let report = Report { cumulative, ..bench.plain(1, ReportKind::Fill) };
            bench.feed(Input::Report(report));
        }
        assert_eq!(bench.status(1), OrderStatus::Filled, "{is_read}");
        bench.report(2, ReportKind::Canceled);
        assert_eq!(bench.status(2), OrderStatus::Canceled);
        assert_eq!(bench.position().quantity, Quantity::ZERO);
    }
}

/// The word that it was cancelled was lost, and what is heard is that its own cancel came too late.
#[test]
fn an_exit_with_nothing_left_whose_cancel_is_refused_is_read() {
    let mut bench = oco();
    part(&mut bench, 1, ReportKind::PartialFill, 3, 3);
    bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    bench.report(1, ReportKind::PendingCancel);
    part(&mut bench, 2, ReportKind::Fill, 7, 7);
    bench.report(1, ReportKind::CancelRejected);
    assert_eq!(bench.status(1), OrderStatus::PartiallyFilled);
    let look = || Input::Broker(Box::new(broker("101000")));
    bench.feed(look());
    let events = bench.feed(look());
    let asks =
        |event: &Event| matches!(event, Event::OrderQueryNeeded { order, .. } if order.0 == 1);
    assert!(events.iter().any(asks), "{events:?}");
    bench.report(1, ReportKind::Canceled);
    assert_eq!(bench.status(1), OrderStatus::Canceled);
}
