//! Waiting longer each time, and never all at the same moment.

use rand::Rng;
use std::time::Duration;

/// Waits that double up to a bound, each moved by up to a fifth.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { next: first, most }
    }

    /// How long to wait this time.
    pub fn step(&mut self) -> Duration {
        let wait = self.next.mul_f64(rand::rng().random_range(0.8..1.2));
        self.next = (self.next * 2).min(self.most);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(400));
        for expected in [100, 200, 400, 400] {
            let wait = backoff.step().as_millis();
            assert!((expected * 8 / 10..=expected * 12 / 10).contains(&wait), "{wait}");
        }
    }
}
