//! The connections of a session: which stand, and since when the broker is out of reach.

use super::State;
use crate::{Breaker, Difference, Link, Span, Timestamp};

impl State {
    pub(super) fn link(&mut self, link: Link, up: bool) {
        match link {
            Link::MarketData => {
                self.market_stream_up = up;
                self.doubt_halts(!up);
            }
            Link::Orders => {
                self.order_stream_up = up;
                // What happened while it was down is not known: the broker is asked first.
                self.reconciled &= up;
                if !up {
                    self.out_of_reach.get_or_insert(self.now);
                }
            }
            Link::News => self.news_up = up,
        }
    }

    /// The broker answers those who compare the books, or not. Where the order stream went down as
    /// well, an answer alone is not enough: the books must have been compared since.
    pub(super) fn reach(&mut self, answers: bool) {
        if !answers {
            self.out_of_reach.get_or_insert(self.now);
        } else if self.reconciled {
            self.out_of_reach = None;
        }
    }

    /// The books agree with the broker's. What happens while the stream is down is known only after it
    /// is up again.
    pub(super) fn note_reconciled(&mut self) {
        self.reconciled = self.order_stream_up;
        if self.reconciled {
            self.out_of_reach = None;
        }
        self.suspected.clear();
        self.note_equity();
    }

    /// Whether the stream of order updates is up.
    pub const fn order_stream_is_up(&self) -> bool {
        self.order_stream_up
    }

    /// Whether the stream of market data is up.
    pub const fn market_stream_is_up(&self) -> bool {
        self.market_stream_up
    }

    /// Differences that were seen once, and move the books when they are seen again.
    pub(crate) fn suspected(&self) -> &[Difference] {
        &self.suspected
    }

    /// Whether the books are compared, and nothing was seen at the broker that would move them.
    pub(crate) fn trusts_its_books(&self) -> bool {
        self.reconciled && !self.suspected.iter().any(Difference::moves_books)
    }

    /// For how long the broker has been out of reach.
    pub(crate) fn out_of_reach_for(&self) -> Option<Span> {
        self.out_of_reach.map(|since| self.now.since(since))
    }

    /// When the broker will have been out of reach for so long that trading must stop: then, or when
    /// entries would be possible again. `None` while it is in reach, or trading has stopped so far.
    pub(crate) fn silence_due(&self) -> Option<Timestamp> {
        let (since, span) = self.out_of_reach.zip(self.limits.breaker_silence)?;
        let then = self.limits.breaker.unwrap_or_default().then;
        if self.trading >= then {
            return None;
        }
        self.first_open_from(since.plus(span))
    }

    /// What stops trading because the broker has been out of reach for too long.
    pub(crate) fn silence_trips(&self) -> Option<Breaker> {
        let due = self.silence_due().is_some_and(|due| due <= self.now);
        due.then(|| self.limits.breaker.unwrap_or_default())
    }
}
