//! What a strategy is: it remembers the market, the kernel remembers the account.

use crate::{
    Cash, Ledger, Leg, MarketData, NewOrder, Order, OrderClass, OrderKind, OrderNumber, OrderSize,
    Origin, Owner, Percent, Position, Prediction, Price, Quantity, Ratio, Side, State, StopLoss,
    SymbolId, Symbols, TimeInForce, Timestamp, Trail,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The place of a strategy in the session's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StrategyId(pub u16);

impl StrategyId {
    /// That of the strategy at a place of the list.
    pub(crate) fn at(place: usize) -> Self {
        Self(u16::try_from(place).unwrap_or(u16::MAX))
    }
}

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

    /// Whether models are run for it.
    fn listens_to_models(&self) -> bool {
        false
    }

    /// Takes in what a model says, challengers left out; most strategies have no ear for it.
    fn hear(&mut self, _said: &Prediction) {}

    /// Proposes what to do after a model has said what `hear` has just taken in.
    fn propose_on(&self, _said: &Prediction, _view: &View<'_>, _intents: &mut Intents) {}

    /// How many bars of each symbol `observe` needs before `propose` can say anything.
    fn warmup_bars(&self) -> usize;

    /// Forgets everything, as if just built.
    fn reset(&mut self);

    /// Shares of a symbol were split: what is remembered of its prices and volumes is in old shares
    /// and must be turned into new ones, so that what comes next goes on where it stood.
    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio);

    /// What it makes of a symbol by now: the figures that its next proposal rests on, for people to
    /// read. Nothing is decided on them here.
    fn readings(&self, _symbol: SymbolId) -> Vec<Reading> {
        Vec::new()
    }
}

/// A figure that a strategy decides on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// What it is called.
    pub name: Box<str>,
    /// Its value as text, in the unit of what it is made from; `None` until enough was observed.
    pub value: Option<Box<str>>,
}

impl Reading {
    /// A figure by its name.
    pub fn new(name: &str, value: Option<impl fmt::Display>) -> Self {
        Self { name: name.into(), value: value.map(|value| value.to_string().into()) }
    }
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
    failure: Option<String>,
}

impl Intents {
    /// Says that the strategy could not decide, and why. Nothing may grow until an operator resumes.
    pub fn fail(&mut self, reason: String) {
        self.failure = Some(reason);
    }

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

    /// A simple order of any kind for the day.
    pub fn submit(&mut self, symbol: SymbolId, side: Side, quantity: Quantity, kind: OrderKind) {
        self.push(Intent::Submit(NewOrder::new(symbol, side, quantity, kind)));
    }

    /// Any new order.
    pub fn order(&mut self, order: NewOrder) {
        self.push(Intent::Submit(order));
    }

    /// A market order for the day for so many USD, in parts of a share where need be.
    pub fn notional(&mut self, symbol: SymbolId, side: Side, usd: Cash) {
        let size = OrderSize::Notional(usd);
        self.order(NewOrder::new(symbol, side, size, OrderKind::Market));
    }

    /// A market order for so much of the account's equity, sized in whole shares at the fill. What
    /// is held on the other side is closed first, by an order of its own. Only a venue with plain
    /// rules takes it; elsewhere the close passes and the rest is denied.
    pub fn turn(&mut self, symbol: SymbolId, side: Side, held: Quantity, share: Percent) {
        let is_opposite = held.is_negative() == (side == Side::Buy);
        if !held.is_zero() && is_opposite {
            self.market(symbol, side, held.abs());
        }
        let size = OrderSize::EquityShare(share);
        self.order(NewOrder::new(symbol, side, size, OrderKind::Market));
    }

    /// A stop until it is cancelled.
    pub fn stop(&mut self, symbol: SymbolId, side: Side, quantity: Quantity, stop: Price) {
        let order = NewOrder::new(symbol, side, quantity, OrderKind::Stop { stop });
        self.order(order.lasting(TimeInForce::Gtc));
    }

    /// A trailing stop until it is cancelled.
    pub fn trailing_stop(
        &mut self,
        symbol: SymbolId,
        side: Side,
        quantity: Quantity,
        trail: Trail,
    ) {
        let order = NewOrder::new(symbol, side, quantity, OrderKind::TrailingStop { trail });
        self.order(order.lasting(TimeInForce::Gtc));
    }

    /// An entry with both exits, until they are cancelled.
    pub fn bracket(
        &mut self,
        symbol: SymbolId,
        side: Side,
        quantity: Quantity,
        entry: OrderKind,
        take_profit: Price,
        stop_loss: StopLoss,
    ) {
        let order = NewOrder::new(symbol, side, quantity, entry).lasting(TimeInForce::Gtc);
        self.order(order.grouped(OrderClass::Bracket { take_profit, stop_loss }));
    }

    /// Both exits of a position, until one of them fills. `side` is that of the exits.
    pub fn oco(
        &mut self,
        symbol: SymbolId,
        side: Side,
        quantity: Quantity,
        take_profit: Price,
        stop_loss: StopLoss,
    ) {
        let kind = OrderKind::Limit { limit: take_profit };
        let order = NewOrder::new(symbol, side, quantity, kind).lasting(TimeInForce::Gtc);
        self.order(order.grouped(OrderClass::Oco { stop_loss }));
    }

    /// An entry with one exit, until they are cancelled.
    pub fn oto(
        &mut self,
        symbol: SymbolId,
        side: Side,
        quantity: Quantity,
        entry: OrderKind,
        leg: Leg,
    ) {
        let order = NewOrder::new(symbol, side, quantity, entry).lasting(TimeInForce::Gtc);
        self.order(order.grouped(OrderClass::Oto { leg }));
    }

    /// Another quantity (in all, filled part included) or other prices for a working order.
    pub fn replace(&mut self, order: OrderNumber, quantity: Quantity, kind: OrderKind) {
        self.push(Intent::Replace { order, quantity, kind });
    }

    /// The end of a working order, and of the others of its group.
    pub fn cancel(&mut self, order: OrderNumber) {
        self.push(Intent::Cancel { order });
    }

    /// What has been proposed so far.
    pub fn as_slice(&self) -> &[Intent] {
        &self.list
    }

    /// Whether the strategy said nothing.
    #[inline]
    pub(crate) const fn is_silent(&self) -> bool {
        self.list.is_empty() && self.failure.is_none()
    }

    pub(crate) const fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }

    pub(crate) fn drain(&mut self) -> std::vec::Drain<'_, Intent> {
        self.list.drain(..)
    }
}

/// What a strategy may see of the account: everything, read-only, as of now. Where strategies trade
/// apart it sees its own position, cash and orders alone.
#[derive(Clone, Copy)]
pub struct View<'a> {
    state: &'a State,
    /// Its books, where it trades apart from others.
    own: Option<(StrategyId, &'a Ledger)>,
}

impl<'a> View<'a> {
    /// The view of a whole account.
    pub const fn new(state: &'a State) -> Self {
        Self { state, own: None }
    }

    /// The view of a strategy of the session.
    #[inline]
    pub fn of(state: &'a State, id: StrategyId) -> Self {
        let accounts = state.accounts();
        let own = if accounts.are_apart() { accounts.book(Owner::Strategy(id)) } else { None };
        Self { state, own: own.map(|book| (id, book)) }
    }

    fn origin(&self) -> Origin {
        self.own.map_or(Origin::Operator, |(id, _)| Origin::Strategy(id))
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
    #[inline]
    pub fn position(&self, symbol: SymbolId) -> Position {
        self.own.map_or(self.state.ledger(), |(_, book)| book).position(symbol)
    }

    /// The last price seen of a symbol.
    pub fn last_price(&self, symbol: SymbolId) -> Option<Price> {
        self.state.last_price(symbol)
    }

    /// What models say of a symbol by now, each of them once; nothing that is over, and nothing of
    /// challengers.
    pub fn predictions(&self, symbol: SymbolId) -> impl Iterator<Item = &'a Prediction> + use<'a> {
        self.state.predictions(symbol)
    }

    /// Whether a model has drifted in this session, so that nothing is traded on its word any more.
    pub fn a_model_has_drifted(&self) -> bool {
        self.state.a_model_has_drifted()
    }

    /// Cash that it may spend.
    pub fn cash(&self) -> Cash {
        self.state.cash_for(self.origin())
    }

    /// That cash, and the positions of those who may spend it, at the last prices.
    pub fn equity(&self) -> Cash {
        self.state.equity_for(self.origin())
    }

    /// The live orders in a symbol, oldest first; stops that the kernel has placed are not among them.
    pub fn open_orders(&self, symbol: SymbolId) -> impl Iterator<Item = &'a Order> + use<'a> {
        let view = *self;
        view.state.live_orders().filter(move |order| order.symbol == symbol && view.shows(order))
    }

    /// The orders in a symbol, oldest first: every live one, and the latest that have ended.
    pub fn orders(&self, symbol: SymbolId) -> impl Iterator<Item = &'a Order> + use<'a> {
        let view = *self;
        view.state.orders().filter(move |order| order.symbol == symbol && view.shows(order))
    }

    /// Stops of the kernel are nobody's; where strategies trade apart, one does not see another's orders.
    fn shows(&self, order: &Order) -> bool {
        let whose = self.own.and_then(|(id, _)| Some((id, self.state.strategy_of(order)?)));
        !self.state.is_own_stop(order) && whose.is_none_or(|(own, whose)| own == whose)
    }

    /// Whether any order in a symbol is live or waits for a stop to end. Most strategies wait while one is.
    pub fn has_open_order(&self, symbol: SymbolId) -> bool {
        let mut waiting = self.state.waits_for_stop(symbol).iter();
        self.open_orders(symbol).next().is_some()
            || waiting.any(|it| self.own.is_none() || it.origin == self.origin())
    }

    /// Whether entries of the session are sized in parts of shares, so that exits are too.
    pub fn sizes_in_parts(&self) -> bool {
        self.state.limits().scopes.sizing.iter().flatten().any(|rule| rule.fractional)
    }

    /// Whether the regular session (or the extended one, where that is traded) is open.
    pub fn session_is_open(&self) -> bool {
        self.state.session_is_open()
    }
}
