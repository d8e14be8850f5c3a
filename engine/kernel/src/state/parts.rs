//! What of the account a limit is about: all of it, or a strategy's own part.

use super::State;
use super::counts::Whose;
use crate::{Cash, Ledger, Limits, Order, Origin, Owner, Position, StrategyId, SymbolId};

impl State {
    /// The limits of a strategy on its own part of the account, if it has any.
    pub(crate) fn own_limits(&self, origin: Origin) -> Option<&Limits> {
        self.resolved.own(origin)
    }

    /// The books of a part. Where one strategy has the account to itself, the account's are its own.
    fn books_of(&self, whose: Whose) -> &Ledger {
        let own = match whose {
            Whose::Strategy(Origin::Strategy(id)) => self.accounts.book(Owner::Strategy(id)),
            _ => None,
        };
        own.unwrap_or(&self.ledger)
    }

    /// What limits in percent are a part of: a strategy's own equity where it has capital, else the
    /// account's.
    pub(crate) fn equity_of(&self, whose: Whose) -> Cash {
        match whose {
            Whose::Strategy(origin @ Origin::Strategy(id))
                if self.accounts.has_capital(Owner::Strategy(id)) =>
            {
                self.equity_for(origin)
            }
            _ => self.equity(),
        }
    }

    /// What a part holds.
    pub(crate) fn held_of(&self, whose: Whose) -> impl Iterator<Item = (SymbolId, &Position)> {
        let positions = self.symbols().ids().zip(self.books_of(whose).positions());
        positions.filter(|(_, position)| !position.quantity.is_zero())
    }

    /// The value of what a part holds of a symbol, signed; `None` on overflow.
    pub(crate) fn worth_of(&self, whose: Whose, symbol: SymbolId) -> Option<Cash> {
        self.value_of(symbol, &self.books_of(whose).position(symbol))
    }

    /// Long plus short of a part in some symbols at the last prices; `None` on overflow.
    pub(crate) fn exposure_of(
        &self,
        whose: Whose,
        counts: impl Fn(SymbolId) -> bool,
    ) -> Option<Cash> {
        let mut held = self.held_of(whose).filter(|(symbol, _)| counts(*symbol));
        held.try_fold(Cash::ZERO, |sum, (symbol, position)| {
            sum.checked_add(self.value_of(symbol, position)?.abs())
        })
    }

    /// Whether an order adds to a part, or closes some of it.
    pub(crate) fn is_of(&self, whose: Whose, order: &Order) -> bool {
        match whose {
            Whose::Account => true,
            Whose::Symbol(symbol) => order.symbol == symbol,
            Whose::Strategy(Origin::Strategy(id)) => {
                !self.accounts.are_kept() || self.strategy_of(order) == Some(id)
            }
            Whose::Strategy(Origin::Operator | Origin::Kernel) => false,
        }
    }

    /// What the layer of a strategy or a symbol is called; `None` for the account.
    pub(crate) fn layer_of(&self, whose: Whose) -> Option<String> {
        match whose {
            Whose::Symbol(symbol) => Some(format!("symbols.{}", self.symbols().name(symbol))),
            Whose::Strategy(Origin::Strategy(StrategyId(place))) => {
                let place = usize::from(place);
                let spec = self.session()?.strategies.get(place)?;
                Some(format!("strategies.{}", self.limits.scopes.layer_for(place, spec)))
            }
            Whose::Account | Whose::Strategy(Origin::Operator | Origin::Kernel) => None,
        }
    }
}
