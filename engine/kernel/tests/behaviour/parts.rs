//! Exits in parts of a share: where the broker takes them, and how a position is closed where it
//! does not.

use crate::common::*;
use kernel::*;

const BEFORE_THE_OPEN: &str = "12:00:00";
const REGULAR: &str = "15:00:00";
const LIMIT: OrderKind = OrderKind::Limit { limit: Price::from_nanos(99 * SCALE) };

fn anything(_: &mut AssetFacts) {}

fn regular_alone(facts: &mut AssetFacts) {
    facts.fractional_extended_hours = false;
}

fn whole_alone(facts: &mut AssetFacts) {
    facts.fractionable = false;
}

type Known = fn(&mut AssetFacts);
type Closing = (Known, &'static str, &'static [(&'static str, bool)]);

/// What is known, the shares sold, whether for extended hours, and what is said of it.
const EXITS: [(Known, &str, bool, &str); 9] = [
    (anything, "1.5", true, "approved"),
    (regular_alone, "1.5", true, "not_fractionable"),
    (regular_alone, "0.5", true, "not_fractionable"),
    (regular_alone, "2", true, "approved"),
    (regular_alone, "1.5", false, "approved"),
    (whole_alone, "1.5", true, "not_fractionable"),
    (whole_alone, "1.5", false, "not_fractionable"),
    (whole_alone, "2", false, "approved"),
    // What a split has left over.
    (whole_alone, "0.5", false, "approved"),
];

fn sold(bench: &Bench, quantity: &str, extended_hours: bool) -> &'static str {
    let size = OrderSize::Shares(quantity.parse().unwrap());
    let kind = if extended_hours { LIMIT } else { OrderKind::Market };
    let order = NewOrder::new(bench.symbol("AAA"), Side::Sell, size, kind);
    let order = NewOrder { extended_hours, ..order };
    let verdict = risk::would_pass(bench.kernel.state(), Origin::Operator, order);
    verdict.map_or_else(|denial| denial.code(), |()| "approved")
}

#[test]
fn an_exit_in_parts_is_denied_where_the_broker_has_said_that_it_takes_none() {
    for (known, quantity, extended_hours, expected) in EXITS {
        let bench = Bench::holding_parts(REGULAR, "2.5", known);
        let said = sold(&bench, quantity, extended_hours);
        assert_eq!(said, expected, "{quantity}, extended: {extended_hours}");
    }
}

/// Missing facts stop no exit, and an order in dollars is one in parts.
#[test]
fn what_the_broker_has_not_said_denies_no_exit() {
    let start = SessionStart { hours: TradingHours::Extended, ..start(Limits::default()) };
    let mut bench = Bench::started_at("2024-06-03T15:00:00Z", start);
    let symbol = bench.symbol("AAA");
    let (quantity, average_price) = ("2.5".parse().unwrap(), price("100"));
    let position = BrokerPosition { symbol, quantity, average_price };
    let state = BrokerState { positions: vec![position], ..broker("100000") };
    bench.feed(Input::Broker(Box::new(state)));
    assert_eq!(bench.kernel.state().asset(symbol), None);
    assert_eq!([sold(&bench, "1.5", true), sold(&bench, "1.5", false)], ["approved"; 2]);

    let bench = Bench::holding_parts(REGULAR, "2.5", whole_alone);
    let size = OrderSize::Notional(cash("50"));
    let dollars = NewOrder::new(symbol, Side::Sell, size, OrderKind::Market);
    let said = risk::would_pass(bench.kernel.state(), Origin::Operator, dollars);
    assert_eq!(said, Err(risk::Denial::NotFractionable));
}

/// What is known, the hour, and the orders that flatten two and a half shares: how many, and whether at
/// a limit for extended hours.
const CLOSINGS: [Closing; 6] = [
    (anything, BEFORE_THE_OPEN, &[("2.5", true)]),
    (regular_alone, BEFORE_THE_OPEN, &[("2", true), ("0.5", false)]),
    (whole_alone, BEFORE_THE_OPEN, &[("2", true), ("0.5", false)]),
    (anything, REGULAR, &[("2.5", false)]),
    (regular_alone, REGULAR, &[("2.5", false)]),
    (whole_alone, REGULAR, &[("2", false), ("0.5", false)]),
];

fn closing(bench: &Bench) -> Order {
    let mut live = bench.kernel.state().live_orders();
    let order = live.next().expect("a closing order").clone();
    assert_eq!(live.next().map(|order| order.number), None, "one at a time");
    order
}

#[test]
fn whole_shares_are_closed_at_once_and_what_is_left_of_one_at_the_market() {
    for (known, at, expected) in CLOSINGS {
        let mut bench = Bench::holding_parts(at, "2.5", known);
        bench.feed(Input::Command(Command::Flatten { reason: "test".into() }));
        for (quantity, extended) in expected {
            let order = closing(&bench);
            assert_eq!(
                (order.quantity.to_string().as_str(), order.extended_hours),
                (*quantity, *extended)
            );
            assert_eq!(order.kind == OrderKind::Market, !extended);
            fill(&mut bench, &order);
        }
        assert!(bench.position().quantity.is_zero(), "{at}");
        assert!(!bench.kernel.state().is_flattening(), "{at}");
    }
}

/// What waits for the open is one order that is left alone: neither refused, nor cancelled, nor asked
/// for again.
#[test]
fn the_rest_of_a_share_waits_for_the_open_and_ends_the_closing_then() {
    let mut bench = Bench::holding_parts(BEFORE_THE_OPEN, "2.5", regular_alone);
    let symbol = bench.symbol("AAA");
    bench.feed(Input::Command(Command::Close { symbol, reason: "test".into() }));
    // The limit has not filled in time, and is asked for anew.
    let first = closing(&bench);
    bench.report(first.number.0, ReportKind::New);
    bench.wait(10).feed(Input::Timer);
    bench.report(first.number.0, ReportKind::Canceled);
    let whole = closing(&bench);
    fill(&mut bench, &whole);
    let rest = closing(&bench);
    bench.report(rest.number.0, ReportKind::Accepted);
    while !bench.now.plus(Span::from_secs(60)).gt(&monday().open) {
        bench.wait(60).bar("AAA", "100");
        assert_eq!(closing(&bench).number, rest.number);
        assert!(!closing(&bench).cancel_requested);
    }
    bench.wait(60);
    fill(&mut bench, &rest);
    assert!(!bench.kernel.state().is_closing(symbol));
    assert_eq!(bench.kernel.state().trading_state(), TradingState::Active);
}

fn fill(bench: &mut Bench, order: &Order) {
    let mut report = bench.plain(order.number.0, ReportKind::Fill);
    let id = ExecutionId(format!("x-{}", order.number).into());
    report.execution = Some(Execution { id, quantity: order.quantity, price: price("100") });
    bench.feed(Input::Report(report));
}
