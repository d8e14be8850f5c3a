//! The exchange itself: its clock, and the order in which things happen.
//!
//! One step of market data goes like this:
//!
//! 1. what falls due until the data's first trade happens (orders arrive, sessions open or close);
//! 2. orders that were there before that trade are matched, datum by datum in the order given;
//! 3. prices are marked;
//! 4. what falls due until the step's time happens; the clock stands at the step's time.
//!
//! At one instant a session's boundary comes before an order's arrival.

mod account;
mod auction;
mod by_hand;
mod close;
mod expiry;
mod fill;
mod financing;
mod group;
mod judge;
mod life;
mod matcher;
mod read;
mod replace;
mod rules;
mod slippage;

pub use close::{Cancels, Closings};
#[cfg(feature = "server")]
pub(crate) use read::position_intent;

use crate::account::Account;
use crate::book::Book;
use crate::fees::Accruals;
use crate::ids::Chance;
use crate::local::NewYork;
use crate::market::Market;
use crate::sessions::Sessions;
use crate::{
    AccountRow, Activity, AssetRow, ExchangeConfig, OrderId, OrderRow, PositionRow, Update,
};
use kernel::{Cash, MarketData, SymbolId, Symbols, Timestamp, TradingDay, Volume};
use life::Travel;
use std::collections::VecDeque;
use std::sync::Arc;

/// The simulated exchange. See the crate's documentation.
#[derive(Debug, Clone)]
pub struct Exchange {
    config: ExchangeConfig,
    symbols: Symbols,
    assets: Vec<AssetRow>,
    markets: Vec<Market>,
    sessions: Sessions,
    new_york: NewYork,
    now: Timestamp,
    /// When the next thing falls due that is not market data.
    wake: Timestamp,
    book: Book,
    /// Requests on their way to the market, in order of arrival.
    travelling: VecDeque<Travel>,
    account: Account,
    account_id: String,
    accruals: Accruals,
    borrowed: financing::Borrowed,
    last_close: LastClose,
    ids: Chance,
    parts: Chance,
    updates: Vec<Update>,
    activities: Vec<Activity>,
    /// Names of orders that were asked for again although the exchange had them.
    repeated: Vec<Arc<str>>,
    /// What has traded in the datum that is being matched, or what its quote shows to buyers and
    /// sellers.
    depth: [Volume; 2],
    /// Used again for each matching.
    scratch: Vec<matcher::Action>,
}

/// The account at the last close of the regular session.
#[derive(Debug, Clone, Copy)]
struct LastClose {
    equity: Cash,
    maintenance: Cash,
    date: Option<u32>,
}

impl Exchange {
    /// An exchange that has seen nothing yet. An empty calendar is a venue that never closes.
    pub fn new(config: ExchangeConfig, symbols: Symbols, calendar: Vec<TradingDay>) -> Self {
        let assets = symbols.ids().map(|id| {
            let name = symbols.name(id);
            let rules = config.assets.get(name).cloned().unwrap_or_default();
            AssetRow::new(id, name, rules)
        });
        let mut ids = Chance::new(config.seed, 1);
        let sessions = Sessions::new(calendar);
        let cash = config.starting_cash;
        Self {
            assets: assets.collect(),
            markets: vec![Market::default(); symbols.len()],
            new_york: NewYork::new(),
            now: Timestamp::MIN,
            wake: sessions.due(),
            book: Book::default(),
            travelling: VecDeque::new(),
            account: Account::new(cash, symbols.len()),
            account_id: ids.uuid().to_string(),
            accruals: Accruals::default(),
            borrowed: financing::Borrowed::default(),
            last_close: LastClose { equity: cash, maintenance: Cash::ZERO, date: None },
            parts: Chance::new(config.seed, 2),
            ids,
            updates: Vec::new(),
            activities: Vec::new(),
            repeated: Vec::new(),
            depth: [Volume::ZERO; 2],
            scratch: Vec::new(),
            sessions,
            symbols,
            config,
        }
    }

    /// The exchange's clock; [`Timestamp::MIN`] before the first step.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Takes the market data of one instant, all with the same [`MarketData::time`]: matches
    /// orders against it, marks prices, and moves the clock there. Data that cannot be believed
    /// ([`MarketData::check`]) is passed over.
    #[inline(always)]
    pub fn step(&mut self, data: &[MarketData]) {
        if self.book.has_open() {
            data.iter().for_each(|datum| self.match_orders(datum));
        }
        let time = data.first().map_or(self.now, MarketData::time);
        for datum in data {
            self.mark(datum, time);
        }
        self.advance(time.max(self.now));
    }

    /// Takes bars on which nothing can happen, all before [`Exchange::wakes_at`] and none while
    /// [`Exchange::is_idle`] is not: the same as a [`Exchange::step`] for each.
    pub fn pass_bars(&mut self, bars: &[MarketData]) {
        debug_assert!(self.is_idle() && bars.iter().all(|bar| bar.time() < self.wake));
        let Some(last) = bars.last() else { return };
        // Of the only symbol nothing is left of any bar but the last that can be believed.
        let only = self.markets.len() == 1;
        for datum in bars.iter().rev().filter(|datum| datum.check().is_ok()).take(only.into()) {
            self.mark(datum, datum.time());
        }
        if !only {
            bars.iter().for_each(|datum| self.mark(datum, datum.time()));
        }
        self.now = self.now.max(last.time());
    }

    /// Whether no order is open or on its way and nothing waits to be told, so that prices lead to nothing.
    #[inline]
    pub fn is_idle(&self) -> bool {
        !self.book.has_open() && self.travelling.is_empty() && self.updates.is_empty()
    }

    /// When something falls due next, whatever comes of the market.
    #[inline]
    pub const fn wakes_at(&self) -> Timestamp {
        self.wake
    }

    /// Moves the clock without market data; never backwards. Data of an instant must be taken
    /// before the clock is moved there: at a close, the orders that it could fill are gone.
    #[inline]
    pub fn advance(&mut self, to: Timestamp) {
        // What is due at the end of time never comes: without it, a clock that stands there would
        // wait for it for ever.
        while self.wake <= to && self.wake < Timestamp::MAX {
            self.fall_due(to);
        }
        self.now = self.now.max(to);
    }

    /// Takes prices of before the start, so that the first orders can be valued. Nothing is
    /// matched and the clock stays.
    pub fn observe(&mut self, data: &[MarketData]) {
        for datum in data {
            self.mark(datum, datum.time());
        }
    }

    #[inline]
    fn mark(&mut self, datum: &MarketData, time: Timestamp) {
        if let Some(market) = self.markets.get_mut(datum.symbol().index())
            && datum.check().is_ok()
        {
            market.mark(datum, time);
        }
    }

    /// Handles the one thing that falls due next.
    fn fall_due(&mut self, to: Timestamp) {
        let boundary = self.sessions.due();
        let arrival = self.travelling.front().map_or(Timestamp::MAX, |travel| travel.due);
        if boundary <= arrival {
            if let Some((at, boundary, date)) = self.sessions.pass(to) {
                self.now = self.now.max(at);
                self.pass(boundary, date);
            }
        } else if let Some(travel) = self.travelling.pop_front() {
            self.now = self.now.max(travel.due);
            self.arrive(travel);
        }
        self.set_wake();
    }

    fn set_wake(&mut self) {
        let arrival = self.travelling.front().map_or(Timestamp::MAX, |travel| travel.due);
        self.wake = arrival.min(self.sessions.due());
    }

    /// Whether anything has happened to orders since they were last drained.
    #[inline]
    pub fn has_updates(&self) -> bool {
        !self.updates.is_empty()
    }

    /// What has happened to orders since the last call, in order.
    pub fn drain_updates(&mut self) -> Vec<Update> {
        std::mem::take(&mut self.updates)
    }

    /// The same into memory that is used again; what was in it is gone.
    pub fn take_updates(&mut self, into: &mut Vec<Update>) {
        into.clear();
        std::mem::swap(&mut self.updates, into);
    }

    /// The configuration it was made with.
    pub const fn config(&self) -> &ExchangeConfig {
        &self.config
    }

    /// The symbols that ids mean.
    pub const fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Every asset, by symbol.
    pub fn assets(&self) -> &[AssetRow] {
        &self.assets
    }

    /// One asset.
    pub fn asset(&self, symbol: SymbolId) -> Option<&AssetRow> {
        self.assets.get(symbol.index())
    }

    /// The account now.
    pub fn account(&self) -> AccountRow {
        self.account_row()
    }

    /// Every position that is not flat, by symbol.
    pub fn positions(&self) -> Vec<PositionRow> {
        self.symbols.ids().filter_map(|symbol| self.position(symbol)).collect()
    }

    /// The position in a symbol; `None` when flat.
    pub fn position(&self, symbol: SymbolId) -> Option<PositionRow> {
        self.position_row(symbol)
    }

    /// Every order there ever was, in order of arrival.
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &OrderRow> + ExactSizeIterator {
        self.book.rows()
    }

    /// Orders that have not ended, in order of arrival.
    pub fn open_orders(&self) -> impl Iterator<Item = &OrderRow> {
        self.book.open().map(|(_, entry)| &entry.row)
    }

    /// An order by the exchange's name for it.
    pub fn order(&self, id: OrderId) -> Option<&OrderRow> {
        self.book.place(id).and_then(|place| self.book.get(place)).map(|entry| &entry.row)
    }

    /// An order by the client's name for it.
    pub fn order_by_client_id(&self, id: &str) -> Option<&OrderRow> {
        let place = self.book.place_by_client_id(id)?;
        self.book.get(place).map(|entry| &entry.row)
    }

    /// The account's history, oldest first.
    pub fn activities(&self) -> &[Activity] {
        &self.activities
    }

    /// The client's names of orders that were asked for again although the exchange had them: each
    /// such request was refused, and should not have been made.
    pub fn repeated(&self) -> &[Arc<str>] {
        &self.repeated
    }

    /// Notes a request that was refused, if its name is that of an order that is here.
    fn note_refused(&mut self, name: Option<&str>) {
        let place = name.and_then(|name| self.book.place_by_client_id(name));
        let held = place.and_then(|place| self.book.get(place));
        self.repeated.extend(held.map(|entry| entry.row.client_order_id.clone()));
    }
}
