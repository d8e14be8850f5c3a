//! Bars on which the venue has nothing to do.
//!
//! While no order is open and nothing falls due, all that the exchange makes of a bar is the last price and
//! the time. So it is told of many at once, before anything is asked of it again, and only the kernel sees
//! each. What is decided, and what is told of it, is the same as by single steps.

use super::Driver;
use crate::BacktestError;
use kernel::{Input, MarketData, Span, Stamped, Timestamp};

impl<'a> Driver<'a, '_> {
    /// Takes the bars that come before anything can happen at the venue, each the only one of its instant,
    /// up to the first that leads to something; how many there were.
    pub(super) fn in_calm(&mut self, data: &'a [MarketData]) -> Result<usize, BacktestError> {
        let Some(last) = self.calm_until() else { return Ok(0) };
        let mut taken = 0;
        let mut next = data.first();
        while let Some(datum @ MarketData::Bar(_)) = next {
            let at = datum.time();
            next = data.get(taken + 1);
            let is_alone = next.is_none_or(|next| next.time() != at);
            if at > last || !is_alone || self.kernel.due(at).is_some() {
                break;
            }
            taken += 1;
            let at = at.max(self.kernel.state().now());
            let decided = self.kernel.decide_on_market(at, datum, &mut self.out);
            self.check(decided)?;
            let is_quiet = self.led_to_nothing();
            if !is_quiet {
                self.venue.exchange.pass_bars(data.get(..taken).unwrap_or_default());
                self.step = data.get(taken - 1..taken).unwrap_or_default();
                self.act_on(&Stamped { at, seen: at, input: Input::Market(*datum) })?;
            }
            self.look_back(std::slice::from_ref(datum));
            if !is_quiet {
                return Ok(taken);
            }
        }
        self.venue.exchange.pass_bars(data.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    /// The last instant up to which nothing happens but what the market data say; `None` where each step
    /// counts for itself.
    fn calm_until(&self) -> Option<Timestamp> {
        let exchange = &self.venue.exchange;
        let is_calm = exchange.is_idle()
            && self.meeting.is_none()
            && self.last_bars.is_none()
            && self.journal.is_none()
            && self.models.is_empty()
            && self.circumstances.is_none();
        let due = exchange.wakes_at().min(self.corporate.next());
        is_calm.then(|| self.equity.session_ends().min(due.minus(Span::from_nanos(1))))
    }
}
