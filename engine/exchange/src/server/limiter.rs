//! Requests per minute, counted by the venue's clock in fixed windows.
//!
//! Alpaca does not say whether its window is fixed or slides; a fixed one makes
//! `X-RateLimit-Reset` exact.

use kernel::Timestamp;

const MINUTE: i64 = 60_000_000_000;

/// Counts the requests of the current minute.
#[derive(Debug)]
pub(super) struct Limiter {
    per_minute: u32,
    window: i64,
    used: u32,
}

/// What one request was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Whether the request may go on.
    pub(super) allowed: bool,
    /// Requests per minute.
    pub(super) limit: u32,
    /// Requests left in this window.
    pub(super) remaining: u32,
    /// When the window ends, in seconds since 1970.
    pub(super) reset: i64,
}

impl Limiter {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute, window: i64::MIN, used: 0 }
    }

    /// Counts one request at the venue's time `now`.
    pub(super) fn admit(&mut self, now: Timestamp) -> Allowance {
        let window = now.nanos().div_euclid(MINUTE);
        if window != self.window {
            (self.window, self.used) = (window, 0);
        }
        let allowed = self.used < self.per_minute;
        if allowed {
            self.used += 1;
        }
        Allowance {
            allowed,
            limit: self.per_minute,
            remaining: self.per_minute - self.used,
            reset: window.saturating_add(1).saturating_mul(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_admits_its_limit_and_the_next_one_starts_afresh() {
        let mut limiter = Limiter::new(2);
        let at = Timestamp::from_secs;
        assert_eq!(limiter.admit(at(61)).remaining, 1);
        assert!(limiter.admit(at(62)).allowed);
        let refused = limiter.admit(at(119));
        assert_eq!((refused.allowed, refused.remaining, refused.reset), (false, 0, 120));
        assert!(limiter.admit(at(120)).allowed);
    }
}
