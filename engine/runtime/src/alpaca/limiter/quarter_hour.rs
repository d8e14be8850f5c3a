//! The stricter limit: so many requests in any quarter of an hour, whichever host is asked, whoever
//! asks and however often a session is started again.
//!
//! The own requests are paced as those of a minute are ([`Quota`]). Where a file counts the requests
//! of everybody, and others have used some (a download, the session before a restart), the last of
//! the limit is kept for the urgent: a fifth for what is not data, a tenth for cancels and exits, a
//! twentieth for cancels alone.

use super::quota::Quota;
use super::{Pace, QUARTER_HOUR, Urgency};
use crate::request_count::{RequestCount, frees};
use crate::session::machine_time;
use kernel::{Span, Timestamp};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A limit that several limiters share.
pub(in crate::alpaca) struct QuarterHour(Mutex<Shared>);

struct Shared {
    quota: Quota,
    window: Span,
    /// How many of each class wait, at all hosts.
    waiting: [usize; Urgency::ALL.len()],
    count: Option<RequestCount>,
    /// How many requests of others the file had when it was last read.
    by_others: usize,
}

impl QuarterHour {
    /// The limit of a pace, when it has one, counted in a file when there is one.
    pub fn new(pace: Pace, counted_in: Option<&Path>) -> Option<Arc<Self>> {
        let Pace::Limited { per_quarter_hour: Some(limit), .. } = pace else { return None };
        let real = QUARTER_HOUR.div_f64(pace.speed());
        let window = Span::from_nanos(i64::try_from(real.as_nanos()).unwrap_or(i64::MAX));
        let count = counted_in.map(|path| RequestCount { path: path.to_owned(), window });
        Some(Arc::new(Self(Mutex::new(Shared {
            quota: Quota::new(limit, real),
            window,
            waiting: [0; Urgency::ALL.len()],
            count,
            by_others: 0,
        }))))
    }

    pub fn join(&self, urgency: Urgency) {
        *self.shared().waiting(urgency) += 1;
    }

    pub fn leave(&self, urgency: Urgency) {
        let mut shared = self.shared();
        let waiting = shared.waiting(urgency);
        *waiting = waiting.saturating_sub(1);
    }

    /// Takes a place for a request that goes now, or says when one may be free.
    pub fn take(&self, urgency: Urgency, now: Instant) -> Result<(), Instant> {
        let mut shared = self.shared();
        let more_urgent = Urgency::ALL.into_iter().zip(shared.waiting);
        let may_share = !more_urgent.into_iter().any(|(class, n)| class < urgency && n > 0);
        shared.quota.reserve(urgency, may_share, now)?;
        shared.count(urgency, now)?;
        shared.quota.spend(urgency, now);
        Ok(())
    }

    /// Counts a request that went without asking here.
    pub fn count_one(&self, now: Instant) {
        let mut shared = self.shared();
        shared.quota.spend(Urgency::Data, now);
        if let Some(count) = &shared.count {
            // What cannot be counted is told by the next that asks.
            let _ = count.ask(machine_time(), |_| Ok::<(), ()>(()));
        }
    }

    /// How many may still go, and of how many.
    pub fn left(&self, now: Instant) -> (u32, u32) {
        let shared = self.shared();
        let by_others = u32::try_from(shared.by_others).unwrap_or(u32::MAX);
        (shared.quota.left(now).saturating_sub(by_others), shared.quota.limit())
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Shared {
    fn waiting(&mut self, urgency: Urgency) -> &mut usize {
        let [cancels, exits, entries, data] = &mut self.waiting;
        match urgency {
            Urgency::Cancel => cancels,
            Urgency::Exit => exits,
            Urgency::Entry => entries,
            Urgency::Data => data,
        }
    }

    /// Counts a request in the file; a few microseconds, and only under such a limit. A file that
    /// cannot be used keeps no cancel back: the own requests are counted here all the same.
    fn count(&mut self, urgency: Urgency, now: Instant) -> Result<(), Instant> {
        let Some(count) = &self.count else { return Ok(()) };
        let (limit, window, at) = (self.quota.limit(), self.window, machine_time());
        let own = self.quota.used(now);
        let mut by_others = 0;
        let asked = count.ask(at, |gone| {
            by_others = gone.len().saturating_sub(own);
            let kept = if by_others > 0 { kept(limit, urgency) } else { 0 };
            frees(gone, limit.saturating_sub(kept), at, window).map_or(Ok(()), Err)
        });
        self.by_others = by_others;
        match asked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(next)) => Err(now + between(at, next)),
            Err(error) => {
                tracing::warn!(
                    "{error}; the limit of a quarter of an hour holds for this process alone"
                );
                self.count = None;
                Ok(())
            }
        }
    }
}

/// What of a limit a class leaves to the more urgent.
const fn kept(limit: u32, urgency: Urgency) -> u32 {
    match urgency {
        Urgency::Cancel => 0,
        Urgency::Exit => limit / 20,
        Urgency::Entry => limit / 10,
        Urgency::Data => limit / 5,
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(to.since(from).nanos()).unwrap_or_default())
}
