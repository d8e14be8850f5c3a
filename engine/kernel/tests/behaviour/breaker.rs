//! What stops trading by itself, and what lets it go on.

use crate::common::*;
use kernel::*;

/// Sends so many orders, each of which meets its fate.
fn orders(bench: &mut Bench, fates: &[ReportKind]) {
    for fate in fates {
        bench.wait(10);
        bench.bar("AAA", "100");
        let intent = bench.market(Side::Buy, 1);
        bench.propose([intent]);
        let order = bench.kernel.state().orders().last().unwrap().number;
        bench.report(order.0, *fate);
    }
}

fn trading(bench: &Bench) -> TradingState {
    bench.kernel.state().trading_state()
}

fn told(bench: &Bench, code: &str) -> usize {
    let events = bench.records.iter().filter_map(|record| match &record.body {
        RecordBody::Event { event: Event::AlertRaised(alert), .. } => Some(&*alert.code),
        _ => None,
    });
    events.filter(|told| *told == code).count()
}

#[test]
fn five_failures_in_a_row_halt_and_resume_begins_a_new_row() {
    use ReportKind::{AnswerLost, New, Refused, Rejected};
    let mut bench = Bench::warm(Limits::default());
    orders(&mut bench, &[Refused, Rejected, Refused, AnswerLost]);
    assert_eq!(trading(&bench), TradingState::Active);
    orders(&mut bench, &[New, Refused, Rejected, Refused, Refused]);
    assert_eq!(trading(&bench), TradingState::Active, "one in between succeeded");
    orders(&mut bench, &[Refused]);
    assert_eq!(trading(&bench), TradingState::Halted);
    assert_eq!(told(&bench, "breaker_tripped"), 1);

    bench.feed(Input::Command(Command::Resume { reason: "the broker is well again".into() }));
    orders(&mut bench, &[Refused, Refused, Refused, Refused]);
    assert_eq!(trading(&bench), TradingState::Active);
    orders(&mut bench, &[Refused]);
    assert_eq!(trading(&bench), TradingState::Halted);
}

#[test]
fn a_lost_answer_that_is_found_again_counts_once_and_ends_nothing() {
    let mut bench = Bench::warm(Limits::default());
    for _ in 0..4 {
        orders(&mut bench, &[ReportKind::AnswerLost]);
        let order = bench.kernel.state().orders().last().unwrap().number;
        bench.report(order.0, ReportKind::New);
        bench.fill(order.0, &format!("x-{order}"), 1, "100");
    }
    assert_eq!(trading(&bench), TradingState::Active);
    orders(&mut bench, &[ReportKind::AnswerLost]);
    assert_eq!(trading(&bench), TradingState::Halted);
}

#[test]
fn failures_that_lie_too_far_apart_halt_nothing_and_denials_never_do() {
    let breaker = Breaker { within: Span::from_secs(35), ..Breaker::default() };
    let mut bench = Bench::warm(Limits { breaker: Some(breaker), ..Limits::default() });
    orders(&mut bench, &[ReportKind::Refused; 20]);
    assert_eq!(trading(&bench), TradingState::Active);
    for _ in 0..10 {
        let denied = bench.market(Side::Buy, 1_000_000);
        bench.propose([denied]);
    }
    assert_eq!(trading(&bench), TradingState::Active);
}

/// An order that waited in vain because there were too many requests is no failure, and no success.
#[test]
fn orders_that_were_not_received_neither_count_nor_end_a_row() {
    use ReportKind::{NotReceived, Refused};
    let mut bench = Bench::warm(Limits::default());
    orders(&mut bench, &[NotReceived; 20]);
    assert_eq!(trading(&bench), TradingState::Active);
    orders(&mut bench, &[Refused, Refused, NotReceived, Refused, Refused, NotReceived]);
    assert_eq!(trading(&bench), TradingState::Active);
    orders(&mut bench, &[Refused]);
    assert_eq!(trading(&bench), TradingState::Halted);
}

#[test]
fn by_configuration_positions_can_still_be_reduced() {
    let breaker = Breaker { then: TradingState::Reducing, ..Breaker::default() };
    let mut bench = Bench::warm(Limits { breaker: Some(breaker), ..Limits::default() });
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.fill(1, "x-1", 10, "100");
    orders(&mut bench, &[ReportKind::Refused; 5]);
    assert_eq!(trading(&bench), TradingState::Reducing);
    bench.wait(10);
    bench.bar("AAA", "100");
    let (buy, sell) = (bench.market(Side::Buy, 1), bench.market(Side::Sell, 10));
    let sent = bench.sends.len();
    bench.propose([buy, sell]);
    assert_eq!(bench.sends.len(), sent + 1, "the exit passes");
}

#[test]
fn an_unexplained_difference_stops_entries_and_moves_what_the_day_is_measured_by() {
    let mut bench = Bench::warm(Limits::default());
    let before = bench.kernel.state().day().unwrap().starting_equity;
    bench.feed(Input::Broker(Box::new(broker("99000"))));
    assert_eq!(trading(&bench), TradingState::Active, "it may be late");
    bench.feed(Input::Broker(Box::new(broker("99000"))));
    assert_eq!(trading(&bench), TradingState::Reducing);
    let state = bench.kernel.state();
    assert_eq!(state.ledger().cash(), cash("99000"), "the broker is right");
    let after = state.day().unwrap().starting_equity;
    assert_eq!(before.checked_sub(after), Some(cash("1000")), "it is no result of the day");
    bench.feed(Input::Command(Command::Resume { reason: "a fee for data".into() }));
    assert_eq!(trading(&bench), TradingState::Active);
}

/// What the broker holds is first only suspected to differ; until a second look has shown whether it does,
/// nothing is entered, and when it does, what rests to open a position is taken back.
#[test]
fn nothing_is_entered_on_books_that_may_be_wrong() {
    let mut bench = Bench::warm(Limits::default());
    let resting = bench.submit(Side::Buy, 3, OrderKind::Limit { limit: price("97") });
    bench.propose([resting]);
    bench.report(1, ReportKind::New);
    let look = |bench: &mut Bench, amount: &str| {
        bench.wait(10);
        bench.feed(Input::Broker(Box::new(broker(amount))))
    };
    let enter = |bench: &mut Bench| {
        bench.wait(60);
        let buy = bench.market(Side::Buy, 1);
        denial(&bench.propose([buy])).map(risk::Denial::code)
    };
    look(&mut bench, "99000");
    assert_eq!(enter(&mut bench), Some("not_reconciled"));
    look(&mut bench, "100000");
    assert_eq!(enter(&mut bench), None, "it was late");
    bench.report(2, ReportKind::Canceled);
    look(&mut bench, "99000");
    let found = look(&mut bench, "99000");
    let cancelled =
        |event: &Event| matches!(event, Event::CancelApproved { order, .. } if order.0 == 1);
    let place = |wanted: &dyn Fn(&Event) -> bool| found.iter().position(wanted);
    let moved = place(&|event| matches!(event, Event::DifferenceFound(_)));
    assert!(place(&cancelled).is_some() && place(&cancelled) < moved, "{found:?}");
}

#[test]
fn a_session_that_follows_a_halted_one_is_halted_until_it_is_resumed() {
    let mut bench = Bench::latched(TradingState::Halted);
    assert_eq!(trading(&bench), TradingState::Halted);
    let intent = bench.market(Side::Buy, 1);
    bench.propose([intent]);
    assert_eq!(bench.sends.len(), 0);
    bench.feed(Input::Command(Command::Resume { reason: "seen to".into() }));
    let intent = bench.market(Side::Buy, 1);
    bench.propose([intent]);
    assert_eq!(bench.sends.len(), 1);
}

/// What trading was stopped for stays known while orders that were on their way succeed.
#[test]
fn that_the_breaker_has_tripped_is_known_until_trading_is_resumed() {
    let mut bench = Bench::warm(Limits::default());
    assert!(!bench.kernel.state().breaker_has_tripped());
    let on_its_way = bench.submit(Side::Buy, 7, OrderKind::Limit { limit: price("97") });
    bench.propose([on_its_way]);
    bench.wait(60);
    for number in 2..=6 {
        let next = bench.market(Side::Buy, i64::try_from(number).unwrap());
        bench.propose([next]);
        bench.report(number, ReportKind::Rejected);
        bench.wait(60);
    }
    assert!(bench.kernel.state().breaker_has_tripped());
    bench.report(1, ReportKind::New);
    assert!(bench.kernel.state().breaker_has_tripped());
    bench.feed(Input::Command(Command::Resume { reason: "looked".into() }));
    assert!(!bench.kernel.state().breaker_has_tripped());
}

fn silent(seconds: i64, then: TradingState) -> Bench {
    let breaker = Some(Breaker { then, ..Breaker::default() });
    let breaker_silence = Some(Span::from_secs(seconds));
    Bench::warm(Limits { breaker, breaker_silence, ..Limits::default() })
}

fn orders_link(bench: &mut Bench, up: bool) {
    bench.feed(Input::Link { link: Link::Orders, up });
}

/// Feeds the timer that the kernel waits for, as every driver does.
fn let_time_pass(bench: &mut Bench, seconds: i64) {
    bench.wait(seconds);
    if let Some(due) = bench.kernel.due(bench.now) {
        let now = std::mem::replace(&mut bench.now, due);
        bench.feed(Input::Timer);
        bench.now = now;
    }
    assert_eq!(bench.kernel.due(bench.now), None, "a timer is fed once");
}

#[test]
fn a_broker_out_of_reach_stops_trading_once_it_has_been_silent_for_long_enough() {
    let mut bench = silent(60, TradingState::Reducing);
    orders_link(&mut bench, false);
    let_time_pass(&mut bench, 59);
    assert_eq!(trading(&bench), TradingState::Active);
    // It is the timer alone that notices: neither data nor answers come any more.
    let_time_pass(&mut bench, 1);
    assert_eq!(trading(&bench), TradingState::Reducing);
    assert!(bench.kernel.state().breaker_has_tripped());
    assert_eq!(told(&bench, "breaker_tripped"), 1);
    // Resumed while it is still silent, it begins to count anew.
    bench.feed(Input::Command(Command::Resume { reason: "try again".into() }));
    let_time_pass(&mut bench, 59);
    assert_eq!(trading(&bench), TradingState::Active);
    let_time_pass(&mut bench, 1);
    assert_eq!(trading(&bench), TradingState::Reducing);
}

#[test]
fn a_stream_that_stands_again_is_in_reach_only_when_the_books_were_compared() {
    let mut bench = silent(60, TradingState::Reducing);
    orders_link(&mut bench, false);
    let_time_pass(&mut bench, 30);
    orders_link(&mut bench, true);
    bench.feed(Input::Broker(Box::new(broker("100000"))));
    orders_link(&mut bench, false);
    let_time_pass(&mut bench, 59);
    assert_eq!(trading(&bench), TradingState::Active, "it was in reach in between");
    orders_link(&mut bench, true);
    let_time_pass(&mut bench, 1);
    assert_eq!(trading(&bench), TradingState::Reducing, "nobody has compared the books");
}

#[test]
fn silence_counts_in_hours_that_are_traded() {
    let mut bench = silent(60, TradingState::Halted);
    let close = bench.kernel.state().day().unwrap().hours.close;
    bench.now = close.minus(Span::from_secs(30));
    bench.bar("AAA", "100");
    orders_link(&mut bench, false);
    let_time_pass(&mut bench, 3600);
    assert_eq!(trading(&bench), TradingState::Active, "nothing can be entered in the night");
    let off = Limits { breaker_silence: None, ..Limits::default() };
    let mut bench = Bench::warm(off);
    orders_link(&mut bench, false);
    let_time_pass(&mut bench, 3600);
    assert_eq!(trading(&bench), TradingState::Active);
}

/// Its stream of orders stands, and what compares the books is not answered.
#[test]
fn a_broker_that_answers_no_reading_is_out_of_reach() {
    let mut bench = silent(60, TradingState::Reducing);
    bench.feed(Input::Reach { answers: false });
    let_time_pass(&mut bench, 59);
    bench.feed(Input::Reach { answers: true });
    let_time_pass(&mut bench, 60);
    assert_eq!(trading(&bench), TradingState::Active, "it has answered in between");
    bench.feed(Input::Reach { answers: false });
    let_time_pass(&mut bench, 59);
    assert_eq!(trading(&bench), TradingState::Active);
    let_time_pass(&mut bench, 1);
    assert_eq!(trading(&bench), TradingState::Reducing);
    assert_eq!(told(&bench, "breaker_tripped"), 1);
}

#[test]
fn an_answer_does_not_stand_for_books_that_were_not_compared_since_the_stream_went_down() {
    let mut bench = silent(60, TradingState::Reducing);
    orders_link(&mut bench, false);
    bench.feed(Input::Reach { answers: false });
    orders_link(&mut bench, true);
    bench.feed(Input::Reach { answers: true });
    let_time_pass(&mut bench, 60);
    assert_eq!(trading(&bench), TradingState::Reducing);
    bench.feed(Input::Command(Command::Resume { reason: "looked".into() }));
    bench.feed(Input::Reach { answers: false });
    bench.feed(Input::Broker(Box::new(broker("100000"))));
    let_time_pass(&mut bench, 60);
    assert_eq!(trading(&bench), TradingState::Active, "what was compared is in reach");
}
