//! What the regulators take of an execution, by rates that a session is started with.
//!
//! Brokers post these fees late: Alpaca at the day's end, each kind's sum rounded up to the cent.
//! Until then they are accrued. The rates come in as data, each with the date from which it holds.

use crate::{Cash, FeeKind, Price, Quantity, Rounding, SCALE, Side};
use serde::{Deserialize, Serialize};

/// Rates by the date, as `yyyymmdd`, from which each holds; in the order of dates.
pub type RatesByDate<Rate> = Vec<(u32, Rate)>;

/// What the regulators charge. Empty: nothing is accrued.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeeRates {
    /// SEC section 31 fee: US cents for each million USD of sales.
    pub sec: RatesByDate<i64>,
    /// FINRA trading activity fee on sales.
    pub taf: RatesByDate<TafRate>,
    /// Consolidated audit trail fee on both sides: billionths of a USD for each share.
    pub cat: RatesByDate<i64>,
}

/// FINRA's trading activity fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TafRate {
    /// Billionths of a USD for each share sold.
    pub nanos_per_share: i64,
    /// US cents for one execution at most.
    pub cap_cents: i64,
}

/// A cent, and so much the rounding of a day's sum may be.
pub(crate) const CENT: Cash = Cash::from_nanos(SCALE / 100);

const CENTS_IN_A_MILLION: i64 = 100_000_000;

impl FeeRates {
    /// What is due for one execution, each kind rounded up at 1e-9 USD; kinds of which nothing is
    /// due are left out, and so is what does not fit.
    pub(crate) fn due(
        &self,
        date: u32,
        side: Side,
        price: Price,
        quantity: Quantity,
    ) -> Vec<(FeeKind, Cash)> {
        let per_share =
            |nanos: i64| Price::from_nanos(nanos).value(quantity, Rounding::Up).unwrap_or_default();
        let sec = rate(&self.sec, date).and_then(|cents| {
            let proceeds = price.value(quantity, Rounding::Up)?;
            proceeds.proportion(cents, CENTS_IN_A_MILLION, Rounding::Up)
        });
        let taf = rate(&self.taf, date).map(|rate| {
            let cap = CENT.nanos().saturating_mul(rate.cap_cents);
            per_share(rate.nanos_per_share).min(Cash::from_nanos(cap))
        });
        let cat = rate(&self.cat, date).map(per_share);
        let sells = side == Side::Sell;
        let due = [
            (FeeKind::Sec, sec.filter(|_| sells)),
            (FeeKind::Taf, taf.filter(|_| sells)),
            (FeeKind::Cat, cat),
        ];
        let due = due.into_iter().filter_map(|(kind, amount)| Some((kind, amount?)));
        due.filter(|(_, amount)| amount.is_positive()).collect()
    }

    /// Whether a kind of fee is accrued before it is posted.
    pub(crate) fn covers(&self, kind: FeeKind) -> bool {
        match kind {
            FeeKind::Sec => !self.sec.is_empty(),
            FeeKind::Taf => !self.taf.is_empty(),
            FeeKind::Cat => !self.cat.is_empty(),
            FeeKind::Commission | FeeKind::Other => false,
        }
    }
}

fn rate<Rate: Copy>(rates: &RatesByDate<Rate>, date: u32) -> Option<Rate> {
    let next = rates.partition_point(|&(from, _)| from <= date);
    rates.get(next.checked_sub(1)?).map(|&(_, rate)| rate)
}
