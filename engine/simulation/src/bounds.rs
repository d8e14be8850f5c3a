//! The limits in money and time, judged by the prices that were delivered and by what the exchange
//! holds: nothing of it is asked of the kernel.

use crate::Violation;
use exchange::{Activity, Exchange};
use kernel::{
    BasisPoints, Cash, Input, Limits, MarketData, Order, OrderClass, OrderKind, OrderNumber,
    OrderSize, Origin, Price, Rounding, Side, Span, SymbolId, Timestamp,
};
use std::collections::BTreeMap;

/// How far ahead of the clock data may be stamped.
const CLOCKS_DIFFER: Span = Span::from_secs(30);

/// The newest price that the process was given of a symbol.
#[derive(Debug, Clone, Copy)]
struct Seen {
    price: Price,
    time: Timestamp,
    /// Of the bar it is from; zero for a quote or trade.
    length: Span,
}

/// An order as it was approved.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    origin: Origin,
    symbol: SymbolId,
    side: Side,
    size: OrderSize,
    class: OrderClass,
    kind: OrderKind,
}

/// What the process was shown, and what it asked for.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    offered: Option<MarketData>,
    seen: BTreeMap<SymbolId, Seen>,
    last_asked: BTreeMap<OrderNumber, (Asked, Timestamp)>,
}

impl Bounds {
    /// An input is about to be taken.
    pub(crate) fn before(&mut self, input: &Input) {
        self.offered = match input {
            Input::Market(data) | Input::Late(data) | Input::Warmup(data) => Some(*data),
            _ => None,
        };
        // What is said later of a price makes it uncertain.
        match input {
            Input::UpdatedBar(bar) => self.forget(bar.symbol),
            Input::Correction(correction) => self.forget(correction.symbol),
            Input::CancelError(cancel) => self.forget(cancel.symbol),
            _ => {}
        }
    }

    /// The input was taken at an instant; whether it may be traded on. Data of another time may not.
    pub(crate) fn taken(&mut self, now: Timestamp) -> bool {
        let Some(data) = self.offered.take() else { return true };
        let (price, time) = (data.price(), data.time());
        if data.check().is_err() || time > now.plus(CLOCKS_DIFFER) {
            return false;
        }
        let length = match data {
            MarketData::Bar(bar) => bar.length,
            MarketData::Quote(_) | MarketData::Trade(_) => Span::ZERO,
        };
        let seen = self.seen.entry(data.symbol()).or_insert(Seen { price, time, length });
        let is_newest = seen.time <= time;
        if is_newest {
            *seen = Seen { price, time, length };
        }
        is_newest
    }

    /// The newest price that was delivered of a symbol.
    pub(crate) fn price(&self, symbol: SymbolId) -> Option<Price> {
        self.seen.get(&symbol).map(|seen| seen.price)
    }

    /// What was seen of a symbol counts no more: its shares were split.
    pub(crate) fn forget(&mut self, symbol: SymbolId) {
        self.seen.remove(&symbol);
    }

    /// Another process goes on, which may have been given less.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self::default();
    }

    /// Judges an order that opens or grows a position. `is_sure`: whether the process knows of every
    /// execution. `is_live`: whether one of its orders has not ended.
    pub(crate) fn judge(
        &mut self,
        order: &Order,
        now: Timestamp,
        limits: &Limits,
        exchange: Option<&Exchange>,
        is_live: impl Fn(OrderNumber) -> bool,
    ) -> Result<(), Violation> {
        let broken = |what| Err(Violation::Limit { order: order.number, what });
        if self.repeats(order, now, limits, is_live) {
            return broken("the same intent within a while");
        }
        let Some(seen) = self.seen.get(&order.symbol).copied() else { return Ok(()) };
        if limits.max_order_notional.is_some_and(|most| at_best(order, seen.price) > most) {
            return broken("USD in one order");
        }
        if limits.price_collar.is_some_and(|collar| lies_outside(order.kind, seen.price, collar)) {
            return broken("the distance from the last price");
        }
        let most = limits.stale_after.map(|limit| limit.max(seen.length.times(2)));
        if most.is_some_and(|most| now.since(seen.time) > most) {
            return broken("the age of a price");
        }
        match exchange.is_some_and(|exchange| self.exceeds_equity(order, limits, exchange)) {
            true => broken("the share of equity"),
            false => Ok(()),
        }
    }

    /// Notes an order, and says whether it is one of just before again.
    fn repeats(
        &mut self,
        order: &Order,
        now: Timestamp,
        limits: &Limits,
        is_live: impl Fn(OrderNumber) -> bool,
    ) -> bool {
        let asked = Asked {
            origin: order.origin,
            symbol: order.symbol,
            side: order.side,
            size: order.size,
            class: order.class,
            kind: order.kind,
        };
        let window = limits.duplicate_window.unwrap_or(Span::ZERO);
        self.last_asked.retain(|_, (_, at)| now.since(*at) < window);
        let repeats = self.last_asked.iter().any(|(number, (before, _))| {
            *before == asked && order.replaces != Some(*number) && is_live(*number)
        });
        self.last_asked.insert(order.number, (asked, now));
        repeats
    }

    /// Whether what is held, what is open and this order, each at the least that it can cost, are
    /// more than the equity allows.
    fn exceeds_equity(&self, order: &Order, limits: &Limits, exchange: &Exchange) -> bool {
        let mut held = 0_i64;
        let mut equity = exchange.account().cash.nanos();
        for row in exchange.positions() {
            let Some(seen) = self.seen.get(&row.symbol) else { return false };
            let value = seen.price.value(row.qty, Rounding::Down).unwrap_or(Cash::MAX);
            held = held.saturating_add(value.abs().nanos());
            equity = equity.saturating_add(value.nanos());
        }
        let share = limits.max_gross_exposure.map_or(i64::MAX, BasisPoints::get);
        let share = share.min(i64::from(limits.max_leverage) * 10_000);
        let equity = Cash::from_nanos(equity.saturating_add(unread(exchange)));
        let most = equity.proportion(share, 10_000, Rounding::Up).unwrap_or(Cash::MAX);
        let asked =
            self.seen.get(&order.symbol).map_or(0, |seen| at_best(order, seen.price).nanos());
        held.saturating_add(asked) > most.nanos()
    }
}

/// What the account may have lost by postings that the process has not read: all that it ever did.
fn unread(exchange: &Exchange) -> i64 {
    let lost = exchange.activities().iter().map(|activity| match activity {
        Activity::Cash(movement) => movement.amount.nanos().min(0).saturating_neg(),
        Activity::Fee(fee) => fee.amount.nanos().saturating_abs(),
        Activity::Fill(_) | Activity::Split(_) | Activity::Reset(_) => 0,
    });
    lost.fold(0, i64::saturating_add)
}

/// The least that an order can cost if it fills.
fn at_best(order: &Order, last: Price) -> Cash {
    let price = match order.side {
        Side::Buy => order.kind.limit().map_or(last, |limit| limit.min(last)),
        Side::Sell => last,
    };
    let value = price.value(order.quantity, Rounding::Down).unwrap_or(Cash::MAX);
    match order.size {
        OrderSize::Notional(usd) => usd.min(value),
        OrderSize::Shares(_) | OrderSize::EquityShare(_) => value,
    }
}

fn lies_outside(kind: OrderKind, last: Price, collar: BasisPoints) -> bool {
    let (lowest, highest) =
        (last.shifted(collar.negated(), Rounding::Down), last.shifted(collar, Rounding::Up));
    let prices = [kind.limit(), kind.stop()].into_iter().flatten();
    let (Some(lowest), Some(highest)) = (lowest, highest) else { return false };
    prices.into_iter().any(|price| price < lowest || price > highest)
}
