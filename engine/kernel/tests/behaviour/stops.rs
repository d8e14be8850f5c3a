//! Stops of positions: at the broker where it can hold them, watched by the kernel where it cannot.

use crate::common::*;
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;

/// Stops this far from the entry and from the best price, in basis points.
fn limits(fixed: Option<i32>, trailing: Option<i32>) -> Limits {
    Limits {
        place_stops: true,
        stop_loss: fixed.map(BasisPoints::new),
        trailing_stop: trailing.map(BasisPoints::new),
        market_slip: BasisPoints::new(250),
        max_leverage: 4,
        ..Limits::OFF
    }
}

/// A session that bought ten AAA at 100 with order 1; its stop is order 2.
fn bought(limits: Limits) -> Bench {
    let mut bench = Bench::warm(limits);
    let entry = bench.market(Side::Buy, 10);
    bench.propose([entry]);
    bench.report(1, ReportKind::New);
    bench.fill(1, "x-1", 10, "100");
    bench
}

/// The same with the stop at work.
fn protected(limits: Limits) -> Bench {
    let mut bench = bought(limits);
    bench.report(2, ReportKind::New);
    bench
}

fn order(bench: &Bench, number: u64) -> Order {
    bench.kernel.state().order(OrderNumber(number)).unwrap().clone()
}

fn last_order(bench: &Bench) -> Order {
    bench.kernel.state().orders().last().unwrap().clone()
}

/// The kinds of some events, but for the names that orders get at the broker.
fn kinds(events: &[Event]) -> Vec<&'static str> {
    let names =
        |event: &&Event| matches!(event, Event::OrderUpdated { from, to, .. } if from == to);
    events.iter().filter(|event| !names(event)).map(Event::kind).collect()
}

/// A minute later at another price.
fn at(bench: &mut Bench, price: &str) -> Vec<Event> {
    bench.wait(60);
    bench.bar("AAA", price)
}

/// What is known survives a fold of the journal.
fn folds(bench: &Bench) {
    let mut state = State::default();
    for record in &bench.records {
        state.evolve(record).unwrap();
    }
    assert!(state == *bench.kernel.state());
}

/// A trade at a price, now.
fn trade(bench: &mut Bench, at: &str) {
    let (symbol, time) = (bench.symbol("AAA"), bench.now);
    let trade = Trade { symbol, time, price: price(at), size: shares(1) };
    bench.feed(Input::Market(MarketData::Trade(trade)));
}

fn told(at: &str) -> TapeTrade {
    TapeTrade { id: "7".into(), price: price(at), size: shares(1) }
}

/// A trade is taken back, or was at another price.
fn put_right(bench: &mut Bench, was: &str, is: Option<&str>) {
    let (symbol, time, was) = (bench.symbol("AAA"), bench.now, told(was));
    bench.feed(match is.map(told) {
        Some(corrected) => Input::Correction(Correction { symbol, time, original: was, corrected }),
        None => Input::CancelError(CancelError { symbol, time, trade: was, is_error: true }),
    });
}

/// Conformance 133. The stop lies three percent below the best price; what was not at 130 was at 112, or
/// not at all. At the price of an older trade others have traded too.
#[test]
fn a_price_that_never_was_moves_no_stop_that_follows_the_best() {
    type Puts = Option<(&'static str, Option<&'static str>)>;
    let cases: [(&[&str], Puts, &str, &str); 4] = [
        (&["130"], None, "126.1", "126.11"),
        (&["130"], Some(("130", Some("112"))), "108.64", "108.65"),
        (&["130"], Some(("130", None)), "106.7", "106.71"),
        (&["111", "110"], Some(("111", None)), "107.67", "107.68"),
    ];
    for (trades, puts, met, stands) in cases {
        for (at_last, is_met) in [(met, true), (stands, false)] {
            let mut bench = protected(limits(Some(150), Some(300)));
            at(&mut bench, "110");
            trades.iter().for_each(|at| trade(&mut bench, at));
            if let Some((was, is)) = puts {
                put_right(&mut bench, was, is);
            }
            let events = at(&mut bench, at_last);
            assert_eq!(kinds(&events).contains(&"stop_met"), is_met, "{met}: {events:?}");
            folds(&bench);
        }
    }
}

#[test]
fn a_stop_rests_at_the_broker_once_the_entry_has_ended() {
    let bench = bought(limits(Some(150), None));
    let stop = order(&bench, 2);
    assert_eq!(stop.kind, OrderKind::Stop { stop: price("98.5") });
    assert_eq!((stop.side, stop.quantity, stop.origin), (Side::Sell, shares(10), Origin::Kernel));
    assert_eq!((stop.time_in_force, stop.grows), (TimeInForce::Gtc, false));
    folds(&bench);
}

#[test]
fn the_nearer_of_two_stops_rests() {
    let trail = |bench: &Bench| order(bench, 2).kind.trail();
    let percent = |text: &str| Trail::Percent(text.parse().unwrap());
    assert_eq!(trail(&bought(limits(Some(150), Some(150)))), Some(percent("1.5")));
    assert_eq!(trail(&bought(limits(Some(150), Some(100)))), Some(percent("1")));
    assert_eq!(trail(&bought(limits(None, Some(100)))), Some(percent("1")));
    assert_eq!(trail(&bought(limits(Some(150), Some(300)))), None);
}

#[test]
fn the_stop_of_a_short_position_lies_above_it() {
    let mut bench = Bench::warm(limits(Some(150), None));
    let entry = bench.market(Side::Sell, 10);
    bench.propose([entry]);
    bench.fill(1, "x-1", 10, "100.01");
    let stop = order(&bench, 2);
    // 101.51015, on the tick that is nearer.
    assert_eq!((stop.side, stop.kind), (Side::Buy, OrderKind::Stop { stop: price("101.51") }));
}

#[test]
fn an_entry_that_has_filled_in_part_is_watched() {
    let mut bench = Bench::warm(limits(Some(150), None));
    let entry = bench.submit(Side::Buy, 10, OrderKind::Limit { limit: price("100") });
    bench.propose([entry]);
    bench.report(1, ReportKind::New);
    bench.fill(1, "x-1", 4, "100");
    assert_eq!(bench.kernel.state().live_orders().count(), 1, "no stop beside the entry");
    assert!(at(&mut bench, "98.51").is_empty());
    let events = at(&mut bench, "98.50");
    assert_eq!(kinds(&events), ["stop_met", "cancel_approved"]);
    // More fills on the way to the cancel.
    bench.fill(1, "x-2", 2, "98.5");
    let events = bench.report(1, ReportKind::Canceled);
    assert_eq!(kinds(&events), ["order_updated", "order_approved"]);
    let exit = last_order(&bench);
    assert_eq!((exit.kind, exit.quantity), (OrderKind::Market, shares(6)));
    assert_eq!((exit.side, exit.origin), (Side::Sell, Origin::Kernel));
    let events = bench.fill(2, "x-3", 6, "98.4");
    assert_eq!(kinds(&events), ["order_filled", "symbol_closed"]);
    folds(&bench);
}

#[test]
fn what_a_stop_at_the_broker_covers_is_not_watched() {
    let mut bench = protected(limits(Some(150), None));
    assert!(at(&mut bench, "98").is_empty(), "the broker's stop is met");
    // Not answered yet, it covers nothing.
    let mut bench = bought(limits(Some(150), None));
    assert_eq!(kinds(&at(&mut bench, "98")), ["stop_met", "cancel_approved"]);
}

/// A changed limit moves no order: a nearer stop is watched, a farther one comes after what rests.
#[test]
fn a_changed_limit_moves_no_resting_stop_and_a_nearer_one_is_watched() {
    for (percent, low, met) in [("0.5", "99.5", true), ("5", "98.6", false), ("5", "98", false)] {
        let mut bench = protected(limits(Some(150), None));
        let (path, value, reason) = ("stop_loss_percent".into(), percent.into(), "test".into());
        bench.feed(Input::Command(Command::SetLimit { path, value, reason }));
        assert_eq!(order(&bench, 2).kind, OrderKind::Stop { stop: price("98.5") });
        let events = at(&mut bench, low);
        assert_eq!(kinds(&events).contains(&"stop_met"), met, "{percent} % at {low}");
        assert_eq!(order(&bench, 2).cancel_requested, met, "{percent} % at {low}");
    }
}

#[test]
fn before_an_exit_of_the_kernel_the_resting_stop_has_ended() {
    let mut bench = protected(limits(Some(150), Some(300)));
    at(&mut bench, "110");
    assert!(at(&mut bench, "106.71").is_empty());
    let events = at(&mut bench, "106.70");
    let Event::StopMet { trailing: true, level, .. } = events[0] else { panic!("{events:?}") };
    assert_eq!(level, price("106.7"));
    assert_eq!(kinds(&events), ["stop_met", "cancel_approved"]);
    assert!(at(&mut bench, "106").is_empty(), "the end of the stop is not known yet");
    let events = bench.report(2, ReportKind::Canceled);
    assert_eq!(kinds(&events), ["order_updated", "order_approved"]);
    assert_eq!(last_order(&bench).kind, OrderKind::Market);
    folds(&bench);
}

#[test]
fn a_stop_that_fills_while_it_is_cancelled_leaves_nothing_to_close() {
    let mut bench = protected(limits(Some(150), Some(300)));
    at(&mut bench, "110");
    at(&mut bench, "106");
    let events = bench.fill(2, "x-2", 10, "105.9");
    assert_eq!(kinds(&events), ["order_filled", "symbol_closed"]);
    assert!(bench.position().quantity.is_zero());
}

#[test]
fn the_exit_of_a_strategy_waits_until_the_stop_has_ended() {
    let mut bench = protected(limits(Some(150), None));
    let exit = bench.market(Side::Sell, 10);
    let events = bench.propose([exit.clone()]);
    assert_eq!(kinds(&events), ["intent_waits", "cancel_approved"]);
    let view = View::new(bench.kernel.state());
    assert!(view.has_open_order(bench.symbol("AAA")), "strategies wait");
    assert_eq!(view.open_orders(bench.symbol("AAA")).count(), 0, "the stop is not theirs");
    // The same again is refused, and what waits waits on.
    bench.wait(60);
    assert_eq!(kinds(&bench.propose([exit])), ["order_denied"]);
    let events = bench.report(2, ReportKind::Canceled);
    assert_eq!(kinds(&events), ["order_updated", "order_approved"]);
    let exit = last_order(&bench);
    assert_eq!((exit.origin, exit.quantity), (Origin::Strategy(StrategyId(0)), shares(10)));
    let events = bench.fill(3, "x-2", 10, "100");
    assert_eq!(kinds(&events), ["order_filled"], "flat: nothing to protect");
    folds(&bench);
}

#[test]
fn a_stop_that_fills_first_ends_what_waited_for_it() {
    for (side, quantity) in [(Side::Sell, 10), (Side::Buy, 5)] {
        let mut bench = protected(limits(Some(150), None));
        let intent = bench.market(side, quantity);
        bench.propose([intent]);
        let events = bench.fill(2, "x-2", 10, "98.5");
        assert_eq!(denial(&events).map(|denial| denial.code()), Some("stopped_before"));
        assert!(bench.position().quantity.is_zero(), "nothing is sold short");
        assert_eq!(bench.kernel.state().live_orders().count(), 0);
    }
}

#[test]
fn an_exit_closes_what_a_stop_has_left() {
    let mut bench = protected(limits(Some(150), None));
    let exit = bench.market(Side::Sell, 10);
    bench.propose([exit]);
    bench.fill(2, "x-2", 7, "98.5");
    bench.report(2, ReportKind::Canceled);
    assert_eq!(last_order(&bench).quantity, shares(3));
}

#[test]
fn after_an_addition_the_whole_position_is_protected_anew() {
    let mut bench = protected(limits(Some(150), None));
    let add = bench.market(Side::Buy, 10);
    bench.propose([add]);
    bench.report(2, ReportKind::Canceled);
    at(&mut bench, "110");
    bench.fill(3, "x-2", 10, "110");
    let stop = last_order(&bench);
    // 1.5 % under the mean of 105.
    assert_eq!(stop.kind, OrderKind::Stop { stop: price("103.43") });
    assert_eq!(stop.quantity, shares(20));
}

#[test]
fn parts_of_a_share_and_crypto_are_watched() {
    let mut bench = Bench::warm(limits(Some(150), None));
    let half: Quantity = "0.5".parse().unwrap();
    let entry = NewOrder::new(bench.symbol("AAA"), Side::Buy, half, OrderKind::Market);
    bench.approve(entry);
    let mut report = bench.plain(1, ReportKind::Fill);
    let id = ExecutionId("x-1".into());
    report.execution = Some(Execution { id, quantity: half, price: price("100") });
    assert_eq!(kinds(&bench.feed(Input::Report(report))), ["order_filled"]);
    assert_eq!(kinds(&at(&mut bench, "98")), ["stop_met", "order_approved"]);
    assert_eq!(last_order(&bench).quantity, half);

    let mut bench = Bench::warm(limits(Some(150), None));
    let class = AssetClass::Crypto;
    let facts = AssetFacts { class, ..facts(bench.symbol("AAA")) };
    bench.feed(Input::Asset(facts));
    let entry = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(1), OrderKind::Market);
    bench.approve(entry.lasting(TimeInForce::Gtc));
    assert_eq!(kinds(&bench.fill(1, "x-1", 1, "100")), ["order_filled"]);
    assert_eq!(kinds(&at(&mut bench, "98")), ["stop_met", "order_approved"]);
    assert_eq!(last_order(&bench).time_in_force, TimeInForce::Gtc);
}

#[test]
fn outside_of_the_regular_session_the_kernel_closes_at_a_limit_and_tries_again() {
    let start = SessionStart { hours: TradingHours::Extended, ..start(limits(Some(150), None)) };
    let mut bench = Bench::started_at("2024-06-03T12:00:00Z", start).held(10);
    let stop = last_order(&bench);
    assert_eq!(stop.kind, OrderKind::Stop { stop: price("98.5") }, "for the day");
    bench.report(1, ReportKind::New);
    // It sleeps until the open, so the kernel watches.
    assert_eq!(kinds(&at(&mut bench, "98")), ["stop_met", "cancel_approved"]);
    bench.report(1, ReportKind::Canceled);
    let exit = last_order(&bench);
    assert_eq!(exit.kind, OrderKind::Limit { limit: price("95.55") });
    assert!(exit.extended_hours && !exit.grows);
    bench.report(2, ReportKind::New);
    bench.wait(10);
    let due = bench.kernel.due(bench.now).unwrap();
    assert_eq!(due, bench.now);
    assert_eq!(kinds(&bench.feed(Input::Timer)), ["cancel_approved"]);
    bench.bar("AAA", "95");
    bench.report(2, ReportKind::Canceled);
    assert_eq!(last_order(&bench).kind, OrderKind::Limit { limit: price("92.62") });
    bench.fill(3, "x-3", 10, "94");
    assert!(bench.position().quantity.is_zero());
    folds(&bench);
}

#[test]
fn a_stop_that_the_broker_refuses_is_watched_and_asked_for_again() {
    let mut bench = bought(limits(Some(150), None));
    let events = bench.report(2, ReportKind::Rejected);
    assert!(kinds(&events).contains(&"alert_raised"));
    assert!(at(&mut bench, "99").len() == 1, "asked for again after a while");
    assert_eq!(last_order(&bench).number, OrderNumber(3));
    bench.report(3, ReportKind::Rejected);
    let events = at(&mut bench, "98");
    assert_eq!(kinds(&events), ["stop_met", "order_approved"], "closed without waiting");
}

#[test]
fn a_stop_that_ends_by_itself_is_placed_again() {
    let mut bench = protected(limits(Some(150), None));
    bench.wait(60);
    let events = bench.report(2, ReportKind::Expired);
    assert_eq!(kinds(&events), ["order_updated", "order_approved"]);
    assert_eq!(last_order(&bench).kind, OrderKind::Stop { stop: price("98.5") });
}

#[test]
fn flattening_cancels_the_stop_and_places_none() {
    let mut bench = protected(limits(Some(150), None));
    bench.feed(Input::Command(Command::Flatten { reason: "test".into() }));
    let events = bench.report(2, ReportKind::Canceled);
    assert_eq!(kinds(&events), ["order_updated", "order_approved"]);
    assert_eq!(last_order(&bench).origin, Origin::Operator);
    let events = bench.fill(3, "x-3", 10, "100");
    assert_eq!(kinds(&events), ["order_filled", "flattened"]);
}

#[test]
fn an_operator_who_cancels_everything_means_stops_too() {
    let reason = || "test".into();
    let mut bench = protected(limits(Some(150), None));
    bench.feed(Input::Command(Command::CancelAll { reason: reason() }));
    assert_eq!(kinds(&bench.report(2, ReportKind::Canceled)), ["order_updated"]);
    assert!(at(&mut bench, "99").is_empty());
    let events = bench.feed(Input::Command(Command::Resume { reason: reason() }));
    assert_eq!(kinds(&events), ["command_taken", "order_approved"]);
    // What is not placed is watched.
    bench.feed(Input::Command(Command::CancelAll { reason: reason() }));
    bench.report(3, ReportKind::Canceled);
    assert_eq!(kinds(&at(&mut bench, "98")), ["stop_met", "order_approved"]);
}

/// The same session in another process.
fn restarted(bench: Bench) -> Bench {
    let mut state = State::default();
    for record in &bench.records {
        state.evolve(record).unwrap();
    }
    let script = Scripted::default();
    let kernel = Kernel::recovered(state, vec![Box::new(script.clone())]);
    let mut bench = Bench { kernel, script, ..bench };
    bench.feed(Input::Restart { build: "test".into() });
    bench
}

#[test]
fn all_of_it_survives_a_restart() {
    // What waits.
    let mut bench = protected(limits(Some(150), None));
    let exit = bench.market(Side::Sell, 10);
    bench.propose([exit]);
    let mut bench = restarted(bench);
    bench.report(2, ReportKind::Canceled);
    assert_eq!(last_order(&bench).origin, Origin::Strategy(StrategyId(0)));
    // The best price.
    let mut bench = protected(limits(None, Some(300)));
    bench.report(2, ReportKind::Rejected);
    at(&mut bench, "110");
    let mut bench = restarted(bench);
    assert_eq!(kinds(&at(&mut bench, "106")).first(), Some(&"stop_met"));
    // An exit under way.
    let mut bench = protected(limits(Some(150), Some(300)));
    at(&mut bench, "110");
    at(&mut bench, "106");
    let mut bench = restarted(bench);
    bench.report(2, ReportKind::Canceled);
    assert_eq!(last_order(&bench).kind, OrderKind::Market);
    bench.fill(3, "x-3", 10, "106");
    assert!(bench.position().quantity.is_zero());
}

#[derive(Debug, Clone)]
enum Step {
    Order(Side, i64),
    Bar(i64),
    Report(usize, u8),
    Restart,
}

fn any_step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        3 => (side, 1..20_i64).prop_map(|(side, shares)| Step::Order(side, shares)),
        3 => (9_000..11_000_i64).prop_map(Step::Bar),
        6 => (any::<usize>(), 0..6_u8).prop_map(|(pick, what)| Step::Report(pick, what)),
        1 => Just(Step::Restart),
    ]
}

/// A report on one of the live orders.
fn answer(bench: &mut Bench, pick: usize, what: u8, id: usize) {
    let live: Vec<Order> = bench.kernel.state().live_orders().cloned().collect();
    let Some(order) = live.get(pick % live.len().max(1)) else { return };
    let number = order.number.0;
    let left = order.remaining().nanos() / SCALE;
    match what {
        0 => drop(bench.report(number, ReportKind::New)),
        1 => drop(bench.report(number, ReportKind::Rejected)),
        2 => drop(bench.report(number, ReportKind::Canceled)),
        3 => drop(bench.fill(number, &format!("x-{id}"), (left / 2).max(1), "100")),
        _ => drop(bench.fill(number, &format!("x-{id}"), left, "100")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn at_most_one_stop_rests_and_nothing_beside_it(
        steps in proptest::collection::vec(any_step(), 1..60),
    ) {
        let mut bench = Bench::warm(limits(Some(150), Some(200)));
        for (number, step) in steps.into_iter().enumerate() {
            bench.wait(7);
            match step {
                Step::Order(side, quantity) => {
                    let intent = bench.market(side, quantity);
                    bench.script.0.lock().unwrap().push(intent);
                    let last = bench.kernel.state().last_price(bench.symbol("AAA")).unwrap();
                    bench.bar("AAA", &last.to_string());
                }
                Step::Bar(cents) => {
                    let price = Price::from_nanos(cents * 10_000_000);
                    bench.bar("AAA", &price.to_string());
                }
                Step::Report(pick, what) => answer(&mut bench, pick, what, number),
                Step::Restart => {
                    bench = restarted(bench);
                    bench.feed(Input::Link { link: Link::Orders, up: true });
                }
            }
            let state = bench.kernel.state();
            let live: Vec<&Order> = state.live_orders().collect();
            let is_stop = |order: &&&Order| matches!(order.kind, OrderKind::Stop { .. } | OrderKind::TrailingStop { .. });
            let stops = live.iter().filter(is_stop).count();
            prop_assert!(stops <= 1, "{live:?}");
            prop_assert!(stops == 0 || live.len() == 1, "{live:?}");
            // What may sell is never more than what is held.
            let held = state.ledger().position(bench.symbol("AAA")).quantity;
            let exits = live.iter().filter(|order| !order.grows);
            let exits: i64 = exits.map(|order| order.remaining().nanos()).sum();
            prop_assert!(exits <= held.abs().nanos(), "{held} {live:?}");
        }
        folds(&bench);
    }
}

#[test]
fn what_waits_for_a_stop_is_dropped_when_an_operator_cancels_or_closes() {
    let reason = || "test".into();
    for word in [Command::CancelAll { reason: reason() }, Command::Flatten { reason: reason() }] {
        let mut bench = protected(limits(Some(150), None));
        let exit = bench.market(Side::Sell, 10);
        assert_eq!(kinds(&bench.propose([exit])), ["intent_waits", "cancel_approved"]);
        bench.feed(Input::Command(word));
        bench.report(2, ReportKind::Canceled);
        let state = bench.kernel.state();
        let strategies = |order: &&Order| matches!(order.origin, Origin::Strategy(_));
        let number = state.orders().filter(strategies).map(|order| order.number.0).max();
        assert_eq!(number, Some(1), "the wish came to nothing");
    }
}
