//! Stops of positions: placed at the broker where it can hold them, watched here where it cannot.
//!
//! At most one exit of the kernel's rests for a position, and only while no other order of its
//! symbol is open. Whoever wants something in a symbol waits until the resting stop is cancelled and
//! its end was seen: a strategy for its order, the kernel for its exit. All of it is in the state, so
//! that it goes on after a restart.

use super::{DecideError, Deciding};
use crate::risk::{self, Denial};
use crate::state::{Met, Waiting};
use crate::{Event, Intent, MarketData, NewOrder, OrderSize, Origin, Side, StrategyId, SymbolId};

/// Wishes of strategies that may wait behind the stop of one symbol.
const MOST_WAITING: usize = 16;

impl Deciding<'_> {
    /// Closes the position whose stop a datum has met, where no stop of the broker's does.
    #[inline]
    pub(super) fn watch_stops(&mut self, data: &MarketData) -> Result<(), DecideError> {
        if self.state().places_stops() { self.watch_stop(data) } else { Ok(()) }
    }

    fn watch_stop(&mut self, data: &MarketData) -> Result<(), DecideError> {
        let state = self.state();
        if !state.counts(data) || !state.account_is_open() {
            return Ok(());
        }
        match state.met_stop(data) {
            Some(Met { trailing, level, price }) => {
                let symbol = data.symbol();
                self.emit(Event::StopMet { symbol, trailing, level, price })
            }
            None => Ok(()),
        }
    }

    /// Lets what waited for the end of a stop be judged, and has each position protected.
    #[inline]
    pub(super) fn keep_stops(&mut self) -> Result<(), DecideError> {
        if self.state().places_stops() { self.tend_stops() } else { Ok(()) }
    }

    fn tend_stops(&mut self) -> Result<(), DecideError> {
        for symbol in self.state().symbols().ids() {
            let state = self.state();
            if !state.waits_for_stop(symbol).is_empty() && state.resting_stop(symbol).is_none() {
                self.release(symbol)?;
            }
        }
        for symbol in self.state().symbols().ids() {
            self.tend_stop(symbol)?;
        }
        Ok(())
    }

    fn tend_stop(&mut self, symbol: SymbolId) -> Result<(), DecideError> {
        let state = self.state();
        let held = state.ledger().position(symbol).quantity;
        let resting = state.resting_stop(symbol);
        if state.is_closing(symbol) || (held.is_zero() && resting.is_none()) {
            return Ok(());
        }
        if let Some(order) = resting {
            let covers = order.remaining() == held.abs().whole();
            let stays = covers && state.waits_for_stop(symbol).is_empty();
            let number = order.number;
            let asked = order.cancel_requested || !state.may_close(symbol);
            if stays || asked || risk::judge_cancel(state, number).is_err() {
                return Ok(());
            }
            return self.propose(Origin::Kernel, Intent::Cancel { order: number });
        }
        let is_idle = state.live_orders().all(|order| order.symbol != symbol);
        let knows = state.is_reconciled() && state.order_stream_is_up();
        if !is_idle || !knows || !state.may_close(symbol) {
            return Ok(());
        }
        let wanted = state.wanted_stop(symbol);
        // What risk refuses now it may take later; until then the position is watched here.
        match wanted.map(|request| risk::judge(state, Origin::Kernel, request)) {
            Some(Ok(approved)) => self.approve(Origin::Kernel, risk::Send::Submit(approved)),
            Some(Err(_)) | None => Ok(()),
        }
    }

    /// Keeps a strategy's order back while a stop rests for its symbol; `false` where none does.
    pub(super) fn waits(&mut self, id: StrategyId, intent: &Intent) -> Result<bool, DecideError> {
        let (state, origin) = (self.state(), Origin::Strategy(id));
        let Intent::Submit(NewOrder { symbol, .. }) = *intent else { return Ok(false) };
        if !state.places_stops() {
            return Ok(false);
        }
        let Some(behind) = state.resting_stop(symbol).map(|order| order.number) else {
            return Ok(false);
        };
        let waiting = state.waits_for_stop(symbol);
        let is_same = |held: &Waiting| held.origin == origin && held.intent == *intent;
        if waiting.len() >= MOST_WAITING || waiting.iter().any(is_same) {
            self.deny(origin, intent.clone(), Denial::OppositeOrder { order: behind })?;
            return Ok(true);
        }
        let intent = intent.clone();
        self.emit(Event::IntentWaits { origin, symbol, intent, behind })?;
        if risk::judge_cancel(self.state(), behind).is_ok() {
            self.propose(Origin::Kernel, Intent::Cancel { order: behind })?;
        }
        Ok(true)
    }

    /// Judges what waited for the end of a stop. Where the stop has filled, the position that was
    /// meant is no more.
    fn release(&mut self, symbol: SymbolId) -> Result<(), DecideError> {
        for Waiting { origin, intent, behind } in self.state().waits_for_stop(symbol).to_vec() {
            let state = self.state();
            let filled = state.order(behind).is_none_or(|order| order.filled.is_positive());
            let held = state.ledger().position(symbol).quantity;
            let Intent::Submit(request) = intent else { continue };
            let own = state.position_for(origin, symbol).quantity;
            let closes = !own.is_zero() && own.is_negative() == (request.side == Side::Buy);
            if held.is_zero() || (filled && !closes) {
                self.deny(origin, intent, Denial::StoppedBefore { order: behind })?;
                continue;
            }
            let size = match request.size {
                OrderSize::Shares(shares) if closes => OrderSize::Shares(shares.min(own.abs())),
                size => size,
            };
            let intent = Intent::Submit(NewOrder { size, ..request });
            match origin {
                Origin::Strategy(id) => self.propose_of(id, intent)?,
                Origin::Operator | Origin::Kernel => self.propose(origin, intent)?,
            }
        }
        Ok(())
    }
}
