//! What moves the books besides executions: the account that is taken over, fees, and what the
//! broker was right about.

use super::{EvolveError, State};
use crate::ledger::FillOf;
use crate::{
    Cash, Difference, Event, FeeKind, Ledger, LedgerError, MovementKind, Notional, Owner, Price,
    Quantity, Rounding, SymbolId,
};

impl State {
    /// Folds an event that moves the account without an execution.
    pub(super) fn move_account(&mut self, seq: u64, event: &Event) -> Result<(), EvolveError> {
        let ledger = |source| EvolveError::Ledger { seq, source };
        match event {
            Event::FeeBooked { id, kind, amount, cash } => {
                self.book_fee(id, *kind, *amount).map_err(ledger)?;
                self.agree(seq, self.ledger.cash() == *cash)?;
            }
            Event::FeesAccrued { date, fees, accrued } => {
                self.accrue_fees(*date, fees).map_err(ledger)?;
                self.agree(seq, self.ledger.accrued_fees() == *accrued)?;
            }
            Event::AccountOpened { cash, positions } => {
                self.open_account(*cash, positions).map_err(ledger)?;
                self.drop_past_actions();
                self.note_equity();
                self.go_on();
            }
            Event::AccountReset { account, cash, positions } => {
                self.reset_account(*cash, positions).map_err(ledger)?;
                if let Some(known) = &mut self.account {
                    known.id.clone_from(account);
                }
                self.drop_past_actions();
            }
            Event::CashMoved { id, kind, amount, cash } => {
                self.move_cash(id, *kind, *amount).map_err(ledger)?;
                self.agree(seq, self.ledger.cash() == *cash)?;
            }
            Event::DividendReinvested { id, symbol, quantity, price, position, cash } => {
                self.reinvest(id, *symbol, *quantity, *price).map_err(ledger)?;
                let held = self.ledger.position(*symbol).quantity;
                self.agree(seq, held == *position && self.ledger.cash() == *cash)?;
            }
            Event::CrossedInside(crossing) => self.accounts.note_told(crossing),
            Event::DifferenceFound(difference) => self.settle(difference).map_err(ledger)?,
            _ => {}
        }
        Ok(())
    }

    /// Books a fee under the broker's name for the posting, and takes back what was accrued for it.
    fn book_fee(&mut self, id: &str, kind: FeeKind, amount: Cash) -> Result<(), LedgerError> {
        let posting = self.ledger.fee(kind, amount)?;
        self.ledger.post(&posting.charge)?;
        if let Some(reversal) = &posting.reversal {
            self.ledger.post(reversal)?;
        }
        self.ledger.remember_posting(id);
        self.accounts.pay(posting.date, kind, amount)?;
        self.accounts_agree(None)
    }

    /// Books shares that were bought with a dividend.
    fn reinvest(
        &mut self,
        id: &str,
        symbol: SymbolId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), LedgerError> {
        let posting = self.ledger.fill(symbol, quantity, price)?;
        self.ledger.post(&posting)?;
        self.ledger.remember_posting(id);
        let of = FillOf::One(Owner::House);
        self.accounts.fill(of, symbol, quantity, price, posting.cash())?;
        self.accounts_agree(Some(symbol))
    }

    /// Books what will be posted at the close of a day.
    fn accrue_fees(&mut self, date: u32, fees: &[(FeeKind, Cash)]) -> Result<(), LedgerError> {
        fees.iter().try_for_each(|&(kind, amount)| {
            self.ledger.post(&Ledger::accrue(date, kind, amount)?)?;
            self.accounts.accrue(date, kind, amount)
        })
    }

    /// Takes over what the account holds.
    fn open_account(
        &mut self,
        cash: Cash,
        positions: &[(SymbolId, Quantity, Price)],
    ) -> Result<(), LedgerError> {
        self.ledger.post(&Ledger::opening_cash(cash)?)?;
        for &(symbol, quantity, price) in positions {
            self.ledger.post(&Ledger::opening_position(symbol, quantity, price)?)?;
        }
        self.accounts.open(cash, positions, &self.limits.scopes.capital)?;
        self.account_opened = true;
        self.books_since = self.now;
        self.accounts_agree(None)
    }

    /// Begins the books anew with what the account holds now. What the day and the drawdown are
    /// measured from begins there too.
    fn reset_account(
        &mut self,
        cash: Cash,
        positions: &[(SymbolId, Quantity, Price)],
    ) -> Result<(), LedgerError> {
        self.ledger = self.ledger.begun_anew();
        self.accounts = self.accounts.begun_anew();
        self.open_account(cash, positions)?;
        let equity = self.equity();
        if let Some(day) = &mut self.day {
            day.starting_equity = equity;
        }
        self.high_water = Some(equity);
        self.course = None;
        Ok(())
    }

    /// Books cash that the broker moved by no trade and no fee.
    fn move_cash(&mut self, id: &str, kind: MovementKind, amount: Cash) -> Result<(), LedgerError> {
        self.ledger.post(&Ledger::movement(kind, amount)?)?;
        self.ledger.remember_posting(id);
        self.accounts.move_cash(kind, amount)?;
        if kind.is_capital() {
            self.measure_from(amount);
        }
        self.accounts_agree(None)
    }

    /// Raises the high-water mark to what the account is worth now.
    pub(super) fn note_equity(&mut self) {
        let equity = self.equity();
        self.high_water = Some(self.high_water.map_or(equity, |mark| mark.max(equity)));
    }

    /// Moves the books to the broker's.
    fn settle(&mut self, difference: &Difference) -> Result<(), LedgerError> {
        let before = self.equity();
        self.move_books(difference)?;
        self.rebase(before);
        Ok(())
    }

    fn move_books(&mut self, difference: &Difference) -> Result<(), LedgerError> {
        match difference {
            Difference::Cash { theirs, .. } => {
                let posting = self.ledger.adjust_cash(*theirs)?;
                self.ledger.post(&posting)?;
                self.accounts.adjust_cash(posting.cash())?;
                self.accounts_agree(None)
            }
            Difference::Position { symbol, theirs, average_price, .. } => {
                let by = theirs.checked_sub(self.ledger.position(*symbol).quantity);
                let by = by.ok_or(LedgerError::Overflow)?;
                let posting = self.ledger.adjust_position(*symbol, *theirs, *average_price)?;
                self.ledger.post(&posting)?;
                if self.accounts.are_kept() {
                    let price = self.price_of(*symbol, by, *average_price);
                    self.accounts.adjust_position(*symbol, by, price)?;
                }
                self.accounts_agree(Some(*symbol))
            }
            Difference::OrderForeign { broker_id } => {
                self.foreign_seen.insert(broker_id.0.clone());
                Ok(())
            }
            Difference::PositionForeign { symbol, .. } => {
                self.foreign_seen.insert(symbol.clone());
                Ok(())
            }
            Difference::OrderAlive { order, broker_id } => {
                self.revive(*order, broker_id);
                Ok(())
            }
            Difference::OrderMissing { .. } => Ok(()),
        }
    }

    /// The price of shares that somebody else has traded: what the cash that went with them says, where
    /// nothing else was found to differ, else the last one.
    fn price_of(&self, symbol: SymbolId, by: Quantity, average: Price) -> Price {
        let last = self.last_price(symbol);
        let mut moved = self.suspected.iter().filter(|it| it.moves_books());
        let paid = match (moved.next(), moved.next(), moved.next()) {
            (Some(Difference::Cash { ours, theirs }), Some(Difference::Position { .. }), None)
            | (Some(Difference::Position { .. }), Some(Difference::Cash { ours, theirs }), None) => {
                ours.checked_sub(*theirs)
            }
            _ => None,
        };
        let implied = paid.and_then(|paid| Notional::from(paid).per(by, Rounding::HalfEven));
        let is_near = |price: &Price| {
            let (low, high) = (last.map(|last| last.nanos() / 2), last.map(|last| last.nanos()));
            low.zip(high).is_some_and(|(low, high)| {
                low <= price.nanos() && price.nanos() / 2 <= high && price.is_positive()
            })
        };
        implied.filter(is_near).or(last).unwrap_or(average)
    }

    /// A position that was held before anything was known of its market stood at cost: what its first
    /// price says of it was won or lost before the session, and is no result of the day.
    #[cold]
    pub(super) fn price_first(&mut self, symbol: SymbolId) {
        let cost = self.ledger.position(symbol).cost;
        let moved = self.market_value(symbol).and_then(|worth| worth.checked_sub(cost));
        self.measure_from(moved.unwrap_or_default());
    }

    /// What the books are moved by is no result of trading.
    fn rebase(&mut self, before: Cash) {
        if let Some(moved) = self.equity().checked_sub(before) {
            self.measure_from(moved);
        }
    }

    /// Moves what profit and drawdown are measured from by what is no result of trading.
    fn measure_from(&mut self, moved: Cash) {
        let marks = self.day.as_mut().map(|day| &mut day.starting_equity);
        let course = self.course.as_mut().map(|course| &mut course.from);
        for mark in marks.into_iter().chain(&mut self.high_water).chain(course) {
            *mark = mark.checked_add(moved).unwrap_or(*mark);
        }
    }
}
