//! What the broker lists and the session does not know: somebody else's is named once and left alone; what
//! is missing of one's own is asked for.

use crate::common::*;
use kernel::*;

const CASH: &str = "100000";

fn somebody_elses(bench: &Bench, id: &str) -> BrokerOrder {
    BrokerOrder {
        order: None,
        broker_id: BrokerOrderId(id.into()),
        symbol: Some(bench.symbol("AAA")),
        side: Side::Buy,
        quantity: shares(5),
        filled: Quantity::ZERO,
        status: OrderStatus::New,
    }
}

/// Looks often enough that nothing is only suspected any more; gives what was found.
fn looks(bench: &mut Bench, broker: &BrokerState) -> Vec<Difference> {
    let mut found = Vec::new();
    for _ in 0..4 {
        bench.wait(30);
        for event in bench.feed(Input::Broker(Box::new(broker.clone()))) {
            match event {
                Event::DifferenceFound(difference) => found.push(difference),
                Event::AlertRaised(alert) => assert_eq!(alert.severity, Severity::Warning),
                _ => {}
            }
        }
    }
    found
}

fn may_enter(bench: &mut Bench) {
    assert_eq!(bench.kernel.state().trading_state(), TradingState::Active);
    let buy = bench.market(Side::Buy, 1);
    let events = bench.propose([buy]);
    assert!(matches!(events[..], [Event::OrderApproved(_)]), "{events:?}");
}

#[test]
fn an_order_of_somebody_elses_is_named_once_and_left_alone() {
    let mut bench = Bench::warm(Limits::default());
    let order = somebody_elses(&bench, "by-hand");
    let broker = BrokerState { open_orders: vec![order], ..broker(CASH) };
    let broker_id = BrokerOrderId("by-hand".into());
    assert_eq!(looks(&mut bench, &broker), [Difference::OrderForeign { broker_id }]);
    assert!(bench.sends.is_empty(), "it is neither cancelled nor touched: {:?}", bench.sends);
    assert_eq!(bench.kernel.state().live_orders().count(), 0, "nor adopted");
    may_enter(&mut bench);
}

#[test]
fn a_second_one_is_named_too() {
    let mut bench = Bench::warm(Limits::default());
    let mut state =
        BrokerState { open_orders: vec![somebody_elses(&bench, "one")], ..broker(CASH) };
    assert_eq!(looks(&mut bench, &state).len(), 1);
    state.open_orders.push(somebody_elses(&bench, "two"));
    let broker_id = BrokerOrderId("two".into());
    assert_eq!(looks(&mut bench, &state), [Difference::OrderForeign { broker_id }]);
}

#[test]
fn a_position_in_a_symbol_that_is_not_traded_is_named_once_and_left_alone() {
    let mut bench = Bench::warm(Limits::default());
    let foreign_positions = vec![("ZZZ".into(), shares(-3))];
    let broker = BrokerState { foreign_positions, ..broker(CASH) };
    let (symbol, quantity) = ("ZZZ".into(), shares(-3));
    assert_eq!(looks(&mut bench, &broker), [Difference::PositionForeign { symbol, quantity }]);
    assert!(bench.sends.is_empty(), "{:?}", bench.sends);
    may_enter(&mut bench);
}

#[test]
fn what_a_restart_finds_again_was_named_already() {
    let mut bench = Bench::warm(Limits::default());
    let order = somebody_elses(&bench, "by-hand");
    let broker = BrokerState { open_orders: vec![order], ..broker(CASH) };
    assert_eq!(looks(&mut bench, &broker).len(), 1);
    let mut state = State::default();
    bench.records.iter().for_each(|record| state.evolve(record).unwrap());
    assert_eq!(&state, bench.kernel.state());
    bench.kernel = Kernel::recovered(state, vec![Box::new(bench.script.clone())]);
    bench.feed(Input::Restart { build: "test".into() });
    assert_eq!(looks(&mut bench, &broker), []);
}

#[test]
fn an_order_of_ones_own_that_is_not_listed_is_asked_for() {
    let mut bench = Bench::warm(Limits::default());
    let limit = bench.submit(Side::Buy, 1, OrderKind::Limit { limit: price("99") });
    bench.propose([limit]);
    bench.report(1, ReportKind::New);
    let mut asked = 0;
    for _ in 0..3 {
        bench.wait(30);
        let events = bench.feed(Input::Broker(Box::new(broker(CASH))));
        let is_for =
            |event: &&Event| matches!(event, Event::OrderQueryNeeded { order, .. } if order.0 == 1);
        asked += events.iter().filter(is_for).count();
    }
    assert!(asked > 0, "what became of it only the broker knows");
    assert!(bench.kernel.state().order(OrderNumber(1)).unwrap().is_live(), "until it has said so");
    may_enter(&mut bench);
}

/// The broker's list with an order of a number of ours in it.
fn listed(bench: &Bench, number: u64) -> BrokerState {
    let order = BrokerOrder { order: Some(OrderNumber(number)), ..somebody_elses(bench, "zombie") };
    BrokerState { open_orders: vec![order], ..broker(CASH) }
}

/// An order that has ended as a report says.
fn with_an_order_ended_by(reports: &[ReportKind]) -> Bench {
    let mut bench = Bench::warm(Limits::default());
    let limit = bench.submit(Side::Buy, 5, OrderKind::Limit { limit: price("99") });
    bench.propose([limit]);
    for kind in reports {
        bench.report(1, *kind);
    }
    assert!(!bench.kernel.state().order(OrderNumber(1)).unwrap().is_live());
    bench.sends.clear();
    bench
}

/// Called ended by a refusal that was none, by a look that missed it or by a report that was wrong: the
/// broker is right, and what rests there is cancelled.
#[test]
fn an_order_that_had_ended_and_is_open_at_the_broker_is_taken_back_and_cancelled() {
    let ends = [
        &[ReportKind::Refused][..],
        &[ReportKind::NotReceived],
        &[ReportKind::New, ReportKind::Canceled],
        &[ReportKind::New, ReportKind::Expired],
    ];
    for reports in ends {
        let mut bench = with_an_order_ended_by(reports);
        let ended = |bench: &Bench| {
            let tally = bench.kernel.state().tally();
            tally.canceled + tally.rejected + tally.expired
        };
        assert_eq!(ended(&bench), 1);
        let state = listed(&bench, 1);
        let first = bench.feed(Input::Broker(Box::new(state.clone())));
        assert!(matches!(first[..], [Event::DifferenceSuspected { .. }]), "{first:?}");
        let second = bench.feed(Input::Broker(Box::new(state.clone())));
        let broker_id = BrokerOrderId("zombie".into());
        let alive = Difference::OrderAlive { order: OrderNumber(1), broker_id };
        assert!(second.contains(&Event::DifferenceFound(alive)), "{second:?}");
        assert!(bench.status(1) == OrderStatus::New && bench.sends.len() == 1, "{:?}", bench.sends);
        assert_eq!(bench.kernel.state().live_orders().count(), 1, "flatten and limits see it");
        assert_eq!(bench.kernel.state().trading_state(), TradingState::Reducing);
        let third = bench.feed(Input::Broker(Box::new(state)));
        assert_eq!(third, [Event::Reconciled { open_orders: 1 }], "it is named once");
        bench.report(1, ReportKind::Canceled);
        assert_eq!(ended(&bench), 1, "it ends once");
        let mut state = State::default();
        bench.records.iter().for_each(|record| state.evolve(record).unwrap());
        assert_eq!(&state, bench.kernel.state());
    }
}

#[test]
fn what_fills_before_its_cancel_is_in_the_books() {
    let mut bench = with_an_order_ended_by(&[ReportKind::NotReceived]);
    let state = listed(&bench, 1);
    looks_at(&mut bench, &state);
    bench.fill(1, "x-1", 5, "99");
    assert_eq!((bench.status(1), bench.position().quantity), (OrderStatus::Filled, shares(5)));
    assert_eq!(bench.kernel.state().live_orders().count(), 0);
}

fn looks_at(bench: &mut Bench, broker: &BrokerState) {
    for _ in 0..2 {
        bench.feed(Input::Broker(Box::new(broker.clone())));
    }
}

/// A list that was read before an end came is no difference.
#[test]
fn an_order_that_is_open_in_one_look_alone_has_ended() {
    let mut bench = with_an_order_ended_by(&[ReportKind::New, ReportKind::Canceled]);
    let state = listed(&bench, 1);
    bench.feed(Input::Broker(Box::new(state)));
    let events = bench.feed(Input::Broker(Box::new(broker(CASH))));
    assert_eq!(events, [Event::Reconciled { open_orders: 0 }]);
    may_enter(&mut bench);
}

/// As after a journal that lacks its end: nobody knows what it was for.
#[test]
fn a_number_that_the_books_never_gave_is_somebody_elses() {
    let mut bench = Bench::warm(Limits::default());
    let state = listed(&bench, 7);
    let broker_id = BrokerOrderId("zombie".into());
    assert_eq!(looks(&mut bench, &state), [Difference::OrderForeign { broker_id }]);
}
