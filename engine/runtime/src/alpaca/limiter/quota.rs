//! One limit: so many requests in any window of time.
//!
//! It is cut into five GCRA limiters, a shared one and one for each class, so that rate plus burst
//! of all of them stays below the limit in *every* window. Who is the most urgent that waits takes
//! from the shared one first; everybody may take from that of the own class.

use super::{QUARTER_HOUR, Urgency};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota as Gcra, RateLimiter};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// Of so many requests all shares together make the limit.
const WHOLE: u64 = 200;

/// What a limiter takes of the limit: so much over the window, and so much at once.
#[derive(Clone, Copy)]
struct Share {
    rate: u64,
    burst: u64,
}

/// In a short window most flows at an even rate: 145 and 50 of 200. The five that remain cover the
/// closed ends of a window, one for each limiter.
const SHORT: Shares = Shares {
    shared: Share { rate: 85, burst: 14 },
    // Cancels, exits, entries, data.
    own: [
        Share { rate: 20, burst: 12 },
        Share { rate: 20, burst: 12 },
        Share { rate: 12, burst: 8 },
        Share { rate: 8, burst: 4 },
    ],
};
/// In a long one more may go at once, for a session asks much when it begins: 99 and 96 of 200.
const LONG: Shares = Shares {
    shared: Share { rate: 52, burst: 48 },
    own: [
        Share { rate: 15, burst: 14 },
        Share { rate: 15, burst: 14 },
        Share { rate: 10, burst: 12 },
        Share { rate: 7, burst: 8 },
    ],
};

struct Shares {
    shared: Share,
    own: [Share; Urgency::ALL.len()],
}

/// A limit with what was used of it.
pub(super) struct Quota {
    limit: u32,
    window: Duration,
    shared: Lane,
    own: [Lane; Urgency::ALL.len()],
    /// The requests of the last window, oldest first.
    sent: VecDeque<Sent>,
}

/// A request that went.
#[derive(Clone, Copy)]
struct Sent {
    at: Instant,
    through: Through,
}

/// Which limiter let a request pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Through {
    Shared,
    Own(Urgency),
}

impl Quota {
    pub fn new(limit: u32, window: Duration) -> Self {
        Self::after(VecDeque::new(), limit, window, Instant::now())
    }

    /// A limit from now on, with what went before it.
    fn after(sent: VecDeque<Sent>, limit: u32, window: Duration, now: Instant) -> Self {
        let shares = if window < QUARTER_HOUR { &SHORT } else { &LONG };
        let lane = |share, through| {
            let went = sent.iter().filter(|sent| sent.through == through).map(|sent| sent.at);
            Lane::new(Pacing::new(limit, window, share), window, went, now)
        };
        let [cancels, exits, entries, data] = shares.own;
        let own = [
            lane(cancels, Through::Own(Urgency::Cancel)),
            lane(exits, Through::Own(Urgency::Exit)),
            lane(entries, Through::Own(Urgency::Entry)),
            lane(data, Through::Own(Urgency::Data)),
        ];
        Self { limit, window, shared: lane(shares.shared, Through::Shared), own, sent }
    }

    /// Another limit holds from now on. What went in the last window counts under it too, so that
    /// limits that change to and fro let no more pass than the highest of them.
    pub fn limit_to(&mut self, limit: u32, now: Instant) {
        self.forget(now);
        *self = Self::after(std::mem::take(&mut self.sent), limit, self.window, now);
    }

    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Sets a place aside for the class, or says when one may be free. What is set aside stays so
    /// until it is spent, so that another limit that says no costs nothing.
    pub fn reserve(
        &mut self,
        urgency: Urgency,
        may_share: bool,
        now: Instant,
    ) -> Result<(), Instant> {
        let own = self.own_lane(urgency);
        if own.reserved.is_some() {
            return Ok(());
        }
        let shared = if may_share {
            match self.shared.take() {
                Ok(()) => {
                    self.own_lane(urgency).reserved = Some(Through::Shared);
                    return Ok(());
                }
                Err(wait) => Some(wait),
            }
        } else {
            None
        };
        let own = self.own_lane(urgency);
        match own.take() {
            Ok(()) => {
                own.reserved = Some(Through::Own(urgency));
                Ok(())
            }
            Err(wait) => Err(now + shared.map_or(wait, |shared| shared.min(wait))),
        }
    }

    /// Uses the place that was set aside.
    pub fn spend(&mut self, urgency: Urgency, now: Instant) {
        let reserved = self.own_lane(urgency).reserved.take();
        let through = reserved.unwrap_or(Through::Own(urgency));
        self.forget(now);
        self.sent.push_back(Sent { at: now, through });
    }

    /// How many requests may still go before the limit, had they all the right to.
    pub fn left(&self, now: Instant) -> u32 {
        self.limit.saturating_sub(u32::try_from(self.used(now)).unwrap_or(u32::MAX))
    }

    /// How many requests went in the last window.
    pub fn used(&self, now: Instant) -> usize {
        self.sent.iter().rev().take_while(|sent| now - sent.at < self.window).count()
    }

    fn forget(&mut self, now: Instant) {
        while self.sent.front().is_some_and(|sent| now - sent.at >= self.window) {
            self.sent.pop_front();
        }
    }

    fn own_lane(&mut self, urgency: Urgency) -> &mut Lane {
        let [cancels, exits, entries, data] = &mut self.own;
        match urgency {
            Urgency::Cancel => cancels,
            Urgency::Exit => exits,
            Urgency::Entry => entries,
            Urgency::Data => data,
        }
    }
}

type Limiter =
    RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<<Monotonic as Clock>::Instant>>;

/// A share of a limit: one request in each period, and so many at once.
struct Pacing {
    period: Duration,
    burst: NonZeroU32,
}

impl Pacing {
    fn new(limit: u32, window: Duration, share: Share) -> Self {
        let of_limit = |of_whole: u64| u64::from(limit).saturating_mul(of_whole) / WHOLE;
        let nanos = u64::try_from(window.as_nanos()).unwrap_or(u64::MAX);
        let period = nanos / of_limit(share.rate).max(1);
        let burst = u32::try_from(of_limit(share.burst)).ok().and_then(NonZeroU32::new);
        let period = Duration::from_nanos(period.max(1));
        Self { period, burst: burst.unwrap_or(NonZeroU32::MIN) }
    }

    /// How far what went through is ahead of this pace. Whatever it was, a window after the last
    /// request nothing is left of it.
    fn ahead(
        &self,
        went: impl Iterator<Item = Instant>,
        window: Duration,
        now: Instant,
    ) -> Duration {
        let paced = went.fold(None, |paced: Option<(Instant, Instant)>, at| {
            let from = paced.map_or(at, |(_, until)| until.max(at));
            Some((at, from + self.period))
        });
        let until = paced.map_or(now, |(last, until)| until.min(last + window));
        until.saturating_duration_since(now)
    }
}

struct Lane {
    limiter: Limiter,
    clock: Monotonic,
    /// The place that the class has and has not used.
    reserved: Option<Through>,
}

impl Lane {
    /// A limiter from now on, after requests that went through one of another pace.
    fn new(
        pacing: Pacing,
        window: Duration,
        went: impl Iterator<Item = Instant>,
        now: Instant,
    ) -> Self {
        let clock = Monotonic { start: now };
        // A period of zero is the only one that is refused, and none is.
        let quota = Gcra::with_period(pacing.period)
            .unwrap_or(Gcra::per_second(NonZeroU32::MIN))
            .allow_burst(pacing.burst);
        let (state, ahead) = (InMemoryState::default(), pacing.ahead(went, window, now));
        let Ok(()) = state.measure_and_replace(&NotKeyed::NonKey, |_| {
            Ok::<((), Nanos), Infallible>(((), Nanos::from(ahead)))
        });
        Self { limiter: RateLimiter::new(quota, state, clock), clock, reserved: None }
    }

    fn take(&self) -> Result<(), Duration> {
        self.limiter.check().map_err(|busy| busy.wait_time_from(self.clock.now()))
    }
}

/// The monotonic clock of the runtime, which a test can hold.
#[derive(Clone, Copy)]
struct Monotonic {
    start: Instant,
}

impl Clock for Monotonic {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
