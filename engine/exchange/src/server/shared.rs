//! What every connection and request works with.

use super::Keys;
use super::config::{Plan, ServerConfig, Speed, StreamConfig};
use super::limiter::Limiter;
use super::venue::Venue;
use crate::check::Stream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

/// Shared by the replay and all connections. Whoever holds the venue's lock never waits.
pub(super) struct Shared {
    venue: Mutex<Venue>,
    pub(super) limiter: Option<Mutex<Limiter>>,
    pub(super) keys: Keys,
    pub(super) speed: Speed,
    pub(super) plan: Plan,
    pub(super) streams: StreamConfig,
    /// Wakes the replay when a client has subscribed, listened, acknowledged or gone.
    pub(super) changed: Notify,
    /// Becomes true when the server shall end.
    pub(super) stop: watch::Sender<bool>,
    /// How many steps have been taken.
    pub(super) stepped: watch::Sender<u64>,
    /// How many steps are over: in lock step, acknowledged by everyone.
    pub(super) passed: watch::Sender<u64>,
    /// Becomes true when the replay has reached the end of its data.
    pub(super) finished: watch::Sender<bool>,
}

impl Shared {
    pub(super) fn new(config: &ServerConfig, venue: Venue) -> Self {
        // In lock step the venue's clock stands still while a client works: a limit by that clock
        // would count all of it into one minute.
        let limit = config.requests_per_minute.filter(|_| config.speed != Speed::Max);
        Self {
            venue: Mutex::new(venue),
            limiter: limit.map(|limit| Mutex::new(Limiter::new(limit))),
            keys: config.keys.clone(),
            speed: config.speed,
            plan: config.plan,
            streams: config.streams,
            changed: Notify::new(),
            stop: watch::Sender::new(false),
            stepped: watch::Sender::new(0),
            passed: watch::Sender::new(0),
            finished: watch::Sender::new(false),
        }
    }

    /// Waits until a stream that a fault took away may come back.
    pub(super) async fn let_in(&self, stream: Stream) {
        let until = self.venue().hub.away_until(stream);
        let (mut passed, mut stop) = (self.passed.subscribe(), self.stop.subscribe());
        tokio::select! {
            _ = passed.wait_for(|passed| *passed >= until) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// The venue, for one short piece of work.
    pub(super) fn venue(&self) -> MutexGuard<'_, Venue> {
        // A panic elsewhere must not silence the rest; the exchange changes nothing by halves.
        self.venue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
