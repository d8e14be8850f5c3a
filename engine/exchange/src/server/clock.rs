//! The venue's clock in a paced replay: it runs so many times as fast as the machine's monotonic
//! clock, stands still while nobody is there to see, and jumps over times without data.

use kernel::{Span, Timestamp};
use std::time::{Duration, Instant};

/// A clock that runs at a multiple of real time.
#[derive(Debug, Clone, Copy)]
pub(super) struct PacedClock {
    times: f64,
    /// A venue time and the moment at which it was so; `None` while the clock stands.
    running_since: Option<Instant>,
    reached: Timestamp,
}

impl PacedClock {
    /// A standing clock.
    pub(super) const fn new(times: f64, at: Timestamp) -> Self {
        Self { times, running_since: None, reached: at }
    }

    /// The venue's time.
    pub(super) fn now(&self) -> Timestamp {
        let elapsed = self.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        self.reached.plus(self.venue_span(elapsed))
    }

    /// Lets the clock run from where it stands.
    pub(super) fn run(&mut self) {
        self.running_since.get_or_insert_with(Instant::now);
    }

    /// Stops the clock where it is.
    pub(super) fn stand(&mut self) {
        self.reached = self.now();
        self.running_since = None;
    }

    /// Sets the clock forward to a time; never back.
    pub(super) fn jump(&mut self, to: Timestamp) {
        self.reached = self.now().max(to);
        self.running_since = self.running_since.map(|_| Instant::now());
    }

    /// How long until the clock shows a time, by the machine's clock.
    pub(super) fn until(&self, at: Timestamp) -> Duration {
        let nanos = at.since(self.now()).nanos().max(0) as f64 / self.times;
        Duration::from_nanos(nanos as u64)
    }

    fn venue_span(&self, elapsed: Duration) -> Span {
        Span::from_nanos((elapsed.as_nanos() as f64 * self.times) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_stands_and_a_jump_never_goes_back() {
        let at = Timestamp::from_secs(1_000);
        let mut clock = PacedClock::new(60.0, at);
        assert_eq!(clock.now(), at);
        clock.jump(Timestamp::from_secs(500));
        assert_eq!(clock.now(), at);
        clock.jump(Timestamp::from_secs(2_000));
        assert_eq!(clock.now(), Timestamp::from_secs(2_000));
        assert_eq!(clock.until(Timestamp::from_secs(2_060)), Duration::from_secs(1));
    }

    #[test]
    fn a_running_clock_never_goes_back() {
        let mut clock = PacedClock::new(1e6, Timestamp::from_secs(0));
        clock.run();
        let before = clock.now();
        clock.stand();
        assert!(clock.now() >= before);
        assert_eq!(clock.now(), clock.now());
    }
}
