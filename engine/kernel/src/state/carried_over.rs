//! What a session leaves to the next one of the same account.
//!
//! Who stops a session and begins another one, with other symbols or strategies, begins neither the day nor
//! the drawdown anew: what losses are measured from and what was counted goes on, where the account is the
//! same one. Strategies and symbols are recognised by their names.

use super::counts::Counts;
use super::margin::Margin;
use super::{State, TradingSet};
use crate::{Cash, CashMovement, Span, Symbols, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a session leaves to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedOver {
    trading_set: Option<TradingSet>,
    /// What goes on in the same account; `None` where the broker does not say which one it is.
    account: Option<OfAccount>,
}

/// What is measured and counted of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OfAccount {
    /// The broker's name for it.
    id: Box<str>,
    /// When the books began, and the last instant of them.
    kept: (Timestamp, Timestamp),
    symbols: Symbols,
    /// What the strategies are called, in their order.
    strategies: Vec<Box<str>>,
    /// The highest equity, as of the whole account.
    high_water: Cash,
    /// The last trading day and what the whole account was worth when that began.
    day: Option<(u32, Cash)>,
    margin: Margin,
    counts: Counts,
    /// The broker's names for what was posted.
    postings: BTreeSet<Box<str>>,
}

impl CarriedOver {
    /// Who set how far trading goes, when and why.
    pub const fn trading_set(&self) -> Option<&TradingSet> {
        self.trading_set.as_ref()
    }

    /// The last instant of the books that go on.
    pub fn until(&self) -> Option<Timestamp> {
        self.account.as_ref().map(|account| account.kept.1)
    }

    /// From when what was posted to the account is to be read, so that capital that moved after the end is
    /// seen; what is posted late may bear a time so far before it.
    pub fn postings_from(&self, late: Span) -> Option<Timestamp> {
        self.account.as_ref().map(|OfAccount { kept: (from, to), .. }| to.minus(late).max(*from))
    }

    /// The same for a session in another account.
    pub fn elsewhere(self) -> Self {
        Self { account: None, ..self }
    }
}

impl OfAccount {
    /// Moves what profit and drawdown are measured from.
    fn measure_from(&mut self, moved: Cash) {
        let day = self.day.as_mut().map(|(_, equity)| equity);
        for mark in day.into_iter().chain([&mut self.high_water]) {
            *mark = mark.checked_add(moved).unwrap_or(*mark);
        }
    }
}

impl State {
    /// What the next session takes over from this one; of one that never got to its account, what it was to
    /// take over itself.
    pub fn carry_over(&self) -> CarriedOver {
        let account = match self.account_opened {
            true => self.of_account(),
            false => self.carried_over.as_ref().and_then(|waiting| waiting.account.clone()),
        };
        CarriedOver { trading_set: self.trading_set.clone(), account }
    }

    fn of_account(&self) -> Option<OfAccount> {
        let id = self.account.as_ref().map(|account| account.id.clone());
        let day = self.day.map(|day| (day.hours.date, day.starting_equity));
        let mut measured = OfAccount {
            id: id.filter(|id| !id.is_empty())?,
            kept: (self.books_since, self.now),
            symbols: self.symbols().clone(),
            strategies: self.strategy_names().into_iter().map(Box::from).collect(),
            high_water: self.high_water?,
            // Where none has begun yet, the one that waits has still to go on.
            day: day.or_else(|| self.carried_over.as_ref()?.account.as_ref()?.day),
            margin: self.margin,
            counts: self.counts.clone(),
            postings: self.ledger.posted().clone(),
        };
        measured.measure_from(self.beside);
        Some(measured)
    }

    /// What the whole account is worth beyond the books, by the broker's word of now: symbols that are not
    /// traded here, and positions that stand at cost until their first price.
    pub(super) fn note_beside(&mut self) {
        let theirs = self.account.as_ref().map(|account| account.equity);
        let beside = theirs.and_then(|theirs| theirs.checked_sub(self.equity()));
        self.beside = beside.unwrap_or_default();
    }

    /// What was posted before the account is taken over is in its cash, also when the broker lists it again.
    /// Capital that came or went after the last session's end is neither profit nor loss.
    pub(super) fn note_moved_before(&mut self, movement: &CashMovement) {
        self.ledger.remember_posting(&movement.id);
        let Some(carried) = self.waiting() else { return };
        if movement.kind.is_capital() && carried.postings.insert(movement.id.clone()) {
            carried.measure_from(movement.amount);
        }
    }

    fn waiting(&mut self) -> Option<&mut OfAccount> {
        self.carried_over.as_mut()?.account.as_mut()
    }

    /// Goes on from what the last session measured and counted, now that the account is taken over. What the
    /// account is worth beside the books was part of its marks and is none of the ones here.
    pub(super) fn go_on(&mut self) {
        self.note_beside();
        let account = self.account.as_ref().map_or("", |account| &account.id);
        let carried = self.carried_over.take().and_then(|carried| carried.account);
        let is_ours = |carried: &OfAccount| !account.is_empty() && *carried.id == *account;
        let Some(mut carried) = carried.filter(is_ours) else { return };
        carried.measure_from(Cash::ZERO.checked_sub(self.beside).unwrap_or_default());
        self.high_water = self.high_water.max(Some(carried.high_water));
        self.margin = carried.margin;
        let names = self.strategy_names();
        let strategy = |place: usize| {
            let name = carried.strategies.get(place)?;
            names.iter().position(|other| *other == &**name)
        };
        let symbols: Vec<&str> = carried.symbols.names().collect();
        let symbol = |place: usize| self.symbols().id(symbols.get(place)?);
        self.counts = carried.counts.handed_on(&self.counts, strategy, symbol);
        self.carried_over =
            Some(Box::new(CarriedOver { trading_set: None, account: Some(carried) }));
    }

    /// What the day of a date began with: what the last session began it with, if it is still that day.
    pub(crate) fn began_with(&self, date: u32) -> Option<Cash> {
        let account = self.carried_over.as_ref()?.account.as_ref()?;
        account.day.filter(|(day, _)| *day == date).map(|(_, equity)| equity)
    }
}
