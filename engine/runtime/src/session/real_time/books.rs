//! Comparing the books with the broker's in the world's time.

use super::super::SessionError;
use super::super::courier::Answer;
use super::super::desk::{TICK, ends_for, hit_about};
use super::RealTime;
use crate::alpaca::QuotaLeft;
use kernel::{BrokerState, Input};
use std::time::Duration;
use tokio::time::Instant;

impl RealTime<'_> {
    /// Takes in an answer about the books.
    pub(super) fn take_in(&mut self, answer: Answer) -> Result<(), SessionError> {
        let was_read = matches!(answer, Answer::Read(..));
        if let Answer::Broker(broker, mark) = &answer {
            self.reaches(true)?;
            if *mark != self.desk.core.mark(self.connection) {
                // Something happened while it was asked, so it is asked again.
                let wait = self.asked_again.step();
                self.reconcile_within(wait);
                return Ok(());
            }
            if self.may_be_late(broker) {
                return Ok(());
            }
            self.next_reconcile = Some(Instant::now() + self.reconcile_pause());
        }
        let was_compared = matches!(answer, Answer::Broker(..));
        let ends = ends_for(&answer);
        let order = answer.order();
        hit_about("answer.before", order);
        for input in self.desk.core.inputs(answer) {
            let work = self.desk.decide(input)?;
            if was_compared && !work.look_again {
                self.asked_again = self.desk.patience.backoff(0);
            }
            self.set_going(if was_read { work.without_reads() } else { work });
        }
        hit_about("answer.after", order);
        if was_compared && self.desk.core.state().is_reconciled() {
            let waits = self.desk.when_compared.take();
            waits.into_iter().for_each(|errand| self.send_out(errand));
        }
        match ends {
            Some(error) => self.fail(error),
            None => Ok(()),
        }
    }

    /// Tells whether the broker answers those who compare the books, when that changes.
    pub(super) fn reaches(&mut self, answers: bool) -> Result<(), SessionError> {
        if std::mem::replace(&mut self.in_reach, answers) == answers {
            return Ok(());
        }
        self.feed(Input::Reach { answers })
    }

    /// Whether an account differs that may only lag behind what was just booked; then it is read again.
    fn may_be_late(&mut self, broker: &BrokerState) -> bool {
        // An account that agrees does not lag behind.
        if self.desk.core.state().book_differences(broker).is_empty() {
            self.differs_since = None;
            return false;
        }
        let patience = self.desk.patience;
        let booked = self.desk.core.booked_ago().filter(|ago| *ago < patience.account_lag);
        let since = *self.differs_since.get_or_insert_with(Instant::now);
        match booked {
            Some(ago) if since.elapsed() < patience.account_differs => {
                let left = patience.account_differs.saturating_sub(since.elapsed());
                self.reconcile_within(left.min(patience.account_lag - ago));
                true
            }
            // The second look has as much time: an account that was late agrees by then, for nothing
            // is entered on books that are suspected.
            Some(_) | None => {
                self.differs_since = None;
                false
            }
        }
    }

    /// Sees to it that the books are compared with the broker's within a time from now.
    pub(super) fn reconcile_within(&mut self, wait: Duration) {
        let at = Instant::now() + wait;
        self.next_reconcile = Some(self.next_reconcile.map_or(at, |next| next.min(at)));
    }

    /// How long after the books were compared they are compared again.
    pub(super) fn reconcile_pause(&self) -> Duration {
        let timing = self.desk.config.timing;
        if self.stopping.is_some() {
            return timing.second_look;
        }
        let pause = timing.reconcile.saturating_mul(stretch(&self.desk.venue.quota_left()));
        self.desk.clock.wall(pause).max(TICK)
    }
}

/// How many times longer the comparison of the books waits while requests are short: they are for
/// orders first.
fn stretch(quota: &QuotaLeft) -> u32 {
    let is_below = |part: u32| {
        let minute = quota.minute < quota.minute_limit / part;
        let limits = quota.quarter_hour.zip(quota.quarter_hour_limit);
        minute || limits.is_some_and(|(left, limit)| left < limit / part)
    };
    match (is_below(4) || !quota.held_for.is_zero(), is_below(2)) {
        (true, _) => 4,
        (false, true) => 2,
        (false, false) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice as long below a half of what may be asked, four times below a quarter or while the
    /// server has asked for silence; the stricter of two quotas counts.
    #[test]
    fn the_books_are_compared_less_often_when_requests_are_short() {
        let quota = |minute, quarter_hour| QuotaLeft {
            minute,
            minute_limit: 200,
            quarter_hour,
            quarter_hour_limit: quarter_hour.map(|_| 250),
            held_for: Duration::ZERO,
            waiting: 0,
        };
        let cases = [
            (quota(200, None), 1),
            (quota(100, None), 1),
            (quota(99, None), 2),
            (quota(49, None), 4),
            (quota(200, Some(124)), 2),
            (quota(200, Some(61)), 4),
            (quota(40, Some(250)), 4),
            (QuotaLeft { held_for: Duration::from_secs(1), ..quota(200, None) }, 4),
        ];
        for (quota, times) in cases {
            assert_eq!(stretch(&quota), times, "{quota:?}");
        }
    }
}
