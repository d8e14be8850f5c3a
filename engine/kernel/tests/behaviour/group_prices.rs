//! The prices of a group: of its exits against its entry, and of one exit against the other.

use crate::common::*;
use kernel::*;

const MARKET: OrderKind = OrderKind::Market;

fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { limit: price(at) }
}

fn stop(at: &str) -> OrderKind {
    OrderKind::Stop { stop: price(at) }
}

fn stop_limit(stop: &str, limit: &str) -> OrderKind {
    OrderKind::StopLimit { stop: price(stop), limit: price(limit) }
}

fn bracket(profit: &str, loss: &str) -> OrderClass {
    OrderClass::Bracket { take_profit: price(profit), stop_loss: StopLoss::at(price(loss)) }
}

fn with_limit(profit: &str, loss: &str, limit: &str) -> OrderClass {
    let stop_loss = StopLoss::with_limit(price(loss), price(limit));
    OrderClass::Bracket { take_profit: price(profit), stop_loss }
}

fn takes(profit: &str) -> OrderClass {
    OrderClass::Oto { leg: Leg::TakeProfit { limit: price(profit) } }
}

fn ends(loss: &str) -> OrderClass {
    OrderClass::Oto { leg: Leg::StopLoss(StopLoss::at(price(loss))) }
}

fn entry(bench: &Bench, side: Side, kind: OrderKind, class: OrderClass) -> NewOrder {
    NewOrder::new(bench.symbol("AAA"), side, shares(1), kind).grouped(class)
}

/// AAA was last at 100.
#[test]
fn exits_lie_on_their_sides_of_the_price_at_which_their_group_begins() {
    use Side::{Buy, Sell};
    let cases = [
        // The stop of an entry is where it begins, and its limit where it has both.
        (Buy, stop("101"), bracket("110", "100.99"), "approved"),
        (Buy, stop("101"), bracket("110", "105"), "wrong_side"),
        (Buy, stop("101"), bracket("101", "95"), "wrong_side"),
        (Sell, stop("99"), bracket("90", "95"), "wrong_side"),
        (Sell, stop("99"), bracket("90", "105"), "approved"),
        (Buy, stop_limit("101", "102"), bracket("110", "101.5"), "approved"),
        (Buy, stop_limit("101", "102"), bracket("110", "102"), "wrong_side"),
        // An entry at the market begins at the last price.
        (Buy, MARKET, bracket("110", "99.99"), "approved"),
        (Buy, MARKET, bracket("110", "100"), "wrong_side"),
        (Buy, MARKET, bracket("99", "98"), "wrong_side"),
        (Sell, MARKET, bracket("102", "103"), "wrong_side"),
        (Buy, MARKET, takes("100"), "wrong_side"),
        (Buy, MARKET, takes("100.01"), "approved"),
        (Sell, MARKET, ends("100"), "wrong_side"),
        (Buy, limit("0.5"), takes("0.505"), "wrong_side"),
        // The prices of an exit are prices.
        (Buy, limit("100"), with_limit("110", "95", "94"), "approved"),
        (Buy, limit("100"), with_limit("110", "95", "94.005"), "malformed_price"),
        (Buy, limit("100"), with_limit("110", "95", "-94"), "malformed_price"),
        (Buy, limit("100"), with_limit("110", "95", "0"), "malformed_price"),
        (Buy, limit("100"), with_limit("110", "0", "94"), "malformed_price"),
    ];
    for (side, kind, class, expected) in cases {
        let mut bench = Bench::warm(Limits { market_slip: BasisPoints::new(250), ..Limits::OFF });
        let order = entry(&bench, side, kind, class);
        assert_eq!(bench.verdict(order), expected, "{side:?} {kind:?} {class:?}");
    }
}

/// A price that is too old, or was taken back, is nothing to hold an exit against: what is wrong with the
/// order is said of the price.
#[test]
fn an_old_price_judges_no_exit() {
    let limits = Limits { stale_after: Some(Span::from_secs(60)), ..Limits::default() };
    let mut bench = Bench::warm(limits);
    bench.wait(600).feed(Input::Timer);
    let verdict = |class| {
        let order = entry(&bench, Side::Buy, MARKET, class);
        risk::would_pass(bench.kernel.state(), Origin::Operator, order).unwrap_err().code()
    };
    assert_eq!(verdict(bracket("120", "110")), "stale_data");
    assert_eq!(verdict(bracket("110", "120")), "wrong_side", "against each other they are held");
}

/// The kind of group, the order of it that is moved, where to, and what is said of it. Exits at 95 and
/// 110 of a long position, or at 105 and 90 of a short one.
#[test]
fn an_exit_that_is_moved_stays_on_its_side_of_the_other() {
    use Side::{Buy, Sell};
    let cases = [
        (Buy, 2, limit("95.01"), None),
        (Buy, 2, limit("95"), Some("wrong_side")),
        (Buy, 2, limit("90"), Some("wrong_side")),
        (Buy, 3, stop("109.99"), None),
        (Buy, 3, stop("110"), Some("wrong_side")),
        (Buy, 3, stop("115"), Some("wrong_side")),
        (Sell, 2, limit("105"), Some("wrong_side")),
        (Sell, 2, limit("104"), None),
        (Sell, 3, stop("90"), Some("wrong_side")),
        (Sell, 3, stop("91"), None),
    ];
    for (side, number, kind, expected) in cases {
        let mut bench = Bench::warm(Limits::default());
        let class = if side == Buy { bracket("110", "95") } else { bracket("90", "105") };
        bench.approve(entry(&bench, side, limit("100"), class));
        bench.report(1, ReportKind::New);
        bench.report(2, ReportKind::Held);
        bench.report(3, ReportKind::Held);
        bench.fill(1, "entry", 1, "100");
        bench.report(2, ReportKind::New);
        let (order, quantity) = (OrderNumber(number), shares(1));
        let events = bench.propose([Intent::Replace { order, quantity, kind }]);
        assert_eq!(denial(&events).map(risk::Denial::code), expected, "{side:?} {kind:?}");
    }
}

/// While the other is being moved both of its prices count: which of them the broker looks at is not known.
#[test]
fn an_exit_is_held_against_both_prices_of_one_that_is_being_moved() {
    let mut bench = Bench::holding(10);
    let class = OrderClass::Oco { stop_loss: StopLoss::at(price("95")) };
    let order = NewOrder::new(bench.symbol("AAA"), Side::Sell, shares(10), limit("110"));
    bench.approve(order.grouped(class));
    bench.report(1, ReportKind::New);
    bench.report(2, ReportKind::Held);
    let moved =
        |number, kind| Intent::Replace { order: OrderNumber(number), quantity: shares(10), kind };
    assert_eq!(denial(&bench.propose([moved(1, limit("120"))])), None);
    let code = |events: &[Event]| denial(events).map(risk::Denial::code);
    assert_eq!(code(&bench.propose([moved(2, stop("115"))])), Some("wrong_side"));
    bench.report(1, ReportKind::Replaced);
    bench.report(3, ReportKind::New);
    assert_eq!(code(&bench.propose([moved(2, stop("115"))])), None);
}
