//! Waiting longer after each failure, and never all at the same moment.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::Duration;

/// Delays that double from a first to a longest, each shortened by up to a fifth so that clients
/// that failed together do not return together. The same seed gives the same delays.
/// Source of the policy: Alpaca's Java SDK, which waits 1 s doubling to 64 s with 20 % jitter.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
    random: StdRng,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { first, longest, next: first.min(longest), random }
    }

    /// The next delay.
    pub fn step(&mut self) -> Duration {
        let delay = self.next;
        self.next = self.next.saturating_mul(2).min(self.longest);
        delay.mul_f64(self.random.random_range(0.8..=1.0))
    }

    /// Starts again from the first.
    pub fn reset(&mut self) {
        self.next = self.first.min(self.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(60);

    /// Conformance 108.
    #[test]
    fn delays_double_to_the_longest_and_start_again_after_a_reset() {
        let mut backoff = Backoff::new(FIRST, LONGEST, 7);
        for expected in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let (delay, full) = (backoff.step(), Duration::from_secs(expected));
            assert!(delay <= full && delay >= full.mul_f64(0.8), "{delay:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.step() <= FIRST);
    }

    #[test]
    fn one_seed_gives_one_row_of_delays_and_another_another() {
        let row = |seed| {
            let mut backoff = Backoff::new(FIRST, LONGEST, seed);
            (0..8).map(|_| backoff.step()).collect::<Vec<_>>()
        };
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
    }
}
