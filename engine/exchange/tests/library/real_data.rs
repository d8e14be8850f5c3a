//! Sessions over real minute bars, quotes and trades stay sound.

use crate::support::{assert_sound, shares};
use exchange::{Exchange, ExchangeConfig, OrderRequest};
use kernel::{MarketData, OrderKind, Price, Rounding, Side, SymbolId, TimeInForce};
use std::io::Write as _;
use std::path::PathBuf;

fn test_data(names: &[&str]) -> Option<Vec<PathBuf>> {
    let Some(folder) = std::env::var_os("TRADEWIND_TEST_DATA").map(PathBuf::from) else {
        // Past the test harness, which keeps what passing tests print.
        let reason = "SKIPPED: TRADEWIND_TEST_DATA does not name the folder with the market data";
        let mut stderr = std::io::stderr();
        writeln!(stderr, "{reason}").unwrap();
        return None;
    };
    Some(names.iter().map(|name| folder.join(name)).collect())
}

/// The kinds of orders around a price, in turn.
fn kind(number: usize, side: Side, price: Price) -> OrderKind {
    let by = |points: i32| {
        let points = if side == Side::Buy { points } else { -points };
        let moved = price.shifted(kernel::BasisPoints::new(points), Rounding::Down).unwrap();
        moved.to_tick(Rounding::Down)
    };
    match number % 4 {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit: by(-5) },
        2 => OrderKind::Stop { stop: by(5) },
        _ => OrderKind::StopLimit { stop: by(5), limit: by(6) },
    }
}

/// Sends an order every so many steps, alternately buying and selling, and judges the session.
fn run(names: &[&str], every: usize, least_fills: usize) {
    let Some(paths) = test_data(names) else {
        return;
    };
    let feed = marketdata::read_files(&paths).unwrap();
    let days = feed.trading_days();
    let mut config = ExchangeConfig::default();
    config.fills.participation = Some(kernel::BasisPoints::new(1_000));
    config.fills.random_partial_percent = 10;
    let mut exchange = Exchange::new(config, feed.symbols.clone(), days);
    for (number, data) in feed.steps().enumerate() {
        exchange.step(data);
        for update in exchange.drain_updates() {
            let Some(fill) = update.execution else { continue };
            let datum = data.iter().find(|datum| datum.symbol() == update.order.symbol);
            if let Some(MarketData::Bar(bar)) = datum {
                assert!(bar.low <= fill.price && fill.price <= bar.high, "{fill:?} in {bar:?}");
            }
        }
        if number.is_multiple_of(every) {
            send(&mut exchange, number / every, data[0].symbol(), data[0].price());
        }
    }
    exchange.advance(exchange.now().plus(kernel::Span::from_secs(86_400)));
    assert_sound(&exchange);
    assert!(exchange.activities().len() >= least_fills, "{}", exchange.activities().len());
}

fn send(exchange: &mut Exchange, number: usize, symbol: SymbolId, price: Price) {
    let side = if (number / 4).is_multiple_of(2) { Side::Buy } else { Side::Sell };
    let time_in_force = if number.is_multiple_of(3) { TimeInForce::Gtc } else { TimeInForce::Day };
    let kind = kind(number, side, price);
    let request =
        OrderRequest { time_in_force, ..OrderRequest::new(symbol, side, shares(10), kind) };
    // Some are refused, by wash-trade and other rules: so they would be in the market.
    drop(exchange.submit(request));
}

#[test]
fn two_months_of_spy() {
    run(&["bars/1Min/SPY_2011.csv.gz"], 7, 400);
}

#[test]
fn a_week_of_four_symbols() {
    let names = ["AAPL", "MSFT", "TSLA", "GLD"].map(|name| format!("bars/1Min/{name}_2019-02.csv"));
    run(&names.each_ref().map(String::as_str), 3, 200);
}

#[test]
fn daily_bars_of_decades() {
    run(&["bars/1Day/GE.csv", "bars/1Day/F.csv"], 5, 500);
}

#[test]
fn bars_of_a_market_that_is_open_when_new_york_is_not() {
    run(&["bars/1Hour/EURUSD.csv"], 5, 100);
}

#[test]
fn a_day_of_quotes_and_trades() {
    run(&["quotes/XXX_2018-01-02.csv.gz", "trades/XXX_2018-01-02.csv.gz"], 50, 150);
}
