//! Orders that close: which of them are for the same shares.

use super::State;
use crate::{
    Order, OrderKind, OrderNumber, OrderSize, OrderStatus, Origin, Quantity, Side, SymbolId,
};
use std::collections::BTreeMap;

/// Whether an order only ever opens a position, on whatever side one is held: it fills after the
/// orders that close it.
const fn turns(order: &Order) -> bool {
    matches!(order.size, OrderSize::EquityShare(_))
}

impl State {
    /// Shares of a symbol that live orders of one side may still fill. Orders that are for the same
    /// shares (the exits of one group; an order and its replacement) count once, with the larger of
    /// them. Legs that wait for their entry do not count. `without` is left out, with its group.
    fn pending_exits(
        &self,
        symbol: SymbolId,
        side: Side,
        without: Option<&Order>,
        counts: impl Fn(&Order) -> bool,
    ) -> Quantity {
        let without = without.map(|order| self.shares_with(order));
        let mut pending: BTreeMap<OrderNumber, i64> = BTreeMap::new();
        for order in self.live_orders() {
            if order.symbol != symbol || order.side != side || turns(order) || !counts(order) {
                continue;
            }
            let group = self.shares_with(order);
            if Some(group) != without {
                let most = pending.entry(group).or_default();
                *most = self.may_still_close(order).nanos().max(*most);
            }
        }
        Quantity::from_nanos(pending.values().fold(0, |sum, nanos| sum.saturating_add(*nanos)))
    }

    /// Shares that an order of this origin and of the closing side may still close: what it closes is
    /// held and not yet being closed, neither by its own strategy nor by anybody.
    pub(crate) fn closable(
        &self,
        origin: Origin,
        symbol: SymbolId,
        side: Side,
        without: Option<&Order>,
    ) -> Quantity {
        let left = |held: Quantity, pending: Quantity| {
            held.abs().checked_sub(pending).unwrap_or(Quantity::ZERO).max(Quantity::ZERO)
        };
        let pending = self.pending_exits(symbol, side, without, |_| true);
        let all = left(self.ledger.position(symbol).quantity, pending);
        let Some(id) = self.apart(origin) else { return all };
        let is_own = |order: &Order| self.strategy_of(order) == Some(id);
        let pending = self.pending_exits(symbol, side, without, is_own);
        all.min(left(self.position_for(origin, symbol).quantity, pending))
    }

    /// Whether market orders of this side, the closing one, will have closed all that is held of a
    /// symbol when they have filled.
    pub(crate) fn is_closing_at_the_market(
        &self,
        origin: Origin,
        symbol: SymbolId,
        side: Side,
    ) -> bool {
        let own = self.apart(origin);
        let closing = self.live_orders().filter(|order| {
            order.symbol == symbol
                && order.side == side
                && order.kind == OrderKind::Market
                && !order.grows
                && !order.cancel_requested
                && (own.is_none() || self.strategy_of(order) == own)
        });
        let nanos = closing.fold(0_i64, |sum, order| sum.saturating_add(order.remaining().nanos()));
        nanos >= self.position_for(origin, symbol).quantity.abs().nanos()
    }

    /// Shares that an order may fill as things stand.
    fn may_still_close(&self, order: &Order) -> Quantity {
        let entry = order.parent.filter(|_| !self.exit_is_on(order));
        match entry.and_then(|entry| self.order(entry)) {
            Some(entry) => order.remaining().min(entry.filled),
            None => order.remaining(),
        }
    }

    /// Whether an order may fill: it is no leg, or its entry has wholly filled.
    pub(crate) fn exit_is_on(&self, order: &Order) -> bool {
        let Some(parent) = order.exits_of().filter(|parent| *parent != order.number) else {
            return true;
        };
        // A parent that is not kept any more ended long ago.
        self.order(parent).is_none_or(|parent| {
            parent.exits_of() == Some(parent.number) || parent.status == OrderStatus::Filled
        })
    }

    /// The number that stands for all orders that are for the same shares as this one.
    fn shares_with(&self, order: &Order) -> OrderNumber {
        let mut order = order;
        loop {
            if let Some(parent) = order.exits_of() {
                return parent;
            }
            match order.replaces.and_then(|number| self.order(number)) {
                Some(before) if before.is_live() => order = before,
                Some(_) | None => return order.number,
            }
        }
    }

    /// Live legs of an order.
    pub(crate) fn live_legs(&self, parent: OrderNumber) -> impl Iterator<Item = &Order> {
        self.live_orders().filter(move |order| order.parent == Some(parent))
    }

    /// Whether the cancel of an order that comes before it ends it as well.
    pub(crate) fn is_cancelled_with_another(&self, order: &Order) -> bool {
        let Some(group) = order.parent else {
            return false;
        };
        self.live_orders().any(|other| {
            other.number < order.number && (other.number == group || other.parent == Some(group))
        })
    }

    /// Whether any leg waits for its name at the broker.
    pub(crate) fn awaits_legs(&self) -> bool {
        self.live_orders().any(|order| order.parent.is_some() && order.broker_id.is_none())
    }
}
