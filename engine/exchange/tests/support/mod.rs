//! What the exchange's tests share: a small market, and short ways to say things.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which may panic"
)]

use exchange::check::SessionRecord;
use exchange::{Exchange, ExchangeConfig, OrderRequest, OrderRow, Refusal, Update, UpdateEvent};
use kernel::{
    Bar, Cash, MarketData, OrderKind, Price, Quantity, Quote, Side, Span, SymbolId, Symbols,
    TimeInForce, Timestamp, Trade, TradingDay, Volume,
};

pub const MINUTE: Span = Span::from_secs(60);
const DAY: i64 = 86_400;

/// Monday 2024-06-03 and the days of two weeks; New York is four hours behind UTC.
pub fn calendar() -> Vec<TradingDay> {
    let dates = [3, 4, 5, 6, 7, 10, 11, 12, 13, 14];
    dates.iter().map(|&day| trading_day(20240600 + day, midnight(day))).collect()
}

pub fn trading_day(date: u32, midnight: Timestamp) -> TradingDay {
    let at = |hours: i64, minutes: i64| midnight.plus(Span::from_secs(hours * 3600 + minutes * 60));
    TradingDay {
        date,
        open: at(13, 30),
        close: at(20, 0),
        extended_open: at(8, 0),
        extended_close: at(24, 0),
    }
}

/// Midnight UTC of a day in June 2024.
pub fn midnight(day: u32) -> Timestamp {
    let first: Timestamp = "2024-06-01T00:00:00Z".parse().unwrap();
    first.plus(Span::from_secs(i64::from(day - 1) * DAY))
}

/// Minutes after the open of a day in June 2024.
pub fn minute(day: u32, minute: i64) -> Timestamp {
    midnight(day).plus(Span::from_secs(13 * 3600 + 30 * 60 + minute * 60))
}

pub fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub fn cash(text: &str) -> Cash {
    text.parse().unwrap()
}

pub fn shares(count: i64) -> Quantity {
    Quantity::from_whole(count).unwrap()
}

pub fn symbols() -> Symbols {
    Symbols::new(["SPY", "F"]).unwrap()
}

pub fn spy() -> SymbolId {
    symbols().id("SPY").unwrap()
}

pub fn ford() -> SymbolId {
    symbols().id("F").unwrap()
}

/// A configuration without fees, so that cash is easy to count.
pub fn free() -> ExchangeConfig {
    let mut config = ExchangeConfig::default();
    config.fees.regulatory = false;
    config
}

/// An exchange on Monday morning at the open, with SPY at 100 and F at 10.
pub fn open_exchange(config: ExchangeConfig) -> Exchange {
    let mut exchange = Exchange::new(config, symbols(), calendar());
    exchange.observe(&[
        bar_of(spy(), minute(3, -1), ["100", "100", "100", "100"], 1_000),
        bar_of(ford(), minute(3, -1), ["10", "10", "10", "10"], 1_000),
    ]);
    exchange.advance(minute(3, 0));
    exchange
}

pub fn bar_of(
    symbol: SymbolId,
    open_time: Timestamp,
    prices: [&str; 4],
    volume: u64,
) -> MarketData {
    let [open, high, low, close] = prices.map(price);
    let volume = Volume::from_nanos(u128::from(volume) * 1_000_000_000);
    MarketData::Bar(Bar { symbol, open_time, length: MINUTE, open, high, low, close, volume })
}

/// A minute bar of SPY on Monday, so many minutes after the open.
pub fn bar(at: i64, prices: [&str; 4]) -> MarketData {
    bar_of(spy(), minute(3, at), prices, 1_000)
}

pub fn quote(time: Timestamp, bid: (&str, i64), ask: (&str, i64)) -> MarketData {
    MarketData::Quote(Quote {
        symbol: spy(),
        time,
        bid: price(bid.0),
        bid_size: shares(bid.1),
        ask: price(ask.0),
        ask_size: shares(ask.1),
    })
}

pub fn trade(time: Timestamp, at: &str, size: i64) -> MarketData {
    MarketData::Trade(Trade { symbol: spy(), time, price: price(at), size: shares(size) })
}

pub fn market() -> OrderKind {
    OrderKind::Market
}

pub fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { limit: price(at) }
}

pub fn stop(at: &str) -> OrderKind {
    OrderKind::Stop { stop: price(at) }
}

pub fn stop_limit(stop: &str, limit: &str) -> OrderKind {
    OrderKind::StopLimit { stop: price(stop), limit: price(limit) }
}

/// A day order in SPY.
pub fn order(side: Side, qty: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest::new(spy(), side, shares(qty), kind)
}

pub fn buy(qty: i64, kind: OrderKind) -> OrderRequest {
    order(Side::Buy, qty, kind)
}

pub fn sell(qty: i64, kind: OrderKind) -> OrderRequest {
    order(Side::Sell, qty, kind)
}

pub fn gtc(mut request: OrderRequest) -> OrderRequest {
    request.time_in_force = TimeInForce::Gtc;
    request
}

pub fn named(mut request: OrderRequest, id: &str) -> OrderRequest {
    request.client_order_id = Some(id.into());
    request
}

/// What was filled, in order: quantity and price as texts.
pub fn fills(updates: &[Update]) -> Vec<(String, String)> {
    let fills = updates.iter().filter_map(|update| update.execution.as_ref());
    fills.map(|fill| (fill.qty.to_string(), fill.price.to_string())).collect()
}

pub fn events(updates: &[Update]) -> Vec<UpdateEvent> {
    updates.iter().map(|update| update.event).collect()
}

/// Buys so many shares of SPY at 100 on the first bar of Monday, for tests that need a position.
pub fn holding(config: ExchangeConfig, qty: i64) -> Exchange {
    let mut exchange = open_exchange(config);
    let side = if qty > 0 { Side::Buy } else { Side::Sell };
    exchange.submit(order(side, qty.abs(), market())).unwrap();
    exchange.step(&[bar(0, ["100", "100", "100", "100"])]);
    exchange.drain_updates();
    assert_eq!(exchange.positions()[0].qty, shares(qty));
    exchange
}

pub fn row<'a>(exchange: &'a Exchange, of: &OrderRow) -> &'a OrderRow {
    exchange.order(of.id).unwrap()
}

/// Fails with everything that the checkers find.
pub fn assert_sound(exchange: &Exchange) {
    let findings = SessionRecord::of(exchange).findings();
    assert!(findings.is_empty(), "{findings:#?}");
}

/// A refusal as `(status, code, message)`.
pub fn said(refusal: &Refusal) -> (u16, u32, &str) {
    (refusal.status, refusal.code, &refusal.message)
}
