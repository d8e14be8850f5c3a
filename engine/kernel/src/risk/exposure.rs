//! What would be held if every open order filled.

use super::effect::Effect;
use super::{Denial, Proposal};
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

    /// So much of equity, rounded down.
    pub(super) fn share_of_equity(&self, share: BasisPoints) -> Result<Cash, Denial> {
        self.equity().proportion(share.get(), 10_000, Rounding::Down).ok_or(Denial::Overflow)
    }

    /// Long plus short: at the last prices, with this order and every open one that grows filled at its
    /// worst.
    pub(super) fn exposure(&self) -> Result<Cash, Denial> {
        if let Some(exposure) = self.exposure.get() {
            return Ok(*exposure);
        }
        let exposure = self.with_pending(self.gross_held()?, |_| true)?;
        Ok(*self.exposure.get_or_init(|| exposure))
    }

    /// The same in some symbols, the order's own among them.
    pub(super) fn exposure_in(&self, counts: impl Fn(SymbolId) -> bool) -> Result<Cash, Denial> {
        self.with_pending(self.state.exposure_in(&counts).ok_or(Denial::Overflow)?, counts)
    }

    fn with_pending(&self, held: Cash, counts: impl Fn(SymbolId) -> bool) -> Result<Cash, Denial> {
        let mut pending = self.other_orders().filter(|order| order.grows && counts(order.symbol));
        pending
            .try_fold(self.notional_beside_equity()?, |sum, order| sum.checked_add(order.reserved))
            .and_then(|pending| pending.checked_add(held))
            .and_then(|exposure| exposure.checked_sub(self.closed_before().ok()?))
            .ok_or(Denial::Overflow)
    }

    /// How much more is held in the direction of this order than against it, in some symbols, the
    /// order's own among them: with this order and every open one that grows in its direction
    /// filled, and what is held against it gone where an exit for it is open.
    pub(super) fn net_in(&self, counts: impl Fn(SymbolId) -> bool) -> Result<Cash, Denial> {
        let state = self.state;
        let along = |order: &Order| order.side == self.side;
        let mut net = self.notional_beside_equity()?;
        for order in self.other_orders() {
            if order.grows && along(order) && counts(order.symbol) {
                net = net.checked_add(order.reserved).ok_or(Denial::Overflow)?;
            }
        }
        for symbol in state.held().filter(|symbol| counts(*symbol)) {
            let value = state.market_value(symbol).ok_or(Denial::Overflow)?;
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

    /// The symbols of other orders that grow a position, once for each.
    pub(super) fn entered(&self) -> impl Iterator<Item = SymbolId> {
        self.other_orders().filter(|order| order.grows).map(|order| order.symbol)
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
