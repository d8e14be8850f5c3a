//! The limits on which entries there may be, when, and how many, judged by what was approved before, by
//! the clock and by what the exchange holds.

use crate::Violation;
use crate::bounds::{Bounds, at_best};
use exchange::Exchange;
use kernel::risk::Minutes;
use kernel::{Limits, Order, Side, State};

/// The entries of a trading day. What cannot be told from outside is not counted, so that each figure is
/// at most the kernel's.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    date: u32,
    orders: u32,
    /// Their least cost, in billionths of USD.
    spent: i64,
}

impl Entries {
    /// Judges an order that opens or grows a position. `holds`: whether what the exchange holds is what
    /// the process must know of.
    pub(crate) fn judge(
        &mut self,
        order: &Order,
        state: &State,
        limits: &Limits,
        bounds: &Bounds,
        holds: Option<&Exchange>,
    ) -> Result<(), Violation> {
        let is_crowded = holds.is_some_and(|exchange| is_crowded(order, limits, exchange));
        let broken = kind(order, state, limits, bounds)
            .or_else(|| time(state, limits))
            .or_else(|| is_crowded.then_some("symbols held at once"))
            .or_else(|| self.count(order, state, limits, bounds));
        match broken {
            Some(what) => Err(Violation::Limit { order: order.number, what }),
            None => Ok(()),
        }
    }

    /// Counts it on its day.
    fn count(
        &mut self,
        order: &Order,
        state: &State,
        limits: &Limits,
        bounds: &Bounds,
    ) -> Option<&'static str> {
        let date = state.day().map_or(0, |day| day.hours.date);
        if self.date != date {
            *self = Self { date, ..Self::default() };
        }
        // What takes another one's place may count for no more than it adds.
        if order.replaces.is_some() {
            return None;
        }
        let cost = bounds.price(order.symbol).map_or(0, |last| at_best(order, last).nanos());
        self.orders += 1;
        self.spent = self.spent.saturating_add(cost);
        if limits.max_orders_per_day.is_some_and(|most| self.orders > most) {
            return Some("orders in a day");
        }
        let is_spent = limits.max_notional_per_day.is_some_and(|most| self.spent > most.nanos());
        is_spent.then_some("USD in a day")
    }
}

fn kind(order: &Order, state: &State, limits: &Limits, bounds: &Bounds) -> Option<&'static str> {
    if order.side == Side::Sell && limits.long_only {
        return Some("long positions alone");
    }
    let name = state.symbols().name(order.symbol);
    if limits.scopes.restricted.iter().any(|restricted| **restricted == *name) {
        return Some("the restricted symbols");
    }
    let allowed = &limits.scopes.allowed;
    if !allowed.is_empty() && !allowed.iter().any(|allowed| **allowed == *name) {
        return Some("the symbols that are allowed");
    }
    let is_cheap = limits.min_price.is_some_and(|least| bounds.is_below(order.symbol, least));
    is_cheap.then_some("the lowest price")
}

fn time(state: &State, limits: &Limits) -> Option<&'static str> {
    let (day, now) = (state.day()?.hours, state.now());
    let is_early = |minutes: Minutes| now.since(day.open) < minutes.span();
    if limits.no_entries_after_open.is_some_and(is_early) {
        return Some("the minutes after the open");
    }
    let windows = &limits.scopes.windows;
    if !windows.is_empty() && !windows.iter().any(|window| window.holds(day.open, now)) {
        return Some("the hours in which entries are allowed");
    }
    let before_close = limits.no_entries_before_close.max(limits.flat_before_close);
    let is_late = |minutes: Minutes| day.close.since(now) <= minutes.span();
    before_close.is_some_and(is_late).then_some("the minutes before the close")
}

fn is_crowded(order: &Order, limits: &Limits, exchange: &Exchange) -> bool {
    let Some(most) = limits.max_positions else { return false };
    let held = exchange.positions();
    let others = held.iter().filter(|row| row.symbol != order.symbol);
    u32::try_from(others.count()).unwrap_or(u32::MAX) >= most
}
