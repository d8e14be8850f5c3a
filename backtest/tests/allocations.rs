//! Nothing is allocated for a bar that leads to nothing: the count does not grow with the data.
#![allow(unsafe_code, reason = "a global allocator is unsafe by its trait; it only counts")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use backtest::{BacktestConfig, Quiet};
use kernel::{Bar, MarketData, Price, Span, Symbols, Volume};
use marketdata::calendar::{Date, trading_days};
use marketdata::{Feed, Generator, SyntheticConfig};
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

struct Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bars of one price, on which no strategy here has anything to do.
fn still(bars: usize) -> Feed {
    let symbols = Symbols::new(["SPY"]).unwrap();
    let start = Date::constant(2024, 1, 2);
    let config = SyntheticConfig { seed: 1, symbols: symbols.clone(), start, extended: false };
    let price = Price::from_whole(100).unwrap();
    let still = |datum| match datum {
        MarketData::Bar(bar) => MarketData::Bar(Bar {
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::ZERO,
            ..bar
        }),
        other => other,
    };
    let data = Generator::new(&config).flatten().take(bars).map(still).collect();
    Feed { symbols, data, bar_length: Some(Span::from_secs(60)) }
}

fn allocations(bars: usize) -> u64 {
    let feed = still(bars);
    let mut config = BacktestConfig::for_feed(&feed);
    config.calendar = trading_days(Date::constant(2023, 12, 26), Date::constant(2025, 6, 1));
    let names = ["sma-crossover", "rsi-mean-reversion", "macd-trend", "bollinger-breakout"];
    let strategies =
        names.map(|name| strategies::build(name, &BTreeMap::new(), &feed.symbols).unwrap());
    let before = COUNT.load(Ordering::Relaxed);
    let report = backtest::run(&config, &feed, strategies.into(), &mut Quiet).unwrap();
    let count = COUNT.load(Ordering::Relaxed) - before;
    assert_eq!((report.orders.sent, report.orders.denied), (0, 0));
    count
}

#[test]
fn nothing_is_allocated_for_a_bar() {
    // The first run pays for what is made once in a process.
    allocations(1_000);
    let (short, long) = (allocations(10_000), allocations(80_000));
    assert_eq!(long, short, "over 10,000 and over 80,000 bars");
}
