//! Staying under the broker's request limits, the urgent first.
//!
//! Requests wait in a queue of four classes: cancels before exits before entries before data, and
//! within a class who came first goes first. Each class has a rate of its own that no other can
//! use up, so that polling never holds a cancel up and a storm of cancels never ends polling; the
//! rest of the limit goes to the most urgent that waits ([`quota`]).
//!
//! Two limits can hold at once: so many requests in any minute (Alpaca allows 200, counted for each of
//! its hosts), and, when it is configured, so many in any quarter of an hour, counted over all hosts
//! ([`quarter_hour`]). What the server says on top is followed:
//! `X-RateLimit-Limit` lowers the first limit, `X-RateLimit-Remaining` keeps the last requests of a
//! window for the urgent, and after a 429 everybody waits until `Retry-After` or
//! `X-RateLimit-Reset`, or for ever longer when neither is there ([`server`]).
//!
//! Time is the venue's: against a paced replay (`speed` 60) a minute is a second. Against a replay
//! in lock step there is no pace to keep, and no limiter ([`Pace::Unlimited`]).

mod quarter_hour;
mod queue;
mod quota;
mod server;
#[cfg(test)]
mod tests;

pub(super) use quarter_hour::QuarterHour;
pub(super) use server::Told;

use queue::{Queue, Turn};
use quota::Quota;
use server::Server;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// How fast requests may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many in a time of the venue's clock, which runs at `speed` times real time.
    Limited {
        /// Requests in any minute; Alpaca's figure is 200.
        per_minute: u32,
        /// Requests in any quarter of an hour, when there is such a limit.
        per_quarter_hour: Option<u32>,
        /// 1 against Alpaca.
        speed: f64,
    },
    /// As fast as the venue answers: lock step.
    Unlimited,
}

impl Pace {
    /// Venue seconds in a second.
    fn speed(self) -> f64 {
        match self {
            Pace::Limited { speed, .. } if speed.is_finite() && speed > 0.0 => speed,
            Pace::Limited { .. } | Pace::Unlimited => 1.0,
        }
    }
}

impl Default for Pace {
    /// Alpaca's limit in real time.
    fn default() -> Self {
        Pace::Limited { per_minute: 200, per_quarter_hour: None, speed: 1.0 }
    }
}

/// How urgent a request is; the first is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Cancels, and looking up what is to be cancelled.
    Cancel,
    /// Orders that close a position.
    Exit,
    /// Orders that open or grow one.
    Entry,
    /// Everything that is read.
    Data,
}

impl Urgency {
    const ALL: [Self; 4] = [Self::Cancel, Self::Exit, Self::Entry, Self::Data];
}

/// What is left of the request limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLeft {
    /// Requests that may still go in this minute: by our own count, or the server's if it has less.
    pub minute: u32,
    /// Of how many.
    pub minute_limit: u32,
    /// Requests that may still go in this quarter of an hour, when that is limited.
    pub quarter_hour: Option<u32>,
    /// Of how many.
    pub quarter_hour_limit: Option<u32>,
    /// How long nothing may go at all.
    pub held_for: Duration,
    /// How many requests wait for their turn.
    pub waiting: usize,
}

impl QuotaLeft {
    /// Where nothing is limited.
    pub const UNLIMITED: Self = Self {
        minute: u32::MAX,
        minute_limit: u32::MAX,
        quarter_hour: None,
        quarter_hour_limit: None,
        held_for: Duration::ZERO,
        waiting: 0,
    };

    /// Whether what can wait should: less than a quarter of a limit is left, or requests wait.
    pub fn is_short(&self) -> bool {
        let little = |left: u32, limit: u32| left < limit / 4;
        let quarter_hour = self.quarter_hour.zip(self.quarter_hour_limit);
        self.waiting > 0
            || !self.held_for.is_zero()
            || little(self.minute, self.minute_limit)
            || quarter_hour.is_some_and(|(left, limit)| little(left, limit))
    }
}

/// Lets requests pass one by one.
pub(super) struct Limiter {
    state: Mutex<State>,
    /// Something has changed for those that wait.
    changed: Notify,
}

struct State {
    minute: Option<Quota>,
    quarter_hour: Option<Arc<QuarterHour>>,
    server: Server,
    queue: Queue,
    /// Requests in a minute as configured.
    per_minute: u32,
}

impl Limiter {
    /// A limiter; `first_hold` is how long everybody waits after a 429 that says nothing more.
    pub fn new(pace: Pace, quarter_hour: Option<Arc<QuarterHour>>, first_hold: Duration) -> Self {
        let per_minute = match pace {
            Pace::Unlimited => None,
            Pace::Limited { per_minute, .. } => Some(per_minute),
        };
        let minute = MINUTE.div_f64(pace.speed());
        let state = State {
            minute: per_minute.map(|limit| Quota::new(limit, minute)),
            quarter_hour,
            server: Server::new(first_hold),
            queue: Queue::default(),
            per_minute: per_minute.unwrap_or(u32::MAX),
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits until one more request may go.
    pub async fn pass(&self, urgency: Urgency) {
        let place = Place { limiter: self, turn: self.state().join(urgency) };
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            let verdict = self.state().admit(place.turn);
            match verdict {
                Verdict::Go => return,
                Verdict::At(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = changed => {}
                },
                Verdict::AfterOthers => changed.await,
            }
        }
    }

    /// Counts a request that went without asking here.
    pub fn count_one(&self) {
        let (mut state, now) = (self.state(), Instant::now());
        if let Some(minute) = &mut state.minute {
            minute.spend(Urgency::Data, now);
        }
        if let Some(quarter_hour) = &state.quarter_hour {
            quarter_hour.count_one(now);
        }
    }

    /// Takes in what an answer said of the limits.
    pub fn heed(&self, told: &Told) {
        self.state().heed(told, Instant::now());
        self.changed.notify_waiters();
    }

    /// What is left.
    pub fn left(&self) -> QuotaLeft {
        let (state, now) = (self.state(), Instant::now());
        let minute = state.minute.as_ref().map(|quota| (quota.left(now), quota.limit()));
        let (own, limit) = minute.unwrap_or((u32::MAX, u32::MAX));
        let quarter_hour = state.quarter_hour.as_ref().map(|shared| shared.left(now));
        QuotaLeft {
            minute: state.server.remaining(now).map_or(own, |told| told.min(own)),
            minute_limit: limit,
            quarter_hour: quarter_hour.map(|(left, _)| left),
            quarter_hour_limit: quarter_hour.map(|(_, limit)| limit),
            held_for: state.server.held_until(now).map_or(Duration::ZERO, |at| at - now),
            waiting: state.queue.len(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// A place in the queue, given up when it is dropped: by who has passed, and by who no longer
/// wants to.
struct Place<'a> {
    limiter: &'a Limiter,
    turn: Turn,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limiter.state().leave(self.turn);
        self.limiter.changed.notify_waiters();
    }
}

/// What somebody who waits is told.
enum Verdict {
    Go,
    /// Not before then.
    At(Instant),
    /// When somebody of the same class has gone.
    AfterOthers,
}

impl State {
    fn admit(&mut self, turn: Turn) -> Verdict {
        if !self.queue.is_first_of_its_class(turn) {
            return Verdict::AfterOthers;
        }
        let now = Instant::now();
        if let Some(at) = self.server.opens_at(turn.urgency, now) {
            return Verdict::At(at);
        }
        let may_share = !self.queue.is_anyone_more_urgent(turn.urgency);
        if let Some(minute) = &mut self.minute
            && let Err(at) = minute.reserve(turn.urgency, may_share, now)
        {
            return Verdict::At(at);
        }
        if let Some(quarter_hour) = &self.quarter_hour
            && let Err(at) = quarter_hour.take(turn.urgency, now)
        {
            return Verdict::At(at);
        }
        if let Some(minute) = &mut self.minute {
            minute.spend(turn.urgency, now);
        }
        self.server.spend();
        Verdict::Go
    }

    fn join(&mut self, urgency: Urgency) -> Turn {
        if let Some(quarter_hour) = &self.quarter_hour {
            quarter_hour.join(urgency);
        }
        self.queue.join(urgency)
    }

    fn leave(&mut self, turn: Turn) {
        if let Some(quarter_hour) = &self.quarter_hour {
            quarter_hour.leave(turn.urgency);
        }
        self.queue.leave(turn);
    }

    fn heed(&mut self, told: &Told, now: Instant) {
        self.server.hear(told, now);
        let Some((minute, limit)) = self.minute.as_mut().zip(told.limit) else {
            return;
        };
        let limit = limit.min(self.per_minute).max(1);
        if limit != minute.limit() {
            tracing::info!(limit, "the broker's limit of requests in a minute has changed");
            minute.limit_to(limit, now);
        }
    }
}
