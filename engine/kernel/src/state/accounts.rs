//! The virtual accounts of a session: whose an order is, and what each may spend.

use super::State;
use crate::ledger::FillOf;
use crate::{
    Accounts, Cash, Ledger, LedgerError, Order, OrderNumber, Origin, Owner, Position, Price,
    Quantity, StrategyId, SymbolId,
};
use serde::{Deserialize, Serialize};

/// What one virtual account has come to, for people; amounts saturate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLine {
    /// What it is called: the strategy's label, `house`, or `total` for the whole account.
    pub account: Box<str>,
    /// Cash that was put into it, less what was taken out; `null` for a strategy that has none of its own
    /// and spends the house's.
    pub capital: Option<Cash>,
    /// Cash; below zero for what a strategy without capital has spent of the house's.
    pub cash: Cash,
    /// What it holds.
    pub positions: Vec<AccountPosition>,
    /// Profit and loss of what was closed, before fees.
    pub realised: Cash,
    /// Profit and loss of what is held, at the last prices.
    pub unrealised: Cash,
    /// Fees that were posted.
    pub fees: Cash,
    /// Fees that are due and were not posted yet.
    pub accrued_fees: Cash,
    /// Cash and positions at the last prices.
    pub equity: Cash,
}

/// What a virtual account holds of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPosition {
    /// Of what.
    pub symbol: Box<str>,
    /// Signed shares.
    pub qty: Quantity,
    /// Mean entry price; `null` only when it does not fit.
    pub avg_price: Option<Price>,
}

impl State {
    /// The virtual accounts; none are kept where one strategy has the account to itself.
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What each virtual account has come to, the house's first; nothing where none are kept.
    pub fn account_lines(&self) -> Vec<AccountLine> {
        let line = |(owner, book)| {
            let is_own = owner == Owner::House || self.accounts.has_capital(owner);
            self.account_line(self.account_name(owner), is_own, book)
        };
        self.accounts.iter().map(line).collect()
    }

    /// What the whole account has come to. Where virtual accounts are kept, what was realised is the
    /// sum of theirs: each counts by the mean cost of its own.
    pub fn account_total(&self, lines: &[AccountLine]) -> AccountLine {
        let whole = self.account_line("total", true, &self.ledger);
        if lines.is_empty() {
            return whole;
        }
        let realised = sum(lines.iter().map(|line| line.realised));
        let unrealised = sum(lines.iter().map(|line| line.unrealised));
        AccountLine { realised, unrealised, ..whole }
    }

    fn account_line(&self, name: &str, has_capital: bool, book: &Ledger) -> AccountLine {
        let positions = book.positions();
        let realised = sum(positions.iter().map(|position| position.realised));
        let costs = sum(positions.iter().map(|position| position.cost));
        let at_cost = sum([book.cash(), costs]).nanos();
        let equity = self.equity_in(book);
        let held = self.symbols().ids().zip(positions);
        let held = held.filter(|(_, position)| !position.quantity.is_zero());
        let held = held.map(|(symbol, position)| AccountPosition {
            symbol: self.symbols().name(symbol).into(),
            qty: position.quantity,
            avg_price: position.average_price(),
        });
        AccountLine {
            account: name.into(),
            capital: has_capital.then(|| sum([book.opening(), book.capital()])),
            cash: book.cash(),
            positions: held.collect(),
            realised,
            unrealised: Cash::from_nanos(equity.nanos().saturating_sub(at_cost)),
            fees: book.total_fees(),
            accrued_fees: book.accrued_fees(),
            equity,
        }
    }

    /// What the strategies are called, in their order: by their labels, where they have some.
    pub fn strategy_names(&self) -> Vec<&str> {
        let count = self.session().map_or(0, |start| start.strategies.len());
        (0..count).map(|place| self.account_name(Owner::Strategy(StrategyId::at(place)))).collect()
    }

    /// What an owner is called.
    pub fn account_name(&self, owner: Owner) -> &str {
        let Owner::Strategy(StrategyId(place)) = owner else { return "house" };
        let place = usize::from(place);
        let label = self.limits().scopes.labels.get(place);
        let named = || self.session().and_then(|start| start.strategies.get(place));
        label.or_else(|| named().map(|spec| &spec.name)).map_or("strategy", |name| name)
    }

    /// The strategy whose order it is: that which asked for it, or for the exit in whose place it
    /// stands. `None` for what closes for the account.
    pub(crate) fn strategy_of(&self, order: &Order) -> Option<StrategyId> {
        match order.origin {
            Origin::Strategy(id) => Some(id),
            Origin::Operator | Origin::Kernel => {
                self.accounts.renewed_for(order.parent.unwrap_or(order.number))
            }
        }
    }

    /// Whose the executions of an order are.
    pub(super) fn filled_for(&self, number: OrderNumber) -> FillOf {
        let strategy = self.orders.get(number).and_then(|order| self.strategy_of(order));
        strategy.map_or(FillOf::Holders, |id| FillOf::One(Owner::Strategy(id)))
    }

    /// The strategy whose own account alone an order of this origin is about; `None` where that is
    /// the whole account.
    pub(crate) fn apart(&self, origin: Origin) -> Option<StrategyId> {
        match origin {
            Origin::Strategy(id) if self.accounts.are_apart() => Some(id),
            Origin::Strategy(_) | Origin::Operator | Origin::Kernel => None,
        }
    }

    /// The origins of strategies that trade apart; none where they share the account.
    pub(crate) fn origins_apart(&self) -> Vec<Origin> {
        let strategies = self.accounts.iter().filter(|_| self.accounts.are_apart());
        let origin = |owner: Owner| match owner {
            Owner::House => None,
            Owner::Strategy(id) => Some(Origin::Strategy(id)),
        };
        strategies.filter_map(|(owner, _)| origin(owner)).collect()
    }

    /// What an order of this origin adds to or closes.
    pub(crate) fn position_for(&self, origin: Origin, symbol: SymbolId) -> Position {
        match self.apart(origin) {
            Some(id) => self.accounts.position(Owner::Strategy(id), symbol),
            None => self.ledger.position(symbol),
        }
    }

    /// The value of that at the last price; signed. `None` on overflow.
    pub(crate) fn value_for(&self, origin: Origin, symbol: SymbolId) -> Option<Cash> {
        match self.apart(origin) {
            Some(_) => self.value_of(symbol, &self.position_for(origin, symbol)),
            None => self.market_value(symbol),
        }
    }

    /// The cash that orders of this origin are paid from; saturates.
    pub(crate) fn cash_for(&self, origin: Origin) -> Cash {
        match self.apart(origin) {
            Some(id) => sum(self.accounts.purse(Owner::Strategy(id)).map(Ledger::cash)),
            None => self.ledger.cash(),
        }
    }

    /// Cash and positions at the last prices of those who spend that cash; saturates.
    pub(crate) fn equity_for(&self, origin: Origin) -> Cash {
        match self.apart(origin) {
            Some(id) => self.equity_of_purse(Owner::Strategy(id)),
            None => self.equity(),
        }
    }

    fn equity_of_purse(&self, owner: Owner) -> Cash {
        sum(self.accounts.purse(owner).map(|book| self.equity_in(book)))
    }

    /// What one that trades apart may still open positions with: the equity of those who spend its
    /// cash, less what they hold and what their open orders may need. `None` on overflow.
    pub(crate) fn free_capital(&self, owner: Owner) -> Option<Cash> {
        let mut free = self.equity_of_purse(owner);
        for book in self.accounts.purse(owner) {
            for (symbol, position) in self.symbols().ids().zip(book.positions()) {
                free = free.checked_sub(self.value_of(symbol, position)?.abs())?;
            }
        }
        let spends = |order: &&Order| {
            self.strategy_of(order)
                .is_some_and(|other| self.accounts.spends_with(owner, Owner::Strategy(other)))
        };
        self.live_orders()
            .filter(spends)
            .try_fold(free, |free, order| free.checked_sub(order.reserved))
    }

    fn equity_in(&self, book: &Ledger) -> Cash {
        let values = self.symbols().ids().zip(book.positions());
        let values = values.map(|(symbol, held)| self.value_of(symbol, held).unwrap_or(Cash::MAX));
        sum(values.chain([book.cash()]))
    }

    pub(super) fn value_of(&self, symbol: SymbolId, position: &Position) -> Option<Cash> {
        match self.markets.get(symbol.index()) {
            Some(market) => market.value(position),
            None => Some(position.cost),
        }
    }

    /// The virtual accounts must sum to the account after each posting.
    pub(super) fn accounts_agree(&self, symbol: Option<SymbolId>) -> Result<(), LedgerError> {
        if self.accounts.agree(&self.ledger, symbol) { Ok(()) } else { Err(LedgerError::Apart) }
    }
}

fn sum(amounts: impl IntoIterator<Item = Cash>) -> Cash {
    let nanos = amounts.into_iter().fold(0_i64, |sum, usd| sum.saturating_add(usd.nanos()));
    Cash::from_nanos(nanos)
}
