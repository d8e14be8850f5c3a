//! What a session has come to, held against what was expected of it, once a day.

use crate::common::*;
use kernel::risk::{Expected, Scopes};
use kernel::*;

/// Entries end 2 % down, trading 4 % down, and 3 % up is told; from the second day on it is a percent more.
fn band() -> Vec<Expected> {
    let points = |low, lowest, high| Expected {
        reduce_below: Some(BasisPoints::new(low)),
        halt_below: Some(BasisPoints::new(lowest)),
        tell_above: Some(BasisPoints::new(high)),
    };
    vec![points(-200, -400, 300), points(-300, -500, 400)]
}

/// 50,000 USD of equity in 1,000 AAA at 100: a dollar is 2 %.
fn session(expected: Vec<Expected>) -> Bench {
    let scopes = Scopes { expected, ..Scopes::NONE };
    let mut bench = Bench::in_deficit(Limits { scopes, max_leverage: 4, ..Limits::OFF });
    bench.bar("AAA", "100");
    bench
}

/// The day ends at a price, and the next one begins with it.
fn day(bench: &mut Bench, close: &str) -> Vec<Event> {
    bench.wait(60);
    let mut events = bench.bar("AAA", close);
    bench.wait(86_340);
    events.extend(bench.bar("AAA", close));
    events
}

fn told(events: &[Event]) -> Vec<String> {
    let alerts = events.iter().filter_map(|event| match event {
        Event::AlertRaised(alert) if &*alert.code == "outside_expectation" => {
            Some(format!("{:?}: {}", alert.severity, alert.text))
        }
        _ => None,
    });
    alerts.collect()
}

fn trading(bench: &Bench) -> TradingState {
    bench.kernel.state().trading_state()
}

#[test]
fn the_edge_of_the_band_is_inside_it_and_a_basis_point_more_is_not() {
    let mut bench = session(band());
    assert!(told(&day(&mut bench, "99")).is_empty());
    assert_eq!(trading(&bench), TradingState::Active);
    let mut bench = session(band());
    let told = told(&day(&mut bench, "98.99"));
    let text = "Critical: After 1 trading day the session is at -2.02 %, below the -2.00 % that was expected: \
                trading is reducing until it is resumed";
    assert_eq!(told, [text]);
    assert_eq!(trading(&bench), TradingState::Reducing);
}

#[test]
fn further_down_trading_halts_and_an_entry_that_stands_is_cancelled() {
    let mut bench = session(band());
    let order = OrderKind::Limit { limit: price("90") };
    let mut order = NewOrder::new(bench.symbol("BBB"), Side::Buy, shares(1), order);
    order.time_in_force = TimeInForce::Gtc;
    bench.bar("BBB", "92");
    bench.approve(order);
    assert_eq!(told(&day(&mut bench, "97.9")).len(), 1);
    assert_eq!(trading(&bench), TradingState::Halted);
    assert!(bench.kernel.state().order(OrderNumber(1)).unwrap().cancel_requested);
}

#[test]
fn a_later_day_has_edges_of_its_own_and_the_last_ones_stay() {
    let mut bench = session(band());
    assert!(told(&day(&mut bench, "99")).is_empty());
    assert!(told(&day(&mut bench, "98.5")).is_empty(), "three percent from the second day on");
    assert!(told(&day(&mut bench, "98.5")).is_empty());
    assert_eq!(told(&day(&mut bench, "98.49")).len(), 1);
}

#[test]
fn a_session_that_was_resumed_trades_until_the_next_day_is_over() {
    let mut bench = session(band());
    day(&mut bench, "98.9");
    bench.feed(Input::Command(Command::Resume { reason: "known".into() }));
    bench.wait(60);
    bench.bar("AAA", "98");
    assert_eq!(trading(&bench), TradingState::Active, "it is judged once a day");
    assert_eq!(told(&day(&mut bench, "98")).len(), 1);
    assert_eq!(trading(&bench), TradingState::Reducing);
    let again = told(&day(&mut bench, "98"));
    assert!(again[0].starts_with("Warning: "), "nothing changes: {again:?}");
}

#[test]
fn above_the_band_is_told_and_stops_nothing() {
    let mut bench = session(band());
    let told = told(&day(&mut bench, "101.51"));
    let text =
        "Warning: After 1 trading day the session is at 3.02 %, above the 3.00 % that was expected";
    assert_eq!(told, [text]);
    assert_eq!(trading(&bench), TradingState::Active);
}

#[test]
fn what_is_paid_in_is_no_return() {
    let mut bench = session(band());
    let (id, kind, amount) = ("deposit".into(), MovementKind::Deposit, cash("10000"));
    bench.feed(Input::Cash(CashMovement { id, kind, amount }));
    assert!(told(&day(&mut bench, "100")).is_empty());
    // 1,200 of 60,000 are two percent.
    assert!(told(&day(&mut bench, "98.2")).is_empty(), "three percent on the second day");
    assert_eq!(told(&day(&mut bench, "98.19")).len(), 1);
}

#[test]
fn without_a_band_nothing_is_judged() {
    let mut bench = session(Vec::new());
    assert!(told(&day(&mut bench, "60")).is_empty());
    assert_eq!(trading(&bench), TradingState::Active);
}
