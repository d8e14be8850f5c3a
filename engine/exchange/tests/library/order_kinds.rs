//! Trailing stops, auctions, orders for at once, parts of a share and USD, extended hours.

use crate::support::*;
use exchange::{Exchange, ExchangeConfig, OrderRequest, OrderRow, Replacement, Trailed};
use kernel::{BasisPoints, OrderKind, OrderSize, OrderStatus, Side, TimeInForce, Trail};

fn trail(by: &str) -> OrderKind {
    OrderKind::TrailingStop { trail: Trail::Price(price(by)) }
}

fn trail_percent(by: &str) -> OrderKind {
    OrderKind::TrailingStop { trail: Trail::Percent(by.parse().unwrap()) }
}

fn lasting(order: OrderRequest, time_in_force: TimeInForce) -> OrderRequest {
    OrderRequest { time_in_force, ..order }
}

fn trailed(exchange: &Exchange, order: &OrderRow) -> Option<(String, String)> {
    let Trailed { extreme, stop } = row(exchange, order).trailed?;
    Some((extreme.to_string(), stop.to_string()))
}

fn seen(extreme: &str, stop: &str) -> Option<(String, String)> {
    Some((extreme.into(), stop.into()))
}

fn only_fill(exchange: &mut Exchange) -> Option<(String, String)> {
    fills(&exchange.drain_updates()).into_iter().next()
}

fn fill(qty: &str, at: &str) -> Option<(String, String)> {
    Some((qty.into(), at.into()))
}

/// Conformance 45.
#[test]
fn a_trailing_stop_follows_the_market_and_never_goes_back() {
    let mut exchange = holding(free(), 10);
    let order = exchange.submit(sell(10, trail("2"))).unwrap();
    assert_eq!(trailed(&exchange, &order), seen("100", "98"));
    exchange.step(&[bar(1, ["100", "103", "100", "102"])]);
    assert_eq!(trailed(&exchange, &order), seen("103", "101"));
    exchange.step(&[bar(2, ["102", "102.5", "101.5", "102"])]);
    assert_eq!(trailed(&exchange, &order), seen("103", "101"));
    assert_eq!(only_fill(&mut exchange), None);
    exchange.step(&[bar(3, ["102", "102", "100.5", "101.5"])]);
    assert_eq!(only_fill(&mut exchange), fill("10", "101"));
    assert_sound(&exchange);
}

/// Conformance 45.
#[test]
fn the_path_inside_a_bar_is_taken_to_be_bad_for_a_trailing_stop() {
    // Selling, 2 below the best price, which is 100 before the bar.
    let cases = [
        (["97", "99", "96", "98"], fill("10", "97")),
        // The low may have come before the high: it met the stop as it was.
        (["100", "110", "98", "110"], fill("10", "98")),
        // The close came after the high.
        (["100", "110", "99", "105"], fill("10", "108")),
        // The low may have come before the high, and the close is above the stop.
        (["100", "102", "99", "101"], None),
        (["104", "105", "101.5", "104"], fill("10", "102")),
    ];
    for (prices, wanted) in cases {
        let mut exchange = holding(free(), 10);
        exchange.submit(sell(10, trail("2"))).unwrap();
        exchange.step(&[bar(1, prices)]);
        assert_eq!(only_fill(&mut exchange), wanted, "{prices:?}");
    }
    // Buying back is the mirror image.
    let mut exchange = holding(free(), -10);
    exchange.submit(buy(10, trail_percent("2"))).unwrap();
    exchange.step(&[bar(1, ["100", "101", "90", "95"])]);
    assert_eq!(only_fill(&mut exchange), fill("10", "91.8"));
}

#[test]
fn quotes_and_trades_move_a_trailing_stop_and_then_fill_it() {
    let at = |seconds| minute(3, 1).plus(kernel::Span::from_secs(seconds));
    let mut exchange = holding(free(), 10);
    let order = exchange.submit(sell(10, trail("1"))).unwrap();
    exchange.step(&[quote(at(1), ("101", 5), ("101.1", 5))]);
    assert_eq!(trailed(&exchange, &order), seen("101", "100"));
    exchange.step(&[quote(at(2), ("99.5", 5), ("99.6", 5))]);
    assert_eq!(only_fill(&mut exchange), fill("10", "99.5"));

    let mut exchange = holding(free(), 10);
    let order = exchange.submit(sell(10, trail("1"))).unwrap();
    exchange.step(&[trade(at(1), "103", 100)]);
    assert_eq!(trailed(&exchange, &order), seen("103", "102"));
    exchange.step(&[trade(at(2), "101", 100)]);
    assert_eq!(only_fill(&mut exchange), fill("10", "101"));
}

/// Conformance 45.
#[test]
fn a_trailing_stop_rests_outside_of_the_regular_session() {
    let mut exchange = holding(free(), 10);
    let order = exchange.submit(gtc(sell(10, trail("2")))).unwrap();
    exchange.step(&[bar(395, ["90", "120", "80", "90"])]);
    assert_eq!(trailed(&exchange, &order), seen("100", "98"));
    assert_eq!(only_fill(&mut exchange), None);

    // Sent while closed, it begins at the first price of the session.
    let mut exchange = holding(free(), 10);
    exchange.advance(minute(3, 700));
    let order = exchange.submit(sell(10, trail("2"))).unwrap();
    assert_eq!((order.status, trailed(&exchange, &order)), (OrderStatus::Accepted, None));
    exchange.step(&[bar_of(spy(), minute(4, 0), ["90", "91", "89.5", "90"], 9)]);
    assert_eq!(trailed(&exchange, &order), seen("91", "89"));
}

#[test]
fn the_distance_of_a_trailing_stop_can_be_changed() {
    let mut exchange = holding(free(), 10);
    let order = exchange.submit(sell(10, trail("2"))).unwrap();
    exchange.step(&[bar(1, ["100", "103", "100", "103"])]);
    let change = Replacement { trail: Some(price("1")), ..Replacement::default() };
    let closer = exchange.replace(order.id, change).unwrap();
    assert_eq!(trailed(&exchange, &closer), seen("103", "102"));
    exchange.step(&[bar(2, ["102.5", "103", "101", "102"])]);
    let all = fills(&exchange.drain_updates());
    assert_eq!(all, [("10".to_owned(), "102".to_owned())]);
    for (by, message) in [
        (trail("0"), "trail_price must be > 0"),
        (trail_percent("0.05"), "trail_percent must be greater than or equal to 0.1"),
    ] {
        assert_eq!(said(&exchange.submit(buy(1, by)).unwrap_err()).2, message);
    }
}

/// Conformance 148.
#[test]
fn what_is_not_filled_at_once_is_cancelled() {
    let mut config = free();
    config.fills.participation = Some(BasisPoints::new(10_000));
    for (time_in_force, kind, qty, left, filled) in [
        (TimeInForce::Ioc, market(), 10, OrderStatus::Filled, "10"),
        (TimeInForce::Ioc, market(), 300, OrderStatus::Canceled, "100"),
        (TimeInForce::Fok, market(), 100, OrderStatus::Filled, "100"),
        (TimeInForce::Fok, market(), 101, OrderStatus::Canceled, "0"),
        (TimeInForce::Ioc, limit("100"), 10, OrderStatus::Filled, "10"),
        // The bar trades through it, but not at once.
        (TimeInForce::Ioc, limit("99.5"), 10, OrderStatus::Canceled, "0"),
        (TimeInForce::Fok, limit("99.5"), 10, OrderStatus::Canceled, "0"),
    ] {
        let mut exchange = open_exchange(config.clone());
        let order = exchange.submit(lasting(buy(qty, kind), time_in_force)).unwrap();
        exchange.step(&[bar_of(spy(), minute(3, 0), ["100", "101", "99", "100"], 100)]);
        let row = row(&exchange, &order);
        assert_eq!((row.status, row.filled_qty.to_string()), (left, filled.to_owned()), "{qty}");
        assert_sound(&exchange);
    }
}

/// Conformance 38.
#[test]
fn orders_for_an_auction_are_taken_in_time_for_it() {
    // Minutes after the open of Monday, time in force, whether it is taken.
    let cases = [
        (-3, TimeInForce::Opg, true),
        (-2, TimeInForce::Opg, false),
        (569, TimeInForce::Opg, false),
        (570, TimeInForce::Opg, true),
        (-60, TimeInForce::Cls, true),
        (379, TimeInForce::Cls, true),
        (380, TimeInForce::Cls, false),
        (570, TimeInForce::Cls, true),
    ];
    for (at, time_in_force, taken) in cases {
        let mut exchange = Exchange::new(free(), symbols(), calendar());
        exchange.observe(&[bar_of(spy(), minute(3, -200), ["100"; 4], 1_000)]);
        exchange.advance(minute(3, at));
        let answer = exchange.submit(lasting(buy(1, market()), time_in_force));
        assert_eq!(answer.is_ok(), taken, "{at} {time_in_force:?} {answer:?}");
        if let Err(refusal) = answer {
            assert_eq!(refusal.status, 403);
            let name = format!("{} orders must be submitted after 7:00pm", time_in_force.as_str());
            assert!(refusal.message.starts_with(&name), "{refusal}");
        }
    }
}

#[test]
fn the_opening_auction_is_the_sessions_first_price() {
    let mut exchange = Exchange::new(free(), symbols(), calendar());
    exchange.observe(&[bar_of(spy(), minute(3, -200), ["100"; 4], 1_000)]);
    exchange.advance(minute(3, -30));
    let at_market = exchange.submit(lasting(buy(5, market()), TimeInForce::Opg)).unwrap();
    let within = exchange.submit(lasting(buy(5, limit("102")), TimeInForce::Opg)).unwrap();
    let beyond = exchange.submit(lasting(buy(5, limit("100.5")), TimeInForce::Opg)).unwrap();
    assert_eq!(at_market.status, OrderStatus::Accepted);
    exchange.step(&[bar(0, ["101", "103", "99", "100"])]);
    let left = [at_market, within, beyond].map(|order| row(&exchange, &order).status);
    assert_eq!(left, [OrderStatus::Filled, OrderStatus::Filled, OrderStatus::Expired]);
    let fill = ("5".to_owned(), "101".to_owned());
    assert_eq!(fills(&exchange.drain_updates()), [fill.clone(), fill]);
    assert_sound(&exchange);
}

#[test]
fn the_closing_auction_is_the_sessions_last_price() {
    let mut exchange = open_exchange(free());
    let at_market = exchange.submit(lasting(buy(5, market()), TimeInForce::Cls)).unwrap();
    let within = exchange.submit(lasting(buy(5, limit("98")), TimeInForce::Cls)).unwrap();
    let beyond = exchange.submit(lasting(buy(5, limit("96")), TimeInForce::Cls)).unwrap();
    let untraded = OrderRequest { symbol: ford(), ..lasting(buy(5, market()), TimeInForce::Cls) };
    let untraded = exchange.submit(untraded).unwrap();
    exchange.step(&[bar(0, ["90", "91", "89", "90"])]);
    assert!(fills(&exchange.drain_updates()).is_empty(), "it waits for the close");
    exchange.step(&[bar(389, ["99", "99", "96", "97"])]);
    let all = [&at_market, &within, &beyond, &untraded];
    let left = all.map(|order| row(&exchange, order).status);
    use OrderStatus::{Expired, Filled};
    assert_eq!(left, [Filled, Filled, Expired, Expired]);
    let close = ("5".to_owned(), "97".to_owned());
    assert_eq!(fills(&exchange.drain_updates()), [close.clone(), close]);
    assert_eq!(row(&exchange, &at_market).filled_at, Some(minute(3, 390)));
    assert_sound(&exchange);
}

fn usd(side: Side, amount: &str) -> OrderRequest {
    OrderRequest::new(spy(), side, OrderSize::Notional(cash(amount)), market())
}

#[test]
fn an_order_in_usd_buys_what_they_are_worth() {
    let mut exchange = open_exchange(free());
    let order = exchange.submit(usd(Side::Buy, "1000")).unwrap();
    assert_eq!((order.notional, order.qty), (Some(cash("1000")), shares(10)));
    exchange.step(&[bar(0, ["96", "97", "95", "96"])]);
    let filled = row(&exchange, &order);
    assert_eq!((filled.status, filled.qty), (OrderStatus::Filled, filled.filled_qty));
    assert_eq!(filled.filled_qty.to_string(), "10.416666666");
    assert_sound(&exchange);

    // One that sells never sells more than there is.
    let all = exchange.submit(usd(Side::Sell, "1000")).unwrap();
    exchange.step(&[bar(1, ["90", "90", "90", "90"])]);
    assert_eq!(row(&exchange, &all).status, OrderStatus::Filled);
    assert!(exchange.positions().is_empty());
    assert_sound(&exchange);
}

#[test]
fn parts_of_a_share_are_bought_and_sold() {
    let part = |side, size: &str, kind| {
        OrderRequest::new(spy(), side, OrderSize::Shares(size.parse().unwrap()), kind)
    };
    let mut exchange = open_exchange(free());
    exchange.submit(part(Side::Buy, "2.5", market())).unwrap();
    exchange.step(&[bar(0, ["100.03", "101", "99", "100"])]);
    assert_eq!(only_fill(&mut exchange), fill("2.5", "100.03"));
    let refusal = exchange.submit(part(Side::Sell, "2.6", limit("101"))).unwrap_err();
    assert_eq!(refusal.status, 403);
    let rest = exchange.submit(part(Side::Sell, "0.7", limit("101"))).unwrap();
    let change = Replacement { limit_price: Some(price("102")), ..Replacement::default() };
    let rest = exchange.replace(rest.id, change).unwrap();
    let more = Replacement { qty: Some(shares(1)), ..Replacement::default() };
    let refusal = exchange.replace(rest.id, more).unwrap_err();
    assert_eq!(said(&refusal).2, "qty of fractional orders cannot be changed");
    exchange.step(&[bar(1, ["103", "103", "103", "103"])]);
    assert_eq!(only_fill(&mut exchange), fill("0.7", "103"));
    assert_eq!(exchange.positions()[0].qty.to_string(), "1.8");
    assert_sound(&exchange);

    let mut flat = open_exchange(free());
    let refusal = flat.submit(part(Side::Sell, "0.5", market())).unwrap_err();
    assert_eq!(said(&refusal).2, "fractional orders cannot be sold short");
}

#[test]
fn orders_in_usd_are_not_replaced() {
    let mut config = free();
    config.fills.participation = Some(BasisPoints::new(1));
    let mut exchange = open_exchange(config);
    let order = exchange.submit(usd(Side::Buy, "1000")).unwrap();
    let refusal = exchange
        .replace(order.id, Replacement { qty: Some(shares(1)), ..Replacement::default() })
        .unwrap_err();
    assert_eq!(said(&refusal), (422, 42_210_000, "notional orders cannot be replaced"));
}

/// An order in USD that finds less than it wants goes on for the rest of them.
#[test]
fn a_part_of_an_order_in_usd_leaves_the_rest_of_the_usd() {
    let mut config = ExchangeConfig { starting_cash: cash("100000"), ..free() };
    config.fills.participation = Some(BasisPoints::new(10_000));
    let mut exchange = open_exchange(config);
    let order = exchange.submit(usd(Side::Buy, "1000")).unwrap();
    exchange.step(&[bar_of(spy(), minute(3, 0), ["100"; 4], 4)]);
    assert_eq!(row(&exchange, &order).status, OrderStatus::PartiallyFilled);
    exchange.step(&[bar_of(spy(), minute(3, 1), ["120"; 4], 100)]);
    assert_eq!(row(&exchange, &order).status, OrderStatus::Filled);
    assert_eq!(row(&exchange, &order).filled_qty, shares(9));
    assert_eq!(exchange.account().cash, cash("99000"));
    assert_sound(&exchange);
}
