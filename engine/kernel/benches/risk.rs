//! All risk checks for one order that passes, with every limit on. The budget is two microseconds.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench may fail loudly")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Bench, shares};
use criterion::{Criterion, criterion_group, criterion_main};
use kernel::{Limits, NewOrder, OrderKind, Origin, Side, StrategyId, risk};
use std::hint::black_box;

fn judge(criterion: &mut Criterion) {
    let origin = Origin::Strategy(StrategyId(0));
    let cases = [
        ("every limit on", Bench::under_every_limit()),
        ("defaults", Bench::warm(Limits::default())),
    ];
    for (name, bench) in cases {
        let order = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(10), OrderKind::Market);
        let state = bench.kernel.state();
        risk::would_pass(state, origin, order).expect("it passes");
        criterion.bench_function(&format!("risk of one order, {name}"), |bencher| {
            bencher.iter(|| risk::would_pass(black_box(state), origin, black_box(order)));
        });
    }
}

criterion_group!(benches, judge);
criterion_main!(benches);
