//! Splits and new names: before the open, exactly, and with what protects a position.

use crate::common::*;
use kernel::*;

fn tuesday() -> TradingDay {
    TradingDay {
        date: 20_240_604,
        open: time("2024-06-04T13:30:00Z"),
        close: time("2024-06-04T20:00:00Z"),
        extended_open: time("2024-06-04T08:00:00Z"),
        extended_close: time("2024-06-05T00:00:00Z"),
    }
}

fn action(bench: &Bench, date: u32, change: ShareChange) -> Input {
    let (id, symbol) = ("a1".into(), bench.symbol("AAA"));
    Input::Corporate(CorporateAction { id, symbol, date, change })
}

fn split(bench: &Bench, new: u64, old: u64) -> Input {
    action(bench, 20_240_604, ShareChange::Split(Ratio::new(new, old).unwrap()))
}

/// Monday: 90 AAA at 100, and a stop at 85 with a limit that takes a profit at 121.01.
fn protected() -> Bench {
    let mut bench = Bench::holding(90);
    bench.feed(Input::Calendar(vec![tuesday()]));
    let symbol = bench.symbol("AAA");
    let limit = OrderKind::Limit { limit: price("121.01") };
    let exits = NewOrder::new(symbol, Side::Sell, shares(90), limit)
        .lasting(TimeInForce::Gtc)
        .grouped(OrderClass::Oco { stop_loss: StopLoss::at(price("85")) });
    bench.approve(exits);
    bench.report(1, ReportKind::New);
    bench.report(2, ReportKind::Held);
    bench
}

fn in_the_evening(bench: &mut Bench) {
    bench.now = time("2024-06-03T21:00:00Z");
}

fn on_tuesday(bench: &mut Bench) {
    bench.now = time("2024-06-04T13:31:00Z");
}

#[test]
fn a_split_happens_before_the_first_datum_of_its_day_is_looked_at() {
    let mut bench = protected();
    let announced = split(&bench, 3, 1);
    let events = bench.feed(announced.clone());
    assert!(matches!(&events[..], [Event::AlertRaised(alert)] if alert.severity == Severity::Info));
    assert_eq!(bench.feed(announced), [], "once");
    assert_eq!(bench.position().quantity, shares(90), "not before its day");
    on_tuesday(&mut bench);
    let events = bench.bar("AAA", "33.5");
    assert!(
        matches!(
            &events[..],
            [Event::SharesSplit { position, .. }, Event::DayStarted { equity, .. }]
                if *position == shares(270) && *equity == cash("109045")
        ),
        "{events:?}"
    );
    let state = bench.kernel.state();
    assert_eq!((bench.position().quantity, bench.position().cost), (shares(270), cash("9000")));
    assert_eq!(state.last_price(bench.symbol("AAA")), Some(price("33.5")), "new already");
    let order = |number| state.order(OrderNumber(number)).unwrap();
    assert_eq!(order(1).kind, OrderKind::Limit { limit: price("40.34") }, "no worse");
    assert_eq!(order(2).kind, OrderKind::Stop { stop: price("28.34") }, "no later");
    assert_eq!((order(1).quantity, order(2).quantity), (shares(270), shares(270)));
    assert_eq!(order(1).class, OrderClass::Oco { stop_loss: StopLoss::at(price("28.34")) });
}

#[test]
fn the_price_of_before_the_split_is_turned_into_one_of_after_it() {
    let mut bench = protected();
    let announced = split(&bench, 3, 1);
    bench.feed(announced);
    on_tuesday(&mut bench);
    bench.feed(Input::Link { link: Link::MarketData, up: true });
    let last = bench.kernel.state().last_price(bench.symbol("AAA"));
    assert_eq!(last, Some(price("33.333333333")));
}

/// The exits of a position that the broker ends for a split are asked for anew, as one group.
#[test]
fn stops_that_the_broker_ends_for_a_split_remain() {
    for before_the_day in [true, false] {
        let mut bench = protected();
        let announced = split(&bench, 3, 1);
        bench.feed(announced);
        if before_the_day {
            in_the_evening(&mut bench)
        } else {
            on_tuesday(&mut bench)
        }
        bench.report(1, ReportKind::Canceled);
        bench.report(2, ReportKind::Canceled);
        on_tuesday(&mut bench);
        bench.bar("AAA", "33.5");
        let live: Vec<_> = bench.kernel.state().live_orders().cloned().collect();
        let kinds: Vec<_> = live.iter().map(|order| (order.kind, order.quantity)).collect();
        assert_eq!(
            kinds,
            [
                (OrderKind::Limit { limit: price("40.34") }, shares(270)),
                (OrderKind::Stop { stop: price("28.34") }, shares(270)),
            ],
            "before the day: {before_the_day}"
        );
        let renewed = bench.records.iter().filter_map(|record| match &record.body {
            RecordBody::Event { event: Event::ExitRenewed { order, by }, .. } => {
                Some((order.0, *by))
            }
            _ => None,
        });
        let by = Some(OrderNumber(3));
        assert_eq!(renewed.collect::<Vec<_>>(), [(1, by), (2, by)]);
        let before = bench.records.len();
        bench.wait(60).bar("AAA", "33.5");
        assert_eq!(bench.records.len(), before + 1, "once");
    }
}

/// A broker may go on counting an order in the shares that it was asked for in: that is no sign of
/// executions that nobody has heard of.
#[test]
fn what_is_counted_in_shares_of_before_a_split_is_not_missed() {
    let counting = |bench: &Bench, kind, counted| {
        let mut report = bench.plain(1, kind);
        report.cumulative = Some(shares(counted));
        report
    };
    let mut bench = protected();
    bench.fill(1, "f1", 30, "121.01");
    let announced = split(&bench, 1, 3);
    bench.feed(announced);
    on_tuesday(&mut bench);
    bench.bar("AAA", "363");
    let filled = |bench: &Bench| bench.kernel.state().order(OrderNumber(1)).unwrap().filled;
    assert_eq!((filled(&bench), bench.position().quantity), (shares(10), shares(20)));

    let mut late = counting(&bench, ReportKind::PartialFill, 45);
    late.time = time("2024-06-03T19:59:00Z");
    let (id, quantity, price) = (ExecutionId("f2".into()), shares(15), price("121.01"));
    late.execution = Some(Execution { id, quantity, price });
    let events = bench.feed(Input::Report(late.clone()));
    assert!(matches!(events[..], [Event::ReportIgnored { .. }]), "of before: {events:?}");
    late.time = bench.now;
    late.execution.as_mut().unwrap().quantity = shares(5);
    let events = bench.feed(Input::Report(late));
    assert!(matches!(events[..], [Event::OrderFilled { .. }]), "of today: {events:?}");

    let canceled = counting(&bench, ReportKind::Canceled, 45);
    let events = bench.feed(Input::Report(canceled));
    let asks = events
        .iter()
        .any(|event| matches!(event, Event::OrderQueryNeeded { counted: Some(_), .. }));
    assert!(!asks, "{events:?}");
    assert_eq!((bench.status(1), filled(&bench)), (OrderStatus::Canceled, shares(15)));
    assert_eq!(bench.position().quantity, shares(15));
}

#[test]
fn an_exit_that_is_cancelled_on_another_day_or_by_request_is_not_renewed() {
    let mut bench = protected();
    bench.report(1, ReportKind::Canceled);
    bench.report(2, ReportKind::Canceled);
    let announced = split(&bench, 3, 1);
    bench.feed(announced);
    on_tuesday(&mut bench);
    bench.bar("AAA", "33.5");
    assert_eq!(bench.kernel.state().live_orders().count(), 0);

    let mut bench = protected();
    let announced = split(&bench, 3, 1);
    bench.feed(announced);
    in_the_evening(&mut bench);
    bench.feed(Input::Command(Command::CancelAll { reason: "drill".into() }));
    bench.report(1, ReportKind::Canceled);
    bench.report(2, ReportKind::Canceled);
    on_tuesday(&mut bench);
    bench.bar("AAA", "33.5");
    assert_eq!(bench.kernel.state().live_orders().count(), 0);
}

#[test]
fn a_split_learned_of_after_a_restart_is_followed_while_the_books_are_of_before_it() {
    let mut bench = protected();
    on_tuesday(&mut bench);
    bench.feed(Input::Restart { build: "test".into() });
    let announced = split(&bench, 1, 4);
    let events = bench.feed(announced);
    assert!(
        matches!(&events[..], [Event::SharesSplit { position, .. }]
        if *position == "22.5".parse().unwrap()),
        "{events:?}"
    );
}

#[test]
fn a_split_learned_of_too_late_is_told_and_left_to_the_comparison() {
    let mut bench = protected();
    on_tuesday(&mut bench);
    bench.bar("AAA", "33.5");
    let announced = split(&bench, 3, 1);
    let events = bench.feed(announced);
    assert!(
        matches!(&events[..], [Event::AlertRaised(alert)]
        if &*alert.code == "corporate_action_late"),
        "{events:?}"
    );
    assert_eq!(bench.position().quantity, shares(90));
    bench.feed(Input::Calendar(vec![TradingDay {
        date: 20_240_605,
        open: time("2024-06-05T13:30:00Z"),
        close: time("2024-06-05T20:00:00Z"),
        extended_open: time("2024-06-05T08:00:00Z"),
        extended_close: time("2024-06-06T00:00:00Z"),
    }]));
    bench.now = time("2024-06-05T13:31:00Z");
    bench.bar("AAA", "33.5");
    assert_eq!(bench.position().quantity, shares(90), "nor on the next day");
}

#[test]
fn an_account_taken_over_on_the_day_is_in_new_shares() {
    let mut bench = Bench::cold(Limits::default());
    bench.feed(Input::Calendar(vec![tuesday()]));
    let announced = split(&bench, 3, 1);
    bench.feed(announced);
    on_tuesday(&mut bench);
    let symbol = bench.symbol("AAA");
    let (quantity, average_price) = (shares(270), price("33.33"));
    let positions = vec![BrokerPosition { symbol, quantity, average_price }];
    bench.feed(Input::Broker(Box::new(BrokerState { positions, ..broker("100000") })));
    bench.bar("AAA", "33.5");
    assert_eq!(bench.position().quantity, shares(270));
}

/// What the broker takes of a fraction it pays for, within days of the split: no result, and nothing
/// that stops entries.
#[test]
fn a_fraction_that_the_broker_pays_for_stops_nothing() {
    let day = 86_400;
    for (theirs, later, trading) in [
        ("30", 0, TradingState::Active),
        ("29", 0, TradingState::Reducing),
        ("30", 9 * day, TradingState::Active),
        ("30", 11 * day, TradingState::Reducing),
    ] {
        let mut bench = Bench::holding(91);
        bench.feed(Input::Calendar(vec![tuesday()]));
        let announced = split(&bench, 1, 3);
        bench.feed(announced);
        on_tuesday(&mut bench);
        bench.bar("AAA", "300");
        assert_eq!(bench.position().quantity, "30.333333333".parse().unwrap());
        let symbol = bench.symbol("AAA");
        let (quantity, average_price) = (theirs.parse().unwrap(), price("300"));
        let positions = vec![BrokerPosition { symbol, quantity, average_price }];
        let said = || BrokerState { positions: positions.clone(), ..broker("100000") };
        bench.wait(later);
        bench.feed(Input::Broker(Box::new(said())));
        bench.wait(2).feed(Input::Broker(Box::new(said())));
        let state = bench.kernel.state();
        assert_eq!((bench.position().quantity, state.trading_state()), (quantity, trading));
        let profit = state.equity().checked_sub(state.day().unwrap().starting_equity);
        assert!(profit.unwrap().abs() < cash("1"), "{profit:?}");
    }
}

#[test]
fn a_symbol_keeps_its_place_under_another_name() {
    let mut bench = Bench::holding(90);
    bench.feed(Input::Calendar(vec![tuesday()]));
    let symbol = bench.symbol("AAA");
    let renamed = action(&bench, 20_240_604, ShareChange::Name("CCC".into()));
    bench.feed(renamed);
    on_tuesday(&mut bench);
    let events = bench.feed(Input::Timer);
    assert!(matches!(events[0], Event::SymbolRenamed { .. }), "{events:?}");
    let state = bench.kernel.state();
    assert_eq!((state.symbols().id("CCC"), state.symbols().id("AAA")), (Some(symbol), None));
    assert_eq!(state.ledger().position(symbol).quantity, shares(90));
    let mut folded = State::default();
    bench.records.iter().for_each(|record| folded.evolve(record).unwrap());
    assert_eq!(&folded, state);
}

/// The request for the exits in new shares may get lost: it is made until it arrives, and refused
/// it wakes somebody.
#[test]
fn exits_asked_for_anew_that_never_arrive_are_asked_for_again() {
    let mut bench = protected();
    let announced = split(&bench, 3, 1);
    bench.feed(announced);
    on_tuesday(&mut bench);
    bench.report(1, ReportKind::Canceled);
    bench.report(2, ReportKind::Canceled);
    bench.bar("AAA", "33.5");
    let live = |bench: &Bench| {
        let orders = bench.kernel.state().live_orders();
        orders.map(|order| (order.number.0, order.quantity)).collect::<Vec<_>>()
    };
    assert_eq!(live(&bench), [(3, shares(270)), (4, shares(270))]);
    bench.report(3, ReportKind::AnswerLost);
    bench.report(3, ReportKind::NotReceived);
    bench.wait(60).bar("AAA", "33.5");
    assert_eq!(live(&bench), [(5, shares(270)), (6, shares(270))]);
    let events = bench.report(5, ReportKind::Refused);
    let told = events.iter().any(|event| {
        matches!(event, Event::AlertRaised(alert) if &*alert.code == "exit_lost" && alert.severity == Severity::Critical)
    });
    assert!(told, "{events:?}");
    bench.wait(60).bar("AAA", "33.5");
    assert_eq!(live(&bench), [], "the broker's no is not asked for again");
}
