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
