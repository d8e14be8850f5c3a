//! What limits count that the books do not hold: orders of the last minute and of the day, round
//! trips, stops, losses, news.

use super::State;
use crate::{Cash, Order, OrderKind, Origin, Quantity, Span, StrategyId, SymbolId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const MINUTE: Span = Span::from_secs(60);

/// Stops that are kept; the guard's limit is at most as many.
const STOPS_KEPT: usize = 100;

/// Whose orders are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// All of the account.
    Account,
    /// One strategy's.
    Strategy(Origin),
    /// Those in one symbol.
    Symbol(SymbolId),
}

/// Orders that open or grow within a trading day, and their USD at their worst prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Spent {
    day: u32,
    pub orders: u32,
    pub notional: Cash,
}

impl Spent {
    fn on(self, day: u32) -> Self {
        if self.day == day { self } else { Self { day, ..Self::default() } }
    }

    fn add(&mut self, day: u32, notional: Cash) {
        let held = self.on(day);
        let orders = held.orders.saturating_add(1);
        let notional = held.notional.checked_add(notional).unwrap_or(Cash::MAX);
        *self = Self { day, orders, notional };
    }
}

/// What is counted of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct OfSymbol {
    spent: Spent,
    /// The day, by number, on which its position was opened from flat.
    opened: Option<u32>,
    lost_at: Option<Timestamp>,
    news_at: Option<Timestamp>,
}

/// An order that opened or grew a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Growth {
    at: Timestamp,
    origin: Origin,
    symbol: SymbolId,
}

impl Growth {
    /// The same where strategies and symbols lie elsewhere. The order of a strategy that is gone counts for
    /// the account, that in a symbol that is gone for nothing: what counts for a minute is not worth more.
    fn handed_on(
        self,
        strategy: impl Fn(usize) -> Option<usize>,
        symbol: impl Fn(usize) -> Option<SymbolId>,
    ) -> Option<Self> {
        let origin = match self.origin {
            Origin::Strategy(id) => strategy(usize::from(id.0))
                .map_or(Origin::Kernel, |at| Origin::Strategy(StrategyId::at(at))),
            other => other,
        };
        Some(Self { origin, symbol: symbol(self.symbol.index())?, ..self })
    }
}

/// The counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    recent: VecDeque<Growth>,
    /// The trading day by number, from the session's beginning.
    day: u32,
    account: Spent,
    strategies: Vec<Spent>,
    symbols: Vec<OfSymbol>,
    round_trips: u32,
    stops: VecDeque<Timestamp>,
}

impl Counts {
    pub(super) fn new(strategies: usize, symbols: usize) -> Self {
        Self {
            strategies: vec![Spent::default(); strategies],
            symbols: vec![OfSymbol::default(); symbols],
            ..Self::default()
        }
    }

    /// These counts in a session whose strategies and symbols lie elsewhere. What it has heard of news by
    /// itself stays.
    pub(super) fn handed_on(
        &self,
        to: &Counts,
        strategy: impl Fn(usize) -> Option<usize>,
        symbol: impl Fn(usize) -> Option<SymbolId>,
    ) -> Counts {
        let mut counts = Counts {
            recent: self
                .recent
                .iter()
                .filter_map(|one| one.handed_on(&strategy, &symbol))
                .collect(),
            strategies: vec![Spent::default(); to.strategies.len()],
            symbols: to.symbols.clone(),
            ..self.clone()
        };
        for (old, spent) in self.strategies.iter().enumerate() {
            let slot = strategy(old).and_then(|place| counts.strategies.get_mut(place));
            slot.into_iter().for_each(|slot| *slot = *spent);
        }
        for (old, counted) in self.symbols.iter().enumerate() {
            let slot = symbol(old).and_then(|id| counts.symbols.get_mut(id.index()));
            match slot {
                Some(slot) => {
                    *slot = OfSymbol { news_at: slot.news_at.max(counted.news_at), ..*counted };
                }
                // It cannot be seen any more whether what was opened today is closed.
                None if counted.opened == Some(self.day) => {
                    counts.round_trips = counts.round_trips.saturating_add(1);
                }
                None => {}
            }
        }
        counts
    }

    pub(super) const fn begin_day(&mut self) {
        self.day = self.day.saturating_add(1);
        self.round_trips = 0;
    }

    pub(super) fn note_growth(&mut self, order: &Order, now: Timestamp) {
        let since = now.minus(MINUTE);
        while self.recent.front().is_some_and(|growth| growth.at <= since) {
            self.recent.pop_front();
        }
        let (origin, symbol) = (order.origin, order.symbol);
        self.recent.push_back(Growth { at: now, origin, symbol });
        self.account.add(self.day, order.reserved);
        if let Origin::Strategy(id) = origin
            && let Some(spent) = self.strategies.get_mut(usize::from(id.0))
        {
            spent.add(self.day, order.reserved);
        }
        if let Some(counted) = self.symbols.get_mut(symbol.index()) {
            counted.spent.add(self.day, order.reserved);
        }
    }

    /// An execution moved a position and realised a profit or a loss.
    pub(super) fn note_fill(
        &mut self,
        symbol: SymbolId,
        before: Quantity,
        after: Quantity,
        realised: Cash,
        now: Timestamp,
    ) {
        let Some(counted) = self.symbols.get_mut(symbol.index()) else { return };
        if realised.is_negative() {
            counted.lost_at = Some(now);
        }
        let turns = before.is_negative() != after.is_negative();
        if before.is_zero() && !after.is_zero() {
            counted.opened = Some(self.day);
        } else if !before.is_zero() && (after.is_zero() || turns) {
            if counted.opened == Some(self.day) {
                self.round_trips = self.round_trips.saturating_add(1);
            }
            counted.opened = (!after.is_zero()).then_some(self.day);
        }
    }

    /// A stop filled for the first time, at a loss.
    pub(super) fn note_stop(&mut self, now: Timestamp) {
        if self.stops.len() >= STOPS_KEPT {
            self.stops.pop_front();
        }
        self.stops.push_back(now);
    }

    pub(super) fn note_news(&mut self, symbol: SymbolId, at: Timestamp) {
        if let Some(counted) = self.symbols.get_mut(symbol.index()) {
            counted.news_at = counted.news_at.max(Some(at));
        }
    }
}

/// Whether an order is an exit that ends a loss.
pub(super) const fn is_stop(order: &Order) -> bool {
    let stops = matches!(
        order.kind,
        OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. }
    );
    stops && !order.grows
}

impl State {
    /// How many orders that grow were approved in the last sixty seconds.
    pub(crate) fn orders_in_last_minute(&self, whose: Whose) -> u32 {
        let since = self.now.minus(MINUTE);
        let recent = self.counts.recent.iter().rev().take_while(|growth| growth.at > since);
        let counted = recent.filter(|growth| match whose {
            Whose::Account => true,
            Whose::Strategy(origin) => growth.origin == origin,
            Whose::Symbol(symbol) => growth.symbol == symbol,
        });
        u32::try_from(counted.count()).unwrap_or(u32::MAX)
    }

    /// What was spent on orders that grow in this trading day.
    pub(crate) fn spent_today(&self, whose: Whose) -> Spent {
        let counts = &self.counts;
        let spent = match whose {
            Whose::Account => Some(counts.account),
            Whose::Strategy(Origin::Strategy(id)) => {
                counts.strategies.get(usize::from(id.0)).copied()
            }
            Whose::Strategy(Origin::Operator | Origin::Kernel) => None,
            Whose::Symbol(symbol) => {
                counts.symbols.get(symbol.index()).map(|counted| counted.spent)
            }
        };
        spent.unwrap_or_default().on(counts.day)
    }

    /// Positions that were opened in this trading day, closed or not: each that is open may be closed
    /// within it.
    pub(crate) fn round_trips_today(&self) -> u32 {
        let day = self.counts.day;
        let open = self.counts.symbols.iter().filter(|counted| counted.opened == Some(day));
        let open = u32::try_from(open.count()).unwrap_or(u32::MAX);
        self.counts.round_trips.saturating_add(open)
    }

    /// Stops that filled at a loss within a span before now.
    pub(crate) fn stops_within(&self, window: Span) -> u32 {
        let since = self.now.minus(window);
        let recent = self.counts.stops.iter().rev().take_while(|at| **at > since);
        u32::try_from(recent.count()).unwrap_or(u32::MAX)
    }

    /// When a loss was last realised in a symbol.
    pub(crate) fn last_loss(&self, symbol: SymbolId) -> Option<Timestamp> {
        self.counts.symbols.get(symbol.index())?.lost_at
    }

    /// When a symbol was last in the news.
    pub fn last_news(&self, symbol: SymbolId) -> Option<Timestamp> {
        self.counts.symbols.get(symbol.index())?.news_at
    }
}
