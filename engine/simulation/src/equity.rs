//! What the account is worth, by the prices that were delivered and by what the exchange holds, and
//! the limits that are shares of it.
//!
//! It is said only where the session must know the same: every execution and every posting was told,
//! and every symbol that is held has had a price.

use crate::Violation;
use crate::bounds::{Bounds, at_best};
use crate::holdings::Holdings;
use exchange::{Activity, Exchange};
use kernel::{
    BasisPoints, Cash, Input, Leg, Limits, MovementKind, Order, OrderClass, Rounding, Side, Span,
    State, Timestamp,
};
use std::collections::BTreeSet;

/// What sums of rounded values may differ by.
pub(crate) const ROUNDED: i64 = kernel::SCALE / 100;

/// What was decided on is on disk after so long.
const ON_DISK_WITHIN: Span = Span::from_secs(2);

/// What is held, in billionths of USD.
#[derive(Debug, Clone, Copy)]
struct Worth {
    equity: i64,
    /// Long plus short.
    held: i64,
}

/// What a loss is measured from, in billionths of USD.
#[derive(Debug, Clone, Copy)]
struct Mark {
    equity: i64,
    /// The least and the most that cash moved since counts, which no trade has moved.
    moved: (i64, i64),
}

impl Mark {
    const fn new(equity: i64) -> Self {
        Self { equity, moved: (0, 0) }
    }

    fn shift(&mut self, counts: (i64, i64)) {
        self.moved.0 = self.moved.0.saturating_add(counts.0);
        self.moved.1 = self.moved.1.saturating_add(counts.1);
    }

    const fn least(self) -> i64 {
        self.equity.saturating_add(self.moved.0)
    }

    /// Whether such a part of it is surely lost, in basis points.
    fn has_lost(self, equity: i64, most: i64) -> bool {
        let limit = share(self.equity.saturating_add(self.moved.1), most);
        limit > ROUNDED && self.least().saturating_sub(equity) > limit
    }
}

/// The highest equity, once what it was noted by is surely on disk.
#[derive(Debug, Default)]
struct High {
    sure: Option<Mark>,
    noted: Option<(Timestamp, Mark)>,
}

impl High {
    fn marks(&mut self) -> impl Iterator<Item = &mut Mark> {
        self.sure.iter_mut().chain(self.noted.as_mut().map(|(_, mark)| mark))
    }

    fn note(&mut self, now: Timestamp, equity: i64) {
        let is_on_disk = |(at, _): &mut (Timestamp, Mark)| now.since(*at) > ON_DISK_WITHIN;
        if let Some((_, mark)) = self.noted.take_if(is_on_disk) {
            self.sure = self.sure.filter(|sure| sure.least() >= mark.least()).or(Some(mark));
        }
        self.noted.get_or_insert((now, Mark::new(equity)));
    }

    /// Another process goes on, which may have lost what was noted last.
    fn recovered(&mut self, goes_on: bool) {
        self.noted = None;
        self.sure = self.sure.filter(|_| goes_on);
    }
}

/// What is known of the account's worth.
#[derive(Debug, Default)]
pub(crate) struct Equity {
    /// Postings that the process was told of.
    told: BTreeSet<Box<str>>,
    /// How much of the account's history was read, and how many postings were in it.
    read: usize,
    posted: usize,
    /// A trading day, by its date, and what it began with.
    day: Option<(u32, Mark)>,
    high: High,
}

impl Equity {
    /// An input is about to be taken.
    pub(crate) fn before(&mut self, input: &Input) {
        match input {
            Input::Fee(fee) => {
                self.told.insert(fee.id.clone());
            }
            Input::Cash(moved) => {
                let is_news = self.told.insert(moved.id.clone());
                let amount = moved.amount.nanos();
                let counts = match moved.kind {
                    MovementKind::Deposit | MovementKind::Withdrawal => (amount, amount),
                    _ => (amount.min(0), amount.max(0)),
                };
                if is_news {
                    let day = self.day.iter_mut().map(|(_, mark)| mark);
                    day.chain(self.high.marks()).for_each(|mark| mark.shift(counts));
                }
            }
            _ => {}
        }
    }

    /// The history grows at its end.
    pub(crate) fn follow(&mut self, exchange: &Exchange) {
        let new = exchange.activities().get(self.read..).unwrap_or_default();
        self.read += new.len();
        let posted = |it: &&Activity| matches!(it, Activity::Fee(_) | Activity::Cash(_));
        self.posted += new.iter().filter(posted).count();
    }

    /// What losses are measured from is not known any more.
    pub(crate) fn forget_marks(&mut self) {
        self.day = None;
        self.high = High::default();
    }

    /// The books were found to be the broker's. `exchange` where the process knows of every execution.
    pub(crate) fn note(&mut self, now: Timestamp, bounds: &Bounds, exchange: Option<&Exchange>) {
        if let Some(worth) = exchange.and_then(|exchange| self.worth(bounds, exchange)) {
            self.high.note(now, worth.equity);
        }
    }

    /// Another process goes on; what it has lost it is told again.
    pub(crate) fn recovered(&mut self, state: &State) {
        let before = self.told.len();
        self.told.retain(|id| state.ledger().has_posting(id));
        let date = state.day().map(|day| day.hours.date);
        let goes_on = before == self.told.len();
        self.day = self.day.filter(|(of, _)| goes_on && Some(*of) == date);
        self.high.recovered(goes_on);
    }

    fn worth(&self, bounds: &Bounds, exchange: &Exchange) -> Option<Worth> {
        if self.told.len() != self.posted {
            return None;
        }
        let cash = exchange.account().cash.nanos();
        let (mut held, mut net) = (0_i64, 0_i64);
        for row in exchange.positions() {
            let value = bounds.price(row.symbol)?.value(row.qty, Rounding::HalfEven)?.nanos();
            net = net.checked_add(value)?;
            held = held.checked_add(value.abs())?;
        }
        Some(Worth { equity: cash.checked_add(net)?, held })
    }

    /// A trading day has begun. `exchange` where the process knows of every execution.
    pub(crate) fn begin_day(&mut self, date: u32, bounds: &Bounds, exchange: Option<&Exchange>) {
        let worth = exchange.and_then(|exchange| self.worth(bounds, exchange));
        self.day = worth.map(|worth| (date, Mark::new(worth.equity)));
    }

    /// Judges an order that opens or grows a position, where the process knows of every execution.
    pub(crate) fn judge(
        &self,
        order: &Order,
        state: &State,
        limits: &Limits,
        bounds: &Bounds,
        exchange: &Exchange,
    ) -> Result<(), Violation> {
        let Some(worth) = self.worth(bounds, exchange) else { return Ok(()) };
        let Some(last) = bounds.price(order.symbol) else { return Ok(()) };
        let asked = at_best(order, last);
        let exposure = worth.held.saturating_add(asked.nanos());
        let concentrated = Holdings::of(exchange, bounds, worth.equity)
            .and_then(|holdings| holdings.exceeded(order, asked, limits, state.symbols()));
        match self.exceeded(order, limits, worth, exposure).or(concentrated).or_else(|| {
            let risk = least_risk(order, limits, last, asked)?;
            let most = limits.max_risk_per_trade?.get();
            (risk > share(worth.equity, most)).then_some("the share of equity at risk in a trade")
        }) {
            Some(what) => Err(Violation::Limit { order: order.number, what }),
            None => Ok(()),
        }
    }

    fn exceeded(
        &self,
        order: &Order,
        limits: &Limits,
        worth: Worth,
        exposure: i64,
    ) -> Option<&'static str> {
        let gross = limits.max_gross_exposure.map_or(i64::from(i32::MAX), |most| most.get());
        let gross = gross.min(i64::from(limits.max_leverage) * 10_000);
        if exposure > share(worth.equity, gross) {
            return Some("the share of equity");
        }
        let has_lost = |mark: Option<Mark>, most: Option<BasisPoints>| {
            mark.zip(most).is_some_and(|(mark, most)| mark.has_lost(worth.equity, most.get()))
        };
        if has_lost(self.day.map(|(_, mark)| mark), limits.daily_drawdown) {
            return Some("the loss of a day");
        }
        if has_lost(self.high.sure, limits.total_drawdown) {
            return Some("the loss from the highest equity");
        }
        if limits.max_daily_loss.is_some_and(|most| self.has_lost_usd(worth.equity, most)) {
            return Some("the USD lost in a day");
        }
        let borrows = order.side == Side::Sell || exposure > worth.equity.saturating_add(ROUNDED);
        let least = limits.min_margin_equity.map_or(i64::MIN, |least| least.nanos());
        if borrows && worth.equity.saturating_add(ROUNDED) < least {
            return Some("the equity that borrowing takes");
        }
        let margin = limits.intraday_margin?.get();
        let covered = share(exposure, margin) <= worth.equity.saturating_add(ROUNDED);
        (!covered).then_some("the exposure that equity covers")
    }

    /// Whether the day has surely lost so much.
    fn has_lost_usd(&self, equity: i64, most: Cash) -> bool {
        let Some((_, day)) = self.day else { return false };
        day.least().saturating_sub(equity) > most.nanos().saturating_add(ROUNDED)
    }
}

/// The least that an order loses when its stop is hit.
fn least_risk(order: &Order, limits: &Limits, last: kernel::Price, asked: Cash) -> Option<i64> {
    let stop = order.class.legs().find_map(|leg| match leg {
        Leg::StopLoss(exit) => Some(exit.stop),
        Leg::TakeProfit { .. } => None,
    });
    let Some(stop) = stop.filter(|_| !matches!(order.class, OrderClass::Oco { .. })) else {
        let distance = limits.stop_loss.map_or(10_000, |distance| distance.get());
        return asked.proportion(distance, 10_000, Rounding::Down).map(Cash::nanos);
    };
    let entry = order.kind.limit().unwrap_or(last);
    let distance = match order.side {
        Side::Buy => entry.checked_sub(stop)?,
        Side::Sell => stop.checked_sub(entry)?,
    };
    let risk = distance.value(order.quantity, Rounding::Down)?;
    Some(risk.nanos().saturating_sub(ROUNDED))
}

/// So many basis points of an amount, and what rounding may add.
pub(crate) fn share(amount: i64, points: i64) -> i64 {
    let part = i128::from(amount) * i128::from(points) / 10_000;
    i64::try_from(part).unwrap_or(i64::MAX).saturating_add(ROUNDED)
}
