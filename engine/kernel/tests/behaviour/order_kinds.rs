//! What becomes of each kind of order: its legs, its reservation, its share of the position.

use crate::common::*;
use kernel::*;

fn order(bench: &Bench, number: u64) -> Order {
    bench.kernel.state().order(OrderNumber(number)).unwrap().clone()
}

fn new(bench: &Bench, side: Side, quantity: i64, kind: OrderKind) -> NewOrder {
    NewOrder::new(bench.symbol("AAA"), side, shares(quantity), kind)
}

const MARKET: OrderKind = OrderKind::Market;

fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { limit: price(at) }
}

fn bracket(bench: &Bench, quantity: i64) -> NewOrder {
    let class = OrderClass::Bracket {
        take_profit: price("110"),
        stop_loss: StopLoss::with_limit(price("95"), price("94.5")),
    };
    new(bench, Side::Buy, quantity, limit("100")).grouped(class)
}

/// A bracket of ten whose entry has filled: orders 1, 2 and 3, all named by the broker.
fn protected() -> Bench {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    for number in 1..=3 {
        let kind = if number == 1 { ReportKind::New } else { ReportKind::Held };
        bench.report(number, kind);
    }
    bench.fill(1, "entry", 10, "100");
    bench.report(2, ReportKind::New);
    bench
}

fn stands(bench: &Bench, numbers: impl IntoIterator<Item = u64>) -> Vec<OrderStatus> {
    numbers.into_iter().map(|number| bench.status(number)).collect()
}

fn cancels(bench: &mut Bench) -> Vec<u64> {
    let sends = bench.sends.drain(..);
    let cancels = sends.filter_map(|send| match send {
        Send::Cancel(cancel) => Some(cancel.order().0),
        Send::Submit(_) | Send::Replace { .. } => None,
    });
    cancels.collect()
}

#[test]
fn legs_take_the_numbers_after_their_parent_and_are_held() {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    let [Send::Submit(approved)] = bench.sends.as_slice() else {
        panic!("one order is sent: {:?}", bench.sends)
    };
    assert_eq!(approved.legs().len(), 2);
    let (profit, stop) = (order(&bench, 2), order(&bench, 3));
    assert_eq!((profit.kind, profit.side), (limit("110"), Side::Sell));
    assert_eq!(stop.kind, OrderKind::StopLimit { stop: price("95"), limit: price("94.5") });
    for leg in [profit, stop] {
        assert_eq!((leg.status, leg.parent), (OrderStatus::Held, Some(OrderNumber(1))));
        assert_eq!((leg.quantity, leg.reserved), (shares(10), Cash::ZERO));
    }
    assert_eq!(bench.kernel.state().reserved(), Some(cash("1000")), "the entry's, once");
}

#[test]
fn exits_of_one_group_count_once_and_for_what_their_entry_has_filled() {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    bench.fill(1, "a", 4, "100");
    bench.wait(60);
    let one = new(&bench, Side::Sell, 1, limit("109"));
    assert_eq!(bench.verdict(one), "reduces_too_much", "the four are for the legs to close");
    bench.report(1, ReportKind::Canceled);
    let all = new(&bench, Side::Sell, 4, limit("109"));
    assert_eq!(bench.verdict(all), "approved", "the legs ended with their entry");
    let mut bench = protected();
    bench.wait(60);
    let one = new(&bench, Side::Sell, 1, limit("109"));
    assert_eq!(bench.verdict(one), "reduces_too_much", "either leg closes all ten");
    bench.fill(2, "p", 4, "110");
    assert_eq!(
        (order(&bench, 2).remaining(), order(&bench, 3).remaining()),
        (shares(6), shares(6))
    );
}

#[test]
fn what_one_exit_fills_is_taken_off_the_other() {
    let mut bench = protected();
    bench.fill(2, "p-1", 4, "110");
    bench.fill(3, "s-1", 6, "95");
    assert_eq!(bench.status(3), OrderStatus::Filled, "six is all that was left of it");
    bench.report(2, ReportKind::Canceled);
    assert_eq!(bench.position().quantity, Quantity::ZERO);
    assert_eq!(bench.kernel.state().live_orders().count(), 0);
}

#[test]
fn both_exits_may_fill_in_a_fast_market_and_both_are_booked() {
    let mut bench = protected();
    bench.fill(2, "p-1", 10, "110");
    bench.fill(3, "s-1", 10, "95");
    assert_eq!(bench.position().quantity, shares(-10));
    assert_eq!(stands(&bench, 2..=3), [OrderStatus::Filled, OrderStatus::Filled]);
}

#[test]
fn a_leg_that_reports_before_the_answer_that_names_it_is_not_lost() {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    bench.fill(1, "entry", 10, "100");
    let mut early = bench.plain(2, ReportKind::Fill);
    early.order = None;
    let id = ExecutionId("p-1".into());
    early.execution = Some(Execution { id, quantity: shares(10), price: price("110") });
    bench.feed(Input::Report(early.clone()));
    assert_eq!(bench.position().quantity, shares(10), "whose it is, is not known yet");
    bench.report(2, ReportKind::Held);
    assert_eq!(bench.position().quantity, Quantity::ZERO);
    assert_eq!(bench.status(2), OrderStatus::Filled);
    bench.feed(Input::Report(early));
    assert_eq!(bench.position().quantity, Quantity::ZERO, "once");
}

#[test]
fn an_entry_that_fills_before_its_legs_are_named_is_read() {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    let events = bench.fill(1, "entry", 10, "100");
    let asked = events.iter().any(
        |event| matches!(event, Event::OrderQueryNeeded { order, .. } if *order == OrderNumber(1)),
    );
    assert!(asked, "{events:?}");
}

#[test]
fn legs_end_with_the_entry_that_did_not_fill() {
    let ends = [
        (ReportKind::Refused, OrderStatus::Rejected),
        (ReportKind::NotReceived, OrderStatus::NotReceived),
        (ReportKind::Canceled, OrderStatus::Canceled),
        (ReportKind::Expired, OrderStatus::Expired),
    ];
    for (report, status) in ends {
        let mut bench = Bench::warm(Limits::default());
        bench.approve(bracket(&bench, 10));
        bench.report(1, report);
        assert_eq!(stands(&bench, 1..=3), [status; 3]);
        assert_eq!(bench.kernel.state().reserved(), Some(Cash::ZERO));
    }
}

#[test]
fn an_entry_that_ends_half_filled_leaves_a_position_without_exits_and_says_so() {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    bench.fill(1, "a", 4, "100");
    let events = bench.report(1, ReportKind::Canceled);
    let alerts = events.iter().filter_map(|event| match event {
        Event::AlertRaised(alert) => Some((&*alert.code, alert.severity)),
        _ => None,
    });
    assert_eq!(alerts.collect::<Vec<_>>(), [("entry_unprotected", Severity::Critical)]);
}

#[test]
fn a_group_is_cancelled_once() {
    let mut bench = protected();
    bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    assert_eq!(cancels(&mut bench), [2], "the broker cancels the rest of the group");
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    assert_eq!(cancels(&mut bench), [1]);
}

#[test]
fn a_leg_without_a_name_cannot_be_cancelled_or_replaced() {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(bracket(&bench, 10));
    for intent in [
        Intent::Cancel { order: OrderNumber(2) },
        Intent::Replace { order: OrderNumber(2), quantity: shares(10), kind: limit("111") },
    ] {
        let events = bench.propose([intent]);
        assert_eq!(denial(&events).map(risk::Denial::code), Some("order_not_working"));
    }
}

#[test]
fn a_stop_loss_is_moved_while_it_is_held_and_stays_in_its_group() {
    let mut bench = protected();
    let kind = OrderKind::StopLimit { stop: price("99"), limit: price("98.5") };
    let replace = |quantity| Intent::Replace { order: OrderNumber(3), quantity, kind };
    let events = bench.propose([replace(shares(9))]);
    assert_eq!(
        denial(&events).map(risk::Denial::code),
        Some("not_allowed"),
        "a leg keeps its size"
    );
    let events = bench.propose([replace(shares(10))]);
    assert_eq!(denial(&events), None);
    assert_eq!(order(&bench, 4).parent, Some(OrderNumber(1)));
    bench.report(3, ReportKind::Replaced);
    bench.report(4, ReportKind::Held);
    bench.fill(2, "p-1", 4, "110");
    assert_eq!(order(&bench, 4).remaining(), shares(6));
    // And the replacement is replaced.
    let kind = OrderKind::StopLimit { stop: price("99.5"), limit: price("99") };
    let events =
        bench.propose([Intent::Replace { order: OrderNumber(4), quantity: shares(6), kind }]);
    assert_eq!(denial(&events), None);
    bench.fill(4, "s-1", 6, "99");
    bench.report(5, ReportKind::Rejected);
    assert_eq!(bench.position().quantity, Quantity::ZERO);
}

/// Conformance 69.
#[test]
fn fills_of_a_chain_of_replacements_are_summed_once() {
    let mut bench = Bench::warm(Limits::default());
    bench.approve(new(&bench, Side::Buy, 10, limit("99")));
    bench.report(1, ReportKind::New);
    bench.fill(1, "a", 2, "99");
    let replace = |order, quantity, at| Intent::Replace {
        order: OrderNumber(order),
        quantity: shares(quantity),
        kind: limit(at),
    };
    bench.propose([replace(1, 10, "99.5")]);
    assert_eq!(order(&bench, 2).quantity, shares(8));
    // A fill races the replacement: the broker refuses it and the old order works on.
    bench.fill(1, "b", 1, "99");
    bench.report(2, ReportKind::Rejected);
    bench.report(1, ReportKind::ReplaceRejected);
    assert_eq!(bench.status(1), OrderStatus::PartiallyFilled);
    bench.propose([replace(1, 10, "99.75")]);
    bench.report(1, ReportKind::Replaced);
    bench.report(3, ReportKind::New);
    bench.fill(3, "c", 3, "99.75");
    bench.propose([replace(3, 7, "100")]);
    bench.report(3, ReportKind::Replaced);
    bench.report(4, ReportKind::New);
    // A late fill of an order that was replaced still counts.
    bench.fill(3, "d", 1, "99.75");
    bench.fill(4, "e", 3, "100");
    assert_eq!(bench.position().quantity, shares(10));
    assert_eq!(order(&bench, 4).quantity, shares(4));
}

#[test]
fn an_oco_closes_a_position_and_a_bracket_opens_one() {
    let mut bench = protected();
    bench.report(2, ReportKind::Canceled);
    bench.report(3, ReportKind::Canceled);
    bench.wait(60);
    let class = OrderClass::Oco { stop_loss: StopLoss::at(price("96")) };
    let oco = new(&bench, Side::Sell, 10, limit("108")).grouped(class);
    assert_eq!(bench.verdict(NewOrder { side: Side::Buy, ..oco }), "wrong_side");
    assert_eq!(bench.verdict(oco), "approved");
    assert_eq!(
        (order(&bench, 5).kind, order(&bench, 5).side),
        (OrderKind::Stop { stop: price("96") }, Side::Sell)
    );
    let one = new(&bench, Side::Sell, 1, limit("107"));
    assert_eq!(bench.verdict(one), "reduces_too_much");
    bench.report(4, ReportKind::New);
    bench.report(5, ReportKind::Held);
    bench.fill(4, "p", 4, "108");
    assert_eq!(order(&bench, 5).remaining(), shares(6));
    let exit = OrderClass::Oto { leg: Leg::StopLoss(StopLoss::at(price("110"))) };
    let exit = new(&bench, Side::Sell, 1, MARKET).grouped(exit);
    assert_eq!(bench.verdict(exit), "not_allowed", "an OTO is an entry");
}

/// Conformance 44.
#[test]
fn one_exit_is_an_oto() {
    let mut bench = Bench::warm(Limits::default());
    let leg = Leg::StopLoss(StopLoss::at(price("95")));
    bench.approve(new(&bench, Side::Buy, 10, MARKET).grouped(OrderClass::Oto { leg }));
    assert_eq!(order(&bench, 2).kind, OrderKind::Stop { stop: price("95") });
    assert!(bench.kernel.state().order(OrderNumber(3)).is_none());
}

/// The prices of a bracket's exits may be changed; its entry, and either order of an OTO, may not.
#[test]
fn what_of_a_group_is_replaced_is_what_the_broker_replaces() {
    let leg = Leg::StopLoss(StopLoss::at(price("95")));
    let cases = [
        (OrderClass::Oto { leg }, 1, limit("99"), "not_allowed"),
        (OrderClass::Oto { leg }, 2, OrderKind::Stop { stop: price("94") }, "not_allowed"),
        (
            OrderClass::Bracket { take_profit: price("110"), stop_loss: StopLoss::at(price("95")) },
            1,
            limit("99"),
            "not_allowed",
        ),
    ];
    for (class, order, kind, expected) in cases {
        let mut bench = Bench::warm(Limits::default());
        bench.approve(new(&bench, Side::Buy, 10, limit("98")).grouped(class));
        bench.report(1, ReportKind::New);
        bench.report(2, ReportKind::Held);
        let (order, quantity) = (OrderNumber(order), shares(10));
        let events = bench.propose([Intent::Replace { order, quantity, kind }]);
        assert_eq!(denial(&events).map(risk::Denial::code), Some(expected), "{class:?} {order}");
    }
}

#[test]
fn reservations_by_kind() {
    let trail = |trail| OrderKind::TrailingStop { trail };
    let slip = |at: &str| price(at).shifted(BasisPoints::new(250), Rounding::Up).unwrap();
    let rows = [
        (MARKET, slip("100")),
        (limit("99"), price("99")),
        (OrderKind::Stop { stop: price("104") }, slip("104")),
        (trail(Trail::Price(price("3"))), slip("103")),
        (trail(Trail::Percent("2.5".parse().unwrap())), slip("102.5")),
    ];
    for (kind, worst) in rows {
        let mut bench = Bench::warm(Limits::default());
        bench.approve(new(&bench, Side::Buy, 10, kind));
        let expected = worst.value(shares(10), Rounding::Up);
        assert_eq!(Some(order(&bench, 1).reserved), expected, "{kind:?}");
    }
}

#[test]
fn an_order_in_dollars_reserves_them_and_is_whole_when_the_broker_says_so() {
    let mut bench = Bench::warm(Limits::default());
    let size = OrderSize::Notional(cash("250"));
    bench.approve(NewOrder::new(bench.symbol("AAA"), Side::Buy, size, MARKET));
    let approved = order(&bench, 1);
    assert_eq!(approved.reserved, cash("250"));
    assert_eq!(approved.quantity.to_string(), "2.564102565", "at 97.5, rounded up");
    let mut fill = |kind, id: &str, quantity: &str| {
        let mut report = bench.plain(1, kind);
        let (id, quantity) = (ExecutionId(id.into()), quantity.parse().unwrap());
        report.execution = Some(Execution { id, quantity, price: price("100") });
        bench.feed(Input::Report(report));
        bench.status(1)
    };
    assert_eq!(fill(ReportKind::PartialFill, "a", "1.2"), OrderStatus::PartiallyFilled);
    assert_eq!(fill(ReportKind::Fill, "b", "1.3"), OrderStatus::Filled);
    assert_eq!(bench.kernel.state().reserved(), Some(Cash::ZERO));
    assert_eq!(bench.position().quantity.to_string(), "2.5");
}

#[test]
fn one_symbol_is_closed_and_the_others_are_left() {
    let mut bench = protected();
    let (symbol, other) = (bench.symbol("AAA"), bench.symbol("BBB"));
    bench.bar("BBB", "50");
    bench.approve(NewOrder::new(other, Side::Buy, shares(5), limit("49")));
    bench.sends.clear();
    bench.feed(Input::Command(Command::Close { symbol, reason: "test".into() }));
    assert_eq!(cancels(&mut bench), [2], "its exits hold the shares, so they go first");
    bench.report(2, ReportKind::Canceled);
    let events = bench.report(3, ReportKind::Canceled);
    let closing = events.iter().find_map(|event| match event {
        Event::OrderApproved(order) => Some((order.side, order.quantity, order.kind)),
        _ => None,
    });
    assert_eq!(closing, Some((Side::Sell, shares(10), MARKET)));
    let events = bench.fill(5, "out", 10, "99");
    assert!(events.contains(&Event::SymbolClosed { symbol }), "{events:?}");
    assert_eq!(bench.kernel.state().trading_state(), TradingState::Active);
    assert_eq!(bench.kernel.state().live_orders().count(), 1, "that of BBB");
}

#[test]
fn parts_of_a_share_are_not_sold_short() {
    let mut bench = Bench::warm(Limits::default());
    let half = OrderSize::Shares("0.5".parse().unwrap());
    let sale = NewOrder::new(bench.symbol("AAA"), Side::Sell, half, MARKET);
    assert_eq!(bench.verdict(sale), "not_allowed");
    bench.approve(NewOrder { side: Side::Buy, ..sale });
    let mut report = bench.plain(1, ReportKind::Fill);
    let id = ExecutionId("a".into());
    report.execution =
        Some(Execution { id, quantity: "0.5".parse().unwrap(), price: price("100") });
    bench.feed(Input::Report(report));
    assert_eq!(bench.verdict(sale), "approved", "what is held may be sold");
}

#[test]
fn a_session_that_trades_extended_hours_sends_its_limit_orders_there() {
    let mut bench = Bench::extended();
    let kinds = [(limit("99"), true), (MARKET, false)];
    for (number, (kind, extended)) in (1..).zip(kinds) {
        bench.approve(new(&bench, Side::Buy, 1, kind));
        assert_eq!(order(&bench, number).extended_hours, extended, "{kind:?}");
    }
    let mut bench = Bench::warm(Limits::default());
    bench.approve(new(&bench, Side::Buy, 1, limit("99")));
    bench.approve(new(&bench, Side::Buy, 2, limit("99")).in_extended_hours());
    assert_eq!((order(&bench, 1).extended_hours, order(&bench, 2).extended_hours), (false, true));
}

/// The broker starts an exit with fewer shares than were asked for when fewer are held.
#[test]
fn an_exit_that_the_broker_made_smaller_is_filled_when_the_broker_says_so() {
    let mut bench = protected();
    let mut report = bench.plain(2, ReportKind::Fill);
    let id = ExecutionId("all".into());
    report.execution = Some(Execution { id, quantity: shares(6), price: price("110") });
    report.cumulative = Some(shares(6));
    bench.feed(Input::Report(report));
    assert_eq!(bench.status(2), OrderStatus::Filled);
}
