//! What a strategy is: it remembers the market, the kernel remembers the account.

use crate::{
    Cash, MarketData, NewOrder, Order, OrderKind, OrderNumber, Position, Price, Quantity, Side,
    State, SymbolId, Symbols, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The place of a strategy in the session's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StrategyId(pub u16);

/// A trading strategy.
///
/// `observe` fills its windows with market data; `propose` reads them together with the account
/// and says what it would like. The split is what makes a restart safe: the last bars go through
/// `observe` alone, so the windows fill and no order can come of it.
///
/// A strategy must be a function of what it has observed and of the view: no clock, no randomness,
/// no I/O. `replay --verify` finds one that is not.
pub trait Strategy: Send {
    /// Takes in one piece of market data, in the order of time.
    fn observe(&mut self, data: &MarketData);

    /// Proposes what to do after `data`, which `observe` has just taken in.
    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents);

    /// How many bars of each symbol `observe` needs before `propose` can say anything.
    fn warmup_bars(&self) -> usize;

    /// Forgets everything, as if just built.
    fn reset(&mut self);
}

/// What a strategy would like done. It becomes an order only through risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// A new order.
    Submit(NewOrder),
    /// Another quantity or other prices for a working order.
    Replace {
        /// Which.
        order: OrderNumber,
        /// The new quantity in all, filled part included.
        quantity: Quantity,
        /// The new prices; the kind must stay.
        kind: OrderKind,
    },
    /// The end of a working order.
    Cancel {
        /// Which.
        order: OrderNumber,
    },
}

/// The intents of one `propose`, in order. Its memory is used again for the next.
#[derive(Debug, Default)]
pub struct Intents {
    list: Vec<Intent>,
}

impl Intents {
    /// Adds any intent.
    pub fn push(&mut self, intent: Intent) {
        self.list.push(intent);
    }

    /// A market order for the day.
    pub fn market(&mut self, symbol: SymbolId, side: Side, quantity: Quantity) {
        self.submit(symbol, side, quantity, OrderKind::Market);
    }

    /// A limit order for the day.
    pub fn limit(&mut self, symbol: SymbolId, side: Side, quantity: Quantity, limit: Price) {
        self.submit(symbol, side, quantity, OrderKind::Limit { limit });
    }

    /// An order of any kind for the day.
    pub fn submit(&mut self, symbol: SymbolId, side: Side, quantity: Quantity, kind: OrderKind) {
        self.push(Intent::Submit(NewOrder::new(symbol, side, quantity, kind)));
    }

    /// The end of a working order.
    pub fn cancel(&mut self, order: OrderNumber) {
        self.push(Intent::Cancel { order });
    }

    /// What has been proposed so far.
    pub fn as_slice(&self) -> &[Intent] {
        &self.list
    }

    pub(crate) fn drain(&mut self) -> std::vec::Drain<'_, Intent> {
        self.list.drain(..)
    }
}

/// What a strategy may see of the account: everything, read-only, as of now.
#[derive(Clone, Copy)]
pub struct View<'a> {
    state: &'a State,
}

impl<'a> View<'a> {
    /// The view of a state.
    pub const fn new(state: &'a State) -> Self {
        Self { state }
    }

    /// The venue's time.
    pub fn now(&self) -> Timestamp {
        self.state.now()
    }

    /// The session's symbols.
    pub fn symbols(&self) -> &'a Symbols {
        self.state.symbols()
    }

    /// The position in a symbol; flat when there is none.
    pub fn position(&self, symbol: SymbolId) -> Position {
        self.state.ledger().position(symbol)
    }

    /// The last price seen of a symbol.
    pub fn last_price(&self, symbol: SymbolId) -> Option<Price> {
        self.state.last_price(symbol)
    }

    /// Cash in the account.
    pub fn cash(&self) -> Cash {
        self.state.ledger().cash()
    }

    /// Cash and positions at the last prices.
    pub fn equity(&self) -> Cash {
        self.state.equity()
    }

    /// The live orders in a symbol, oldest first.
    pub fn open_orders(&self, symbol: SymbolId) -> impl Iterator<Item = &'a Order> + use<'a> {
        self.state.live_orders().filter(move |order| order.symbol == symbol)
    }

    /// Whether any order in a symbol is live. Most strategies wait while one is.
    pub fn has_open_order(&self, symbol: SymbolId) -> bool {
        self.open_orders(symbol).next().is_some()
    }

    /// Whether the regular session (or the extended one, where that is traded) is open.
    pub fn session_is_open(&self) -> bool {
        self.state.session_is_open()
    }
}
