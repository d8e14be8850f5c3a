//! The short way of a bar on which nothing but its price is new.
//!
//! Most of what is asked of an input has the same answer from one event to the next: that the session
//! is open, that nothing is being closed, that no timer is due. [`Calm`] is the time for which that is
//! known. It never changes what is decided, for a bar outside of it goes the long way, and so does
//! whatever follows an event.

use super::{DecideError, Deciding, Kernel, Output};
use crate::{Bar, MarketData, State, Timestamp, TradingState};

/// The time in which only the prices of bars change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calm {
    /// Bars that open from then on lie in the hours that are traded.
    open: Timestamp,
    /// Until before then the session is open and no timer falls due.
    pub until: Timestamp,
}

impl Calm {
    /// None.
    pub const NONE: Self = Self { open: Timestamp::MAX, until: Timestamp::MIN };

    /// From now on, as long as nothing is decided and no other input comes.
    pub fn of(state: &State, next_deadline: Option<Timestamp>) -> Self {
        let is_quiet = state.account_is_open()
            && state.stopping().is_none()
            && state.trading_state() != TradingState::Halted
            && !state.closes_anything()
            && !state.doubts_a_halt()
            && !state.has_lost_exits()
            && state.ranges().is_empty()
            && !state.places_stops();
        match state.open_hours().filter(|_| is_quiet) {
            Some((open, close)) => {
                Self { open, until: next_deadline.map_or(close, |deadline| deadline.min(close)) }
            }
            None => Self::NONE,
        }
    }

    /// Whether a bar that is seen at an instant can go the short way.
    #[inline]
    pub fn holds(&self, at: Timestamp, bar: &Bar) -> bool {
        at < self.until && self.open <= bar.open_time
    }
}

impl Kernel {
    /// Decides on a bar in a calm: what [`Kernel::decide_at_length`] does, without what leads to nothing.
    #[inline]
    pub(super) fn decide_in_calm(
        &mut self,
        at: Timestamp,
        data: &MarketData,
        out: &mut Output,
    ) -> Result<(), DecideError> {
        out.clear();
        out.input_seq = self.state.next_seq();
        let usable = self.state.take_market(out.input_seq, at, data)?;
        out.at = self.state.now();
        let mut deciding = Deciding { kernel: self, out };
        deciding.watch_losses(data.symbol())?;
        match usable {
            Ok(()) if deciding.out.events.is_empty() => {
                deciding.observe(data);
                deciding.ask_strategies(data)?;
            }
            Ok(()) => deciding.act_upon(data, true)?,
            Err(reason) => deciding.refuse(data, reason)?,
        }
        if deciding.out.events.is_empty() { Ok(()) } else { deciding.close_and_protect() }
    }
}

#[cfg(test)]
mod tests;
