//! What an operator moves from one virtual account to another: capital, or shares at the last price.

use super::{EvolveError, State};
use crate::{Cash, LedgerError, Owner, Price, Quantity, Rounding, SymbolId};
use serde::{Deserialize, Serialize};

/// Something that goes from one virtual account to another; the account itself is not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Whose it was.
    pub from: Owner,
    /// Whose it is from then on.
    pub to: Owner,
    /// What.
    pub what: Transferred,
}

/// What is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transferred {
    /// So much capital.
    Cash(Cash),
    /// So many shares of a position, long or short, which the receiver takes over at the last price.
    Shares(SymbolId, Quantity),
}

/// Why something cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// There are no virtual accounts.
    #[error(
        "one strategy has the account to itself: there is no other account to move anything to"
    )]
    NotKept,
    /// Both are the same.
    #[error("{0} cannot move anything to itself")]
    ToItself(Box<str>),
    /// Nothing, or less.
    #[error("what is moved must be more than 0")]
    Nothing,
    /// Who has no capital spends the house's cash.
    #[error("{0} has no capital of its own: it spends the cash of the house")]
    NoCapital(Box<str>),
    /// The giver's cash is less, or is needed for what it holds and has ordered.
    #[error("{name} can spare {spare} USD, not {wanted}")]
    TooLittleCash {
        /// Who.
        name: Box<str>,
        /// What it has beside what it holds and what its open orders may need.
        spare: Cash,
        /// What was asked for.
        wanted: Cash,
    },
    /// The giver holds less.
    #[error("{name} holds {held} shares, not {wanted}")]
    TooFewShares {
        /// Who.
        name: Box<str>,
        /// So many; below zero is short.
        held: Quantity,
        /// What was asked for.
        wanted: Quantity,
    },
    /// An open order of the giver's is about these shares.
    #[error("{0} has an open order in this symbol: cancel it first, or wait for its end")]
    OpenOrder(Box<str>),
    /// No price is known at which the receiver could take them over.
    #[error("no price of it is known yet")]
    NoPrice,
    /// It does not fit the books.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl State {
    /// Whether something may be moved from one virtual account to another now.
    ///
    /// # Errors
    /// Why it may not.
    pub fn may_transfer(&self, transfer: &Transfer) -> Result<(), TransferError> {
        let name = |owner| Box::from(self.account_name(owner));
        let Transfer { from, to, what } = *transfer;
        if !self.accounts().are_kept() {
            return Err(TransferError::NotKept);
        }
        if from == to {
            return Err(TransferError::ToItself(name(from)));
        }
        match what {
            Transferred::Cash(usd) if usd <= Cash::ZERO => Err(TransferError::Nothing),
            Transferred::Cash(usd) => {
                let has_own = |owner| owner == Owner::House || self.accounts().has_capital(owner);
                match [from, to].into_iter().find(|owner| !has_own(*owner)) {
                    Some(owner) => Err(TransferError::NoCapital(name(owner))),
                    None => self.can_spare(from, usd),
                }
            }
            Transferred::Shares(_, quantity) if quantity <= Quantity::ZERO => {
                Err(TransferError::Nothing)
            }
            Transferred::Shares(symbol, quantity) => {
                self.may_hand_over(transfer, symbol, quantity).map(|_| ())
            }
        }
    }

    /// At which price shares may be handed over.
    fn may_hand_over(
        &self,
        Transfer { from, to, .. }: &Transfer,
        symbol: SymbolId,
        quantity: Quantity,
    ) -> Result<Price, TransferError> {
        let held = self.accounts().position(*from, symbol).quantity;
        if held.abs() < quantity {
            let name = self.account_name(*from).into();
            return Err(TransferError::TooFewShares { name, held, wanted: quantity });
        }
        let gives = |owner: Owner| match owner {
            Owner::House => false,
            Owner::Strategy(id) => self
                .live_orders()
                .any(|order| order.symbol == symbol && self.strategy_of(order) == Some(id)),
        };
        if gives(*from) {
            return Err(TransferError::OpenOrder(self.account_name(*from).into()));
        }
        let price = self.last_price(symbol).ok_or(TransferError::NoPrice)?;
        let value = price.value(quantity, Rounding::Up).ok_or(LedgerError::Overflow)?;
        match self.accounts().has_capital(*to) {
            true => self.can_spare(*to, value).map(|()| price),
            false => Ok(price),
        }
    }

    fn can_spare(&self, owner: Owner, wanted: Cash) -> Result<(), TransferError> {
        let spare = self.free_capital(owner).ok_or(LedgerError::Overflow)?;
        let name = || self.account_name(owner).into();
        if wanted <= spare {
            return Ok(());
        }
        Err(TransferError::TooLittleCash { name: name(), spare, wanted })
    }

    /// Moves what may be moved; what may not stays where it is.
    pub(super) fn transfer(&mut self, seq: u64, transfer: &Transfer) -> Result<(), EvolveError> {
        if self.may_transfer(transfer).is_err() {
            return Ok(());
        }
        let Transfer { from, to, what } = *transfer;
        let symbol = match what {
            Transferred::Cash(_) => None,
            Transferred::Shares(symbol, _) => Some(symbol),
        };
        let moved = match what {
            Transferred::Cash(usd) => self.accounts.give(from, to, usd),
            Transferred::Shares(symbol, quantity) => match self.last_price(symbol) {
                Some(price) => self.accounts.hand_over(symbol, [from, to], quantity, price),
                None => Ok(()),
            },
        };
        moved
            .and_then(|()| self.accounts_agree(symbol))
            .map_err(|source| EvolveError::Ledger { seq, source })
    }
}
