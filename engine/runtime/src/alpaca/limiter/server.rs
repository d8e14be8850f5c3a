//! What the server says of its limits.

use super::Urgency;
use std::time::Duration;
use tokio::time::Instant;

/// Longer than any window of the broker's, so that a wrong clock cannot stop a session.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// What one answer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::alpaca) struct Told {
    /// Requests in a minute (`X-RateLimit-Limit`).
    pub limit: Option<u32>,
    /// Requests left until the reset (`X-RateLimit-Remaining`).
    pub remaining: Option<u32>,
    /// How long until then (`X-RateLimit-Reset`); not in a replay, whose clock is not ours.
    pub reset_in: Option<Duration>,
    /// How long to wait (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// Whether the request was refused for being one too many (429).
    pub refused: bool,
}

/// What the server has said, as far as it still holds.
#[derive(Debug)]
pub(super) struct Server {
    /// How long after a 429 that says nothing more; doubles with each that follows.
    first_hold: Duration,
    window: Option<Window>,
    not_before: Option<Instant>,
    /// Refusals in a row that did not say how long to wait.
    refusals: u32,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u32,
    remaining: u32,
    ends: Instant,
}

impl Server {
    pub const fn new(first_hold: Duration) -> Self {
        Self { first_hold, window: None, not_before: None, refusals: 0 }
    }

    /// Takes in an answer.
    pub fn hear(&mut self, told: &Told, now: Instant) {
        if told.refused || told.retry_after.is_some() {
            self.refuse(told, now);
        } else {
            self.refusals = 0;
        }
        let (Some(remaining), Some(reset_in)) = (told.remaining, told.reset_in) else {
            return;
        };
        let (limit, ends) = (told.limit.unwrap_or(0), now + reset_in.min(LONGEST_HOLD));
        let held = self.window.filter(|window| window.ends > now);
        // Answers may overtake each other: within a window the least is the newest.
        let remaining = held.map_or(remaining, |window| window.remaining.min(remaining));
        self.window = Some(Window { limit, remaining, ends });
    }

    /// After a refusal, or a word to come later (RFC 9110, section 10.2.3), everybody waits.
    fn refuse(&mut self, told: &Told, now: Instant) {
        let wait = match told.retry_after.or(told.reset_in) {
            Some(wait) => wait,
            None => {
                self.refusals += 1;
                self.first_hold.saturating_mul(1 << (self.refusals - 1).min(6))
            }
        };
        let at = now + wait.min(LONGEST_HOLD);
        self.not_before = Some(self.not_before.map_or(at, |earlier| earlier.max(at)));
    }

    /// When a request of a class may go, when not now. The last requests of a window are kept: a
    /// fifth for what is not data, a tenth for cancels and exits, a twentieth for cancels alone.
    pub fn opens_at(&self, urgency: Urgency, now: Instant) -> Option<Instant> {
        let held = self.held_until(now);
        let window = self.window.filter(|window| window.ends > now);
        let spent = window.filter(|window| {
            let kept = match urgency {
                Urgency::Cancel => 0,
                Urgency::Exit => window.limit / 20,
                Urgency::Entry => window.limit / 10,
                Urgency::Data => window.limit / 5,
            };
            window.remaining <= kept
        });
        held.max(spent.map(|window| window.ends))
    }

    /// A request goes.
    pub fn spend(&mut self) {
        if let Some(window) = &mut self.window {
            window.remaining = window.remaining.saturating_sub(1);
        }
    }

    pub fn remaining(&self, now: Instant) -> Option<u32> {
        self.window.filter(|window| window.ends > now).map(|window| window.remaining)
    }

    pub fn held_until(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|at| *at > now)
    }
}
