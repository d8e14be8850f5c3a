//! What is said later of market data that was told before.
//!
//! The past stays as it was decided on: strategy windows keep what they observed, and nothing is
//! decided again. What changes is the last price, when that is what was wrong: it is what limits,
//! collars and equity look at from now on. A trade that never was so is no best price for a stop that
//! follows one either.

use super::State;
use crate::{Bar, CancelError, Correction, Input, Price, Span, SymbolId, Timestamp};

impl State {
    /// The newest price of the symbol whose data an input puts right; `None` for any other input.
    pub(crate) fn told_price(&self, input: &Input) -> Option<(SymbolId, Price)> {
        let symbol = match input {
            Input::UpdatedBar(bar) => bar.symbol,
            Input::Correction(correction) => correction.symbol,
            Input::CancelError(cancel) => cancel.symbol,
            _ => return None,
        };
        Some((symbol, self.standing_price(symbol)?))
    }

    /// The newest price of a symbol, unless it is a trade that was taken back.
    pub(crate) fn standing_price(&self, symbol: SymbolId) -> Option<Price> {
        self.last_price(symbol).filter(|_| !self.last_is_void(symbol))
    }

    /// A bar was counted again: when it is still the newest price, its close is.
    pub(super) fn recount(&mut self, bar: &Bar) {
        let Some(market) = self.markets.get_mut(bar.symbol.index()) else { return };
        let is_newest = |last: &&mut super::Last| {
            last.time == bar.end_time() && last.length == bar.length && bar.close.is_positive()
        };
        for last in [&mut market.last, &mut market.bar].into_iter().flatten() {
            if is_newest(&last) {
                last.price = bar.close;
            }
        }
    }

    /// A trade was changed: when it is the newest price, that is.
    pub(super) fn correct(&mut self, correction: &Correction) {
        let Some(market) = self.markets.get_mut(correction.symbol.index()) else { return };
        let (original, price) = (&correction.original, correction.corrected.price);
        let is_it = |last: &&mut super::Last| {
            last.is_trade_at(original.price, correction.time) && price.is_positive()
        };
        let told = market.trade;
        for last in [&mut market.last, &mut market.trade].into_iter().flatten() {
            if is_it(&last) {
                last.price = price;
            }
        }
        if let Some(told) = told.filter(|_| market.trade != told) {
            self.amend_best(correction.symbol, told, Some(price));
        }
    }

    /// A trade was taken back: when it is the newest price, no position grows on it any more.
    pub(super) fn take_back(&mut self, cancel: &CancelError) {
        let Some(market) = self.markets.get_mut(cancel.symbol.index()) else { return };
        let is_it = |last: &super::Last| last.is_trade_at(cancel.trade.price, cancel.time);
        market.is_void |= market.last.as_ref().is_some_and(is_it);
        if let Some(told) = market.trade.take_if(|trade| is_it(trade)) {
            self.amend_best(cancel.symbol, told, None);
        }
    }

    /// The newest trade was at another price, or there was none.
    fn amend_best(&mut self, symbol: SymbolId, told: super::Last, is: Option<Price>) {
        if !self.places_stops() {
            return;
        }
        let position = self.ledger.position(symbol);
        let known = [is, self.standing_price(symbol), position.average_price()];
        self.stops.amend(symbol, position.quantity, &told, known.into_iter().flatten());
    }
}

impl super::Last {
    /// Whether it is a trade or quote at a price, told before an instant.
    fn is_trade_at(&self, price: Price, before: Timestamp) -> bool {
        self.length == Span::ZERO && self.price == price && self.time <= before
    }
}
