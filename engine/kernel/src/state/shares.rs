//! Splits and new names: what is announced, what has happened, and which exits were lost over it.

use super::{EvolveError, State};
use crate::{
    CorporateAction, Event, LedgerError, Order, OrderNumber, OrderSize, OrderStatus, Origin,
    Quantity, Ratio, Span, SymbolId, TimeInForce, Timestamp,
};
use std::collections::BTreeSet;

/// How long after a split a fraction of a share that is gone counts as paid for. Brokers pay within a few
/// trading days; what goes later is a difference like any other.
const LIEU_WITHIN: Span = Span::from_secs(10 * 86_400);

impl State {
    /// Folds an event of a symbol's shares.
    pub(super) fn move_shares(&mut self, seq: u64, event: &Event) -> Result<(), EvolveError> {
        match event {
            Event::SharesSplit { id, symbol, ratio, position } => {
                let split = self.split(id, *symbol, *ratio);
                split.map_err(|source| EvolveError::Ledger { seq, source })?;
                self.agree(seq, self.ledger.position(*symbol).quantity == *position)?;
            }
            Event::SymbolRenamed { id, symbol, to, .. } => self.rename(id, *symbol, to),
            Event::ExitRenewed { order, by } => {
                self.lost_exits.remove(order);
                let lost = self.orders.get(*order);
                let whose = lost.and_then(|order| self.strategy_of(order));
                if let Some((by, id)) = by.zip(whose) {
                    self.accounts.note_renewal(by, id);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Keeps what is announced, once.
    pub(super) fn announce(&mut self, seq: u64, action: &CorporateAction) {
        if self.actions_known.insert(action.id.clone()) {
            self.announced.push(action.clone());
            self.announced_by = seq;
        }
    }

    /// Whether a record announced what nobody had announced before.
    pub(crate) const fn is_announced_by(&self, seq: u64) -> bool {
        self.announced_by == seq
    }

    /// Whether what will happen to shares is known by the broker's name for it.
    pub fn knows_action(&self, id: &str) -> bool {
        self.actions_known.contains(id)
    }

    /// What was announced for a day that begins, or one after the day before it, oldest first.
    pub(crate) fn actions_due(&self, date: u32) -> Vec<CorporateAction> {
        let before = self.day.map_or(0, |day| day.hours.date);
        let is_due = |action: &&CorporateAction| before < action.date && action.date <= date;
        let due = self.announced.iter().filter(is_due);
        let mut due: Vec<CorporateAction> = due.cloned().collect();
        due.sort_by_key(|action| action.date);
        due
    }

    /// What was announced for the day that has begun, or one before it, and has not happened.
    pub(crate) fn actions_of_today(&self) -> Vec<CorporateAction> {
        let today = self.day.map_or(0, |day| day.hours.date);
        self.announced.iter().filter(|action| action.date <= today).cloned().collect()
    }

    /// When the first trading day from a date on begins, its extended session included; `None` when
    /// the calendar does not reach so far.
    pub(crate) fn beginning_of(&self, date: u32) -> Option<Timestamp> {
        let days = &self.start.as_ref()?.calendar;
        let first = days.partition_point(|day| day.date < date);
        days.get(first).map(|day| day.extended_open)
    }

    /// Whether the books were taken over from the broker before an instant.
    pub(crate) fn books_are_from_before(&self, at: Timestamp) -> bool {
        self.account_opened && self.books_since < at
    }

    /// Turns position, orders and prices of a symbol into new shares.
    fn split(&mut self, id: &str, symbol: SymbolId, ratio: Ratio) -> Result<(), LedgerError> {
        let posting = self.ledger.split(symbol, ratio)?;
        self.ledger.post(&posting)?;
        self.accounts.split(symbol, ratio, self.ledger.position(symbol).quantity)?;
        self.accounts_agree(Some(symbol))?;
        self.split_orders(symbol, ratio);
        let action = self.announced.iter().find(|action| &*action.id == id);
        let began = action.and_then(|action| self.beginning_of(action.date)).unwrap_or(self.now);
        if let Some(market) = self.markets.get_mut(symbol.index()) {
            market.split(ratio, began);
        }
        self.ranges.split(symbol, ratio);
        self.stops.split(symbol, ratio);
        self.split_at.insert(symbol, self.now);
        self.has_happened(id);
        Ok(())
    }

    /// Orders that the broker keeps are in new shares; so are exits that it ended, for the ones that
    /// take their place.
    fn split_orders(&mut self, symbol: SymbolId, ratio: Ratio) {
        // What the broker counted before is in shares of before.
        let orders = &self.orders;
        let stays =
            |number: &OrderNumber| orders.get(*number).is_some_and(|it| it.symbol != symbol);
        self.uncounted.retain(|number, _| stays(number));
        let numbers: Vec<OrderNumber> = self.live.iter().chain(&self.lost_exits).copied().collect();
        for number in numbers {
            if let Some(order) = self.orders.get_mut(number).filter(|it| it.symbol == symbol) {
                rebase(order, ratio);
            }
        }
    }

    /// Whether a symbol's shares were split in the last days, so that the broker may still take the
    /// fraction that was left over and pay for it.
    pub(crate) fn was_split_lately(&self, symbol: SymbolId) -> bool {
        self.split_at.get(&symbol).is_some_and(|at| self.now.since(*at) <= LIEU_WITHIN)
    }

    /// Gives a symbol its new name.
    fn rename(&mut self, id: &str, symbol: SymbolId, to: &str) {
        if let Some(start) = &mut self.start {
            self.limits.scopes.rename(start.symbols.name(symbol), to);
            start.symbols.rename(symbol, to);
        }
        self.resolve_limits();
        self.has_happened(id);
    }

    /// What is still announced for a day that has begun was learned too late.
    pub(super) fn forget_actions_until(&mut self, date: u32) {
        self.announced.retain(|action| action.date > date);
        let live: BTreeSet<_> = self.live_orders().map(Order::shares_with).collect();
        self.given_up.retain(|group| live.contains(group));
    }

    /// Notes that an exit, and with it its group, is to end by request.
    pub(super) fn give_up(&mut self, number: OrderNumber) {
        let group = self.orders.get(number).filter(|order| !order.grows).map(Order::shares_with);
        self.given_up.extend(group);
    }

    fn has_happened(&mut self, id: &str) {
        self.announced.retain(|action| &*action.id != id);
    }

    /// Drops what was announced for days that had begun when the books were taken over: the broker
    /// counted in new shares then.
    pub(super) fn drop_past_actions(&mut self) {
        let now = self.now;
        let announced = std::mem::take(&mut self.announced);
        let is_ahead =
            |action: &CorporateAction| self.beginning_of(action.date).is_none_or(|at| now < at);
        self.announced = announced.into_iter().filter(is_ahead).collect();
    }

    /// Since when the shares of an order are other ones than it was asked for in; `None` when they
    /// were never split.
    pub(crate) fn split_since(&self, order: &Order) -> Option<Timestamp> {
        let at = self.split_at.get(&order.symbol).filter(|at| order.approved_at < **at)?;
        self.trading_day_at(*at).map(|day| day.extended_open)
    }

    /// Whether an order was asked for before its shares were split: what the broker counts of it may
    /// be in shares of before or after.
    pub fn predates_split(&self, order: &Order) -> bool {
        self.split_since(order).is_some()
    }

    /// Notes an exit that the broker ended unasked when its symbol was split, or is about to be; and
    /// one that was asked for anew and never arrived.
    pub(super) fn note_lost_exit(&mut self, number: OrderNumber, to: OrderStatus) {
        let Some(order) = self.orders.get(number) else { return };
        if to == OrderStatus::NotReceived && is_renewal(order) {
            self.lost_exits.insert(number);
            return;
        }
        if !matches!(to, OrderStatus::Canceled | OrderStatus::Expired) {
            return;
        }
        let is_split = self.split_at.get(&order.symbol).is_some_and(|at| order.approved_at < *at);
        let will_be = self
            .announced
            .iter()
            .any(|action| action.symbol == order.symbol && self.next_open_is_of(action.date));
        let lasts = order.time_in_force == TimeInForce::Gtc;
        let was_asked = self.given_up.contains(&order.shares_with());
        if lasts && !order.grows && !was_asked && (is_split || will_be) {
            self.lost_exits.insert(number);
        }
    }

    /// Whether the market is closed and the next day that opens is a date or one after it.
    fn next_open_is_of(&self, date: u32) -> bool {
        let Some(start) = &self.start else { return false };
        let next = start.calendar.partition_point(|day| day.open <= self.now);
        let before = next.checked_sub(1).and_then(|last| start.calendar.get(last));
        let is_closed = before.is_none_or(|day| day.close <= self.now);
        is_closed && start.calendar.get(next).is_some_and(|day| day.date >= date)
    }

    /// The exits that can be asked for anew: their split has happened, and nothing of their group
    /// is live.
    pub(crate) fn exits_to_renew(&self) -> impl Iterator<Item = &Order> {
        let lost = self.lost_exits.iter().filter_map(|number| self.orders.get(*number));
        lost.filter(|order| {
            let happened = is_renewal(order)
                || self.split_at.get(&order.symbol).is_some_and(|at| order.approved_at < *at);
            let rest = self.live_orders().any(|other| other.shares_with() == order.shares_with());
            happened && !rest
        })
    }

    /// Whether an exit waits to be asked for anew.
    #[inline]
    pub(crate) fn has_lost_exits(&self) -> bool {
        !self.lost_exits.is_empty()
    }
}

/// Whether an exit was asked for in the place of one that a split had ended: what else the kernel
/// itself sends cancels.
fn is_renewal(order: &Order) -> bool {
    order.origin == Origin::Kernel && !order.grows
}

fn rebase(order: &mut Order, ratio: Ratio) {
    let shares = |before: Quantity| ratio.ordered(before).unwrap_or(before);
    order.quantity = shares(order.quantity);
    order.filled = shares(order.filled);
    if let OrderSize::Shares(quantity) = order.size {
        order.size = OrderSize::Shares(shares(quantity));
    }
    order.class = ratio.class(order.class, order.side);
    order.kind = ratio.kind(order.kind, order.side);
}
