//! A step without open orders, and one in which a resting order does not fill, allocate nothing.

#![allow(unsafe_code, reason = "the only way to count what is allocated")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which may panic"
)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::*;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocated(work: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    work();
    COUNT.with(Cell::get) - before
}

#[test]
fn steps_without_fills_allocate_nothing() {
    let mut exchange = open_exchange(free());
    let step = |exchange: &mut exchange::Exchange, at| {
        let data = [bar(at, ["100", "101", "99", "100"])];
        allocated(|| exchange.step(&data))
    };
    assert_eq!(step(&mut exchange, 0), 0);
    exchange.submit(buy(10, limit("50"))).unwrap();
    // The first matching makes the room that later ones use again.
    step(&mut exchange, 1);
    assert_eq!((2..300).map(|at| step(&mut exchange, at)).sum::<u64>(), 0);
}
