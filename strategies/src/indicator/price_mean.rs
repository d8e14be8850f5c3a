//! The exact mean of prices.

use super::Period;
use kernel::{Price, Ratio};
use std::cmp::Ordering;

/// The mean of the last `period` prices as their exact sum, so that two of them compare without rounding.
///
/// Complete after `period` prices.
#[derive(Debug, Clone)]
pub struct PriceMean {
    /// A ring: nanos of USD.
    prices: Box<[i64]>,
    /// The place of the oldest, which the next price takes.
    next: usize,
    is_full: bool,
    /// The sum's lower 64 bits, which hold all of it unless it has outgrown them.
    sum: i64,
    /// How often it has.
    wraps: i64,
}

impl PriceMean {
    /// Over so many prices.
    pub fn new(period: Period) -> Self {
        let prices = vec![0; period.get()].into_boxed_slice();
        Self { prices, next: 0, is_full: false, sum: 0, wraps: 0 }
    }

    /// Takes in a price; the oldest goes.
    #[inline]
    pub fn update(&mut self, price: Price) {
        if let Some(oldest) = self.prices.get_mut(self.next) {
            // Prices are positive, so their difference has 63 bits.
            let moved = price.nanos() - *oldest;
            *oldest = price.nanos();
            let (sum, has_wrapped) = self.sum.overflowing_add(moved);
            self.sum = sum;
            if has_wrapped {
                self.wraps += moved.signum();
            }
        }
        self.next += 1;
        if self.next == self.prices.len() {
            (self.next, self.is_full) = (0, true);
        }
    }

    /// How it stands to another mean; `None` until both are complete.
    #[inline]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if !(self.is_full && other.is_full) {
            return None;
        }
        let (own, others) = (self.prices.len() as i64, other.prices.len() as i64);
        let (own, others) = (i128::from(own), i128::from(others));
        // Sums of prices as they are have 64 bits, whose product is one instruction.
        if self.wraps == 0 && other.wraps == 0 {
            return Some((i128::from(self.sum) * others).cmp(&(i128::from(other.sum) * own)));
        }
        // It cannot wrap: prices have 63 bits, and a window that fits a memory far fewer than 32.
        Some(self.whole_sum().wrapping_mul(others).cmp(&other.whole_sum().wrapping_mul(own)))
    }

    fn whole_sum(&self) -> i128 {
        (i128::from(self.wraps) << 64) + i128::from(self.sum)
    }

    /// In USD; `None` until it is complete.
    pub fn value(&self) -> Option<f64> {
        let nanos = self.prices.len() as f64 * kernel::SCALE as f64;
        self.is_full.then(|| self.whole_sum() as f64 / nanos)
    }

    /// Counts in new shares.
    pub fn rebase(&mut self, ratio: Ratio) {
        (self.sum, self.wraps) = (0, 0);
        for nanos in &mut self.prices {
            let price = Price::from_nanos(*nanos);
            *nanos = ratio.price(price).unwrap_or(price).nanos();
            let (sum, has_wrapped) = self.sum.overflowing_add(*nanos);
            (self.sum, self.wraps) = (sum, self.wraps + i64::from(has_wrapped));
        }
    }

    /// As new.
    pub fn reset(&mut self) {
        self.prices.fill(0);
        (self.next, self.is_full, self.sum, self.wraps) = (0, false, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::{Indicator, Sample, Sma};
    use proptest::prelude::*;

    fn period(count: usize) -> Period {
        Period::new(count).unwrap()
    }

    proptest! {
        #[test]
        fn it_is_the_simple_moving_average(
            prices in prop::collection::vec(1_i64..1_000_000_000_000_000, 1..100),
            count in 1_usize..40,
        ) {
            let (mut exact, mut mean) = (PriceMean::new(period(count)), Sma::new(period(count)));
            for nanos in prices {
                let price = Price::from_nanos(nanos);
                exact.update(price);
                mean.update(Sample::from(price));
                match (exact.value(), mean.value()) {
                    (Some(exact), Some(mean)) => prop_assert!((exact - mean).abs() <= 1e-9 * mean.max(1.0)),
                    (exact, mean) => prop_assert_eq!(exact, mean),
                }
            }
        }
    }

    #[test]
    fn two_compare_without_rounding_and_only_when_both_are_complete() {
        let (mut fast, mut slow) = (PriceMean::new(period(2)), PriceMean::new(period(3)));
        for nanos in [2, 1] {
            fast.update(Price::from_nanos(nanos));
            slow.update(Price::from_nanos(nanos));
        }
        assert_eq!(fast.compare(&slow), None);
        fast.update(Price::from_nanos(3));
        slow.update(Price::from_nanos(3));
        assert_eq!(fast.compare(&slow), Some(Ordering::Equal), "both are 2");
        slow.update(Price::from_nanos(1));
        assert_eq!(fast.compare(&slow), Some(Ordering::Greater));
        assert_eq!(slow.compare(&fast), Some(Ordering::Less));
    }

    #[test]
    fn sums_beyond_64_bits_are_exact() {
        let (mut fast, mut slow) = (PriceMean::new(period(2)), PriceMean::new(period(4)));
        let mut told = Vec::new();
        for nanos in [1, i64::MAX, i64::MAX, i64::MAX, i64::MAX - 1, i64::MAX, 7, 5, 3, 1] {
            fast.update(Price::from_nanos(nanos));
            slow.update(Price::from_nanos(nanos));
            told.extend(fast.compare(&slow));
        }
        use Ordering::{Greater, Less};
        assert_eq!(told, [Greater, Less, Less, Less, Less, Less, Less]);
        assert_eq!((fast.value(), slow.value()), (Some(2e-9), Some(4e-9)));
    }

    #[test]
    fn in_new_shares_it_is_in_their_price() {
        let mut mean = PriceMean::new(period(2));
        mean.update(Price::from_nanos(100));
        mean.update(Price::from_nanos(300));
        let (before, two_for_one) = (mean.value().unwrap(), Ratio::new(2, 1).unwrap());
        mean.rebase(two_for_one);
        assert_eq!(mean.value(), Some(before / 2.0));
        mean.reset();
        assert_eq!(mean.value(), None);
    }
}
