//! What judging one order that passes takes: a desk's under every limit, sized by a model and judged
//! by every check, and one under the defaults. The budget is two microseconds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench may fail loudly, reads the clock, and prints what it finds"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::every_limit::desk_sizing;
use common::{Bench, shares};
use kernel::{Limits, NewOrder, OrderKind, OrderSize, Origin, Side, State, StrategyId, risk};
use std::hint::black_box;
use std::time::Instant;

/// Orders that are timed together, so that reading the clock costs them nothing.
const TOGETHER: u32 = 100;
const SAMPLES: usize = 20_000;
const WARM_UP: usize = 2_000;

/// An entry of a strategy, sized by its model where it has one, and judged.
fn judge(state: &State, origin: Origin, order: NewOrder, rule: Option<risk::Sizing>) -> bool {
    let size = match rule {
        Some(rule) => {
            risk::size(state, origin, &order, rule).map(|it| OrderSize::Shares(it.shares))
        }
        None => Ok(order.size),
    };
    size.and_then(|size| risk::would_pass(state, origin, NewOrder { size, ..order })).is_ok()
}

/// Nanoseconds of one order in each sample, from the least.
fn measured(bench: &Bench, rules: [Option<risk::Sizing>; 2]) -> Vec<u128> {
    let state = bench.kernel.state();
    // An entry of each strategy in what it holds.
    let entries = rules.iter().zip(["AAA", "BBB"]).zip(0..).filter_map(|((rule, name), place)| {
        let symbol = state.symbols().id(name)?;
        let order = NewOrder::new(symbol, Side::Buy, shares(10), OrderKind::Market);
        let is_traded = state.session()?.strategies.len() > usize::from(place);
        is_traded.then_some((Origin::Strategy(StrategyId(place)), order, *rule))
    });
    let entries: Vec<_> = entries.collect();
    for (origin, order, rule) in &entries {
        assert!(judge(state, *origin, *order, *rule), "it passes");
    }
    let mut samples: Vec<u128> = Vec::with_capacity(SAMPLES);
    for (place, (origin, order, rule)) in (0..SAMPLES + WARM_UP).zip(entries.iter().cycle()) {
        let began = Instant::now();
        for _ in 0..TOGETHER {
            black_box(judge(black_box(state), *origin, black_box(*order), *rule));
        }
        if place >= WARM_UP {
            samples.push(began.elapsed().as_nanos() / u128::from(TOGETHER));
        }
    }
    samples.sort_unstable();
    samples
}

fn main() {
    let cases = [
        ("every limit on", Bench::desk(), desk_sizing().map(Some)),
        ("defaults", Bench::warm(Limits::default()), [None; 2]),
    ];
    for (name, bench, rules) in cases {
        let samples = measured(&bench, rules);
        let part = |of_1000: usize| samples.get(SAMPLES * of_1000 / 1000).copied().unwrap_or(0);
        let (median, of_100, of_1000) = (part(500), part(990), part(999));
        println!(
            "risk of one order, {name}: median {median} ns, 99 % {of_100} ns, 99.9 % {of_1000} ns"
        );
    }
}
