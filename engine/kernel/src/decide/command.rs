//! Operator commands, the end of a session, and being flat.

use super::{DecideError, Deciding};
use crate::risk;
use crate::state::{FLAT_WITHIN, NOT_FLAT};
use crate::{
    AssetClass, Command, Event, Intent, NewOrder, Order, OrderKind, OrderNumber, Origin, Price,
    Room, Rounding, Severity, ShutdownPolicy, Side, State, SymbolId, TimeInForce, TradingHours,
    TradingState, VenueRules,
};

impl Deciding<'_> {
    pub(super) fn command(&mut self, command: &Command) -> Result<(), DecideError> {
        self.emit(Event::CommandTaken(command.clone()))?;
        match command {
            Command::Halt { reason } => {
                self.set_trading(TradingState::Halted, Origin::Operator, reason)
            }
            Command::Resume { reason } => {
                self.set_trading(TradingState::Active, Origin::Operator, reason)
            }
            // Folded; what a limit means for losses is judged with every input.
            Command::SetLimit { .. }
            | Command::ConfigureLimit { .. }
            | Command::Transfer { .. } => Ok(()),
            Command::CancelAll { .. } => self.cancel_each(Origin::Operator, |_| true),
            Command::Close { symbol, .. } => {
                self.cancel_each(Origin::Operator, |order| order.symbol == *symbol)
            }
            Command::Flatten { reason } => {
                self.set_trading(TradingState::Halted, Origin::Operator, reason)?;
                self.cancel_each(Origin::Operator, |_| true)
            }
        }
    }

    /// The journal's room is getting short: first somebody should look, then nothing may grow.
    pub(super) fn room(&mut self, room: Room) -> Result<(), DecideError> {
        match room {
            Room::High => {
                let text = "Four fifths of the journal's room are used".into();
                self.alert(Severity::Warning, "journal_room_high", text)
            }
            Room::Full => {
                let text = "The journal's room is used up: positions may only be reduced until there is more and trading is resumed".to_owned();
                self.stop_entries(&text)?;
                self.alert(Severity::Critical, "journal_room_full", text)
            }
        }
    }

    /// Stops trading when orders have failed one after the other.
    pub(super) fn trip_breaker(&mut self) -> Result<(), DecideError> {
        let state = self.state();
        let Some(breaker) = state.breaker_trips().copied() else { return Ok(()) };
        if state.trading_state() >= breaker.then {
            return Ok(());
        }
        let text = format!(
            "{} orders in a row failed within {}: trading is {} until it is resumed",
            breaker.failures,
            breaker.within,
            breaker.then.as_str()
        );
        self.set_trading(breaker.then, Origin::Kernel, &text)?;
        self.alert(Severity::Critical, "breaker_tripped", text)
    }

    /// Stops trading when the broker has been out of reach for too long.
    pub(super) fn hear_silence(&mut self) -> Result<(), DecideError> {
        let Some(breaker) = self.state().silence_trips() else { return Ok(()) };
        let span = self.state().limits().breaker_silence.unwrap_or_default();
        let text = format!(
            "The broker has been out of reach for {span}: trading is {} until it is resumed",
            breaker.then.as_str()
        );
        self.set_trading(breaker.then, Origin::Kernel, &text)?;
        self.alert(Severity::Critical, "breaker_tripped", text)
    }

    /// Nothing may grow any more until an operator has looked.
    pub(super) fn stop_entries(&mut self, reason: &str) -> Result<(), DecideError> {
        match self.state().trading_state() {
            TradingState::Active => {
                self.set_trading(TradingState::Reducing, Origin::Kernel, reason)
            }
            TradingState::Reducing | TradingState::Halted => Ok(()),
        }
    }

    pub(super) fn set_trading(
        &mut self,
        to: TradingState,
        origin: Origin,
        reason: &str,
    ) -> Result<(), DecideError> {
        let from = self.state().trading_state();
        if from == to {
            return Ok(());
        }
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

    /// While being flat is wanted, in a symbol or in all: cancels what is live, closes what is held
    /// as soon as nothing is live in its symbol, and says so when all is done. What an operator has
    /// cancelled all at once is cancelled again where that failed. After a refusal it waits before it
    /// tries that symbol again.
    #[inline]
    pub(super) fn flatten(&mut self) -> Result<(), DecideError> {
        if self.state().closes_anything() { self.close_what_is_idle() } else { Ok(()) }
    }

    /// What should be flat and is not after a while is told, and told again: nothing may keep a kill
    /// switch from its end in silence.
    #[inline]
    pub(super) fn tell_not_flat(&mut self) -> Result<(), DecideError> {
        let state = self.state();
        match state.not_flat_due().filter(|due| *due <= state.now()) {
            Some(_) => {
                let text = what_is_left(state);
                self.alert(Severity::Critical, NOT_FLAT, text)
            }
            None => Ok(()),
        }
    }

    fn close_what_is_idle(&mut self) -> Result<(), DecideError> {
        let state = self.state();
        let held = |symbol: SymbolId| !state.ledger().position(symbol).quantity.is_zero();
        let idle = |symbol: SymbolId| state.live_orders().all(|order| order.symbol != symbol);
        let wanted = || state.symbols().ids().filter(|symbol| state.is_closing(*symbol));
        if state.is_flattening()
            && state.live_orders().next().is_none()
            && !state.symbols().ids().any(held)
        {
            return self.emit(Event::Flattened);
        }
        let done: Vec<SymbolId> = wanted()
            .filter(|_| !state.is_flattening() && !state.confirms_flat())
            .filter(|symbol| !held(*symbol) && idle(*symbol))
            .collect();
        let may = |symbol: &SymbolId| held(*symbol) && idle(*symbol) && state.may_close(*symbol);
        let ready: Vec<SymbolId> = wanted().filter(may).collect();
        let in_the_way: Vec<OrderNumber> = state
            .live_orders()
            .filter(|order| {
                let closes = state.is_closing(order.symbol) && !order.closes_for_good();
                (closes || state.is_cancelled_for_all(order)) && state.may_close(order.symbol)
            })
            .filter(|order| !state.is_cancelled_with_another(order))
            .map(|order| order.number)
            .filter(|order| risk::judge_cancel(state, *order).is_ok())
            .collect();
        for order in in_the_way {
            let symbol = self.state().order(order).map(|order| order.symbol);
            let origin = symbol.map_or(Origin::Operator, |symbol| self.closer(symbol));
            self.propose(origin, Intent::Cancel { order })?;
        }
        for symbol in done {
            self.emit(Event::SymbolClosed { symbol })?;
        }
        for symbol in ready {
            self.close(symbol)?;
        }
        Ok(())
    }

    /// Who closes a symbol: the kernel when its stop was met, else an operator's word.
    fn closer(&self, symbol: SymbolId) -> Origin {
        let state = self.state();
        let by_stop = state.stop_was_met(symbol) && !state.is_flattening();
        if by_stop { Origin::Kernel } else { Origin::Operator }
    }

    fn close(&mut self, symbol: SymbolId) -> Result<(), DecideError> {
        let (state, origin) = (self.state(), self.closer(symbol));
        let request = closing_order(state, symbol);
        match risk::judge(state, origin, request) {
            Ok(approved) => self.approve(origin, risk::Send::Submit(approved)),
            Err(denial) => self.deny(origin, Intent::Submit(request), denial),
        }
    }
}

/// What keeps closing from its end: orders that are open, shares that are held, or the broker's word.
fn what_is_left(state: &State) -> String {
    let name = |symbol: SymbolId| state.symbols().name(symbol);
    let is_meant =
        |order: &&Order| state.is_closing(order.symbol) || state.is_cancelled_for_all(order);
    let open = state.live_orders().filter(is_meant).map(|order| {
        let (side, kind, status) =
            (order.side.as_str(), order.kind.as_str(), order.status.as_str());
        let (number, left) = (order.number, order.remaining());
        format!("order {number} to {side} {left} {} ({kind}) is {status}", name(order.symbol))
    });
    let held = state.held().filter(|symbol| state.is_closing(*symbol)).map(|symbol| {
        let shares = state.ledger().position(symbol).quantity;
        format!("{shares} {} are held", name(symbol))
    });
    let left: Vec<String> = open.chain(held).collect();
    let left = match left.as_slice() {
        [] => "the broker has not confirmed that nothing is left".to_owned(),
        left => left.join(", "),
    };
    format!(
        "Not cancelled and closed {FLAT_WITHIN} after that was asked for: {left}; it is tried on"
    )
}

/// The order that closes what is held: at the market, or outside of the regular session, where that
/// is traded, at a limit as far from the last price as a market order is assumed to slip.
///
/// Where the broker takes no parts of a share so, the whole shares go alone. What is left of a share
/// goes at the market after them: outside of the regular session it waits at the broker for the open.
fn closing_order(state: &State, symbol: SymbolId) -> NewOrder {
    let held = state.ledger().position(symbol).quantity;
    let side = if held.is_positive() { Side::Sell } else { Side::Buy };
    let facts = state.asset(symbol);
    let request = NewOrder::new(symbol, side, held.abs(), OrderKind::Market);
    if facts.is_some_and(|facts| facts.class == AssetClass::Crypto) {
        return request.lasting(TimeInForce::Gtc);
    }
    let limit = extended_limit(state, symbol, side);
    let takes_parts = match limit {
        _ if state.rules() == VenueRules::Plain => true,
        Some(_) => facts.is_some_and(|facts| facts.takes_parts(true)),
        None => facts.is_none_or(|facts| facts.takes_parts(false)),
    };
    let whole = held.abs().whole();
    if !takes_parts && whole.is_zero() {
        return request;
    }
    let size = if takes_parts { held.abs() } else { whole };
    let request = NewOrder { size: size.into(), ..request };
    match limit {
        Some(limit) => NewOrder { kind: OrderKind::Limit { limit }, ..request }.in_extended_hours(),
        None => request,
    }
}

/// The limit at which a position is closed outside of the regular session; `None` in it, where other
/// hours are not traded, and while no price is known.
fn extended_limit(state: &State, symbol: SymbolId, side: Side) -> Option<Price> {
    let is_extended = state.session().is_some_and(|start| start.hours == TradingHours::Extended)
        && state.session_is_open()
        && !state.is_regular_session();
    let slip = state.limits().market_slip;
    let (slip, rounding) = match side {
        Side::Buy => (slip, Rounding::Up),
        Side::Sell => (slip.negated(), Rounding::Down),
    };
    let last = state.last_price(symbol).filter(|_| is_extended)?;
    let limit = last.shifted(slip, rounding)?.to_tick(rounding);
    limit.is_positive().then_some(limit)
}
