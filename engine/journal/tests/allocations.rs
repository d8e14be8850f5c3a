//! Appending a record allocates nothing.

#![allow(unsafe_code, reason = "only an allocator can count allocations")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use journal::Durability;
use journal::storage::MemoryStorage;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::*;

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

#[test]
fn appending_allocates_nothing_once_the_buffer_has_grown() {
    let records = records(400);
    let half = records.len() / 2;
    let (mut journal, _) = open(&MemoryStorage::new(), small(1 << 20));
    records.iter().take(half + 50).for_each(|record| journal.append(record).unwrap());
    let state = fold(records.get(..half + 50).unwrap());
    journal.commit(&state, Durability::Buffered).unwrap();
    let before = COUNT.get();
    records.iter().skip(half + 50).for_each(|record| journal.append(record).unwrap());
    assert_eq!(COUNT.get(), before);
}
