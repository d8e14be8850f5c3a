//! Limits that act by themselves: losses halt trading, and the end of the day closes everything.

use super::{DecideError, Deciding};
use crate::risk::losses;
use crate::{Event, Origin, Severity, SymbolId, TradingState};

impl Deciding<'_> {
    /// Judges the limits on losses when a price may have met one.
    #[inline]
    pub(super) fn watch_losses(&mut self, symbol: SymbolId) -> Result<(), DecideError> {
        let kernel = &mut *self.kernel;
        if kernel.losses.is_due(&kernel.state, symbol) { self.judge_losses() } else { Ok(()) }
    }

    /// Halts trading when a limit on losses is met, and cancels what would open more. A halt is
    /// lifted by an operator alone, and comes back with the next input while the limit is met.
    pub(super) fn judge_losses(&mut self) -> Result<(), DecideError> {
        let state = &self.kernel.state;
        if !state.account_is_open() || state.trading_state() == TradingState::Halted {
            return Ok(());
        }
        let denial = match losses::judge(state) {
            Ok(left) => {
                self.kernel.losses.begin(state, left);
                return Ok(());
            }
            Err(denial) => denial,
        };
        let text = format!("{denial}: trading is halted until it is resumed");
        self.set_trading(TradingState::Halted, Origin::Kernel, &text)?;
        self.cancel_each(Origin::Kernel, |order| order.grows)?;
        self.alert(Severity::Critical, denial.code(), text)
    }

    /// Holds what the session has come to against what was expected of it, once a trading day is over.
    /// Trading that an operator has resumed goes on until the next one is.
    pub(super) fn judge_course(&mut self) -> Result<(), DecideError> {
        let Some(strayed) = self.state().strayed() else { return Ok(()) };
        let text = strayed.to_string();
        let severity = match strayed.then {
            Some(then) if self.state().trading_state() < then => {
                self.set_trading(then, Origin::Kernel, &text)?;
                self.cancel_each(Origin::Kernel, |order| order.grows)?;
                Severity::Critical
            }
            _ => Severity::Warning,
        };
        self.alert(severity, "outside_expectation", text)
    }

    /// Cancels and closes everything when the close is near.
    pub(super) fn flat_by_close(&mut self) -> Result<(), DecideError> {
        let state = self.state();
        let is_due = state.flat_due().is_some_and(|due| due <= state.now());
        let Some(date) = state.day().filter(|_| is_due).map(|day| day.hours.date) else {
            return Ok(());
        };
        self.emit(Event::FlatDue { date })?;
        self.cancel_each(Origin::Kernel, |_| true)
    }
}
