//! What moves the books besides executions: the account that is taken over, fees, and what the
//! broker was right about.

use super::State;
use crate::{Cash, Difference, FeeKind, Ledger, LedgerError, Price, Quantity, SymbolId};

impl State {
    /// Books a fee under the broker's name for the posting, and takes back what was accrued for it.
    pub(super) fn book_fee(
        &mut self,
        id: &str,
        kind: FeeKind,
        amount: Cash,
    ) -> Result<(), LedgerError> {
        let posting = self.ledger.fee(kind, amount)?;
        self.ledger.post(&posting.charge)?;
        if let Some(reversal) = &posting.reversal {
            self.ledger.post(reversal)?;
        }
        self.ledger.remember_fee(id);
        Ok(())
    }

    /// Books what will be posted at the close of a day.
    pub(super) fn accrue_fees(
        &mut self,
        date: u32,
        fees: &[(FeeKind, Cash)],
    ) -> Result<(), LedgerError> {
        fees.iter()
            .try_for_each(|&(kind, amount)| self.ledger.post(&Ledger::accrue(date, kind, amount)?))
    }

    /// Takes over what the account holds.
    pub(super) fn open_account(
        &mut self,
        cash: Cash,
        positions: &[(SymbolId, Quantity, Price)],
    ) -> Result<(), LedgerError> {
        self.ledger.post(&Ledger::opening_cash(cash)?)?;
        for &(symbol, quantity, price) in positions {
            self.ledger.post(&Ledger::opening_position(symbol, quantity, price)?)?;
        }
        self.account_opened = true;
        Ok(())
    }

    /// Moves the books to the broker's.
    pub(super) fn settle(&mut self, difference: &Difference) -> Result<(), LedgerError> {
        let before = self.equity();
        self.move_books(difference)?;
        self.rebase(before);
        Ok(())
    }

    fn move_books(&mut self, difference: &Difference) -> Result<(), LedgerError> {
        match difference {
            Difference::Cash { theirs, .. } => self.ledger.post(&self.ledger.adjust_cash(*theirs)?),
            Difference::Position { symbol, theirs, average_price, .. } => {
                let posting = self.ledger.adjust_position(*symbol, *theirs, *average_price)?;
                self.ledger.post(&posting)
            }
            Difference::OrderForeign { broker_id } => {
                self.foreign_seen.insert(broker_id.0.clone());
                Ok(())
            }
            Difference::PositionForeign { symbol, .. } => {
                self.foreign_seen.insert(symbol.clone());
                Ok(())
            }
            Difference::OrderMissing { .. } => Ok(()),
        }
    }

    /// What the books are moved by is no result of trading, so what the day is measured by moves
    /// along.
    fn rebase(&mut self, before: Cash) {
        let moved = self.equity().checked_sub(before);
        if let (Some(day), Some(moved)) = (&mut self.day, moved) {
            let start = day.starting_equity.checked_add(moved);
            day.starting_equity = start.unwrap_or(day.starting_equity);
        }
    }
}
