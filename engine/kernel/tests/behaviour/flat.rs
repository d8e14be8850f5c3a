//! The kill switch and the broker's word that everything is closed.

use crate::common::*;
use kernel::*;

fn flatten() -> Input {
    Input::Command(Command::Flatten { reason: "enough".into() })
}

/// The broker's account with the books' own cash and so many shares.
fn account_of(bench: &Bench, held: i64) -> BrokerState {
    let cash = bench.kernel.state().ledger().cash();
    let mut state = broker(&cash.to_string());
    if held != 0 {
        let (symbol, quantity) = (bench.symbol("AAA"), shares(held));
        let average_price = price("100");
        state.positions.push(BrokerPosition { symbol, quantity, average_price });
    }
    state
}

fn looks(bench: &mut Bench, state: &BrokerState) -> Vec<Event> {
    bench.wait(30);
    bench.feed(Input::Broker(Box::new(state.clone())))
}

fn is_confirmed(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::FlatConfirmed { .. }))
}

fn closes(bench: &Bench) -> Option<&Order> {
    bench.kernel.state().live_orders().find(|order| !order.grows)
}

#[test]
fn flat_books_are_flat_when_the_broker_says_so() {
    let mut bench = Bench::warm(Limits::default());
    let events = bench.feed(flatten());
    assert!(events.contains(&Event::Flattened), "{events:?}");
    assert!(bench.kernel.state().confirms_flat());
    let mut state = account_of(&bench, 0);
    state.foreign_positions.push(("ZZZ".into(), shares(3)));
    let confirmed = Event::FlatConfirmed { foreign_orders: 0, foreign_positions: 1 };
    assert!(looks(&mut bench, &state).contains(&confirmed));
    assert!(!is_confirmed(&looks(&mut bench, &state)), "it is said once");
}

/// What the broker holds against the books is closed too, and only then is it flat.
#[test]
fn what_the_broker_still_holds_is_closed_before_it_is_confirmed() {
    let mut bench = Bench::warm(Limits::default());
    bench.feed(flatten());
    let state = account_of(&bench, 7);
    for _ in 0..3 {
        assert!(!is_confirmed(&looks(&mut bench, &state)));
    }
    let order = closes(&bench).expect("a closing order").number;
    assert_eq!(bench.kernel.state().order(order).unwrap().quantity, shares(7));
    bench.report(order.0, ReportKind::Accepted);
    bench.fill(order.0, "late", 7, "100");
    let state = account_of(&bench, 0);
    assert!(is_confirmed(&looks(&mut bench, &state)));
}

/// An operator who resumes wants no flat account any more.
#[test]
fn resuming_ends_the_wait_for_the_brokers_word() {
    let mut bench = Bench::warm(Limits::default());
    bench.feed(flatten());
    bench.feed(Input::Command(Command::Resume { reason: "on with it".into() }));
    let state = account_of(&bench, 0);
    assert!(!is_confirmed(&looks(&mut bench, &state)));
}
