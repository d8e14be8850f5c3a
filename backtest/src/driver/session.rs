//! A run as a session: its first record, and the circumstances of a session that it is compared with.

use super::Driver;
use crate::live::Circumstances;
use crate::venue::Answer;
use crate::{BacktestConfig, BacktestError};
use kernel::{MarketData, Send, SessionStart, Symbols, Timestamp};

impl Driver<'_, '_> {
    /// Gives the exchange what the account held when the session began.
    pub(super) fn take_over(&mut self) {
        if let Some(circumstances) = self.circumstances.as_deref() {
            circumstances.open(&mut self.venue);
        }
    }

    /// Lets strategies observe what they observed before the session's first step.
    pub(super) fn warm_up(&mut self) -> Result<(), BacktestError> {
        let warm_up = self.circumstances.as_deref().map(Circumstances::warm_up);
        warm_up.into_iter().flatten().try_for_each(|input| self.feed(input))
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
        config: config.config.clone(),
    }
}
