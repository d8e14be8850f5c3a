//! The circuit breaker: orders that fail one after the other stop trading.

use crate::{OrderStatus, ReportKind, Span, Timestamp, TradingState};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many failures in a row trip it.
///
/// A failure is an order that the broker refused, at once or later, or whose answer was lost (5xx,
/// time-out, reset) before the broker had said anything of it. A denial of our own is none, and
/// neither is a request that waits because there were too many. An order of which the broker says
/// anything else first ends the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// So many failures, with no order in between that succeeded.
    pub failures: u32,
    /// Within so much time.
    pub within: Span,
    /// What trading is then.
    pub then: TradingState,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: 5, within: Span::from_secs(600), then: TradingState::Halted }
    }
}

/// The failures since an order last succeeded, as far as they can still count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Failures(VecDeque<Timestamp>);

impl Failures {
    /// Counts what was reported of an order that stood at `from`.
    pub fn note(&mut self, from: OrderStatus, report: ReportKind, now: Timestamp, most: u32) {
        match report {
            ReportKind::Refused | ReportKind::Rejected | ReportKind::AnswerLost => {
                self.0.push_back(now);
                while self.0.len() > usize::try_from(most).unwrap_or(usize::MAX) {
                    self.0.pop_front();
                }
            }
            // It was not heard of, which says nothing of the broker's word.
            ReportKind::NotReceived => {}
            // It was counted when its answer was lost; that it was found is no answer.
            _ if from == OrderStatus::Unknown => {}
            _ if from == OrderStatus::Approved => self.clear(),
            _ => {}
        }
    }

    /// Forgets them: an order succeeded, or trading was resumed.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many there are, as far as they are kept.
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Whether they are enough.
    pub fn trip(&self, breaker: &Breaker) -> bool {
        let enough = usize::try_from(breaker.failures).unwrap_or(usize::MAX);
        let (Some(first), Some(last)) = (self.0.front(), self.0.back()) else {
            return false;
        };
        self.0.len() >= enough && last.since(*first) <= breaker.within
    }
}
