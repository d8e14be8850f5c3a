//! Virtual accounts: one set of books per strategy and one for the house, that sum to the account's.
//!
//! Each posting of the account's ledger is posted here too: to the strategy whose order led to it, to
//! all that hold the symbol where the account was closed as one, else to the house. After each of them
//! cash and shares sum to the account's, and the books that hold a symbol hold it on the same side:
//! where a posting has put two on opposite sides, the one sells to the other at its price, inside.

mod division;

use super::{Account, Ledger, LedgerError, Posting};
use crate::{
    Cash, FeeKind, MovementKind, OrderNumber, Percent, Position, Price, Quantity, Ratio, Rounding,
    SCALE, StrategyId, SymbolId,
};
use division::divided;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose a virtual account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Nobody's: what is foreign, left over or not given to a strategy.
    House,
    /// A strategy's.
    Strategy(StrategyId),
}

impl Owner {
    fn place(self) -> usize {
        match self {
            Owner::House => 0,
            Owner::Strategy(id) => usize::from(id.0) + 1,
        }
    }

    fn at(place: usize) -> Self {
        let id = place.checked_sub(1).map(StrategyId::at);
        id.map_or(Owner::House, Owner::Strategy)
    }
}

/// What a strategy is given of the cash that the account holds when the session begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capital {
    /// So many USD.
    Usd(Cash),
    /// So much of it.
    Percent(Percent),
}

impl Capital {
    fn of(self, cash: Cash) -> Option<Cash> {
        const WHOLE: i64 = 100 * SCALE;
        match self {
            Capital::Usd(usd) => Some(usd),
            Capital::Percent(share) => {
                cash.max(Cash::ZERO).proportion(share.nanos(), WHOLE, Rounding::Down)
            }
        }
    }
}

/// Shares that one virtual account sold to another, inside: the account itself was not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    /// Of what.
    pub symbol: SymbolId,
    /// Who gave them: for a crossing who was long.
    pub from: Owner,
    /// Who took them: for a crossing who was short.
    pub to: Owner,
    /// How many.
    pub quantity: Quantity,
    /// At which price.
    pub price: Price,
}

/// Whose an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FillOf {
    /// One's, whatever it holds.
    One(Owner),
    /// That of all who hold what it closes, by what they hold; what is beyond is the house's.
    Holders,
}

/// The books of the house and of each strategy; none where one strategy has the account to itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accounts {
    /// The house's first, then those of the strategies in their order.
    books: Vec<Ledger>,
    /// Whether strategies trade apart from each other, each on its own position and cash.
    apart: bool,
    /// By book: whether it has cash of its own.
    funded: Vec<bool>,
    /// How the shares of the last execution were divided.
    shares: Vec<(usize, Quantity)>,
    /// Crossings that no event has told of yet.
    untold: Vec<Crossing>,
    /// Exits that took the place of a strategy's when shares were split.
    renewed: BTreeMap<OrderNumber, StrategyId>,
}

impl Accounts {
    /// Empty books. They are kept where there are several strategies or one has capital.
    pub(crate) fn new(capital: &[Option<Capital>], strategies: usize, symbols: usize) -> Self {
        let apart = capital.iter().any(Option::is_some);
        if strategies < 2 && !apart {
            return Self::default();
        }
        let of_strategies =
            (0..strategies).map(|place| capital.get(place).is_some_and(Option::is_some));
        Self {
            books: vec![Ledger::new(symbols); strategies + 1],
            apart,
            funded: std::iter::once(false).chain(of_strategies).collect(),
            ..Self::default()
        }
    }

    /// Whether there are any.
    #[inline]
    pub const fn are_kept(&self) -> bool {
        !self.books.is_empty()
    }

    /// Whether each strategy sees and closes its own position alone, and none may be on another side
    /// than the others: so it is as soon as one has capital.
    #[inline]
    pub const fn are_apart(&self) -> bool {
        self.apart
    }

    /// Whether one has cash of its own.
    pub fn has_capital(&self, owner: Owner) -> bool {
        self.funded.get(owner.place()).copied().unwrap_or(false)
    }

    /// The books of one; `None` where none are kept.
    pub fn book(&self, owner: Owner) -> Option<&Ledger> {
        self.books.get(owner.place())
    }

    /// The books of everybody, the house's first.
    pub fn iter(&self) -> impl Iterator<Item = (Owner, &Ledger)> {
        self.books.iter().enumerate().map(|(place, book)| (Owner::at(place), book))
    }

    /// Those who spend the same cash as one: itself alone where it has capital, else the house and all
    /// who have none.
    pub(crate) fn purse(&self, owner: Owner) -> impl Iterator<Item = &Ledger> {
        let books = self.iter().filter(move |(other, _)| self.spends_with(owner, *other));
        books.map(|(_, book)| book)
    }

    /// Whether two owners spend the same cash.
    pub(crate) fn spends_with(&self, owner: Owner, other: Owner) -> bool {
        if self.has_capital(owner) { other == owner } else { !self.has_capital(other) }
    }

    /// Who holds something of a symbol on the other side than an order of this sign would.
    pub(crate) fn opposed(
        &self,
        id: StrategyId,
        symbol: SymbolId,
        is_sale: bool,
    ) -> Option<(Owner, Quantity)> {
        let held = self.iter().map(|(owner, book)| (owner, book.position(symbol).quantity));
        held.filter(|(owner, _)| *owner != Owner::Strategy(id))
            .find(|(_, held)| !held.is_zero() && held.is_negative() != is_sale)
    }

    /// An exit takes the place of a strategy's.
    pub(crate) fn note_renewal(&mut self, order: OrderNumber, id: StrategyId) {
        if self.are_kept() {
            self.renewed.insert(order, id);
        }
    }

    /// The strategy in the place of whose exit an order was asked for.
    pub(crate) fn renewed_for(&self, order: OrderNumber) -> Option<StrategyId> {
        self.renewed.get(&order).copied()
    }

    /// The oldest crossing that no event has told of.
    pub(crate) fn next_untold(&self) -> Option<Crossing> {
        self.untold.first().copied()
    }

    /// An event has told of a crossing, which was booked before it.
    pub(crate) fn note_told(&mut self, crossing: &Crossing) {
        if self.untold.first() == Some(crossing) {
            self.untold.remove(0);
        }
    }

    /// Takes over what the account holds: all of it is the house's, and strategies get their capital.
    pub(crate) fn open(
        &mut self,
        cash: Cash,
        positions: &[(SymbolId, Quantity, Price)],
        capital: &[Option<Capital>],
    ) -> Result<(), LedgerError> {
        let Some(house) = self.books.first_mut() else { return Ok(()) };
        house.post(&Ledger::opening_cash(cash)?)?;
        for &(symbol, quantity, price) in positions {
            house.post(&Ledger::opening_position(symbol, quantity, price)?)?;
        }
        for (place, capital) in (1..).zip(capital) {
            if let Some(capital) = capital {
                let usd = capital.of(cash).ok_or(LedgerError::Overflow)?;
                self.give(Owner::House, Owner::at(place), usd)?;
            }
        }
        Ok(())
    }

    /// Empty books for the same owners.
    pub(crate) fn begun_anew(&self) -> Self {
        let books = self.books.iter().map(Ledger::begun_anew).collect();
        Self { books, apart: self.apart, funded: self.funded.clone(), ..Self::default() }
    }

    /// Moves capital from one to another.
    pub(crate) fn give(&mut self, from: Owner, to: Owner, usd: Cash) -> Result<(), LedgerError> {
        let back = usd.checked_neg().ok_or(LedgerError::Overflow)?;
        self.post(from.place(), &Ledger::movement(MovementKind::Journal, back)?)?;
        self.post(to.place(), &Ledger::movement(MovementKind::Journal, usd)?)
    }

    /// Books an execution that moved the account's cash by so much.
    pub(crate) fn fill(
        &mut self,
        of: FillOf,
        symbol: SymbolId,
        signed: Quantity,
        price: Price,
        cash: Cash,
    ) -> Result<(), LedgerError> {
        if !self.are_kept() {
            return Ok(());
        }
        self.shares = match of {
            FillOf::One(owner) => vec![(owner.place(), signed)],
            FillOf::Holders => self.of_holders(symbol, signed)?,
        };
        let mut booked = Cash::ZERO;
        for (place, signed) in self.shares.clone() {
            let book = self.books.get(place).ok_or(LedgerError::Overflow)?;
            let posting = book.fill(symbol, signed, price)?;
            booked = booked.checked_add(posting.cash()).ok_or(LedgerError::Overflow)?;
            self.post(place, &posting)?;
        }
        let residue = cash.checked_sub(booked).ok_or(LedgerError::Overflow)?;
        self.adjust_cash(residue)?;
        self.cross(symbol, price)
    }

    /// The parts of an execution that closes for all, by what each holds.
    fn of_holders(
        &self,
        symbol: SymbolId,
        signed: Quantity,
    ) -> Result<Vec<(usize, Quantity)>, LedgerError> {
        let closes = |held: Quantity| held.is_negative() != signed.is_negative();
        let held = self.books.iter().map(|book| book.position(symbol).quantity);
        let held: Vec<i64> =
            held.map(|held| if closes(held) { held.abs().nanos() } else { 0 }).collect();
        let all = held.iter().try_fold(0_i64, |sum, held| sum.checked_add(*held));
        let all = all.ok_or(LedgerError::Overflow)?;
        let wanted = signed.abs().nanos();
        let mut parts = divided(wanted.min(all), &held, SCALE);
        if let Some(house) = parts.first_mut() {
            *house = house.saturating_add(wanted.saturating_sub(all).max(0));
        }
        let sign = if signed.is_negative() { -1 } else { 1 };
        let parts = parts.into_iter().enumerate().filter(|(_, part)| *part != 0);
        Ok(parts.map(|(place, part)| (place, Quantity::from_nanos(part * sign))).collect())
    }

    /// Lets those on the smaller side of a symbol trade with those on the other at a price, until all
    /// are on one side.
    fn cross(&mut self, symbol: SymbolId, price: Price) -> Result<(), LedgerError> {
        let held: Vec<i64> =
            self.books.iter().map(|book| book.position(symbol).quantity.nanos()).collect();
        let side = |is_long: bool| -> Vec<i64> {
            let own = |held: &i64| if (*held > 0) == is_long { held.saturating_abs() } else { 0 };
            held.iter().map(own).collect()
        };
        let (long, short) = (side(true), side(false));
        let sum = |side: &[i64]| side.iter().fold(0_i64, |sum, held| sum.saturating_add(*held));
        let less = sum(&long).min(sum(&short));
        if less == 0 {
            return Ok(());
        }
        let (mut gives, mut takes) = (divided(less, &long, SCALE), divided(less, &short, SCALE));
        for (from, gives) in gives.iter_mut().enumerate() {
            for (to, takes) in takes.iter_mut().enumerate() {
                let nanos = (*gives).min(*takes);
                if nanos > 0 {
                    self.sell(symbol, Owner::at(from), Owner::at(to), nanos, price)?;
                }
                *gives -= nanos;
                *takes -= nanos;
            }
        }
        Ok(())
    }

    /// One takes over shares of another's position, long or short, at a price.
    pub(crate) fn hand_over(
        &mut self,
        symbol: SymbolId,
        [from, to]: [Owner; 2],
        quantity: Quantity,
        price: Price,
    ) -> Result<(), LedgerError> {
        let is_short = self.position(from, symbol).quantity.is_negative();
        let (seller, buyer) = if is_short { (to, from) } else { (from, to) };
        self.sell(symbol, seller, buyer, quantity.nanos(), price)
    }

    fn sell(
        &mut self,
        symbol: SymbolId,
        from: Owner,
        to: Owner,
        nanos: i64,
        price: Price,
    ) -> Result<(), LedgerError> {
        let quantity = Quantity::from_nanos(nanos);
        let sold = quantity.checked_neg().ok_or(LedgerError::Overflow)?;
        for (owner, signed) in [(from, sold), (to, quantity)] {
            let book = self.books.get(owner.place()).ok_or(LedgerError::Overflow)?;
            let posting = book.fill(symbol, signed, price)?;
            self.post(owner.place(), &posting)?;
        }
        self.untold.push(Crossing { symbol, from, to, quantity, price });
        Ok(())
    }

    /// Books fees that are due for the last execution, by what each had of it.
    pub(crate) fn accrue(
        &mut self,
        date: u32,
        kind: FeeKind,
        usd: Cash,
    ) -> Result<(), LedgerError> {
        let weights: Vec<i64> = self.shares.iter().map(|(_, part)| part.abs().nanos()).collect();
        let parts = divided(usd.nanos(), &weights, 1);
        for ((place, _), part) in self.shares.clone().into_iter().zip(parts) {
            self.post(place, &Ledger::accrue(date, kind, Cash::from_nanos(part))?)?;
        }
        Ok(())
    }

    /// Books a fee that the broker has posted, for the executions of a day where some was due: each
    /// pays what was due from it, and the house the rest.
    pub(crate) fn pay(
        &mut self,
        date: Option<u32>,
        kind: FeeKind,
        usd: Cash,
    ) -> Result<(), LedgerError> {
        if !self.are_kept() {
            return Ok(());
        }
        let mut rest = usd;
        for place in 0..self.books.len() {
            let book = self.books.get(place);
            let due = date.zip(book).and_then(|(date, book)| book.due(date, kind));
            let (Some(date), Some(due)) = (date, due) else { continue };
            rest = rest.checked_sub(due).ok_or(LedgerError::Overflow)?;
            self.post(place, &paid(kind, due)?)?;
            let back = due.checked_neg().ok_or(LedgerError::Overflow)?;
            self.post(place, &Ledger::accrue(date, kind, back)?)?;
        }
        self.post(0, &paid(kind, rest)?)
    }

    /// Books cash that the broker moved by no trade and no fee.
    pub(crate) fn move_cash(&mut self, kind: MovementKind, usd: Cash) -> Result<(), LedgerError> {
        self.post(0, &Ledger::movement(kind, usd)?)
    }

    /// Books cash that the broker was right about.
    pub(crate) fn adjust_cash(&mut self, by: Cash) -> Result<(), LedgerError> {
        if by.is_zero() {
            return Ok(());
        }
        let back = by.checked_neg().ok_or(LedgerError::Overflow)?;
        self.post(0, &Posting::new(&[(Account::Cash, by), (Account::Adjustment, back)])?)
    }

    /// Books shares that the broker was right about: the house's, at a price.
    pub(crate) fn adjust_position(
        &mut self,
        symbol: SymbolId,
        by: Quantity,
        price: Price,
    ) -> Result<(), LedgerError> {
        let Some(house) = self.books.first() else { return Ok(()) };
        // As bought or sold at that price, with the cash from nowhere.
        let posting = house.fill(symbol, by, price)?;
        let cash = posting.cash().checked_neg().ok_or(LedgerError::Overflow)?;
        self.post(0, &posting)?;
        self.adjust_cash(cash)?;
        self.cross(symbol, price)
    }

    /// Turns every position in a symbol into new shares; what the account has beyond their sum is the
    /// house's.
    pub(crate) fn split(
        &mut self,
        symbol: SymbolId,
        ratio: Ratio,
        after: Quantity,
    ) -> Result<(), LedgerError> {
        let mut rest = after;
        for place in 0..self.books.len() {
            let Some(book) = self.books.get(place) else { continue };
            let posting = book.split(symbol, ratio)?;
            self.post(place, &posting)?;
            let held = self.books.get(place).map(|book| book.position(symbol).quantity);
            rest = rest.checked_sub(held.unwrap_or_default()).ok_or(LedgerError::Overflow)?;
        }
        if rest.is_zero() {
            return Ok(());
        }
        self.post(0, &Posting::new(&[(Account::Position(symbol, rest), Cash::ZERO)])?)
    }

    /// Whether cash and the shares of a symbol sum to the account's, and nobody is opposed in it.
    pub(crate) fn agree(&self, account: &Ledger, symbol: Option<SymbolId>) -> bool {
        if !self.are_kept() {
            return true;
        }
        let sum = |of: &dyn Fn(&Ledger) -> i64| -> i128 {
            self.books.iter().map(|book| i128::from(of(book))).sum()
        };
        let cash = sum(&|book| book.cash().nanos()) == i128::from(account.cash().nanos());
        cash && symbol.is_none_or(|symbol| {
            let held = |book: &Ledger| book.position(symbol).quantity.nanos();
            let is_on = |long: bool| {
                self.books.iter().any(|book| held(book) != 0 && (held(book) > 0) == long)
            };
            sum(&held) == i128::from(held(account)) && !(is_on(true) && is_on(false))
        })
    }

    /// The position of one in a symbol.
    #[inline]
    pub(crate) fn position(&self, owner: Owner, symbol: SymbolId) -> Position {
        self.book(owner).map(|book| book.position(symbol)).unwrap_or_default()
    }

    fn post(&mut self, place: usize, posting: &Posting) -> Result<(), LedgerError> {
        self.books.get_mut(place).map_or(Ok(()), |book| book.post(posting))
    }
}

fn paid(kind: FeeKind, usd: Cash) -> Result<Posting, LedgerError> {
    let cash = usd.checked_neg().ok_or(LedgerError::Overflow)?;
    Posting::new(&[(Account::Cash, cash), (Account::Fees(kind), usd)])
}
