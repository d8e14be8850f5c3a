//! Kernel inputs per second through the whole driver: exchange, kernel, risk, ledger, strategy,
//! hash of events. One million synthetic minute bars in memory, SMA crossover 10/30, one core.
//!
//! Reading and hashing the data is not counted.

use backtest::{BacktestConfig, Quiet};
use criterion::{Criterion, Throughput};
use kernel::{Span, Symbols};
use marketdata::{Feed, Generator, SyntheticConfig, calendar::Date};
use std::collections::BTreeMap;
use std::time::Duration;

const BARS: usize = 1_000_000;
/// In million a second: what the design asks for.
const BUDGET: f64 = 25.0;

fn feed() -> Feed {
    let symbols = Symbols::new(["SYN"]).unwrap_or_default();
    let start = Date::constant(2010, 1, 4);
    let config = SyntheticConfig { seed: 1, symbols: symbols.clone(), start, extended: false };
    let data = Generator::new(&config).flatten().take(BARS).collect();
    Feed { symbols, data, bar_length: Some(Span::from_secs(60)) }
}

/// Seconds from the first input to the last, and the orders that were sent on the way.
fn run(feed: &Feed, config: &BacktestConfig) -> (f64, u64) {
    let strategy = strategies::build("sma-crossover", &BTreeMap::new(), &feed.symbols);
    let report = strategy
        .map_err(|error| error.to_string())
        .and_then(|strategy| {
            backtest::run(config, feed, vec![strategy], &mut Quiet).map_err(|e| e.to_string())
        })
        .unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(1);
        });
    (feed.data.len() as f64 / report.bars_per_second, report.orders.sent)
}

fn main() {
    let feed = feed();
    let config = BacktestConfig::for_feed(&feed);
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("backtest");
    group.throughput(Throughput::Elements(BARS as u64));
    group.measurement_time(Duration::from_secs(5));
    group.bench_function("kernel inputs, SMA 10/30", |bencher| {
        bencher.iter_custom(|rounds| {
            let seconds: f64 = (0..rounds).map(|_| run(&feed, &config).0).sum();
            Duration::from_secs_f64(seconds)
        });
    });
    group.finish();
    let best = (0..5).map(|_| run(&feed, &config)).min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((seconds, orders)) = best {
        let rate = BARS as f64 / seconds / 1e6;
        println!(
            "kernel inputs per second: {rate:.1} million (budget {BUDGET} million), with {orders} \
             orders on the way"
        );
    }
    criterion.final_summary();
}
