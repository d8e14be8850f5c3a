//! What would be held if every open order filled: in the account, or in a strategy's own part of it.

use super::effect::Effect;
use super::{Denial, Proposal};
use crate::state::Whose;
use crate::{BasisPoints, Cash, Order, Rounding, Side, SymbolId};

impl Proposal<'_> {
    /// Cash and positions at the last prices.
    pub(super) fn equity(&self) -> Cash {
        *self.equity.get_or_init(|| self.state.equity())
    }

    /// Long plus short at the last prices.
    pub(super) fn gross_held(&self) -> Result<Cash, Denial> {
        let held = self.gross_held.get_or_init(|| self.state.gross_exposure());
        held.ok_or(Denial::Overflow)
    }

    /// So much of somebody's equity, rounded down.
    pub(super) fn share_of_equity(&self, whose: Whose, share: BasisPoints) -> Result<Cash, Denial> {
        let equity = match whose {
            Whose::Account => self.equity(),
            whose => self.state.equity_of(whose),
        };
        equity.proportion(share.get(), 10_000, Rounding::Down).ok_or(Denial::Overflow)
    }

    /// Long plus short: at the last prices, with this order and every open one that grows filled at its
    /// worst.
    pub(super) fn exposure(&self) -> Result<Cash, Denial> {
        if let Some(exposure) = self.exposure.get() {
            return Ok(*exposure);
        }
        let exposure = self.with_pending(Whose::Account, self.gross_held()?, |_| true)?;
        Ok(*self.exposure.get_or_init(|| exposure))
    }

    /// The same of a part in some symbols, the order's own among them.
    pub(super) fn exposure_in(
        &self,
        whose: Whose,
        counts: impl Fn(SymbolId) -> bool,
    ) -> Result<Cash, Denial> {
        let held = self.state.exposure_of(whose, &counts).ok_or(Denial::Overflow)?;
        self.with_pending(whose, held, counts)
    }

    fn with_pending(
        &self,
        whose: Whose,
        held: Cash,
        counts: impl Fn(SymbolId) -> bool,
    ) -> Result<Cash, Denial> {
        let mut pending = self.entries(whose).filter(|order| counts(order.symbol));
        pending
            .try_fold(self.notional_beside_equity()?, |sum, order| sum.checked_add(order.reserved))
            .and_then(|pending| pending.checked_add(held))
            .and_then(|exposure| exposure.checked_sub(self.closed_of(whose).ok()?))
            .ok_or(Denial::Overflow)
    }

    /// What a part holds of the symbol and closes before the order fills, in USD.
    pub(super) fn closed_of(&self, whose: Whose) -> Result<Cash, Denial> {
        if whose == Whose::Account || self.effect != Effect::Turns {
            return self.closed_before();
        }
        self.state.worth_of(whose, self.symbol).map(Cash::abs).ok_or(Denial::Overflow)
    }

    /// How much more a part holds in the direction of this order than against it, in some symbols, the
    /// order's own among them: with this order and every open one that grows in its direction
    /// filled, and what is held against it gone where an exit for it is open.
    pub(super) fn net_in(
        &self,
        whose: Whose,
        counts: impl Fn(SymbolId) -> bool,
    ) -> Result<Cash, Denial> {
        let along = |order: &Order| order.side == self.side;
        let mut net = self.notional_beside_equity()?;
        for order in self.entries(whose).filter(|order| along(order) && counts(order.symbol)) {
            net = net.checked_add(order.reserved).ok_or(Denial::Overflow)?;
        }
        for (symbol, _) in self.state.held_of(whose).filter(|(symbol, _)| counts(*symbol)) {
            let value = self.state.worth_of(whose, symbol).ok_or(Denial::Overflow)?;
            let value = match self.side {
                Side::Buy => Some(value),
                Side::Sell => value.checked_neg(),
            };
            let value = value.ok_or(Denial::Overflow)?;
            let turns = symbol == self.symbol && self.effect == Effect::Turns;
            let is_closing = || {
                self.other_orders()
                    .any(|order| order.symbol == symbol && along(order) && !order.grows)
            };
            if value.is_negative() && (turns || is_closing()) {
                continue;
            }
            net = net.checked_add(value).ok_or(Denial::Overflow)?;
        }
        Ok(net)
    }

    /// Other orders that grow what a part holds.
    pub(super) fn entries(&self, whose: Whose) -> impl Iterator<Item = &Order> {
        self.other_orders().filter(move |order| order.grows && self.state.is_of(whose, order))
    }

    /// The symbols of other orders that grow what a part holds, once for each.
    pub(super) fn entered(&self, whose: Whose) -> impl Iterator<Item = SymbolId> {
        self.entries(whose).map(|order| order.symbol)
    }

    /// How many symbols there are among some that may be named more than once. They are marked in a word
    /// for sixty-four of them, so nothing is allocated.
    pub(super) fn count_symbols<I: Iterator<Item = SymbolId>>(&self, some: impl Fn() -> I) -> u32 {
        const BLOCK: usize = u64::BITS as usize;
        let marked = |block: usize| {
            let inside = some().filter(|symbol| symbol.index() / BLOCK == block);
            inside.fold(0_u64, |marks, symbol| marks | 1 << (symbol.index() % BLOCK))
        };
        let blocks = self.state.symbols().len().div_ceil(BLOCK);
        (0..blocks).map(|block| marked(block).count_ones()).sum()
    }

    /// Whether it needs more than cash: it sells short, or more would be held than there is equity.
    pub(super) fn borrows(&self) -> Result<bool, Denial> {
        Ok(self.side == Side::Sell || self.exposure()? > self.equity())
    }
}
