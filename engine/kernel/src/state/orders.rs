//! The orders that are kept: every live one, and the latest that ended.

use super::State;
use crate::{BrokerOrderId, Order, OrderNumber, OrderStatus};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, VecDeque};

/// Orders by their numbers, which are given one after the other. The oldest that ended goes first,
/// so an order lies as far before the newest as its number does, unless it has outlived others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Orders(VecDeque<Order>);

impl Orders {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds the newest.
    pub fn push(&mut self, order: Order) {
        self.0.push_back(order);
    }

    pub fn get(&self, number: OrderNumber) -> Option<&Order> {
        self.0.get(self.place(number)?)
    }

    pub fn get_mut(&mut self, number: OrderNumber) -> Option<&mut Order> {
        let place = self.place(number)?;
        self.0.get_mut(place)
    }

    /// From the oldest to the newest.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.0.iter()
    }

    /// Takes out the oldest that has ended.
    pub fn forget_oldest_ended(&mut self) -> Option<Order> {
        let place = self.0.iter().position(|order| !order.is_live())?;
        self.0.remove(place)
    }

    /// Those of some numbers. Checks go through the live ones many times for each order.
    #[inline]
    pub fn those<'a>(&'a self, numbers: &'a [OrderNumber]) -> impl Iterator<Item = &'a Order> {
        let newest = self.0.back().map(|order| order.number);
        numbers.iter().filter_map(move |number| {
            let near = self.0.get(self.behind(newest?, *number)?);
            near.filter(|order| order.number == *number).or_else(|| self.searched(*number))
        })
    }

    /// Where an order lies that has outlived none.
    #[inline]
    fn behind(&self, newest: OrderNumber, number: OrderNumber) -> Option<usize> {
        let before = usize::try_from(newest.0.checked_sub(number.0)?).ok()?;
        // Before the first one, when others have gone: whatever is there has another number.
        Some(self.0.len().saturating_sub(before.saturating_add(1)))
    }

    #[cold]
    fn searched(&self, number: OrderNumber) -> Option<&Order> {
        self.0.get(self.0.binary_search_by_key(&number, |order| order.number).ok()?)
    }

    fn place(&self, number: OrderNumber) -> Option<usize> {
        let place = self.behind(self.0.back()?.number, number)?;
        let is_there = |place: &usize| self.0.get(*place).is_some_and(|it| it.number == number);
        Some(place)
            .filter(is_there)
            .or_else(|| self.0.binary_search_by_key(&number, |order| order.number).ok())
    }
}

impl State {
    /// Takes an order back that had ended and that the broker works. Nothing is reserved for it: until it
    /// is cancelled, nothing may grow.
    pub(super) fn revive(&mut self, number: OrderNumber, broker_id: &BrokerOrderId) {
        let Some(order) = self.orders.get_mut(number).filter(|order| !order.is_live()) else {
            return;
        };
        let ended_as = order.status;
        order.broker_id = Some(broker_id.clone());
        order.status = match order.filled.is_positive() {
            true => OrderStatus::PartiallyFilled,
            false => OrderStatus::New,
        };
        if let Some(count) = self.tally.ended_as(ended_as) {
            *count = count.saturating_sub(1);
        }
        let place = self.live.partition_point(|live| *live < number);
        self.live.insert(place, number);
    }
}

/// A map, number by number.
impl Serialize for Orders {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.0.iter().map(|order| (order.number, order)))
    }
}

impl<'de> Deserialize<'de> for Orders {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let orders = BTreeMap::<OrderNumber, Order>::deserialize(input)?;
        Ok(Self(orders.into_values().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Cash, Notional, OrderClass, OrderKind, OrderSize, Origin, Quantity, Side, Symbols,
        TimeInForce, Timestamp,
    };

    fn order(number: u64, status: OrderStatus) -> Order {
        let one = Quantity::from_whole(1).unwrap();
        Order {
            number: OrderNumber(number),
            origin: Origin::Operator,
            symbol: Symbols::new(["AAA"]).unwrap().id("AAA").unwrap(),
            side: Side::Buy,
            size: OrderSize::Shares(one),
            quantity: one,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            extended_hours: false,
            class: OrderClass::Simple,
            parent: None,
            grows: true,
            status,
            approved_at: Timestamp::MIN,
            expires_at: None,
            broker_id: None,
            replaces: None,
            filled: Quantity::ZERO,
            filled_value: Notional::ZERO,
            executions: Vec::new(),
            reserved: Cash::ZERO,
            cancel_requested: false,
        }
    }

    #[test]
    fn an_order_that_outlives_younger_ones_is_still_found() {
        let mut orders = Orders::default();
        for number in 1..=9 {
            let status = if number % 4 == 1 { OrderStatus::New } else { OrderStatus::Filled };
            orders.push(order(number, status));
        }
        let gone = [(); 4].map(|()| orders.forget_oldest_ended().map(|order| order.number.0));
        assert_eq!(gone, [2, 3, 4, 6].map(Some));
        for number in 0..=11 {
            let found = orders.get(OrderNumber(number)).map(|order| order.number.0);
            let kept = [1, 5, 7, 8, 9].contains(&number);
            assert_eq!(found, kept.then_some(number));
        }
        orders.get_mut(OrderNumber(5)).unwrap().status = OrderStatus::Canceled;
        assert_eq!(orders.forget_oldest_ended().map(|order| order.number.0), Some(5));
        assert_eq!(orders.len(), 4);
    }
}
