//! The order in which samples are seen.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use std::ops::Range;

/// A seed out of a seed and a number.
pub(super) fn mixed(seed: u64, number: u64) -> u64 {
    Xoshiro256PlusPlus::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).next_u64()
}

/// Every number of a range, in an order that the seed decides.
///
/// Source: R. Fisher and F. Yates, 1938, as D. Knuth gives it.
pub(super) fn shuffled(range: Range<usize>, seed: u64) -> Vec<usize> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut numbers: Vec<usize> = range.collect();
    for last in (1..numbers.len()).rev() {
        // The high half of a product: unequal by less than the count in 2^64.
        let at = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        numbers.swap(last, at as usize);
    }
    numbers
}
