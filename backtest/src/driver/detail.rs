//! Filling on finer data: the exchange meets it in its own time, strategies see their bars alone.
//!
//! What of it is known by the end of a bar meets orders before the strategies see that bar. A bar in
//! whose time its symbol has shown finer data fills nothing itself; one without fills as ever.

use super::Driver;
use crate::BacktestError;
use crate::config::BacktestConfig;
use crate::detail::Detail;
use exchange::Exchange;
use kernel::{Bar, MarketData, Timestamp};
use marketdata::{Facts, content, order};
use std::sync::Arc;

/// The detail of a run, and how far it has been met.
pub(super) struct Meeting {
    detail: Arc<Detail>,
    next: usize,
    /// What meets the orders at this instant.
    rows: Vec<MarketData>,
    /// The last of it that each symbol has shown: of a bar its open.
    shown: Vec<Option<Timestamp>>,
}

impl Meeting {
    /// From the first bar of the run on.
    ///
    /// # Errors
    /// When the detail was made for other symbols.
    pub(super) fn new(
        config: &BacktestConfig,
        facts: &Facts,
    ) -> Result<Option<Self>, BacktestError> {
        let Some(detail) = &config.detail else { return Ok(None) };
        if detail.feed.symbols != facts.symbols {
            return Err(BacktestError::DetailSymbols);
        }
        let (first, _) = facts.span.ok_or(BacktestError::NoData)?;
        let begins = facts.bar_length.map_or(first, |length| first.minus(length));
        let next = detail.feed.data.partition_point(|row| row.time() <= begins);
        let shown = vec![None; facts.symbols.len()];
        Ok(Some(Self { detail: Arc::clone(detail), next, rows: Vec::new(), shown }))
    }

    /// What meets the orders at this instant.
    pub(super) fn rows(&self) -> &[MarketData] {
        &self.rows
    }

    /// Takes the rows of the next instant for which a condition holds; whether there was one.
    fn take(&mut self, wanted: impl Fn(Timestamp) -> bool) -> bool {
        self.rows.clear();
        let rest = self.detail.feed.data.get(self.next..).unwrap_or(&[]);
        let Some(at) = rest.first().map(MarketData::time).filter(|at| wanted(*at)) else {
            return false;
        };
        self.rows.extend(rest.iter().take_while(|row| row.time() == at));
        self.next += self.rows.len();
        for row in &self.rows {
            if let Some(shown) = self.shown.get_mut(row.symbol().index()) {
                *shown = Some(content::row_time(row));
            }
        }
        true
    }

    /// Adds what of a step has no finer data; of a symbol that had some before, bars fill again.
    fn add_without_detail(&mut self, step: &[MarketData], exchange: &mut Exchange) {
        for datum in step {
            let shown = self.shown.get(datum.symbol().index()).copied().flatten();
            let covers = |bar: &Bar| shown.is_some_and(|shown| shown >= bar.open_time);
            let is_covered = match datum {
                MarketData::Bar(bar) => covers(bar),
                MarketData::Quote(_) | MarketData::Trade(_) => shown.is_some(),
            };
            if is_covered {
                continue;
            }
            if shown.is_some() {
                exchange.fill_on_bars(datum.symbol());
            }
            self.rows.push(*datum);
        }
        self.rows.sort_by_key(order);
    }

    /// Nothing more is met.
    pub(super) fn finish(&mut self) {
        self.rows.clear();
        self.next = usize::MAX;
    }
}

impl Driver<'_, '_> {
    /// Lets orders meet the detail that is known before an instant.
    pub(super) fn meet_detail(&mut self, before: Timestamp) -> Result<(), BacktestError> {
        self.step = &[];
        while self.meeting.as_mut().is_some_and(|meeting| meeting.take(|at| at < before)) {
            let Some(at) =
                self.meeting.as_ref().and_then(|it| it.rows.first()).map(MarketData::time)
            else {
                break;
            };
            self.enter(at)?;
            if let Some(meeting) = &self.meeting {
                self.venue.exchange.step(&meeting.rows);
            }
            self.updates()?;
            self.at_close(at)?;
        }
        Ok(())
    }

    /// What comes before anything of an instant: the session before it ends, and what happens to
    /// shares and cash happens.
    #[inline]
    pub(super) fn enter(&mut self, at: Timestamp) -> Result<(), BacktestError> {
        if self.equity.session_is_over(at) {
            self.next_session(at);
        }
        self.before_trading(at)?;
        if self.circumstances.is_some() { self.before_step(at) } else { Ok(()) }
    }

    #[cold]
    fn next_session(&mut self, at: Timestamp) {
        let (equity, gross) = self.standing();
        self.equity.next_session(at, equity, gross);
    }

    /// Lets orders meet the step of an instant: the data itself, or the detail.
    #[inline]
    pub(super) fn meet(&mut self, now: Timestamp, step: &[MarketData]) {
        if self.meeting.is_some() {
            self.meet_in_detail(now, step);
        } else {
            self.venue.exchange.step(step);
        }
    }

    #[inline(never)]
    fn meet_in_detail(&mut self, now: Timestamp, step: &[MarketData]) {
        let Some(meeting) = &mut self.meeting else { return };
        meeting.take(|at| at == now);
        meeting.add_without_detail(step, &mut self.venue.exchange);
        self.venue.exchange.step(&meeting.rows);
        self.venue.exchange.advance(now);
    }
}
