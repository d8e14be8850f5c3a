//! Staying under the broker's request limit.
//!
//! Alpaca allows 200 requests in any minute. Two GCRA limiters share them, so that rate plus burst
//! of both stays below the limit in *every* window of a minute: one for everything, and one that
//! only cancels and closing orders may use as well, so that polling can never starve an exit.
//!
//! Time is the venue's: against a paced replay (`speed` 60) a minute is a second. Against a replay
//! in lock step there is no pace to keep, and no limiter ([`Pace::Unlimited`]).
//!
//! Before either limiter, every caller waits for the *not-before* instant, which a 429 or an
//! exhausted quota sets for all of them at once.

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// How fast requests may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many in any minute of the venue's clock, which runs at `speed` times real time.
    Limited {
        /// Requests in a minute; Alpaca's figure is 200.
        per_minute: u32,
        /// 1 against Alpaca.
        speed: f64,
    },
    /// As fast as the venue answers: lock step.
    Unlimited,
}

impl Default for Pace {
    /// Alpaca's limit in real time.
    fn default() -> Self {
        Pace::Limited { per_minute: 200, speed: 1.0 }
    }
}

/// Whether a request may use the reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Everything else.
    Normal,
    /// Cancels, and orders that close a position.
    Exit,
}

/// Lets requests pass one by one.
pub(super) struct Limiter {
    lanes: Option<Lanes<VenueClock>>,
    speed: f64,
    not_before: Mutex<Option<Instant>>,
}

impl Limiter {
    pub fn new(pace: Pace) -> Self {
        let (lanes, speed) = match pace {
            Pace::Unlimited => (None, 1.0),
            Pace::Limited { per_minute, speed } => {
                let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
                (Some(Lanes::new(per_minute, VenueClock::new(speed))), speed)
            }
        };
        Self { lanes, speed, not_before: Mutex::new(None) }
    }

    /// Waits until one more request may go.
    pub async fn pass(&self, urgency: Urgency) {
        loop {
            if let Some(at) = self.held_until() {
                tokio::time::sleep_until(at).await;
            }
            let wait = match &self.lanes {
                None => return,
                Some(lanes) => match lanes.admit(urgency) {
                    Ok(()) => return,
                    Err(wait) => wait,
                },
            };
            tokio::time::sleep(wait.div_f64(self.speed)).await;
        }
    }

    /// Holds every request back until then; an earlier instant changes nothing.
    pub fn hold_until(&self, at: Instant) {
        let mut held = self.not_before.lock().unwrap_or_else(|broken| broken.into_inner());
        *held = Some(held.map_or(at, |earlier| earlier.max(at)));
    }

    fn held_until(&self) -> Option<Instant> {
        let mut held = self.not_before.lock().unwrap_or_else(|broken| broken.into_inner());
        *held = held.filter(|at| *at > Instant::now());
        *held
    }
}

type Lane<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The two limiters.
struct Lanes<C: Clock> {
    general: Lane<C>,
    reserve: Lane<C>,
    clock: C,
}

impl<C: Clock + Clone> Lanes<C> {
    /// Of every 200: 140 a minute and 20 at once for all, 25 a minute and 13 at once in reserve.
    /// The two that remain cover the closed ends of a window.
    fn new(per_minute: u32, clock: C) -> Self {
        let share = |of_200: u32| {
            NonZeroU32::new(per_minute.saturating_mul(of_200) / 200).unwrap_or(NonZeroU32::MIN)
        };
        let lane = |rate: u32, burst: u32| {
            let quota = Quota::per_minute(share(rate)).allow_burst(share(burst));
            RateLimiter::direct_with_clock(quota, clock.clone())
        };
        Self { general: lane(140, 20), reserve: lane(25, 13), clock }
    }

    /// Takes a place, or says how long none is free (on the lanes' own clock).
    fn admit(&self, urgency: Urgency) -> Result<(), Duration> {
        let wait =
            |lane: &Lane<C>| lane.check().map_err(|busy| busy.wait_time_from(self.clock.now()));
        match (wait(&self.general), urgency) {
            (Err(general), Urgency::Exit) => wait(&self.reserve).map_err(|own| own.min(general)),
            (general, _) => general,
        }
    }
}

/// The monotonic clock at the venue's speed.
#[derive(Clone)]
struct VenueClock {
    start: std::time::Instant,
    speed: f64,
}

impl VenueClock {
    fn new(speed: f64) -> Self {
        Self { start: std::time::Instant::now(), speed }
    }
}

impl Clock for VenueClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let elapsed = self.start.elapsed().as_nanos() as f64 * self.speed;
        Nanos::new(elapsed as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Sends as fast as it may, in bursts with pauses, and gives back when each request went.
    fn drive(per_minute: u32, pauses: &[u64], urgent: impl Fn(usize) -> bool) -> Vec<Duration> {
        let clock = FakeRelativeClock::default();
        let lanes = Lanes::new(per_minute, clock.clone());
        let (mut now, mut sent) = (Duration::ZERO, Vec::new());
        for (turn, pause) in pauses.iter().enumerate() {
            let urgency = if urgent(turn) { Urgency::Exit } else { Urgency::Normal };
            while lanes.admit(urgency).is_ok() {
                sent.push(now);
            }
            clock.advance(Duration::from_millis(*pause));
            now += Duration::from_millis(*pause);
        }
        sent
    }

    fn most_in_a_minute(sent: &[Duration]) -> usize {
        let in_window = |from: &Duration| {
            sent.iter().filter(|at| *at >= from && **at <= *from + MINUTE).count()
        };
        sent.iter().map(in_window).max().unwrap_or(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Conformance 16.
        #[test]
        fn no_minute_ever_holds_more_than_the_limit(
            pauses in prop::collection::vec(1_u64..5_000, 1..200),
            urgent in any::<u8>(),
        ) {
            let sent = drive(200, &pauses, |turn| turn % 8 < usize::from(urgent % 9));
            prop_assert!(most_in_a_minute(&sent) <= 200);
        }
    }

    /// Conformance 16.
    #[test]
    fn cancels_pass_when_polling_has_used_everything_else_up() {
        let clock = FakeRelativeClock::default();
        let lanes = Lanes::new(200, clock);
        while lanes.admit(Urgency::Normal).is_ok() {}
        let reserve = (0..).take_while(|_| lanes.admit(Urgency::Exit).is_ok()).count();
        assert_eq!(reserve, 13);
        assert!(lanes.admit(Urgency::Exit).unwrap_err() <= Duration::from_millis(429));
    }

    #[test]
    fn the_whole_limit_is_nearly_used_by_one_who_sends_all_the_time() {
        let sent = drive(200, &[10; 18_000], |_| true);
        assert!(most_in_a_minute(&sent) >= 190);
        assert!(sent.len() >= 3 * 165, "{}", sent.len());
    }

    #[tokio::test]
    async fn everyone_waits_for_the_not_before_instant() {
        let limiter = Limiter::new(Pace::Unlimited);
        let start = Instant::now();
        limiter.hold_until(start + Duration::from_millis(30));
        limiter.hold_until(start + Duration::from_millis(10));
        limiter.pass(Urgency::Normal).await;
        assert!(start.elapsed() >= Duration::from_millis(30));
        limiter.pass(Urgency::Exit).await;
    }
}
