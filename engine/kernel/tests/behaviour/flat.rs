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

/// The alerts among some events that say that something is not flat.
fn not_flat(events: &[Event]) -> Vec<String> {
    let alerts = events.iter().filter_map(|event| match event {
        Event::AlertRaised(alert) if &*alert.code == "not_flat" => Some(alert),
        _ => None,
    });
    let told = alerts.inspect(|alert| assert_eq!(alert.severity, Severity::Critical));
    told.map(|alert| alert.text.to_string()).collect()
}

/// Waits until the kernel wants its timer, which must be after so many seconds, and gives what it
/// says then.
fn told_after(bench: &mut Bench, seconds: i64) -> Vec<String> {
    assert_eq!(bench.kernel.due(bench.now.plus(Span::from_secs(seconds - 1))), None);
    bench.wait(seconds);
    assert_eq!(bench.kernel.due(bench.now), Some(bench.now), "a timer is wanted by then");
    not_flat(&bench.feed(Input::Timer))
}

/// The broker takes the closing order and never fills it: somebody is told, and told again, what is
/// open and held; it ends when the broker confirms that nothing is.
#[test]
fn a_flatten_that_does_not_end_is_told_until_it_has() {
    let mut bench = Bench::holding(10);
    bench.feed(flatten());
    bench.report(1, ReportKind::New);
    assert_eq!(bench.kernel.state().not_flat_since(), None);
    let asked = bench.now;

    let [told] = &told_after(&mut bench, 300)[..] else { panic!("it is told") };
    assert!(told.contains("order 1 to sell 10 AAA") && told.contains("10 AAA are held"), "{told}");
    assert_eq!(bench.kernel.state().not_flat_since(), Some(asked));
    assert_eq!(not_flat(&bench.bar("AAA", "100")), [""; 0], "once is enough for a while");
    assert_eq!(told_after(&mut bench, 900).len(), 1, "and then again");

    bench.fill(1, "late", 10, "100");
    let [told] = &told_after(&mut bench, 900)[..] else { panic!("the broker's word is lacking") };
    assert!(told.contains("the broker has not confirmed"), "{told}");
    let state = account_of(&bench, 0);
    assert!(is_confirmed(&looks(&mut bench, &state)));
    assert_eq!(bench.kernel.state().not_flat_since(), None);
    assert_eq!(bench.kernel.due(bench.now.plus(Span::from_secs(3600))), None);
}

/// A limit asks for it as well, and a journal that is read again knows it.
#[test]
fn what_is_not_closed_before_the_end_of_the_day_is_told() {
    let flat_before_close = Some(risk::Minutes::new(30));
    let mut bench = Bench::invested(Limits { flat_before_close, ..Limits::default() }, 10, "9000");
    bench.wait(5 * 3600 + 1800);
    bench.feed(Input::Timer);
    let [told] = &told_after(&mut bench, 300)[..] else { panic!("it is told") };
    assert!(told.contains("10 AAA are held"), "{told}");

    let mut again = State::default();
    bench.records.iter().for_each(|record| again.evolve(record).unwrap());
    assert_eq!(again.not_flat_since(), Some(bench.now.minus(Span::from_secs(300))));
    assert_eq!(&again, bench.kernel.state());
}

/// A stop that another program has placed holds the shares: each closing order is refused. Resuming
/// takes the word back.
#[test]
fn one_symbol_that_cannot_be_closed_is_told_until_the_word_is_taken_back() {
    let mut bench = Bench::holding(10);
    let symbol = bench.symbol("AAA");
    bench.feed(Input::Command(Command::Close { symbol, reason: "enough of it".into() }));
    let asked = bench.now;
    let mut told = Vec::new();
    while bench.now < asked.plus(Span::from_secs(3600)) {
        let refused = bench.kernel.state().live_orders().next().map(|order| order.number);
        if let Some(order) = refused {
            bench.report(order.0, ReportKind::Refused);
        }
        let due = bench.kernel.next_deadline().expect("it is tried again, and told");
        bench.now = due;
        told.extend(not_flat(&bench.feed(Input::Timer)));
    }
    assert_eq!(told.len(), 4, "after 5, 20, 35 and 50 minutes: {told:?}");
    assert!(told.iter().all(|told| told.contains("10 AAA are held")), "{told:?}");
    bench.feed(Input::Command(Command::Resume { reason: "it may stay".into() }));
    assert_eq!(bench.kernel.state().not_flat_since(), None);
}

/// Who set how far trading goes, when and why is what the last change of it says, by replay as well.
#[test]
fn it_is_known_who_set_trading_when_and_why() {
    let mut bench = Bench::warm(Limits::default());
    assert_eq!(bench.kernel.state().trading_set(), None);
    bench.wait(7).feed(Input::Command(Command::Halt { reason: "lunch".into() }));
    let set = TradingSet { at: bench.now, origin: Origin::Operator, reason: "lunch".into() };
    assert_eq!(bench.kernel.state().trading_set(), Some(&set));
    // What changes nothing is not what set it.
    bench.wait(7).feed(Input::Command(Command::Halt { reason: "still".into() }));
    assert_eq!(bench.kernel.state().trading_set(), Some(&set));
    bench.feed(Input::Command(Command::Resume { reason: "back".into() }));
    bench.wait(7).feed(Input::Room(Room::Full));
    let set = bench.kernel.state().trading_set().unwrap().clone();
    assert_eq!((set.at, set.origin), (bench.now, Origin::Kernel));
    assert!(set.reason.contains("room is used up"), "{}", set.reason);

    let mut again = State::default();
    bench.records.iter().for_each(|record| again.evolve(record).unwrap());
    assert_eq!(again.trading_set(), Some(&set));
}
