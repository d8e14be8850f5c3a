//! How long a soak is, over which days, and what goes wrong in it.

use std::time::Duration;

/// Symbols that are traded.
pub const SYMBOLS: usize = 30;
/// Quotes of each symbol in a minute.
pub const QUOTES_A_MINUTE: usize = 8;

/// A soak of one length.
pub struct Plan {
    /// What it is called.
    pub name: &'static str,
    /// Venue seconds in a second.
    pub speed: u32,
    /// The first date of the market, `yyyy-mm-dd`.
    pub start: &'static str,
    /// Minutes of the market before the soak begins.
    pub skipped: usize,
    /// Minutes of the soak.
    pub minutes: usize,
    /// How many of them are left when the session is told to close what it holds and to end.
    pub left_at_end: usize,
    /// Trading days that end on the way.
    pub closes: usize,
    /// Reconnects of each stream that there must be at least.
    pub reconnects: u64,
    /// The fault script.
    pub faults: &'static str,
    /// How much of the soak is its warming up, in hundredths: until so many orders have ended as
    /// the session keeps.
    pub warm_up: usize,
    /// Longer than it can take.
    pub patience: Duration,
}

/// Wednesday, Thanksgiving without a session, Friday with an early close, a weekend, Monday, and a
/// quarter of an hour of Tuesday, in which the session ends.
pub const DAYS: Plan = Plan {
    name: "days",
    speed: 100,
    start: "2025-11-26",
    skipped: 0,
    minutes: 390 + 210 + 390 + 15,
    left_at_end: 10,
    closes: 3,
    reconnects: 20,
    faults: include_str!("days.toml"),
    warm_up: 70,
    patience: Duration::from_secs(30 * 60),
};

/// The last minutes of a session with an early close, and the first after the weekend.
pub const MINUTES: Plan = Plan {
    name: "minutes",
    speed: 100,
    start: "2025-11-28",
    skipped: 210 - 12,
    minutes: 12 + 18,
    left_at_end: 8,
    closes: 1,
    reconnects: 1,
    faults: include_str!("minutes.toml"),
    warm_up: 70,
    patience: Duration::from_secs(5 * 60),
};

/// Three weeks at a pace that nothing in the world has: what grows slowly shows here.
pub const WEEKS: Plan = Plan {
    name: "weeks",
    speed: 600,
    start: "2025-11-10",
    skipped: 0,
    minutes: 13 * 390 + 210 + 15,
    left_at_end: 10,
    closes: 14,
    reconnects: 20,
    faults: include_str!("days.toml"),
    warm_up: 40,
    patience: Duration::from_secs(60 * 60),
};
