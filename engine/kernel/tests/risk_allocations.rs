//! Judging an order allocates nothing but the order, under every limit there is.

#![allow(unsafe_code, reason = "only an allocator can count allocations")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::every_limit::desk_sizing;
use common::*;
use kernel::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// An entry of the desk's, sized by its strategy's model and judged by every check.
#[test]
fn an_order_that_passes_every_limit_allocates_nothing_while_it_is_judged() {
    let bench = Bench::desk();
    let state = bench.kernel.state();
    for ((rule, name), place) in desk_sizing().into_iter().zip(["AAA", "BBB"]).zip(0..) {
        let origin = Origin::Strategy(StrategyId(place));
        let order = NewOrder::new(bench.symbol(name), Side::Buy, shares(10), OrderKind::Market);
        let before = COUNT.get();
        let sized = risk::size(state, origin, &order, rule).map(|sized| sized.shares);
        let verdict = sized.and_then(|shares| {
            risk::would_pass(state, origin, NewOrder { size: shares.into(), ..order })
        });
        let allocated = COUNT.get() - before;
        assert_eq!(verdict, Ok(()));
        assert_eq!(allocated, 0);
    }
}
