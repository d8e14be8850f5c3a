//! The session's notion of now, which is the venue's.
//!
//! Decisions, freshness and the timers of the kernel follow the clock of the venue, so that a
//! replay of another year is not stale. Watchdogs on sockets and deadlines of the shutdown follow
//! the machine's monotonic clock and have nothing to do with this one.

use kernel::{Span, Timestamp};
use std::time::{Duration, Instant, SystemTime};

/// Below this a difference between two clocks says more about the way there than about them.
const MEASURABLE: Span = Span::from_secs(1);

/// Where the venue's time comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum VenueClock {
    /// Lock step: it is the data's time, and nothing moves it in between.
    Data,
    /// A replay at a pace: what the venue's clock said, and what has passed since, times speed.
    Paced {
        /// What the venue's clock said.
        read: Timestamp,
        /// When it said so; `None` while it stands, before the first data.
        since: Option<Instant>,
        /// Venue seconds in a second.
        speed: f64,
    },
    /// The world's time: the machine's clock, moved by the measured difference to the venue's.
    Real {
        /// What is added to the machine's clock.
        offset: Span,
    },
}

impl VenueClock {
    /// A clock in real time, from a reading of the venue's taken between two readings of ours.
    pub fn measured(venue: Timestamp, before: Timestamp, after: Timestamp) -> Self {
        let round_trip = after.since(before).nanos().max(0);
        let middle = before.plus(Span::from_nanos(round_trip / 2));
        let offset = venue.since(middle);
        let unsure = MEASURABLE.nanos().saturating_add(round_trip);
        let counts = offset.nanos().saturating_abs() > unsure;
        VenueClock::Real { offset: if counts { offset } else { Span::ZERO } }
    }

    /// The venue's time now; `latest` is the time of the last input, behind which it never falls.
    pub fn now(&self, latest: Timestamp) -> Timestamp {
        let now = match *self {
            VenueClock::Data => latest,
            VenueClock::Paced { read, since, speed } => {
                let elapsed = since.map_or(Duration::ZERO, |since| since.elapsed());
                read.plus(stretch(elapsed, speed))
            }
            VenueClock::Real { offset } => machine_time().plus(offset),
        };
        now.max(latest)
    }

    /// How long the machine waits until the venue's time reaches `at`; `None` when only data can
    /// bring it there.
    pub fn until(&self, at: Timestamp, latest: Timestamp) -> Option<Duration> {
        let left = at.since(self.now(latest)).nanos().max(0).unsigned_abs();
        match *self {
            VenueClock::Data => None,
            VenueClock::Paced { since: Some(_), speed, .. } if speed > 0.0 => {
                Some(Duration::from_nanos((left as f64 / speed) as u64))
            }
            VenueClock::Paced { .. } => None,
            VenueClock::Real { .. } => Some(Duration::from_nanos(left)),
        }
    }

    /// Sets a paced replay's clock by its data, which come when that clock shows their time: it
    /// begins with them and jumps over times without any.
    pub fn follow(&mut self, data: Timestamp) {
        if let VenueClock::Paced { read, since, .. } = self {
            (*read, *since) = (data, Some(Instant::now()));
        }
    }

    /// A span of the machine's time as the venue's.
    pub fn venue(&self, wall: Duration) -> Span {
        match *self {
            VenueClock::Paced { speed, .. } if speed > 1.0 => stretch(wall, speed),
            VenueClock::Paced { .. } | VenueClock::Data | VenueClock::Real { .. } => {
                stretch(wall, 1.0)
            }
        }
    }

    /// A span of the venue's time as the machine's; itself in lock step, where it is not used.
    pub fn wall(&self, venue: Duration) -> Duration {
        match *self {
            VenueClock::Paced { speed, .. } if speed > 1.0 => venue.div_f64(speed),
            VenueClock::Paced { .. } | VenueClock::Data | VenueClock::Real { .. } => venue,
        }
    }
}

/// A machine's time as a span.
pub(super) fn span(time: Duration) -> Span {
    Span::from_nanos(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
}

fn stretch(elapsed: Duration, speed: f64) -> Span {
    Span::from_nanos((elapsed.as_nanos() as f64 * speed) as i64)
}

/// The machine's clock.
pub fn machine_time() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_secs(1_700_000_000);

    #[test]
    fn in_lock_step_only_data_moves_the_clock() {
        assert_eq!(VenueClock::Data.now(NOON), NOON);
        assert_eq!(VenueClock::Data.until(NOON.plus(Span::from_secs(1)), NOON), None);
    }

    #[test]
    fn a_small_difference_is_the_way_and_a_large_one_the_clock() {
        let after = NOON.plus(Span::from_millis(200));
        let near = VenueClock::measured(NOON.plus(Span::from_millis(900)), NOON, after);
        assert_eq!(near, VenueClock::Real { offset: Span::ZERO });
        let far = VenueClock::measured(NOON.plus(Span::from_secs(30)), NOON, after);
        assert_eq!(far, VenueClock::Real { offset: Span::from_millis(29_900) });
    }

    #[test]
    fn a_paced_replay_passes_faster_than_the_world() {
        let mut clock = VenueClock::Paced { read: NOON, since: None, speed: 60.0 };
        assert_eq!(clock.now(NOON), NOON, "it stands until the first data");
        clock.follow(NOON);
        let left = clock.until(NOON.plus(Span::from_secs(60)), NOON);
        assert!(left.is_some_and(|left| left <= Duration::from_secs(1)));
        assert_eq!(clock.wall(Duration::from_secs(60)), Duration::from_secs(1));
    }

    #[test]
    fn now_never_falls_behind_the_last_input() {
        let clock = VenueClock::Real { offset: Span::from_secs(-3600) };
        let ahead = machine_time().plus(Span::from_secs(60));
        assert_eq!(clock.now(ahead), ahead);
    }
}
