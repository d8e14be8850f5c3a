//! Double-entry bookkeeping of the account.
//!
//! Each movement is a [`Posting`] whose entries sum to zero, so nothing appears or vanishes; the
//! trial balance is zero after every step. Realised profit uses the mean cost of the position:
//! closing a part takes that part's share of the cost, half to even at 1e-9 USD, and the rest of
//! the rounding stays in the position until it is closed, when none is left.

mod accounts;
mod posting;

pub(crate) use accounts::FillOf;
pub use accounts::{Accounts, Capital, Crossing, Owner};
pub(crate) use posting::{Account, Posting};

use crate::fees::CENT;
use crate::{Cash, FeeKind, MovementKind, Notional, Price, Quantity, Ratio, Rounding, SymbolId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A sum in the books does not fit 64 bits, or a posting does not balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A sum does not fit its type.
    #[error("an amount in the ledger does not fit: beyond 9.2 billion")]
    Overflow,
    /// The entries of a posting do not sum to zero.
    #[error("a posting does not balance")]
    Unbalanced,
    /// The virtual accounts do not sum to the account, or hold a symbol on both sides.
    #[error("the virtual accounts do not sum to the account")]
    Apart,
}

/// A position in one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Signed shares: below zero is short.
    pub quantity: Quantity,
    /// Signed cost of what is held: below zero for a short position.
    pub cost: Cash,
    /// Profit or loss realised so far, before fees.
    pub realised: Cash,
}

impl Position {
    /// The mean entry price, half to even; `None` when flat.
    pub fn average_price(&self) -> Option<Price> {
        Notional::from(self.cost).per(self.quantity, Rounding::HalfEven)
    }

    /// Profit or loss at a price, were it closed there; `None` on overflow.
    pub fn unrealised(&self, price: Price) -> Option<Cash> {
        price.value(self.quantity, Rounding::HalfEven)?.checked_sub(self.cost)
    }
}

/// The books.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    cash: Cash,
    positions: Vec<Position>,
    fees: BTreeMap<FeeKind, Cash>,
    posted: BTreeSet<Box<str>>,
    accrued: Vec<Accrued>,
    payable: Cash,
    rounding: Cash,
    opening: Cash,
    capital: Cash,
    income: Cash,
    adjustments: Cash,
}

/// Fees of one kind that are due for the executions before a day's close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Accrued {
    date: u32,
    kind: FeeKind,
    amount: Cash,
}

/// How a fee that the broker has posted is booked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeePosting {
    /// Cash, and what it was for.
    pub charge: Posting,
    /// What had been accrued for it, taken back.
    pub reversal: Option<Posting>,
    /// What was posted beyond what was accrued, when that is more than a day's rounding.
    pub unexplained: Option<Cash>,
    /// The day for which it had been accrued.
    pub date: Option<u32>,
}

impl Ledger {
    /// Empty books for so many symbols.
    pub(crate) fn new(symbols: usize) -> Self {
        Self { positions: vec![Position::default(); symbols], ..Self::default() }
    }

    /// Cash, as the broker has reported it.
    pub const fn cash(&self) -> Cash {
        self.cash
    }

    /// The position in a symbol; flat for one without.
    #[inline]
    pub fn position(&self, symbol: SymbolId) -> Position {
        self.positions.get(symbol.index()).copied().unwrap_or_default()
    }

    /// All positions by symbol index, flat ones included.
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Fees booked so far, by kind.
    pub const fn fees(&self) -> &BTreeMap<FeeKind, Cash> {
        &self.fees
    }

    /// All fees booked so far, the broker's rounding of them included; saturates.
    pub fn total_fees(&self) -> Cash {
        let booked = self.fees.values().chain([&self.rounding]);
        Cash::from_nanos(booked.fold(0_i64, |sum, fee| sum.saturating_add(fee.nanos())))
    }

    /// Fees that are due for executions and that the broker has not posted yet; saturates. They
    /// are not in the cash.
    pub fn accrued_fees(&self) -> Cash {
        let due = self.accrued.iter();
        Cash::from_nanos(due.fold(0_i64, |sum, due| sum.saturating_add(due.amount.nanos())))
    }

    /// What is due of a kind for a day.
    pub(crate) fn due(&self, date: u32, kind: FeeKind) -> Option<Cash> {
        let due = self.accrued.iter().find(|due| (due.date, due.kind) == (date, kind));
        due.map(|due| due.amount)
    }

    /// What was held when the books began: cash, and positions at cost.
    pub(crate) const fn opening(&self) -> Cash {
        self.opening
    }

    /// What the broker's rounding of fees has taken so far.
    pub const fn fee_rounding(&self) -> Cash {
        self.rounding
    }

    /// What was paid in since the session began, less what was taken out.
    pub const fn capital(&self) -> Cash {
        self.capital
    }

    /// Dividends, interest and the like since the session began.
    pub const fn income(&self) -> Cash {
        self.income
    }

    /// How many postings of the broker's are booked: fees, and other movements of cash.
    pub fn postings(&self) -> usize {
        self.posted.len()
    }

    /// Whether a posting of the broker's of this name, a fee or another movement of cash, is
    /// booked.
    pub fn has_posting(&self, id: &str) -> bool {
        self.posted.contains(id)
    }

    /// The sum of every account; zero unless the books are broken.
    pub fn trial_balance(&self) -> i128 {
        let sum = |amounts: &mut dyn Iterator<Item = Cash>| {
            amounts.map(|amount| i128::from(amount.nanos())).sum::<i128>()
        };
        let costs = sum(&mut self.positions.iter().map(|position| position.cost));
        let realised = sum(&mut self.positions.iter().map(|position| position.realised));
        let fees = sum(&mut self.fees.values().copied());
        let accrued = sum(&mut self.accrued.iter().map(|due| due.amount));
        let own = i128::from(self.cash.nanos()) + costs + fees - realised + accrued
            - i128::from(self.payable.nanos())
            + i128::from(self.rounding.nanos());
        let given = [self.opening, self.capital, self.income, self.adjustments];
        own - sum(&mut given.into_iter())
    }

    /// The entries of a fill: cash, cost, and what it realises.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub(crate) fn fill(
        &self,
        symbol: SymbolId,
        signed: Quantity,
        price: Price,
    ) -> Result<Posting, LedgerError> {
        let held = self.position(symbol);
        let value = value_of(price, signed)?;
        let cost = cost_change(&held, signed, price, value).ok_or(LedgerError::Overflow)?;
        let cash = value.checked_neg().ok_or(LedgerError::Overflow)?;
        let realised = cash.checked_add(cost).ok_or(LedgerError::Overflow)?;
        Posting::new(&[
            (Account::Cash, cash),
            (Account::Position(symbol, signed), cost),
            (Account::Realised(symbol), realised.checked_neg().ok_or(LedgerError::Overflow)?),
        ])
    }

    /// The entries of a fee that is due and not posted yet. Cash is not touched.
    pub(crate) fn accrue(date: u32, kind: FeeKind, amount: Cash) -> Result<Posting, LedgerError> {
        let owed = amount.checked_neg().ok_or(LedgerError::Overflow)?;
        Posting::new(&[(Account::Accrued(date, kind), amount), (Account::Payable, owed)])
    }

    /// The entries of a fee that the broker has posted. What was accrued of its kind for the
    /// earliest day is taken back; what is posted beyond that is the broker's rounding of a day's
    /// sum when it is at most a cent, and unexplained when it is more.
    pub(crate) fn fee(&self, kind: FeeKind, amount: Cash) -> Result<FeePosting, LedgerError> {
        let overflow = LedgerError::Overflow;
        let cash = amount.checked_neg().ok_or(overflow)?;
        let plain = || Posting::new(&[(Account::Cash, cash), (Account::Fees(kind), amount)]);
        let Some(due) = self.accrued.iter().find(|due| due.kind == kind) else {
            let charge = plain()?;
            return Ok(FeePosting { charge, reversal: None, unexplained: None, date: None });
        };
        let back = due.amount.checked_neg().ok_or(overflow)?;
        let taken_back = [(Account::Accrued(due.date, kind), back), (Account::Payable, due.amount)];
        let reversal = Some(Posting::new(&taken_back)?);
        let residue = amount.checked_sub(due.amount).ok_or(overflow)?;
        let date = Some(due.date);
        if residue.abs() > CENT {
            let unexplained = Some(residue);
            return Ok(FeePosting { charge: plain()?, reversal, unexplained, date });
        }
        let charge = Posting::new(&[
            (Account::Cash, cash),
            (Account::Fees(kind), due.amount),
            (Account::Rounding, residue),
        ])?;
        Ok(FeePosting { charge, reversal, unexplained: None, date })
    }

    /// The entries that take over what an account holds when a session begins.
    pub(crate) fn opening_cash(amount: Cash) -> Result<Posting, LedgerError> {
        let contra = amount.checked_neg().ok_or(LedgerError::Overflow)?;
        Posting::new(&[(Account::Cash, amount), (Account::Opening, contra)])
    }

    /// The entries that take over a position when a session begins.
    pub(crate) fn opening_position(
        symbol: SymbolId,
        quantity: Quantity,
        average: Price,
    ) -> Result<Posting, LedgerError> {
        let cost = value_of(average, quantity)?;
        let contra = cost.checked_neg().ok_or(LedgerError::Overflow)?;
        Posting::new(&[(Account::Position(symbol, quantity), cost), (Account::Opening, contra)])
    }

    /// The entries that move cash to what the broker says.
    pub(crate) fn adjust_cash(&self, theirs: Cash) -> Result<Posting, LedgerError> {
        let by = theirs.checked_sub(self.cash).ok_or(LedgerError::Overflow)?;
        let contra = by.checked_neg().ok_or(LedgerError::Overflow)?;
        Posting::new(&[(Account::Cash, by), (Account::Adjustment, contra)])
    }

    /// The entries that move a position to what the broker says.
    pub(crate) fn adjust_position(
        &self,
        symbol: SymbolId,
        theirs: Quantity,
        average: Price,
    ) -> Result<Posting, LedgerError> {
        let held = self.position(symbol);
        let quantity = theirs.checked_sub(held.quantity).ok_or(LedgerError::Overflow)?;
        let cost =
            value_of(average, theirs)?.checked_sub(held.cost).ok_or(LedgerError::Overflow)?;
        let contra = cost.checked_neg().ok_or(LedgerError::Overflow)?;
        Posting::new(&[(Account::Position(symbol, quantity), cost), (Account::Adjustment, contra)])
    }

    /// The entries of cash that the broker moved by no trade and no fee.
    pub(crate) fn movement(kind: MovementKind, amount: Cash) -> Result<Posting, LedgerError> {
        let contra = amount.checked_neg().ok_or(LedgerError::Overflow)?;
        let account = if kind.is_capital() { Account::Capital } else { Account::Income };
        Posting::new(&[(Account::Cash, amount), (account, contra)])
    }

    /// The entries that turn a position into new shares at the cost of the old ones. Where nothing
    /// is left of it the cost is lost.
    pub(crate) fn split(&self, symbol: SymbolId, ratio: Ratio) -> Result<Posting, LedgerError> {
        let held = self.position(symbol);
        let after = ratio.shares(held.quantity).ok_or(LedgerError::Overflow)?;
        let by = after.checked_sub(held.quantity).ok_or(LedgerError::Overflow)?;
        if after.is_zero() {
            let back = held.cost.checked_neg().ok_or(LedgerError::Overflow)?;
            let entries =
                [(Account::Position(symbol, by), back), (Account::Realised(symbol), held.cost)];
            return Posting::new(&entries);
        }
        Posting::new(&[(Account::Position(symbol, by), Cash::ZERO)])
    }

    /// Books a posting, wholly or not at all.
    ///
    /// # Errors
    /// When an account would overflow.
    pub(crate) fn post(&mut self, posting: &Posting) -> Result<(), LedgerError> {
        let mut after = None;
        for &(account, amount) in posting.entries() {
            match account {
                Account::Cash => add(&mut self.cash, amount)?,
                Account::Position(symbol, quantity) => {
                    let position = self.position_mut(symbol)?;
                    let moved = position.quantity.checked_add(quantity);
                    position.quantity = moved.ok_or(LedgerError::Overflow)?;
                    add(&mut position.cost, amount)?;
                    after = Some(symbol);
                }
                Account::Realised(symbol) => sub(&mut self.position_mut(symbol)?.realised, amount)?,
                Account::Fees(kind) => add(self.fees.entry(kind).or_default(), amount)?,
                Account::Accrued(date, kind) => self.add_accrued(date, kind, amount)?,
                Account::Payable => sub(&mut self.payable, amount)?,
                Account::Rounding => add(&mut self.rounding, amount)?,
                Account::Opening => sub(&mut self.opening, amount)?,
                Account::Capital => sub(&mut self.capital, amount)?,
                Account::Income => sub(&mut self.income, amount)?,
                Account::Adjustment => sub(&mut self.adjustments, amount)?,
            }
        }
        debug_assert!(after.is_none_or(|symbol| {
            let position = self.position(symbol);
            !position.quantity.is_zero() || position.cost.is_zero()
        }));
        Ok(())
    }

    /// Moves what is accrued of a kind for a day; what is settled is forgotten.
    fn add_accrued(&mut self, date: u32, kind: FeeKind, by: Cash) -> Result<(), LedgerError> {
        let of = |due: &Accrued| (due.date, due.kind);
        match self.accrued.binary_search_by_key(&(date, kind), of) {
            Ok(at) => {
                let due = self.accrued.get_mut(at).ok_or(LedgerError::Overflow)?;
                add(&mut due.amount, by)?;
                if due.amount.is_zero() {
                    self.accrued.remove(at);
                }
            }
            Err(at) => self.accrued.insert(at, Accrued { date, kind, amount: by }),
        }
        Ok(())
    }

    /// The broker's names for what is booked.
    pub(crate) const fn posted(&self) -> &BTreeSet<Box<str>> {
        &self.posted
    }

    /// Remembers that a posting of this name is booked.
    pub(crate) fn remember_posting(&mut self, id: &str) {
        self.posted.insert(id.into());
    }

    /// Empty books for as many symbols, that know what was posted.
    pub(crate) fn begun_anew(&self) -> Self {
        Self { posted: self.posted.clone(), ..Self::new(self.positions.len()) }
    }

    fn position_mut(&mut self, symbol: SymbolId) -> Result<&mut Position, LedgerError> {
        self.positions.get_mut(symbol.index()).ok_or(LedgerError::Overflow)
    }
}

fn value_of(price: Price, signed: Quantity) -> Result<Cash, LedgerError> {
    price.value(signed, Rounding::HalfEven).ok_or(LedgerError::Overflow)
}

/// How the cost of a position changes when `signed` shares of total `value` fill at `price`.
fn cost_change(held: &Position, signed: Quantity, price: Price, value: Cash) -> Option<Cash> {
    let same_way = held.quantity.is_negative() == signed.is_negative();
    if held.quantity.is_zero() || same_way {
        return Some(value);
    }
    let closed = signed.abs();
    let all = held.quantity.abs();
    if closed < all {
        let share = held.cost.proportion(closed.nanos(), all.nanos(), Rounding::HalfEven)?;
        return share.checked_neg();
    }
    let rest = signed.checked_add(held.quantity)?;
    price.value(rest, Rounding::HalfEven)?.checked_sub(held.cost)
}

fn add(account: &mut Cash, amount: Cash) -> Result<(), LedgerError> {
    *account = account.checked_add(amount).ok_or(LedgerError::Overflow)?;
    Ok(())
}

fn sub(account: &mut Cash, amount: Cash) -> Result<(), LedgerError> {
    *account = account.checked_sub(amount).ok_or(LedgerError::Overflow)?;
    Ok(())
}
