//! What a crash may leave: the records of an input cut off after any of its events.

use crate::common::*;
use kernel::*;

fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { limit: price(at) }
}

fn cancels(bench: &mut Bench) -> Vec<u64> {
    let sends = bench.sends.drain(..);
    let cancels = sends.filter_map(|send| match send {
        Send::Cancel(cancel) => Some(cancel.order().0),
        Send::Submit(_) | Send::Replace { .. } => None,
    });
    cancels.collect()
}

/// The states that a crash may leave of a session: the records of its last input cut off after
/// each event.
fn cut_off(bench: &Bench) -> Vec<State> {
    let last = bench.records.iter().rposition(|it| matches!(it.body, RecordBody::Input(_)));
    let mut state = State::default();
    let mut left = Vec::new();
    for (place, record) in bench.records.iter().enumerate() {
        state.evolve(record).unwrap();
        if last.is_some_and(|last| place >= last) {
            left.push(state.clone());
        }
    }
    left
}

#[test]
fn no_crash_leaves_a_leg_behind_its_entry() {
    for end in [ReportKind::NotReceived, ReportKind::Refused, ReportKind::Canceled] {
        let mut bench = Bench::warm(Limits::default());
        let class =
            OrderClass::Bracket { take_profit: price("110"), stop_loss: StopLoss::at(price("95")) };
        let entry = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(10), limit("100"));
        bench.approve(entry.grouped(class));
        bench.report(1, end);
        for state in cut_off(&bench) {
            let live: Vec<u64> = state.live_orders().map(|order| order.number.0).collect();
            assert!(live.is_empty() || live.contains(&1), "{end:?} leaves {live:?}");
        }
    }
}

/// Somebody else has closed the position that an exit was for.
fn closed_by_hand() -> Bench {
    let mut bench = Bench::holding(10);
    bench.propose([bench.submit(Side::Sell, 10, limit("108"))]);
    bench.report(1, ReportKind::New);
    let listed = BrokerOrder {
        order: Some(OrderNumber(1)),
        broker_id: BrokerOrderId("b-1".into()),
        symbol: Some(bench.symbol("AAA")),
        side: Side::Sell,
        quantity: shares(10),
        filled: Quantity::ZERO,
        status: OrderStatus::New,
    };
    let flat = BrokerState { open_orders: vec![listed], ..broker("101000") };
    for _ in 0..2 {
        bench.feed(Input::Broker(Box::new(flat.clone())));
    }
    assert_eq!(cancels(&mut bench), [1]);
    bench
}

#[test]
fn no_crash_leaves_books_that_were_moved_and_entries_allowed() {
    let bench = closed_by_hand();
    for state in cut_off(&bench) {
        let moved = state.ledger().cash() != cash("100000");
        assert!(!moved || state.trading_state() == TradingState::Reducing);
    }
}

#[test]
fn an_exit_that_a_crash_left_uncovered_is_cancelled_at_the_next_look() {
    let mut bench = closed_by_hand();
    let symbol = bench.symbol("AAA");
    let uncovered = |state: &State| {
        let flat = state.ledger().position(symbol).quantity.is_zero();
        flat && state.live_orders().all(|order| !order.cancel_requested)
    };
    let state = cut_off(&bench).into_iter().find(uncovered).unwrap();
    bench.kernel = Kernel::recovered(state, vec![Box::new(bench.script.clone())]);
    bench.feed(Input::Restart { build: "test".into() });
    bench.feed(Input::Link { link: Link::Orders, up: true });
    for _ in 0..2 {
        bench.feed(Input::Broker(Box::new(broker("101000"))));
    }
    assert_eq!(cancels(&mut bench), [1]);
}

#[test]
fn no_crash_leaves_an_end_without_the_shares_that_it_counts() {
    let mut bench = Bench::warm(Limits::default());
    bench.propose([bench.submit(Side::Buy, 10, limit("100"))]);
    bench.report(1, ReportKind::New);
    let mut end = bench.plain(1, ReportKind::Canceled);
    end.cumulative = Some(shares(4));
    bench.feed(Input::Report(end));
    for state in cut_off(&bench) {
        let is_open = state.live_orders().any(|order| order.number.0 == 1);
        let is_to_be_read =
            |state: &State| state.uncounted_orders().any(|order| order.number.0 == 1);
        assert!(is_open || is_to_be_read(&state));
        // The process that comes next reads it, whatever it decides before.
        let has_ended = is_to_be_read(&state);
        bench.kernel = Kernel::recovered(state, vec![Box::new(bench.script.clone())]);
        bench.feed(Input::Restart { build: "test".into() });
        assert_eq!(is_to_be_read(bench.kernel.state()), has_ended);
    }
}

/// The process ended after a cancel was journalled and before it was sent.
#[test]
fn a_cancel_that_may_not_have_been_sent_is_asked_for_again() {
    let mut bench = Bench::warm(Limits::default());
    bench.propose([bench.submit(Side::Buy, 10, limit("100"))]);
    bench.report(1, ReportKind::New);
    bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    assert_eq!(cancels(&mut bench), [1]);

    let state = bench.kernel.state().clone();
    bench.kernel = Kernel::recovered(state, vec![Box::new(bench.script.clone())]);
    bench.feed(Input::Restart { build: "test".into() });
    bench.report(1, ReportKind::CancelRejected);
    assert_eq!(cancels(&mut bench), [1], "once more");

    // What the broker refuses from then on it has refused.
    bench.report(1, ReportKind::CancelRejected);
    assert!(cancels(&mut bench).is_empty());
}
