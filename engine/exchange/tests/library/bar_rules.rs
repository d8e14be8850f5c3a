//! Every rule for fills from bars, as hand-worked tables: one order, then bars, then what fills.

use crate::support::*;
use exchange::{Exchange, UpdateEvent};
use kernel::{MarketData, OrderKind, OrderStatus, Side, Span};

/// One order that is there before the first bar.
struct Case {
    rule: &'static str,
    side: Side,
    kind: OrderKind,
    /// Open, high, low, close of one bar after the other.
    bars: &'static [[&'static str; 4]],
    /// The bar that fills it, counted from 0, and the price; `None` when nothing does.
    fills: Option<(usize, &'static str)>,
}

const BUY: Side = Side::Buy;
const SELL: Side = Side::Sell;

/// Runs a case and compares what fills, in which bar and at which price.
fn check(case: &Case) {
    let mut config = free();
    config.fills.buy_stop_collar = false;
    let mut exchange = open_exchange(config);
    let order = exchange.submit(order(case.side, 10, case.kind)).unwrap();
    let mut filled = Vec::new();
    exchange.drain_updates();
    for (number, &prices) in case.bars.iter().enumerate() {
        exchange.step(&[bar(number as i64, prices)]);
        for update in exchange.drain_updates() {
            if let Some(fill) = update.execution {
                assert_eq!(update.time, minute(3, number as i64), "{}: time", case.rule);
                assert_eq!(fill.qty, shares(10), "{}: quantity", case.rule);
                filled.push((number, fill.price));
            }
        }
    }
    let expected: Vec<_> = case.fills.map(|(number, at)| (number, price(at))).into_iter().collect();
    assert_eq!(filled, expected, "{}", case.rule);
    assert_eq!(row(&exchange, &order).status.is_final(), case.fills.is_some(), "{}", case.rule);
    assert_sound(&exchange);
}

fn check_all(cases: &[Case]) {
    cases.iter().for_each(check);
}

#[test]
fn market_orders_take_the_next_open() {
    check_all(&[
        Case {
            rule: "a buy",
            side: BUY,
            kind: market(),
            bars: &[["101", "105", "99", "104"]],
            fills: Some((0, "101")),
        },
        Case {
            rule: "a sale",
            side: SELL,
            kind: market(),
            bars: &[["101", "105", "99", "104"]],
            fills: Some((0, "101")),
        },
    ]);
}

#[test]
fn limits_need_a_trade_through_them_or_a_better_open() {
    check_all(&[
        Case {
            rule: "buy: open below takes the open",
            side: BUY,
            kind: limit("100"),
            bars: &[["99", "101", "98", "100"]],
            fills: Some((0, "99")),
        },
        Case {
            rule: "buy: open at the limit takes it",
            side: BUY,
            kind: limit("100"),
            bars: &[["100", "101", "100", "101"]],
            fills: Some((0, "100")),
        },
        Case {
            rule: "buy: low below fills at the limit",
            side: BUY,
            kind: limit("100"),
            bars: &[["102", "103", "99.99", "101"]],
            fills: Some((0, "100")),
        },
        Case {
            rule: "buy: a mere touch does not fill",
            side: BUY,
            kind: limit("100"),
            bars: &[["102", "103", "100", "101"], ["101", "101", "99", "99"]],
            fills: Some((1, "100")),
        },
        Case {
            rule: "buy: a gap through a resting limit takes the better open",
            side: BUY,
            kind: limit("100"),
            bars: &[["102", "103", "101", "101"], ["95", "96", "94", "95"]],
            fills: Some((1, "95")),
        },
        Case {
            rule: "buy: never reached",
            side: BUY,
            kind: limit("100"),
            bars: &[["102", "103", "101", "101"]],
            fills: None,
        },
        Case {
            rule: "sell: open above takes the open",
            side: SELL,
            kind: limit("100"),
            bars: &[["101", "102", "98", "100"]],
            fills: Some((0, "101")),
        },
        Case {
            rule: "sell: high above fills at the limit",
            side: SELL,
            kind: limit("100"),
            bars: &[["98", "100.01", "97", "99"]],
            fills: Some((0, "100")),
        },
        Case {
            rule: "sell: a mere touch does not fill",
            side: SELL,
            kind: limit("100"),
            bars: &[["98", "100", "97", "99"]],
            fills: None,
        },
    ]);
}

#[test]
fn stops_trigger_at_a_touch_and_gaps_fill_at_the_open() {
    check_all(&[
        Case {
            rule: "buy: touched inside fills at the stop",
            side: BUY,
            kind: stop("105"),
            bars: &[["101", "105", "100", "104"]],
            fills: Some((0, "105")),
        },
        Case {
            rule: "buy: a gap past it fills at the open",
            side: BUY,
            kind: stop("105"),
            bars: &[["101", "104", "100", "104"], ["110", "111", "109", "110"]],
            fills: Some((1, "110")),
        },
        Case {
            rule: "buy: open exactly at it fills there",
            side: BUY,
            kind: stop("105"),
            bars: &[["105", "106", "104", "104"]],
            fills: Some((0, "105")),
        },
        Case {
            rule: "buy: not reached",
            side: BUY,
            kind: stop("105"),
            bars: &[["101", "104.99", "100", "104"]],
            fills: None,
        },
        Case {
            rule: "sell: touched inside fills at the stop",
            side: SELL,
            kind: stop("95"),
            bars: &[["100", "101", "95", "97"]],
            fills: Some((0, "95")),
        },
        Case {
            rule: "sell: a gap past it fills at the open, below the stop",
            side: SELL,
            kind: stop("95"),
            bars: &[["90", "92", "88", "91"]],
            fills: Some((0, "90")),
        },
    ]);
}

#[test]
fn stop_limits_fill_only_where_they_must_have() {
    check_all(&[
        Case {
            rule: "buy: triggered inside with the limit above fills at the stop",
            side: BUY,
            kind: stop_limit("105", "106"),
            bars: &[["101", "107", "100", "104"]],
            fills: Some((0, "105")),
        },
        Case {
            rule: "buy: limit equal to the stop fills at the stop",
            side: BUY,
            kind: stop_limit("105", "105"),
            bars: &[["101", "105", "100", "104"]],
            fills: Some((0, "105")),
        },
        Case {
            rule: "buy: a gap within the limit fills at the open",
            side: BUY,
            kind: stop_limit("105", "108"),
            bars: &[["107", "109", "106", "108"]],
            fills: Some((0, "107")),
        },
        Case {
            rule: "buy: a gap past the limit, and back through it, fills at the limit",
            side: BUY,
            kind: stop_limit("105", "106"),
            bars: &[["110", "111", "105.99", "107"]],
            fills: Some((0, "106")),
        },
        Case {
            rule: "buy: a gap past the limit rests as a limit",
            side: BUY,
            kind: stop_limit("105", "106"),
            bars: &[["110", "111", "108", "109"], ["107", "108", "105", "105"]],
            fills: Some((1, "106")),
        },
        Case {
            rule: "buy: triggered stays triggered, though the stop is not touched again",
            side: BUY,
            kind: stop_limit("105", "106"),
            bars: &[["110", "111", "108", "109"], ["104", "104.5", "103", "104"]],
            fills: Some((1, "104")),
        },
        Case {
            rule: "buy: both touched, the low may have come first: it does not fill",
            side: BUY,
            kind: stop_limit("105", "103"),
            bars: &[["104", "105", "102", "103"]],
            fills: None,
        },
        Case {
            rule: "buy: both touched and the close below the limit: it must have come back",
            side: BUY,
            kind: stop_limit("105", "103"),
            bars: &[["104", "105", "102", "102.5"]],
            fills: Some((0, "103")),
        },
        Case {
            rule: "sell: both touched, the high may have come first: it does not fill",
            side: SELL,
            kind: stop_limit("95", "97"),
            bars: &[["96", "98", "95", "97"]],
            fills: None,
        },
        Case {
            rule: "sell: both touched and the close above the limit: it must have come back",
            side: SELL,
            kind: stop_limit("95", "97"),
            bars: &[["96", "98", "95", "97.5"]],
            fills: Some((0, "97")),
        },
        Case {
            rule: "sell: a gap past the limit rests as a limit",
            side: SELL,
            kind: stop_limit("95", "94"),
            bars: &[["90", "93", "89", "92"], ["93", "94.01", "92", "93"]],
            fills: Some((1, "94")),
        },
    ]);
}

/// Conformance 46.
#[test]
fn buy_stops_carry_alpacas_collar() {
    let collared = |stop_at: &str, prices| {
        let mut exchange = open_exchange(free());
        exchange.submit(buy(10, stop(stop_at))).unwrap();
        exchange.step(&[bar(0, prices)]);
        fills(&exchange.drain_updates())
    };
    let nothing: Vec<(String, String)> = Vec::new();
    let one = |at: &str| vec![("10".to_owned(), at.to_owned())];
    // 105 × 1.025 = 107.625, on the tick 107.62.
    assert_eq!(collared("105", ["107.62", "109", "107", "108"]), one("107.62"));
    assert_eq!(collared("105", ["107.63", "109", "107.62", "108"]), nothing);
    assert_eq!(collared("105", ["107.63", "109", "107", "108"]), one("107.62"));
    // 40 × 1.04 = 41.60.
    assert_eq!(collared("40", ["41.60", "42", "41.60", "42"]), one("41.6"));
    assert_eq!(collared("40", ["41.61", "42", "41.60", "42"]), nothing);
}

#[test]
fn an_order_fills_in_no_bar_that_opened_before_it() {
    let mut exchange = open_exchange(free());
    exchange.step(&[bar(0, ["100", "100", "100", "100"])]);
    exchange.submit(buy(10, market())).unwrap();
    // A bar of another length that was under way when the order came.
    let under_way = kernel::Bar {
        symbol: spy(),
        open_time: minute(3, 0),
        length: Span::from_secs(300),
        open: price("100"),
        high: price("101"),
        low: price("99"),
        close: price("100"),
        volume: kernel::Volume::ZERO,
    };
    exchange.step(&[MarketData::Bar(under_way)]);
    assert!(fills(&exchange.drain_updates()).is_empty());
    exchange.step(&[bar(5, ["103", "103", "103", "103"])]);
    assert_eq!(fills(&exchange.drain_updates()), [("10".to_owned(), "103".to_owned())]);
}

#[test]
fn a_daily_bar_trades_from_the_open_of_its_session() {
    let mut exchange = Exchange::new(free(), symbols(), calendar());
    let day = |day: u32, prices: [&str; 4]| {
        let MarketData::Bar(mut bar) = bar_of(spy(), midnight(day), prices, 1_000) else {
            unreachable!("bar_of makes bars")
        };
        // Midnight in New York.
        bar.open_time = midnight(day).plus(Span::from_secs(4 * 3600));
        bar.length = Span::from_secs(86_400);
        MarketData::Bar(bar)
    };
    exchange.step(&[day(3, ["100", "102", "99", "101"])]);
    let order = exchange.submit(buy(10, market())).unwrap();
    assert_eq!(order.status, OrderStatus::Accepted);
    exchange.step(&[day(4, ["103", "105", "102", "104"])]);
    let updates = exchange.drain_updates();
    assert_eq!(events(&updates), [UpdateEvent::Accepted, UpdateEvent::New, UpdateEvent::Fill]);
    assert_eq!(updates[2].time, minute(4, 0));
    assert_eq!(row(&exchange, &order).filled_avg_price, Some(price("103")));
    assert_eq!(exchange.now(), midnight(5).plus(Span::from_secs(4 * 3600)));
    assert_eq!(exchange.account().last_equity, cash("100010"));
    assert_sound(&exchange);
}

#[test]
fn orders_of_the_open_come_first_then_stops_then_limits() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(10_000));
    let mut exchange = holding(config, 1_000);
    let good = exchange.submit(sell(600, limit("105"))).unwrap();
    let bad = exchange.submit(sell(300, stop("95"))).unwrap();
    let now = exchange.submit(sell(100, market())).unwrap();
    exchange.drain_updates();
    // 500 shares trade: 100 with the open, 300 at the stop, and 100 are left for the limit.
    exchange.step(&[bar_of(spy(), minute(3, 1), ["100", "106", "94", "100"], 500)]);
    let updates = exchange.drain_updates();
    let order: Vec<_> = updates.iter().map(|update| update.order.id).collect();
    assert_eq!(order, [now.id, bad.id, good.id]);
    let expected = [("100", "100"), ("300", "95"), ("100", "105")];
    let expected = expected.map(|(qty, at)| (qty.to_owned(), at.to_owned()));
    assert_eq!(fills(&updates), expected);
    assert_eq!(exchange.order(good.id).unwrap().status, OrderStatus::PartiallyFilled);
    assert_sound(&exchange);
}

#[test]
fn a_share_of_the_volume_bounds_what_fills() {
    let mut config = free();
    config.fills.participation = Some(kernel::BasisPoints::new(1_000));
    let mut exchange = open_exchange(config);
    exchange.submit(buy(25, market())).unwrap();
    exchange.drain_updates();
    let flat = ["100", "100", "100", "100"];
    let volumes = [109, 0, 5, 100, 1_000];
    let mut filled = Vec::new();
    for (number, volume) in volumes.into_iter().enumerate() {
        exchange.step(&[bar_of(spy(), minute(3, number as i64), flat, volume)]);
        let fills = fills(&exchange.drain_updates());
        filled.push(fills.first().map_or("0".into(), |(qty, _)| qty.clone()));
    }
    assert_eq!(filled, ["10", "0", "0", "10", "5"]);
    assert_sound(&exchange);
}

#[test]
fn slippage_goes_against_the_taker_on_the_tick_and_spares_resting_limits() {
    let slipped = |side, kind, prices| {
        let mut config = free();
        config.fills.slippage = kernel::BasisPoints::new(10);
        config.fills.buy_stop_collar = false;
        let mut exchange = open_exchange(config);
        exchange.submit(order(side, 10, kind)).unwrap();
        exchange.step(&[bar(0, prices)]);
        fills(&exchange.drain_updates()).pop().map(|(_, at)| at)
    };
    let some = |at: &str| Some(at.to_owned());
    let flat = ["100.01", "100.01", "100.01", "100.01"];
    // 100.01 × 1.001 = 100.11001 and × 0.999 = 99.90999.
    assert_eq!(slipped(BUY, market(), flat), some("100.12"));
    assert_eq!(slipped(SELL, market(), flat), some("99.9"));
    assert_eq!(slipped(BUY, stop("105"), ["100", "106", "100", "104"]), some("105.11"));
    // A taker's limit bounds it; a resting limit pays nothing.
    assert_eq!(slipped(BUY, limit("100.05"), flat), some("100.05"));
    assert_eq!(slipped(BUY, limit("99"), ["100", "100", "98", "99"]), some("99"));
}

/// Conformance 146.
#[test]
fn random_partial_fills_come_from_the_seed_and_end_whole() {
    let run = |seed| {
        let mut config = free();
        config.seed = seed;
        config.fills.random_partial_percent = 50;
        let mut exchange = open_exchange(config);
        exchange.submit(buy(90, market())).unwrap();
        for number in 0..60 {
            exchange.step(&[bar(number, ["100", "100", "100", "100"])]);
        }
        assert_sound(&exchange);
        assert_eq!(exchange.positions()[0].qty, shares(90));
        fills(&exchange.drain_updates())
    };
    assert_eq!(run(7), run(7));
    let in_parts = (0..20).filter(|&seed| run(seed).len() > 1).count();
    assert!((4..=16).contains(&in_parts), "{in_parts} of 20 at 50 %");
}
