//! The life of orders through the kernel: what a broker may report, and what must come of it.

use crate::common::*;
use kernel::*;

fn bought(quantity: i64) -> Bench {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, quantity);
    bench.propose([buy]);
    bench.report(1, ReportKind::PendingNew);
    bench.report(1, ReportKind::New);
    bench
}

#[test]
fn a_fill_moves_cash_and_position_to_the_last_digit() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 4, "100.01");
    assert_eq!(bench.status(1), OrderStatus::PartiallyFilled);
    bench.fill(1, "x-2", 6, "100.02");
    assert_eq!(bench.status(1), OrderStatus::Filled);
    assert_eq!(bench.kernel.state().ledger().cash(), cash("98999.84"));
    assert_eq!(bench.position().quantity, shares(10));
    assert_eq!(bench.position().average_price(), Some(price("100.016")));
}

#[test]
fn the_same_execution_twice_changes_nothing() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 4, "100");
    let before = bench.kernel.state().ledger().clone();
    let events = bench.fill(1, "x-1", 4, "100");
    let reason = IgnoreReason::DuplicateExecution;
    assert!(matches!(&events[..], [Event::ReportIgnored { reason: r, .. }] if *r == reason));
    assert_eq!(*bench.kernel.state().ledger(), before);
}

#[test]
fn shares_that_the_broker_counted_already_are_not_booked_under_another_name() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 10, "100");
    let mut again = bench.plain(1, ReportKind::Fill);
    let id = ExecutionId("other-name".into());
    again.execution = Some(Execution { id, quantity: shares(10), price: price("100") });
    again.cumulative = Some(shares(10));
    bench.feed(Input::Report(again));
    assert_eq!(bench.position().quantity, shares(10));
}

/// Conformance 105.
#[test]
fn reports_out_of_order_end_in_the_same_place() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.fill(1, "x-1", 10, "100");
    bench.report(1, ReportKind::New);
    bench.report(1, ReportKind::PendingNew);
    bench.report(1, ReportKind::AnswerLost);
    assert_eq!(bench.status(1), OrderStatus::Filled);
    let order = bench.kernel.state().order(OrderNumber(1)).unwrap();
    assert_eq!(order.broker_id, Some(BrokerOrderId("b-1".into())));
}

#[test]
fn a_fill_after_the_cancel_still_counts() {
    let mut bench = bought(10);
    bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    bench.report(1, ReportKind::PendingCancel);
    bench.fill(1, "x-1", 3, "100");
    assert_eq!(bench.status(1), OrderStatus::PendingCancel);
    bench.report(1, ReportKind::Canceled);
    assert_eq!(bench.status(1), OrderStatus::Canceled);
    bench.fill(1, "x-2", 2, "100");
    assert_eq!(bench.status(1), OrderStatus::Canceled);
    assert_eq!(bench.position().quantity, shares(5));
    assert_eq!(bench.kernel.state().reserved(), Some(Cash::ZERO));
}

/// The report of a part may be lost, and the end of the order may be all that is heard of it.
#[test]
fn an_end_that_counts_more_shares_than_were_reported_has_the_order_read() {
    let mut bench = bought(10);
    let mut end = bench.plain(1, ReportKind::Canceled);
    end.cumulative = Some(shares(4));
    let events = bench.feed(Input::Report(end.clone()));
    assert!(matches!(&events[..1], [Event::OrderQueryNeeded { .. }]), "{events:?}");
    bench.fill(1, "x-1", 4, "100");
    assert_eq!(bench.status(1), OrderStatus::Canceled);
    assert_eq!(bench.position().quantity, shares(4));
    assert_eq!(bench.feed(Input::Report(end)), []);
}

#[test]
fn an_order_whose_answer_was_lost_keeps_its_reservation_until_its_fate_is_known() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.report(1, ReportKind::AnswerLost);
    assert_eq!(bench.status(1), OrderStatus::Unknown);
    assert_eq!(bench.kernel.state().reserved(), Some(cash("1025")));
    bench.report(1, ReportKind::NotReceived);
    assert_eq!(bench.status(1), OrderStatus::NotReceived);
    assert_eq!(bench.kernel.state().reserved(), Some(Cash::ZERO));
}

#[test]
fn reservations_shrink_with_partial_fills() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 4, "100");
    assert_eq!(bench.kernel.state().reserved(), Some(cash("615")));
}

#[test]
fn two_intents_on_one_bar_cannot_spend_the_same_cash() {
    let limits = Limits {
        max_order_notional: None,
        max_position_notional: None,
        max_gross_exposure: None,
        ..Limits::default()
    };
    let mut bench = Bench::warm(limits);
    let (first, second) = (bench.market(Side::Buy, 600), bench.market(Side::Buy, 599));
    let events = bench.propose([first, second]);
    assert!(matches!(&events[0], Event::OrderApproved(_)));
    assert_eq!(denial(&events).map(risk::Denial::code), Some("buying_power"));
}

#[test]
fn an_entry_that_does_not_fill_is_cancelled_when_its_time_is_over() {
    let mut bench = Bench::warm(Limits::default());
    let kind = OrderKind::Limit { limit: price("99") };
    let buy = bench.submit(Side::Buy, 10, kind);
    bench.propose([buy]);
    bench.report(1, ReportKind::New);
    let deadline = bench.now.plus(Span::from_secs(900));
    assert_eq!(bench.kernel.next_deadline(), Some(deadline));
    assert_eq!(bench.kernel.due(deadline.minus(Span::from_nanos(1))), None);
    bench.now = deadline;
    let events = bench.feed(Input::Timer);
    assert!(matches!(&events[..], [Event::CancelApproved { .. }]));
    assert!(matches!(bench.sends.last(), Some(Send::Cancel(_))));
    assert_eq!(bench.kernel.next_deadline(), None);
}

#[test]
fn a_replacement_takes_the_place_of_the_old_order() {
    let mut bench = Bench::warm(Limits::default());
    let kind = OrderKind::Limit { limit: price("99") };
    let buy = bench.submit(Side::Buy, 10, kind);
    bench.propose([buy]);
    bench.report(1, ReportKind::New);
    let kind = OrderKind::Limit { limit: price("99.5") };
    bench.propose([Intent::Replace { order: OrderNumber(1), quantity: shares(10), kind }]);
    assert!(matches!(bench.sends.last(), Some(Send::Replace { .. })));
    bench.report(2, ReportKind::New);
    bench.report(1, ReportKind::Replaced);
    assert_eq!(bench.status(1), OrderStatus::Replaced);
    assert_eq!(bench.kernel.state().reserved(), Some(cash("995")));
}

/// Conformance 83.
#[test]
fn flatten_cancels_first_and_closes_when_the_cancels_are_done() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 10, "100");
    let kind = OrderKind::Limit { limit: price("99") };
    let more = bench.submit(Side::Buy, 5, kind);
    bench.propose([more]);
    bench.report(2, ReportKind::New);
    bench.sends.clear();
    bench.feed(Input::Command(Command::Flatten { reason: "enough".into() }));
    assert!(matches!(&bench.sends[..], [Send::Cancel(_)]));
    assert!(!bench.kernel.is_settled());
    bench.report(2, ReportKind::Canceled);
    assert!(matches!(&bench.sends[..], [_, Send::Submit(_)]));
    let events = bench.fill(3, "x-2", 10, "100.5");
    assert!(events.contains(&Event::Flattened));
    assert!(bench.kernel.is_settled());
    assert_eq!(bench.position().quantity, Quantity::ZERO);
    assert_eq!(bench.position().realised, cash("5"));
}

/// An exit rests for good; a cancel of it that the broker refuses must not keep a position open.
#[test]
fn a_cancel_that_is_refused_while_closing_is_asked_for_again() {
    let close =
        |bench: &Bench| Command::Close { symbol: bench.symbol("AAA"), reason: "enough".into() };
    let flatten = |_: &Bench| Command::Flatten { reason: "enough".into() };
    let commands: [&dyn Fn(&Bench) -> Command; 2] = [&close, &flatten];
    for command in commands {
        let mut bench = bought(10);
        bench.fill(1, "x-1", 10, "100");
        let stop = OrderKind::Stop { stop: price("90") };
        let symbol = bench.symbol("AAA");
        bench
            .approve(NewOrder::new(symbol, Side::Sell, shares(10), stop).lasting(TimeInForce::Gtc));
        bench.report(2, ReportKind::New);
        bench.sends.clear();
        let asked = command(&bench);
        bench.feed(Input::Command(asked));
        assert!(matches!(&bench.sends[..], [Send::Cancel(_)]));
        bench.report(2, ReportKind::CancelRejected);
        bench.bar("AAA", "100");
        assert_eq!(bench.sends.len(), 1, "not at once");
        let deadline = bench.kernel.next_deadline().unwrap();
        assert_eq!(deadline.since(bench.now), Span::from_secs(5));
        bench.now = deadline;
        bench.feed(Input::Timer);
        assert!(matches!(&bench.sends[..], [_, Send::Cancel(_)]));
        bench.feed(Input::Timer);
        assert_eq!(bench.sends.len(), 2, "once");
        bench.report(2, ReportKind::Canceled);
        assert!(matches!(&bench.sends[..], [_, _, Send::Submit(_)]));
        bench.report(3, ReportKind::New);
        bench.wait(60).bar("AAA", "100");
        assert_eq!(bench.sends.len(), 3, "what closes is left alone");
        bench.fill(3, "x-2", 10, "100");
        assert!(bench.kernel.is_settled());
    }
}

#[test]
fn a_refused_closing_is_not_tried_again_at_once_and_waits_longer_each_time() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 10, "100");
    bench.sends.clear();
    bench.feed(Input::Command(Command::Flatten { reason: "enough".into() }));
    assert_eq!(bench.sends.len(), 1);
    let mut waited = Vec::new();
    for order in 2..6 {
        bench.report(order, ReportKind::Refused);
        for _ in 0..5 {
            bench.bar("AAA", "100");
        }
        assert_eq!(bench.sends.len() as u64, order - 1, "nothing is sent while it waits");
        let deadline = bench.kernel.next_deadline().unwrap();
        waited.push(deadline.since(bench.now).nanos() / SCALE);
        bench.now = deadline;
        bench.feed(Input::Timer);
        assert_eq!(bench.sends.len() as u64, order);
    }
    assert_eq!(waited, [5, 10, 20, 40]);
    bench.fill(6, "x-2", 10, "100");
    assert!(bench.kernel.is_settled());
}

#[test]
fn short_room_warns_first_and_then_lets_nothing_grow() {
    let mut bench = Bench::warm(Limits::default());
    bench.feed(Input::Room(Room::High));
    assert_eq!(bench.kernel.state().trading_state(), TradingState::Active);
    bench.feed(Input::Room(Room::Full));
    assert_eq!(bench.kernel.state().trading_state(), TradingState::Reducing);
    let buy = bench.market(Side::Buy, 1);
    let events = bench.propose([buy]);
    assert_eq!(denial(&events).map(risk::Denial::code), Some("not_active"));
    assert_eq!(bench.kernel.state().tally().alerts, 2);
}

#[test]
fn a_difference_is_looked_at_twice() {
    let mut bench = bought(10);
    let mut state = broker("98000");
    let symbol = bench.symbol("AAA");
    let average_price = price("200");
    state.positions.push(BrokerPosition { symbol, quantity: shares(10), average_price });
    state.open_orders = vec![BrokerOrder {
        order: Some(OrderNumber(1)),
        broker_id: BrokerOrderId("b-1".into()),
        symbol: Some(symbol),
        side: Side::Buy,
        quantity: shares(10),
        filled: shares(0),
        status: OrderStatus::New,
    }];
    bench.feed(Input::Link { link: Link::Orders, up: false });
    bench.feed(Input::Link { link: Link::Orders, up: true });
    let first = bench.feed(Input::Broker(Box::new(state.clone())));
    assert!(matches!(&first[..], [Event::DifferenceSuspected { .. }]));
    assert!(!bench.kernel.state().is_reconciled());
    let second = bench.feed(Input::Broker(Box::new(state)));
    assert!(second.iter().any(|event| matches!(event, Event::DifferenceFound(_))));
    assert!(bench.kernel.state().is_reconciled());
    assert_eq!(bench.kernel.state().ledger().cash(), cash("98000"));
    assert_eq!(bench.position().quantity, shares(10));
}

#[test]
fn a_difference_that_stays_while_both_sides_move_on_is_found() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    let first = bench.feed(Input::Broker(Box::new(broker("99990"))));
    assert!(matches!(&first[..], [Event::DifferenceSuspected { .. }]));
    bench.fill(1, "x-1", 10, "100");
    let mut moved = broker("98990");
    let (symbol, average_price) = (bench.symbol("AAA"), price("100"));
    moved.positions.push(BrokerPosition { symbol, quantity: shares(10), average_price });
    let second = bench.feed(Input::Broker(Box::new(moved)));
    assert!(second.iter().any(|event| matches!(event, Event::DifferenceFound(_))), "{second:?}");
    assert_eq!(bench.kernel.state().ledger().cash(), cash("98990"));
}

/// The answer to an order outlasts two looks, and its report is lost.
#[test]
fn what_an_unanswered_order_may_have_moved_is_no_difference_yet() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    let mut state = broker("99000");
    let (symbol, average_price) = (bench.symbol("AAA"), price("100"));
    state.positions.push(BrokerPosition { symbol, quantity: shares(10), average_price });
    for _ in 0..3 {
        let events = bench.feed(Input::Broker(Box::new(state.clone())));
        assert!(matches!(&events[..], [Event::DifferenceSuspected { .. }]), "{events:?}");
    }
    bench.fill(1, "x-1", 10, "100");
    let events = bench.feed(Input::Broker(Box::new(state)));
    assert_eq!(events, [Event::Reconciled { open_orders: 0 }]);
    assert_eq!(bench.kernel.state().trading_state(), TradingState::Active);
}

#[test]
fn an_order_that_stays_without_an_answer_explains_nothing() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    let state = broker("99000");
    bench.feed(Input::Broker(Box::new(state.clone())));
    bench.wait(121);
    let events = bench.feed(Input::Broker(Box::new(state)));
    assert!(events.iter().any(|event| matches!(event, Event::DifferenceFound(_))), "{events:?}");
}

#[test]
fn a_difference_elsewhere_is_found_while_an_order_is_unanswered() {
    let mut bench = Bench::warm(Limits::default());
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    let mut state = broker("99000");
    let (symbol, average_price) = (bench.symbol("BBB"), price("100"));
    state.positions.push(BrokerPosition { symbol, quantity: shares(10), average_price });
    bench.feed(Input::Broker(Box::new(state.clone())));
    let second = bench.feed(Input::Broker(Box::new(state)));
    assert!(second.iter().any(|event| matches!(event, Event::DifferenceFound(_))), "{second:?}");
    assert_eq!(bench.kernel.state().trading_state(), TradingState::Reducing);
}

#[test]
fn books_compared_while_the_order_stream_is_down_are_not_reconciled() {
    let mut bench = Bench::warm(Limits::default());
    bench.feed(Input::Link { link: Link::Orders, up: false });
    bench.feed(Input::Broker(Box::new(broker("100000"))));
    bench.feed(Input::Link { link: Link::Orders, up: true });
    assert!(!bench.kernel.state().is_reconciled());
    bench.feed(Input::Broker(Box::new(broker("100000"))));
    assert!(bench.kernel.state().is_reconciled());
}

#[test]
fn a_fee_is_booked_once() {
    let mut bench = Bench::warm(Limits::default());
    let fee = FeeCharge { id: "f-1".into(), kind: FeeKind::Sec, amount: cash("0.03") };
    bench.feed(Input::Fee(fee.clone()));
    bench.feed(Input::Fee(fee));
    assert_eq!(bench.kernel.state().ledger().cash(), cash("99999.97"));
    assert_eq!(bench.kernel.state().ledger().total_fees(), cash("0.03"));
}

#[test]
fn bad_market_data_is_refused_and_leads_to_nothing() {
    let mut bench = Bench::warm(Limits::default());
    let symbol = bench.symbol("AAA");
    let crossed = Quote {
        symbol,
        time: bench.now,
        bid: price("101"),
        bid_size: shares(1),
        ask: price("100"),
        ask_size: shares(1),
    };
    let events = bench.feed(Input::Market(MarketData::Quote(crossed)));
    let reason = MarketDataError::Crossed;
    assert_eq!(events, [Event::DataRefused { symbol, reason }]);
    assert_eq!(bench.kernel.state().last_price(symbol), Some(price("100")));
}

/// Everything above, folded again from its records alone, is the same state.
#[test]
fn folding_the_records_rebuilds_the_state() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 4, "100.01");
    bench.propose([Intent::Cancel { order: OrderNumber(1) }]);
    bench.report(1, ReportKind::Canceled);
    bench.feed(Input::Command(Command::Flatten { reason: "end".into() }));
    bench.wait(1).fill(2, "x-2", 4, "99.5");
    bench.feed(Input::Stop(ShutdownPolicy::Flatten));

    let mut folded = State::default();
    for record in &bench.records {
        folded.evolve(record).unwrap();
    }
    assert_eq!(folded, *bench.kernel.state());
    let again = folded.evolve(bench.records.last().unwrap());
    assert!(matches!(again, Err(EvolveError::Sequence { .. })));

    let text = serde_json::to_string(&folded).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), folded);
}

/// Two kernels that are fed the same decide the same.
#[test]
fn deciding_again_on_the_same_inputs_gives_the_same_events() {
    let mut bench = bought(10);
    bench.fill(1, "x-1", 4, "100.01");
    bench.wait(1000).feed(Input::Timer);
    let script = Scripted::default();
    let mut kernel = Kernel::new(vec![Box::new(script.clone())]);
    let mut events = Vec::new();
    let mut out = Output::default();
    for record in &bench.records {
        let RecordBody::Input(stamped) = &record.body else { continue };
        if record.seq == approval_input(&bench.records) {
            let intent = bench.market(Side::Buy, 10);
            script.0.lock().unwrap().push(intent);
        }
        kernel.decide(stamped, &mut out).unwrap();
        events.append(&mut out.events);
    }
    let journalled = bench.records.iter().filter_map(|record| match &record.body {
        RecordBody::Event { event, .. } => Some(event.clone()),
        RecordBody::Input(_) => None,
    });
    assert_eq!(events, journalled.collect::<Vec<_>>());
}

/// A time to live that ended while no process ran is dealt with by the process that goes on, and not
/// before it has said that it does.
#[test]
fn what_fell_due_while_no_process_ran_waits_for_the_restart() {
    let bench = bought(10);
    let due = bench.kernel.next_deadline().unwrap();
    let mut kernel =
        Kernel::recovered(bench.kernel.state().clone(), vec![Box::new(Scripted::default())]);
    assert_eq!(kernel.due(due), None);
    let mut out = Output::default();
    let stamped = |input| Stamped { at: due, seen: due, input };
    let refused = kernel.decide(&stamped(Input::Timer), &mut out);
    assert_eq!(refused, Err(DecideError::NotRestarted));
    kernel.decide(&stamped(Input::Restart { build: "next".into() }), &mut out).unwrap();
    assert_eq!(kernel.due(due), Some(due));
}

fn approval_input(records: &[Record]) -> u64 {
    let approved = |record: &&Record| {
        matches!(&record.body, RecordBody::Event { event: Event::OrderApproved(_), .. })
    };
    records.iter().find(approved).unwrap().seq - 1
}
