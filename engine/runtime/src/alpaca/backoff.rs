//! Waiting longer after each failure.

use rand::Rng;
use std::time::Duration;

/// Delays that double from a first to a longest, each shortened by up to a fifth at random so that
/// clients that failed together do not return together.
/// Source of the policy: Alpaca's Java SDK, which waits 1 s doubling to 64 s with 20 % jitter.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first.min(longest) }
    }

    /// The next delay.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.next;
        self.next = self.next.saturating_mul(2).min(self.longest);
        delay.mul_f64(rand::rng().random_range(0.8..=1.0))
    }

    /// Starts again from the first.
    pub fn reset(&mut self) {
        self.next = self.first.min(self.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 108.
    #[test]
    fn delays_double_to_the_longest_and_start_again_after_a_reset() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(60));
        let mut backoff = Backoff::new(first, longest);
        for expected in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let (delay, full) = (backoff.next_delay(), Duration::from_secs(expected));
            assert!(delay <= full && delay >= full.mul_f64(0.8), "{delay:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= first);
    }
}
