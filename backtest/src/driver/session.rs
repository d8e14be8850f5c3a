//! A run as a session: its first record, and the circumstances of a session that it is compared with.

use super::Driver;
use crate::live::Circumstances;
use crate::venue::Answer;
use crate::{BacktestConfig, BacktestError};
use kernel::{Input, MarketData, Send, SessionStart, Symbols, Timestamp};

impl Driver<'_, '_> {
    /// Gives the exchange what the account held when the session began, and the prices of before.
    pub(super) fn take_over(&mut self, before: &[MarketData]) {
        self.venue.exchange.observe(before);
        if let Some(circumstances) = self.circumstances.as_deref() {
            circumstances.open(&mut self.venue);
        }
    }

    /// Lets strategies observe what was known before the first step. The clock stands at the last
    /// of it: to a kernel whose clock stands earlier it would be of a time to come.
    pub(super) fn warm_up(&mut self, before: &[MarketData]) -> Result<(), BacktestError> {
        let Some(at) = before.iter().map(MarketData::time).max() else { return Ok(()) };
        before.iter().try_for_each(|datum| self.feed_at(at, Input::Warmup(*datum)))
    }

    /// Feeds what came in before the data of a step.
    #[cold]
    pub(super) fn before_step(&mut self, step: Timestamp) -> Result<(), BacktestError> {
        while let Some((at, input)) = self.circumstances.as_deref_mut().and_then(|it| it.due(step))
        {
            // The data of an instant is taken before the clock stands there.
            if at < step {
                self.venue.exchange.advance(at);
                self.updates()?;
            }
            self.feed_at(at, input)?;
        }
        Ok(())
    }

    /// Shows the kernel what the session was shown of a step.
    #[cold]
    pub(super) fn show_as_seen(
        &mut self,
        step: Timestamp,
        data: &[MarketData],
    ) -> Result<(), BacktestError> {
        let shown = match self.circumstances.as_deref_mut() {
            Some(circumstances) => circumstances.shown(data, step),
            None => data.to_vec(),
        };
        for datum in shown {
            if let Some(circumstances) = self.circumstances.as_deref_mut() {
                circumstances.show(&datum);
            }
            self.feed_market(datum.time(), &datum)?;
        }
        Ok(())
    }

    /// What the venue says to a send.
    #[inline]
    pub(super) fn carry_out(&mut self, send: &Send) -> Answer {
        match self.circumstances.as_deref_mut() {
            None => self.venue.carry_out(send),
            Some(circumstances) => circumstances.carry_out(&mut self.venue, send, self.latency),
        }
    }
}

/// What a run's first record says of its rules.
pub(super) fn start(
    config: &BacktestConfig,
    circumstances: Option<&Circumstances>,
) -> SessionStart {
    SessionStart {
        session: "".into(),
        venue: "backtest".into(),
        build: config.build.as_str().into(),
        symbols: Symbols::default(),
        strategies: Vec::new(),
        limits: config.limits.clone(),
        calendar: config.calendar.clone(),
        hours: config.hours,
        rules: config.exchange.rules,
        fees: config.fees.clone(),
        trading: circumstances.map(Circumstances::trading).unwrap_or_default(),
        carried_over: None,
        config: config.config.clone(),
    }
}
