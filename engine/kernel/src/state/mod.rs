//! What the session knows: the fold of everything it has taken in and decided.

mod accounts;
mod books;
mod carried_over;
mod closings;
mod counts;
mod course;
mod evolve;
mod exits;
mod fills;
mod hours;
mod links;
mod margin;
mod market;
mod orders;
mod parts;
mod predictions;
mod ranges;
mod shares;
mod stops;
mod tape;
mod transfers;

pub use accounts::{AccountLine, AccountPosition};
pub use carried_over::CarriedOver;
pub(crate) use closings::{FLAT_WITHIN, NOT_FLAT};
pub(crate) use counts::Whose;
pub use evolve::EvolveError;
pub use hours::Day;
pub(crate) use stops::{Met, Waiting};
pub use transfers::{Transfer, TransferError, Transferred};

use crate::risk::{Breaker, Failures, Marks, Resolved};
use crate::{
    AccountSnapshot, Accounts, AssetFacts, BrokerOrderId, Cash, CorporateAction, Difference,
    Ledger, Limits, Order, OrderNumber, OrderStatus, Origin, Quantity, Report, Rounding,
    SessionStart, ShutdownPolicy, SymbolId, Symbols, Timestamp, VenueRules,
};
use closings::Unflat;
use counts::Counts;
use course::Course;
use margin::Margin;
use market::{Last, Market};
use orders::Orders;
use predictions::Predictions;
use ranges::Ranges;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use stops::Stops;

/// How far trading is allowed to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// Orders of every kind.
    #[default]
    Active,
    /// Only orders that close positions.
    Reducing,
    /// Strategies are not asked; only cancels and an operator's closing orders.
    Halted,
}

impl TradingState {
    /// `active`, `reducing` or `halted`.
    pub const fn as_str(self) -> &'static str {
        match self {
            TradingState::Active => "active",
            TradingState::Reducing => "reducing",
            TradingState::Halted => "halted",
        }
    }
}

/// Who or what set how far trading goes, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingSet {
    /// When, by the venue's time.
    pub at: Timestamp,
    /// Who.
    pub origin: Origin,
    /// Why: an operator's words, or what the kernel found.
    pub reason: Box<str>,
}

/// Counts for the session summary. They survive a restart with the rest of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Inputs taken in.
    pub inputs: u64,
    /// Orders approved, each of which is sent.
    pub sent: u64,
    /// Orders wholly filled.
    pub filled: u64,
    /// Orders that ended cancelled.
    pub canceled: u64,
    /// Orders that the broker refused.
    pub rejected: u64,
    /// Intents that risk refused.
    pub denied: u64,
    /// Orders whose time in force ended.
    pub expired: u64,
    /// Orders whose place another one took.
    pub replaced: u64,
    /// Executions booked.
    pub fills: u64,
    /// Alerts raised.
    pub alerts: u64,
}

impl Tally {
    /// The count of orders that end so; none where an order lives on.
    const fn ended_as(&mut self, status: OrderStatus) -> Option<&mut u64> {
        match status {
            OrderStatus::Filled => Some(&mut self.filled),
            OrderStatus::Canceled => Some(&mut self.canceled),
            OrderStatus::Rejected | OrderStatus::NotReceived => Some(&mut self.rejected),
            OrderStatus::Expired => Some(&mut self.expired),
            OrderStatus::Replaced => Some(&mut self.replaced),
            _ => None,
        }
    }
}

/// A symbol whose closing was refused: when it may be tried again, and how often it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct RefusedClose {
    until: Timestamp,
    refusals: u32,
}

/// The state of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    next_seq: u64,
    now: Timestamp,
    start: Option<Box<SessionStart>>,
    limits: Limits,
    /// The limits with those of strategies and symbols put into them.
    resolved: Resolved,
    ledger: Ledger,
    /// Whose what is in it is.
    accounts: Accounts,
    orders: Orders,
    live: Vec<OrderNumber>,
    last_order: u64,
    markets: Vec<Market>,
    assets: BTreeMap<SymbolId, AssetFacts>,
    day: Option<Day>,
    account: Option<AccountSnapshot>,
    account_opened: bool,
    reconciled: bool,
    /// Orders of which the broker counts more shares filled than were reported, with its count.
    uncounted: BTreeMap<OrderNumber, Quantity>,
    suspected: Vec<Difference>,
    foreign_seen: BTreeSet<Box<str>>,
    order_stream_up: bool,
    /// Since when the broker has been out of reach: its stream went down, or the process ended, and
    /// the books were not compared since; or it does not answer those who would compare them.
    out_of_reach: Option<Timestamp>,
    market_stream_up: bool,
    trading: TradingState,
    failures: Failures,
    counts: Counts,
    flattening: bool,
    closing: BTreeSet<SymbolId>,
    /// Reports on orders that may turn out to be legs of ours, oldest first.
    early: Vec<Report>,
    refused_closes: BTreeMap<SymbolId, RefusedClose>,
    stopping: Option<ShutdownPolicy>,
    tally: Tally,
    /// When the books were last taken over whole from the broker.
    books_since: Timestamp,
    /// The highest equity so far.
    high_water: Option<Cash>,
    /// What the broker says that the account is worth beyond the books.
    beside: Cash,
    /// What the last session left, until this one's first trading day has begun.
    carried_over: Option<Box<CarriedOver>>,
    /// What the session has come to, day by day.
    course: Option<Course>,
    /// What will happen to shares, and has not yet.
    announced: Vec<CorporateAction>,
    /// The record that announced the newest of them.
    announced_by: u64,
    /// The broker's names of what is announced or has happened.
    actions_known: BTreeSet<Box<str>>,
    /// Symbols with when they were last split.
    split_at: BTreeMap<SymbolId, Timestamp>,
    /// Exits that the broker ended because of a split, to be asked for anew.
    lost_exits: BTreeSet<OrderNumber>,
    /// Whether the breaker has tripped and nobody has resumed trading.
    breaker_tripped: bool,
    /// Orders whose cancel may not have reached them: it was under way at a crash, or the order was.
    vain_cancels: BTreeSet<OrderNumber>,
    /// Groups of exits that are being cancelled by request.
    given_up: BTreeSet<OrderNumber>,
    margin: Margin,
    /// The trading day for which everything was closed before its end.
    closed_for: Option<u32>,
    /// What sizes of entries are measured by.
    ranges: Ranges,
    /// What protects positions.
    stops: Stops,
    /// What models say.
    predictions: Predictions,
    /// Whether the broker is yet to confirm that everything an operator had closed is.
    confirms_flat: bool,
    /// Whether news are known as they come.
    news_up: bool,
    /// What is to be flat, and since when.
    unflat: Unflat,
    /// The newest order of those that an operator cancelled all at once, until the broker has confirmed
    /// that it lists none of them.
    cancels_until: Option<OrderNumber>,
    /// What set how far trading goes; `None` while nothing did.
    trading_set: Option<TradingSet>,
}

impl State {
    /// The number that the next record gets.
    #[inline]
    pub const fn next_seq(&self) -> u64 {
        self.next_seq.saturating_add(1)
    }

    /// The venue's time as of the last input.
    #[inline]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// What the session is; `None` before its first input.
    pub fn session(&self) -> Option<&SessionStart> {
        self.start.as_deref()
    }

    /// Whose rules the venue goes by.
    pub fn rules(&self) -> VenueRules {
        self.start.as_ref().map_or(VenueRules::Alpaca, |start| start.rules)
    }

    /// The symbols of the session.
    pub fn symbols(&self) -> &Symbols {
        static NONE: Symbols = Symbols::EMPTY;
        self.start.as_ref().map_or(&NONE, |start| &start.symbols)
    }

    /// The risk limits in force: those of the account, with what strategies and symbols have of
    /// their own beside them.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The limits that hold for an order: the tightest of the account's, the strategy's and the
    /// symbol's.
    pub fn limits_for(&self, origin: Origin, symbol: SymbolId) -> &Limits {
        self.resolved.limits(origin, symbol).unwrap_or(&self.limits)
    }

    /// Whose orders an order is counted with, each with the limits that those have.
    pub(crate) fn limit_layers(&self, origin: Origin, symbol: SymbolId) -> [(&Limits, Whose); 3] {
        let [account, strategy, of_symbol] =
            self.resolved.layers(origin, symbol).unwrap_or([&self.limits; 3]);
        [
            (account, Whose::Account),
            (strategy, Whose::Strategy(origin)),
            (of_symbol, Whose::Symbol(symbol)),
        ]
    }

    /// What lists and groups say of a symbol.
    pub(crate) fn marks(&self, symbol: SymbolId) -> Marks {
        self.resolved.marks(symbol)
    }

    pub(super) fn resolve_limits(&mut self) {
        if let Some(start) = &self.start {
            self.resolved = Resolved::of(&self.limits, &start.strategies, &start.symbols);
        }
    }

    /// Sets a limit that was found to be one.
    pub(super) fn set_limit(&mut self, path: &str, value: &str) {
        if self.limits.set(path, value).is_ok() {
            self.resolve_limits();
        }
    }

    /// The same, and what the session was configured with is that from now on: the next start compares
    /// its configuration with it.
    pub(super) fn configure_limit(&mut self, path: &str, value: &str) {
        self.set_limit(path, value);
        if let Some(start) = &mut self.start {
            // What no limit takes has changed none above either.
            let _ = start.limits.set(path, value);
        }
    }

    /// What sizes of entries are measured by.
    pub(crate) const fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// Sets all limits at once.
    pub(crate) fn put_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.resolve_limits();
    }

    /// The books.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The counts of the session.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The account as the broker last stated it.
    pub const fn account(&self) -> Option<&AccountSnapshot> {
        self.account.as_ref()
    }

    /// An order of the session, live or lately ended.
    pub fn order(&self, number: OrderNumber) -> Option<&Order> {
        self.orders.get(number)
    }

    /// Whether a cancel may not have reached its order, and has not been asked for again since.
    pub(crate) fn cancel_may_be_vain(&self, order: OrderNumber) -> bool {
        self.vain_cancels.contains(&order)
    }

    /// An order by the broker's name for it.
    pub fn order_by_broker_id(&self, id: &BrokerOrderId) -> Option<&Order> {
        self.orders.iter().rev().find(|order| order.broker_id.as_ref() == Some(id))
    }

    /// Reports that came before the broker's name for their order was known.
    pub(crate) fn early_reports(&self, id: &BrokerOrderId) -> Vec<Report> {
        let early = self.early.iter().filter(|report| report.broker_id.as_ref() == Some(id));
        early.cloned().collect()
    }

    /// Every order that the broker may still fill, oldest first.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.those(&self.live)
    }

    /// Whether any order has not ended.
    #[inline]
    pub(crate) const fn has_live_orders(&self) -> bool {
        !self.live.is_empty()
    }

    /// Orders, live or ended, of which the broker counts more shares filled than were reported: they
    /// must be read, whatever else happens.
    pub fn uncounted_orders(&self) -> impl Iterator<Item = &Order> {
        self.uncounted.keys().filter_map(|number| self.orders.get(*number))
    }

    /// Every order that is kept, oldest first: all live ones and the latest that ended.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter()
    }

    /// The number that the next approved order gets.
    pub(crate) const fn next_order(&self) -> OrderNumber {
        OrderNumber(self.last_order + 1)
    }

    /// The highest equity of the session: of those at the beginnings of days, after executions and
    /// whenever the books agreed with the broker's. What is paid in or out moves it by the amount.
    /// `None` before the account was taken over.
    pub const fn high_water(&self) -> Option<Cash> {
        self.high_water
    }

    /// How far trading is allowed to go.
    pub const fn trading_state(&self) -> TradingState {
        self.trading
    }

    /// Who or what set it so, when and why; `None` while it is as the session began.
    pub const fn trading_set(&self) -> Option<&TradingSet> {
        self.trading_set.as_ref()
    }

    /// Whether orders have failed one after the other so often that trading must stop.
    pub(crate) fn breaker_trips(&self) -> Option<&Breaker> {
        self.limits.breaker.as_ref().filter(|breaker| self.failures.trip(breaker))
    }

    /// Whether orders have failed so often that trading was stopped, and nobody has resumed it.
    pub const fn breaker_has_tripped(&self) -> bool {
        self.breaker_tripped
    }

    /// Orders that failed one after the other, as far as they can still count.
    pub(crate) fn failures_in_a_row(&self) -> u32 {
        self.failures.count()
    }

    /// Whether the books were compared with the broker's since the last start or reconnect.
    pub const fn is_reconciled(&self) -> bool {
        self.reconciled
    }

    /// Whether what the account held has been taken over.
    #[inline]
    pub const fn account_is_open(&self) -> bool {
        self.account_opened
    }

    /// Whether news are known as they come, and those of before have been read.
    pub const fn news_are_known(&self) -> bool {
        self.news_up
    }

    /// The policy under which the session is ending, once it is.
    pub const fn stopping(&self) -> Option<ShutdownPolicy> {
        self.stopping
    }

    /// Whether everything is being cancelled and closed.
    pub const fn is_flattening(&self) -> bool {
        self.flattening
    }

    /// Whether an operator had everything closed and the broker has not confirmed it yet. What fills
    /// until then is closed as well.
    pub const fn confirms_flat(&self) -> bool {
        self.confirms_flat
    }

    /// What the broker says of an asset; `None` while it has not said anything.
    pub fn asset(&self, symbol: SymbolId) -> Option<&AssetFacts> {
        self.assets.get(&symbol)
    }

    /// The value of a position at the last price, at cost while no price is known; signed.
    /// `None` on overflow.
    #[inline]
    pub fn market_value(&self, symbol: SymbolId) -> Option<Cash> {
        let position = self.ledger.position(symbol);
        match self.markets.get(symbol.index()) {
            Some(market) => market.value(&position),
            None => Some(position.cost),
        }
    }

    /// Cash and positions at the last prices; saturates.
    #[inline]
    pub fn equity(&self) -> Cash {
        let mut sum = self.ledger.cash();
        for (position, market) in self.ledger.positions().iter().zip(&self.markets) {
            if !position.quantity.is_zero() {
                let value = market.value(position).unwrap_or(Cash::MAX);
                sum = Cash::from_nanos(sum.nanos().saturating_add(value.nanos()));
            }
        }
        sum
    }

    /// The symbols in which something is held.
    #[inline]
    pub(crate) fn held(&self) -> impl Iterator<Item = SymbolId> {
        let positions = self.symbols().ids().zip(self.ledger.positions());
        positions.filter(|(_, position)| !position.quantity.is_zero()).map(|(symbol, _)| symbol)
    }

    /// Long plus short at the last prices; `None` on overflow.
    pub(crate) fn gross_exposure(&self) -> Option<Cash> {
        self.exposure_in(|_| true)
    }

    /// Long plus short in some symbols at the last prices; `None` on overflow.
    pub(crate) fn exposure_in(&self, counts: impl Fn(SymbolId) -> bool) -> Option<Cash> {
        self.held()
            .filter(|symbol| counts(*symbol))
            .try_fold(Cash::ZERO, |sum, symbol| sum.checked_add(self.market_value(symbol)?.abs()))
    }

    /// Cash kept free for open orders; `None` on overflow.
    pub fn reserved(&self) -> Option<Cash> {
        self.live_orders().try_fold(Cash::ZERO, |sum, order| sum.checked_add(order.reserved))
    }

    /// What may still be bought: equity times the lower of the configured leverage and the
    /// broker's multiplier, less gross exposure, less what open orders may need.
    pub(crate) fn buying_power(&self, equity: Cash, held: Cash) -> Option<Cash> {
        let multiplier = self.account.as_ref().map_or(1, |account| account.multiplier.max(1));
        let leverage = i64::from(self.limits.max_leverage.min(multiplier));
        let ceiling = equity.proportion(leverage, 1, Rounding::Down)?;
        ceiling.checked_sub(held)?.checked_sub(self.reserved()?)
    }
}
