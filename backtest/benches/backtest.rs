//! Kernel inputs per second through the whole driver: exchange, kernel, risk, ledger, strategy,
//! hash of events. One million synthetic minute bars of one symbol in memory, one core.
//!
//! A bar that leads to nothing and an order from its proposal to its fill cost very different
//! amounts, so there is a case for each and one in between. Reading and hashing the data is not
//! counted.

use backtest::workload::swings;
use backtest::{BacktestConfig, Quiet};
use criterion::{Criterion, Throughput};
use kernel::{Span, Symbols};
use marketdata::{Feed, Generator, SyntheticConfig, calendar::Date};
use std::collections::BTreeMap;
use std::time::Duration;

const BARS: usize = 1_000_000;
/// In million a second: what the design asks for.
const BUDGET: f64 = 25.0;
/// Name, strategy, parameters.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
const CASES: [Case; 4] = [
    ("swings, SMA 10/30, 100 shares", "sma-crossover", &[("quantity", "100")]),
    ("SMA 10/30", "sma-crossover", &[("fast", "10"), ("slow", "30")]),
    ("SMA 100/300", "sma-crossover", &[("fast", "100"), ("slow", "300")]),
    ("buy and hold", "buy-and-hold", &[]),
];

fn feed() -> Feed {
    let symbols = Symbols::new(["SYN"]).unwrap_or_default();
    let start = Date::constant(2010, 1, 4);
    let config = SyntheticConfig { seed: 1, symbols: symbols.clone(), start, extended: false };
    let data = Generator::new(&config).flatten().take(BARS).collect();
    Feed { symbols, data, bar_length: Some(Span::from_secs(60)) }
}

/// Seconds from the first input to the last, and the orders that were sent on the way.
fn run(feed: &Feed, config: &BacktestConfig, name: &str, params: &[(&str, &str)]) -> (f64, u64) {
    let params: BTreeMap<String, String> =
        params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let strategy = strategies::build(name, &params, &feed.symbols);
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
    let (feed, swings) = (feed(), swings(BARS));
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("backtest");
    group.throughput(Throughput::Elements(BARS as u64));
    group.measurement_time(Duration::from_secs(5));
    let (mut best, mut orders) = ([f64::INFINITY; CASES.len()], [0; CASES.len()]);
    for ((case, name, params), (best, orders)) in
        CASES.into_iter().zip(best.iter_mut().zip(&mut orders))
    {
        let feed = if case.starts_with("swings") { &swings } else { &feed };
        let config = BacktestConfig::for_feed(feed);
        group.bench_function(case, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut seconds = 0.0;
                for _ in 0..rounds {
                    let (took, sent) = run(feed, &config, name, params);
                    seconds += took;
                    (*best, *orders) = (best.min(took), sent);
                }
                Duration::from_secs_f64(seconds)
            });
        });
    }
    group.finish();
    for ((case, ..), (seconds, orders)) in CASES.into_iter().zip(best.into_iter().zip(orders)) {
        let rate = BARS as f64 / seconds / 1e6;
        println!(
            "kernel inputs per second, {case}: {rate:.1} million at best (budget {BUDGET} \
             million), with {orders} orders in {BARS} bars"
        );
    }
    criterion.final_summary();
}
