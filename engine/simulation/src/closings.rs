//! What an operator has a symbol closed for: it is asked for until the account holds nothing of it,
//! and called closed only then.

use crate::Violation;
use crate::news::{News, held};
use exchange::Exchange;
use kernel::{Command, Event, Intent, Origin, Span, State, SymbolId, Timestamp};
use std::collections::BTreeMap;

/// How long nothing may be asked for in a symbol that is to be closed. What is refused is asked for
/// again after 320 seconds at most; an order whose answer was lost is looked for before that.
const ASKED_WITHIN: Span = Span::from_secs(600);

/// A process that hears nothing for so long, over night, need not ask meanwhile.
const SILENT_FOR: Span = Span::from_secs(300);

/// Symbols that an operator had closed, and that are not closed yet.
#[derive(Debug, Default)]
pub(crate) struct Closings {
    /// Since when nothing was asked for.
    asked: BTreeMap<SymbolId, Timestamp>,
    /// When the process was last told anything.
    heard: Option<Timestamp>,
}

impl Closings {
    /// Something has happened in a process, which knows what is held but for the news.
    pub(crate) fn follow(
        &mut self,
        event: &Event,
        state: &State,
        exchange: &Exchange,
        news: &News,
    ) -> Result<(), Violation> {
        let is_closed = |symbol| news.is_unsure(symbol) || held(exchange, symbol).is_zero();
        match event {
            Event::CommandTaken(Command::Close { symbol, .. }) => {
                self.asked.insert(*symbol, state.now());
            }
            Event::CommandTaken(Command::Resume { .. }) => self.asked.clear(),
            Event::Flattened => {
                self.asked.clear();
                if let Some(symbol) = state.symbols().ids().find(|symbol| !is_closed(*symbol)) {
                    return Err(Violation::NotFlat { symbol: symbol.index() });
                }
            }
            Event::SymbolClosed { symbol } => {
                self.asked.remove(symbol);
                if !is_closed(*symbol) {
                    return Err(Violation::NotFlat { symbol: symbol.index() });
                }
            }
            _ => self.note_asked(event, state),
        }
        Ok(())
    }

    /// Orders and cancels that are not a strategy's are asked for to close, also when they are denied.
    fn note_asked(&mut self, event: &Event, state: &State) {
        let of = |order| state.order(order).map(|order| order.symbol);
        let symbol = match event {
            Event::OrderApproved(order) if !is_proposed(order.origin) => Some(order.symbol),
            Event::CancelApproved { order, origin } if !is_proposed(*origin) => of(*order),
            Event::OrderDenied { origin, intent, .. } if !is_proposed(*origin) => match intent {
                Intent::Submit(order) => Some(order.symbol),
                Intent::Replace { order, .. } | Intent::Cancel { order } => of(*order),
            },
            _ => None,
        };
        if let Some(asked) = symbol.and_then(|symbol| self.asked.get_mut(&symbol)) {
            *asked = state.now();
        }
    }

    /// A process has taken up what the disk kept. What the one before did last nobody has heard of: it
    /// may have found a symbol closed that is. `resumed`: an operator's word that may be kept or not
    /// has taken everything back.
    pub(crate) fn recovered(
        &mut self,
        state: &State,
        exchange: &Exchange,
        news: &News,
        resumed: bool,
    ) {
        let is_open = |symbol| !news.is_unsure(symbol) && !held(exchange, symbol).is_zero();
        let is_kept = !resumed && state.session().is_some();
        self.asked.retain(|symbol, _| is_kept && (state.is_closing(*symbol) || is_open(*symbol)));
        self.heard = None;
    }

    /// Nothing is forgotten in what a process is to close.
    pub(crate) fn check(&mut self, state: &State, exchange: &Exchange) -> Result<(), Violation> {
        let heard = self.heard.replace(state.now());
        let was_silent = heard.is_none_or(|heard| heard.plus(SILENT_FOR) < state.now());
        for (symbol, asked) in &mut self.asked {
            // What stands at the exchange is asked for.
            let stands = || exchange.open_orders().any(|row| row.symbol == *symbol);
            if was_silent || stands() {
                *asked = state.now();
            }
            let is_late = asked.plus(ASKED_WITHIN) < state.now();
            if is_late && !held(exchange, *symbol).is_zero() {
                return Err(Violation::Forgotten { symbol: symbol.index() });
            }
        }
        Ok(())
    }
}

const fn is_proposed(origin: Origin) -> bool {
    matches!(origin, Origin::Strategy(_))
}
