//! Entries that belong together and sum to zero.

use super::LedgerError;
use crate::{Cash, FeeKind, Quantity, SymbolId};

/// An account of the ledger. Debits are positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    /// Cash at the broker.
    Cash,
    /// What is held of a symbol, at cost; the shares move with the amount.
    Position(SymbolId, Quantity),
    /// Profit realised in a symbol; a profit is a credit.
    Realised(SymbolId),
    /// Fees paid.
    Fees(FeeKind),
    /// Fees that are due for the executions before a day's close and not posted yet.
    Accrued(u32, FeeKind),
    /// What is owed for those; a credit.
    Payable,
    /// What the broker's rounding of fees takes beyond what was due; below zero when it gives.
    Rounding,
    /// What the account held when the session began; a credit.
    Opening,
    /// What was paid in since, less what was taken out; a credit.
    Capital,
    /// Dividends, interest and the like; a credit.
    Income,
    /// What the broker was right about and we were not.
    Adjustment,
}

const MOST: usize = 3;

/// A balanced set of entries; there is no other kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    entries: [(Account, Cash); MOST],
    count: usize,
}

impl Posting {
    /// From entries that sum to zero.
    ///
    /// # Errors
    /// When they do not, or there are more than a posting holds.
    pub(crate) fn new(list: &[(Account, Cash)]) -> Result<Self, LedgerError> {
        let sum: i128 = list.iter().map(|(_, amount)| i128::from(amount.nanos())).sum();
        let mut entries = [(Account::Cash, Cash::ZERO); MOST];
        let room = entries.get_mut(..list.len()).ok_or(LedgerError::Unbalanced)?;
        room.copy_from_slice(list);
        if sum == 0 {
            Ok(Self { entries, count: list.len() })
        } else {
            Err(LedgerError::Unbalanced)
        }
    }

    /// The entries.
    pub(crate) fn entries(&self) -> &[(Account, Cash)] {
        self.entries.get(..self.count).unwrap_or(&[])
    }

    /// What it realises: the credit to the profit account.
    pub(crate) fn realised(&self) -> Cash {
        let realised =
            self.entries().iter().find(|(account, _)| matches!(account, Account::Realised(_)));
        realised.map_or(Cash::ZERO, |(_, amount)| Cash::from_nanos(-amount.nanos()))
    }

    /// What it does to cash.
    pub(crate) fn cash(&self) -> Cash {
        let cash = self.entries().iter().find(|(account, _)| *account == Account::Cash);
        cash.map_or(Cash::ZERO, |(_, amount)| *amount)
    }
}
