//! What is borrowed at a close, what it costs, and whether equity still covers it.

use super::Exchange;
use super::account::Margins;
use crate::account::plus;
use crate::financing::{Debt, Financing};
use crate::{Activity, CashActivity};
use kernel::{Cash, MovementKind, VenueRules};

/// The debts of an account.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Borrowed {
    shares: Debt,
    cash: Debt,
    calls: u32,
    first_call: Option<u32>,
}

impl Exchange {
    /// What borrowing has cost so far.
    pub fn financing(&self) -> Financing {
        let Borrowed { shares, cash, calls, first_call } = self.borrowed;
        Financing {
            borrow_fees: shares.posted(),
            margin_interest: cash.posted(),
            accrued: plus(shares.accrued(), cash.accrued()),
            margin_calls: calls,
            first_margin_call: first_call,
        }
    }

    /// Takes the cost of what is held over the nights that follow a close.
    pub(super) fn finance(&mut self) {
        let rules = self.config.financing;
        let nights = self.sessions.nights_after(self.now);
        for (asset, market) in self.assets.iter().zip(&self.markets) {
            let value = self.account.holding(asset.symbol).value(market.price);
            if value.is_negative() {
                let rate = asset.rules.borrow.unwrap_or(rules.borrow);
                self.borrowed.shares.accrue(value.abs(), rate, nights);
            }
        }
        let margins = self.margins();
        let free = plus(margins.cash, margins.short);
        if free.is_negative() {
            self.borrowed.cash.accrue(free.abs(), rules.margin_interest, nights);
        }
        let due = [self.borrowed.shares.post(), self.borrowed.cash.post()];
        due.into_iter().for_each(|amount| self.post_interest(amount));
    }

    fn post_interest(&mut self, amount: Cash) {
        if !amount.is_positive() {
            return;
        }
        self.account.charge(amount);
        let (number, time) = (self.ids.uuid(), self.now);
        let (kind, amount) = (MovementKind::Interest, Cash::from_nanos(-amount.nanos()));
        self.activities.push(Activity::Cash(CashActivity { number, time, kind, amount }));
    }

    /// Counts a margin call: equity below what keeps the positions. While it lasts nothing that
    /// grows finds buying power; the venue closes nothing by itself.
    pub(super) fn call_margin(&mut self, margins: &Margins, date: u32) {
        let is_bound =
            self.config.rules == VenueRules::Alpaca && self.config.account.multiplier > 1;
        if is_bound && margins.equity() < margins.maintenance {
            self.borrowed.calls = self.borrowed.calls.saturating_add(1);
            self.borrowed.first_call.get_or_insert(date);
        }
    }
}
