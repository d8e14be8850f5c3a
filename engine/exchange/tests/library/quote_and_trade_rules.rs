//! Fills from quotes and from trades, as hand-worked tables.

use crate::support::*;
use kernel::{MarketData, OrderKind, Side, Span};

/// One order of 10 shares that is there before the first datum.
struct Case {
    rule: &'static str,
    side: Side,
    kind: OrderKind,
    data: Vec<MarketData>,
    /// The datum that fills it, counted from 0, and the price; `None` when nothing does.
    fills: Option<(usize, &'static str)>,
}

const BUY: Side = Side::Buy;
const SELL: Side = Side::Sell;

fn check(case: &Case) {
    let mut config = free();
    config.fills.buy_stop_collar = false;
    let mut exchange = open_exchange(config);
    exchange.submit(order(case.side, 10, case.kind)).unwrap();
    exchange.drain_updates();
    let mut filled = Vec::new();
    for (number, &datum) in case.data.iter().enumerate() {
        exchange.step(&[datum]);
        for update in exchange.drain_updates() {
            if let Some(fill) = update.execution {
                assert_eq!(update.time, datum.time(), "{}: time", case.rule);
                filled.push((number, fill.price));
            }
        }
    }
    let expected: Vec<_> = case.fills.map(|(number, at)| (number, price(at))).into_iter().collect();
    assert_eq!(filled, expected, "{}", case.rule);
    assert_sound(&exchange);
}

fn second(number: i64) -> kernel::Timestamp {
    minute(3, 0).plus(Span::from_secs(number))
}

fn quoted(at: i64, bid: &str, ask: &str) -> MarketData {
    quote(second(at), (bid, 100), (ask, 100))
}

fn traded(at: i64, price: &str) -> MarketData {
    trade(second(at), price, 100)
}

/// Conformance 143, 144.
#[test]
fn quotes_fill_at_the_far_side() {
    let table = [
        ("a market buy takes the ask", BUY, market(), vec![("99", "101")], Some((0, "101"))),
        ("a market sale takes the bid", SELL, market(), vec![("99", "101")], Some((0, "99"))),
        (
            "a buy limit waits for the ask",
            BUY,
            limit("100"),
            vec![("99", "101"), ("99.5", "100")],
            Some((1, "100")),
        ),
        ("a buy limit takes a better ask", BUY, limit("100"), vec![("97", "98")], Some((0, "98"))),
        (
            "a sell limit waits for the bid",
            SELL,
            limit("100"),
            vec![("99", "101"), ("100", "100.5")],
            Some((1, "100")),
        ),
        ("a side nobody quotes fills nothing", BUY, market(), vec![("99", "0")], None),
        (
            "a buy stop triggers on the ask",
            BUY,
            stop("102"),
            vec![("100", "101.99"), ("102", "103")],
            Some((1, "103")),
        ),
        (
            "a sell stop triggers on the bid",
            SELL,
            stop("98"),
            vec![("98.01", "99"), ("97", "98")],
            Some((1, "97")),
        ),
        (
            "a stop limit past its limit rests",
            BUY,
            stop_limit("102", "103"),
            vec![("103", "104"), ("101", "102.5")],
            Some((1, "102.5")),
        ),
    ];
    for (rule, side, kind, quotes, fills) in table {
        let quotes = quotes.iter().enumerate();
        let data = quotes.map(|(at, (bid, ask))| quoted(at as i64, bid, ask)).collect();
        check(&Case { rule, side, kind, data, fills });
    }
}

#[test]
fn trades_fill_at_their_price_and_resting_limits_at_their_own() {
    let table = [
        ("a market buy takes the next trade", BUY, market(), vec!["101"], Some((0, "101"))),
        ("a limit marketable at once takes it", BUY, limit("100"), vec!["99"], Some((0, "99"))),
        ("at the limit counts at once", BUY, limit("100"), vec!["100"], Some((0, "100"))),
        (
            "a resting limit needs a trade through it",
            BUY,
            limit("100"),
            vec!["101", "100", "99"],
            Some((2, "100")),
        ),
        (
            "a resting sale needs a trade through it",
            SELL,
            limit("100"),
            vec!["99", "100", "101"],
            Some((2, "100")),
        ),
        ("a buy stop triggers at a touch", BUY, stop("102"), vec!["101", "102"], Some((1, "102"))),
        ("a sell stop takes the print", SELL, stop("98"), vec!["99", "96"], Some((1, "96"))),
        (
            "a stop limit past its limit rests",
            BUY,
            stop_limit("102", "103"),
            vec!["104", "103", "102.99"],
            Some((2, "103")),
        ),
    ];
    for (rule, side, kind, trades, fills) in table {
        let trades = trades.iter().enumerate();
        let data = trades.map(|(at, price)| traded(at as i64, price)).collect();
        check(&Case { rule, side, kind, data, fills });
    }
}

#[test]
fn with_quotes_and_trades_prints_trigger_stops_and_quotes_fill_them() {
    check(&Case {
        rule: "a quote through the stop is not a print",
        side: SELL,
        kind: stop("98"),
        data: vec![traded(0, "100"), quoted(1, "97", "99"), traded(2, "98"), quoted(3, "96", "97")],
        fills: Some((3, "96")),
    });
}

#[test]
fn bars_do_not_fill_what_quotes_or_trades_fill() {
    let MarketData::Bar(bar) = bar(0, ["105", "106", "104", "105"]) else {
        unreachable!("bar makes bars")
    };
    check(&Case {
        rule: "the quote, not the bar",
        side: BUY,
        kind: limit("100"),
        data: vec![quoted(0, "103", "104"), MarketData::Bar(bar), quoted(61, "99", "99.5")],
        fills: Some((2, "99.5")),
    });
}

/// Conformance 145.
#[test]
fn displayed_size_bounds_fills_only_when_asked_and_is_taken_once() {
    let run = |displayed_size| {
        let mut config = free();
        config.fills.displayed_size = displayed_size;
        let mut exchange = open_exchange(config);
        exchange.submit(buy(80, limit("101"))).unwrap();
        exchange.submit(buy(80, limit("101"))).unwrap();
        exchange.step(&[quoted(0, "99", "101")]);
        exchange.step(&[quoted(1, "99", "100")]);
        assert_sound(&exchange);
        fills(&exchange.drain_updates())
    };
    let texts = |list: &[(&str, &str)]| -> Vec<_> {
        list.iter().map(|&(qty, at)| (qty.to_owned(), at.to_owned())).collect()
    };
    assert_eq!(run(false), texts(&[("80", "101"), ("80", "101")]));
    assert_eq!(run(true), texts(&[("80", "101"), ("20", "101"), ("60", "100")]));
}

#[test]
fn data_that_cannot_be_believed_is_passed_over() {
    let mut exchange = open_exchange(free());
    exchange.submit(buy(10, market())).unwrap();
    exchange.drain_updates();
    let crossed = quoted(1, "101", "99");
    let unbounded = bar(1, ["100", "99", "98", "99"]);
    exchange.step(&[crossed]);
    exchange.step(&[unbounded]);
    assert!(exchange.drain_updates().is_empty());
    assert_eq!(exchange.now(), unbounded.time());
}
