//! The cost of one update of each indicator, with every window at 10 bars and at 1000: it must not
//! depend on the window.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may fail loudly")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kernel::Timestamp;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;
use strategies::indicator::{Candle, Sample, registry};

/// Updates between two looks at the clock.
const BARS: usize = 4_096;

/// A random walk of bars with ranges and volumes.
fn walk() -> Vec<Candle> {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f64 / (1 << 24) as f64
    };
    let sample = |value| Sample::new(value).unwrap();
    let mut close = 100.0;
    let mut next = |minute: usize| {
        let before = close;
        close *= 1.0 + 0.002 * (random() - 0.5);
        Candle {
            open_time: Timestamp::from_secs(60 * minute as i64),
            high: sample(before.max(close) + 0.05 * random()),
            low: sample(before.min(close) - 0.05 * random()),
            close: sample(close),
            volume: sample((10_000.0 * random()).floor()),
        }
    };
    (0..BARS).map(&mut next).collect()
}

fn update(criterion: &mut Criterion) {
    let bars = walk();
    for entry in registry() {
        let mut group = criterion.benchmark_group(entry.name);
        group.throughput(Throughput::Elements(BARS as u64));
        group.warm_up_time(Duration::from_millis(200));
        group.measurement_time(Duration::from_millis(600)).sample_size(20);
        for window in ["10", "1000"] {
            let windows = entry.params.iter().filter(|param| param.unit == "bars");
            let params = windows.map(|param| (param.name.to_owned(), window.to_owned()));
            let (mut indicator, _) = entry.create(&params.collect::<BTreeMap<_, _>>()).unwrap();
            bars.iter().for_each(|bar| indicator.update(bar));
            group.bench_function(window, |bencher| {
                bencher.iter(|| {
                    for bar in black_box(&bars) {
                        indicator.update(bar);
                        black_box(indicator.values());
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, update);
criterion_main!(benches);
