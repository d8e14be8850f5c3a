//! Operator commands, the end of a session, and being flat.

use super::{DecideError, Deciding};
use crate::risk::{self, Request};
use crate::{
    Command, Event, Intent, OrderKind, Origin, ShutdownPolicy, Side, SymbolId, TimeInForce,
    TradingState,
};

impl Deciding<'_> {
    pub(super) fn command(&mut self, command: &Command) -> Result<(), DecideError> {
        self.emit(Event::CommandTaken(command.clone()))?;
        match command {
            Command::Halt { reason } => self.set_trading(TradingState::Halted, reason),
            Command::Resume { reason } => self.set_trading(TradingState::Active, reason),
            Command::CancelAll { .. } => self.cancel_each(Origin::Operator, |_| true),
            Command::Flatten { reason } => {
                self.set_trading(TradingState::Halted, reason)?;
                self.cancel_each(Origin::Operator, |_| true)
            }
        }
    }

    fn set_trading(&mut self, to: TradingState, reason: &str) -> Result<(), DecideError> {
        let from = self.state().trading_state();
        if from == to {
            return Ok(());
        }
        let origin = Origin::Operator;
        self.emit(Event::TradingStateChanged { from, to, origin, reason: reason.into() })
    }

    pub(super) fn stop(&mut self, policy: ShutdownPolicy) -> Result<(), DecideError> {
        self.out.fees_due = true;
        self.emit(Event::StopRequested { policy })?;
        match policy {
            ShutdownPolicy::Leave => Ok(()),
            ShutdownPolicy::CancelEntries => self.cancel_each(Origin::Kernel, |order| order.grows),
            ShutdownPolicy::Flatten => self.cancel_each(Origin::Kernel, |_| true),
        }
    }

    /// While being flat is wanted: closes what is held as soon as nothing is live in its symbol,
    /// and says so when all is done.
    pub(super) fn flatten(&mut self) -> Result<(), DecideError> {
        if !self.state().is_flattening() {
            return Ok(());
        }
        let state = self.state();
        let held = |symbol: &SymbolId| !state.ledger().position(*symbol).quantity.is_zero();
        let idle = |symbol: &SymbolId| state.live_orders().all(|order| order.symbol != *symbol);
        let symbols: Vec<SymbolId> = state.symbols().ids().filter(held).collect();
        if symbols.is_empty() && state.live_orders().next().is_none() {
            return self.emit(Event::Flattened);
        }
        let ready: Vec<SymbolId> = symbols.into_iter().filter(idle).collect();
        for symbol in ready {
            self.close(symbol)?;
        }
        Ok(())
    }

    fn close(&mut self, symbol: SymbolId) -> Result<(), DecideError> {
        let held = self.state().ledger().position(symbol).quantity;
        let side = if held.is_positive() { Side::Sell } else { Side::Buy };
        let (quantity, kind) = (held.abs(), OrderKind::Market);
        let time_in_force = TimeInForce::Day;
        let request = Request { symbol, side, quantity, kind, time_in_force };
        match risk::judge(self.state(), Origin::Operator, request) {
            Ok(approved) => self.approve(Origin::Operator, risk::Send::Submit(approved)),
            Err(denial) => {
                let intent = Intent::Submit { symbol, side, quantity, kind, time_in_force };
                self.deny(Origin::Operator, intent, denial)
            }
        }
    }
}
