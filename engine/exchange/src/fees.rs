//! What trading costs: fees accrue with each fill and are posted at the day's end.
//!
//! Source: Alpaca, "Regulatory Fees": amounts accrue through the day, are charged at its end, and
//! the day's total of each kind is rounded up to the cent.

mod rates;

use rates::{CAT, SEC, TAF};

use kernel::{Cash, FeeKind, Notional, Price, Quantity, Rounding, SCALE, Side};
use std::collections::BTreeMap;

/// Fees of today that have not been posted, exact to 1e-18 USD.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accruals(BTreeMap<FeeKind, Notional>);

/// USD in a cent, at the scale of cash.
pub(crate) const CENT: i64 = SCALE / 100;

impl Accruals {
    pub(crate) fn add(&mut self, kind: FeeKind, amount: Notional) {
        if amount.raw() > 0 {
            let sum = self.0.entry(kind).or_default();
            *sum = sum.checked_add(amount).unwrap_or(*sum);
        }
    }

    /// Adds what the regulators take for one execution: SEC and TAF of sales, CAT of both sides.
    pub(crate) fn add_regulatory(&mut self, date: u32, side: Side, price: Price, qty: Quantity) {
        if side == Side::Sell {
            self.add(FeeKind::Sec, sec(date, price, qty));
            self.add(FeeKind::Taf, taf(date, qty));
        }
        self.add(FeeKind::Cat, cat(date, qty));
    }

    /// The sum of all kinds, rounded up at 1e-9 USD.
    pub(crate) fn total(&self) -> Cash {
        let raw = self.0.values().fold(0_i128, |sum, amount| sum.saturating_add(amount.raw()));
        Notional::from_raw(raw).to_cash(Rounding::Up).unwrap_or(Cash::MAX)
    }

    /// Empties the books: what to post of each kind, rounded up to the cent.
    pub(crate) fn settle(&mut self) -> BTreeMap<FeeKind, Cash> {
        let due = std::mem::take(&mut self.0);
        due.into_iter().map(|(kind, amount)| (kind, up_to_cent(amount))).collect()
    }
}

fn up_to_cent(amount: Notional) -> Cash {
    let cents = Rounding::Up.divide(amount.raw(), i128::from(CENT) * i128::from(SCALE));
    i64::try_from(cents * i128::from(CENT)).map_or(Cash::MAX, Cash::from_nanos)
}

/// The SEC's section 31 fee on the proceeds of a sale, rounded up at 1e-18 USD.
fn sec(date: u32, price: Price, qty: Quantity) -> Notional {
    const CENTS_IN_A_MILLION: i128 = 100 * 1_000_000;
    let cents = i128::from(rates::on(SEC, date).unwrap_or(0));
    // In two parts, so that the product of large proceeds does not overflow.
    let proceeds = price.times(qty).raw();
    let (whole, rest) = (proceeds / CENTS_IN_A_MILLION, proceeds % CENTS_IN_A_MILLION);
    let part = Rounding::Up.divide(rest * cents, CENTS_IN_A_MILLION);
    Notional::from_raw(whole * cents + part)
}

/// FINRA's trading activity fee on a sale, with its cap for each execution.
fn taf(date: u32, qty: Quantity) -> Notional {
    rates::on(TAF, date).map_or(Notional::ZERO, |rate| {
        let cap = Notional::from(Cash::from_nanos(rate.cap_cents * CENT));
        Price::from_nanos(rate.nanos_per_share).times(qty).min(cap)
    })
}

/// The consolidated audit trail's fee on either side.
fn cat(date: u32, qty: Quantity) -> Notional {
    Price::from_nanos(rates::on(CAT, date).unwrap_or(0)).times(qty)
}
