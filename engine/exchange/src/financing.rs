//! What borrowing costs: shares that were sold short, and cash beyond what is there.
//!
//! Source: Alpaca, "Margin and Short Selling", "Margin Interest Rate" and "Stock Borrow Fees": of a
//! balance at the close, its value times the annual rate over 360 for each night until the next
//! trading day, so that a weekend counts three. Alpaca posts the sum once a month; here whole cents
//! are posted at each close and the rest is kept, so that equity has what is owed when it is owed.

use crate::fees::CENT;
use kernel::{BasisPoints, Cash, Rounding};
use serde::{Deserialize, Serialize};

/// A rate of a year in basis points, on so many nanos of USD for so many nights of 360: exact.
const YEAR: i128 = 360 * 10_000;

/// What borrowing costs a year; nothing by default, as in Alpaca's paper venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FinancingRules {
    /// Of the market value of a short position, where its asset has no rate of its own.
    pub borrow: BasisPoints,
    /// Of the debit balance: what cash lacks when the proceeds of short sales are set aside.
    pub margin_interest: BasisPoints,
}

/// What borrowing has cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Financing {
    /// Posted for shares that were sold short.
    pub borrow_fees: Cash,
    /// Posted for cash that was borrowed.
    pub margin_interest: Cash,
    /// Owed of both and not posted: less than a cent of each. Rounded up at 1e-9 USD.
    pub accrued: Cash,
    /// Closes at which equity was below maintenance margin.
    pub margin_calls: u32,
    /// The date of the first of them, as `yyyymmdd`.
    pub first_margin_call: Option<u32>,
}

/// One kind of debt.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Debt {
    /// Nanos of USD times basis points times nights.
    owed: i128,
    posted: Cash,
}

impl Debt {
    /// Adds what a balance costs for some nights.
    pub(crate) fn accrue(&mut self, balance: Cash, rate: BasisPoints, nights: i64) {
        let cost = i128::from(balance.nanos()) * i128::from(rate.get()) * i128::from(nights);
        self.owed = self.owed.saturating_add(cost.max(0));
    }

    /// Takes the whole cents that are owed.
    pub(crate) fn post(&mut self) -> Cash {
        let cents = self.owed / (YEAR * i128::from(CENT));
        let due = i64::try_from(cents * i128::from(CENT)).map_or(Cash::MAX, Cash::from_nanos);
        self.owed -= i128::from(due.nanos()) * YEAR;
        self.posted = self.posted.checked_add(due).unwrap_or(Cash::MAX);
        due
    }

    pub(crate) const fn posted(&self) -> Cash {
        self.posted
    }

    pub(crate) fn accrued(&self) -> Cash {
        let nanos = Rounding::Up.divide(self.owed, YEAR);
        i64::try_from(nanos).map_or(Cash::MAX, Cash::from_nanos)
    }
}
