//! Staying under the broker's request limits, the urgent first.
//!
//! Requests wait in a queue of four classes: cancels before exits before entries before data, and
//! within a class who came first goes first. Each class has a rate of its own that no other can
//! use up, so that polling never holds a cancel up and a storm of cancels never ends polling; the
//! rest of the limit goes to the most urgent that waits ([`quota`]).
//!
//! Two limits can hold at once: so many requests in any minute (Alpaca allows 200), and, when it is
//! configured, so many in any quarter of an hour. What the server says on top is followed:
//! `X-RateLimit-Limit` lowers the first limit, `X-RateLimit-Remaining` keeps the last requests of a
//! window for the urgent, and after a 429 everybody waits until `Retry-After` or
//! `X-RateLimit-Reset`, or for ever longer when neither is there ([`server`]).
//!
//! Time is the venue's: against a paced replay (`speed` 60) a minute is a second. Against a replay
//! in lock step there is no pace to keep, and no limiter ([`Pace::Unlimited`]).

mod queue;
mod quota;
mod server;
#[cfg(test)]
mod tests;

pub(super) use server::Told;

use queue::{Queue, Turn};
use quota::Quota;
use server::Server;
use std::sync::Mutex;
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
    speed: f64,
}

struct State {
    minute: Option<Quota>,
    quarter_hour: Option<Quota>,
    server: Server,
    queue: Queue,
    /// Requests in a minute as configured.
    per_minute: u32,
}

impl Limiter {
    /// A limiter; `first_hold` is how long everybody waits after a 429 that says nothing more.
    pub fn new(pace: Pace, first_hold: Duration) -> Self {
        let (minute, quarter_hour, speed) = match pace {
            Pace::Unlimited => (None, None, 1.0),
            Pace::Limited { per_minute, per_quarter_hour, speed } => {
                let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
                (Some(per_minute), per_quarter_hour, speed)
            }
        };
        let quota = |limit: u32, window: Duration| Quota::new(limit, window.div_f64(speed));
        let state = State {
            minute: minute.map(|limit| quota(limit, MINUTE)),
            quarter_hour: quarter_hour.map(|limit| quota(limit, QUARTER_HOUR)),
            server: Server::new(first_hold),
            queue: Queue::default(),
            per_minute: minute.unwrap_or(u32::MAX),
        };
        Self { state: Mutex::new(state), changed: Notify::new(), speed }
    }

    /// Waits until one more request may go.
    pub async fn pass(&self, urgency: Urgency) {
        let place = Place { limiter: self, turn: self.state().queue.join(urgency) };
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

    /// Takes in what an answer said of the limits.
    pub fn heed(&self, told: &Told) {
        self.state().heed(told, self.speed, Instant::now());
        self.changed.notify_waiters();
    }

    /// What is left.
    pub fn left(&self) -> QuotaLeft {
        let (state, now) = (self.state(), Instant::now());
        let of =
            |quota: &Option<Quota>| quota.as_ref().map(|quota| (quota.left(now), quota.limit()));
        let (own, limit) = of(&state.minute).unwrap_or((u32::MAX, u32::MAX));
        let quarter_hour = of(&state.quarter_hour);
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
        self.limiter.state().queue.leave(self.turn);
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
        for quota in self.quotas() {
            if let Err(at) = quota.reserve(turn.urgency, may_share, now) {
                return Verdict::At(at);
            }
        }
        for quota in self.quotas() {
            quota.spend(turn.urgency, now);
        }
        self.server.spend();
        Verdict::Go
    }

    fn heed(&mut self, told: &Told, speed: f64, now: Instant) {
        self.server.hear(told, now);
        let Some((minute, limit)) = self.minute.as_mut().zip(told.limit) else {
            return;
        };
        let limit = limit.min(self.per_minute).max(1);
        if limit != minute.limit() {
            tracing::info!(limit, "the broker's limit of requests in a minute has changed");
            *minute = Quota::new(limit, MINUTE.div_f64(speed));
        }
    }

    fn quotas(&mut self) -> impl Iterator<Item = &mut Quota> {
        self.minute.iter_mut().chain(&mut self.quarter_hour)
    }
}
