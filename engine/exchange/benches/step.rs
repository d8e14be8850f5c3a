//! What a step of market data costs the exchange: without orders, and with one that rests.

#![allow(missing_docs, clippy::expect_used, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exchange::{Exchange, ExchangeConfig, OrderRequest};
use kernel::{
    Bar, MarketData, OrderKind, Price, Quantity, SCALE, Side, Span, Symbols, Timestamp, Volume,
};

const BARS: i64 = 1_000_000;

/// One million minute bars that rise and fall by cents.
fn bars(symbols: &Symbols) -> Vec<MarketData> {
    let symbol = symbols.id("SPY").expect("it is among the symbols");
    let length = Span::from_secs(60);
    let cents = |cents: i64| Price::from_nanos(cents * (SCALE / 100));
    let bar = |number: i64| Bar {
        symbol,
        open_time: Timestamp::from_secs(1_300_000_000 + 60 * number),
        length,
        open: cents(10_000 + number % 7),
        high: cents(10_010),
        low: cents(9_990),
        close: cents(10_000 + (number + 1) % 7),
        volume: Volume::from_nanos(1_000_000_000_000),
    };
    (0..BARS).map(|number| MarketData::Bar(bar(number))).collect()
}

fn stepping(criterion: &mut Criterion) {
    let symbols = Symbols::new(["SPY"]).expect("a symbol");
    let data = bars(&symbols);
    let mut group = criterion.benchmark_group("exchange");
    group.sample_size(10).throughput(Throughput::Elements(BARS as u64));
    // No calendar: the venue never closes, so every bar may fill.
    let empty = Exchange::new(ExchangeConfig::default(), symbols, Vec::new());
    group.bench_function("1M bars, no order", |bencher| {
        bencher.iter(|| run(empty.clone(), &data));
    });
    let mut resting = empty;
    resting.submit(far_away(&data)).expect("the account can buy it");
    group.bench_function("1M bars, one order at rest", |bencher| {
        bencher.iter(|| run(resting.clone(), &data));
    });
}

/// A limit that no bar reaches.
fn far_away(data: &[MarketData]) -> OrderRequest {
    let symbol = data.first().expect("there is data").symbol();
    let kind = OrderKind::Limit { limit: Price::from_nanos(SCALE) };
    OrderRequest::new(symbol, Side::Buy, Quantity::from_nanos(SCALE), kind)
}

fn run(mut exchange: Exchange, data: &[MarketData]) -> Timestamp {
    for datum in data {
        exchange.step(std::slice::from_ref(datum));
    }
    exchange.now()
}

criterion_group!(benches, stepping);
criterion_main!(benches);
