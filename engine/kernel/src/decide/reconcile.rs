//! Comparing the books with the broker's.
//!
//! The broker is right about what it holds. Each difference is an event that names it. A report or a
//! fee may still be on its way when the broker is asked, so a difference is first suspected, and
//! moves the books only when a second look shows the same. Nobody can say then what the books
//! missed, so nothing may grow until an operator resumes trading.

use super::{DecideError, Deciding};
use crate::{
    BrokerOrder, BrokerState, Difference, Event, Intent, Ledger, Order, OrderNumber, OrderStatus,
    Origin, Owner, Price, Quantity, ReportKind, Severity, Side, Span, SymbolId,
};
use std::collections::BTreeMap;

/// So long after its approval an order without an answer may explain what the broker holds. An order
/// that was not received is known to be so by then.
const LONGEST_ANSWER: Span = Span::from_secs(120);

impl Deciding<'_> {
    pub(super) fn reconcile(&mut self, broker: &BrokerState) -> Result<(), DecideError> {
        if let Some(reason) = &broker.account.blocked {
            let text = format!("The broker blocks the account: {reason}");
            self.alert(Severity::Critical, "account_blocked", text)?;
        }
        if !self.state().account_is_open() {
            self.open_account(broker)?;
            self.roll_day()?;
        } else if self.is_another_account(broker) {
            self.reset_account(broker)?;
        }
        let differences = self.differences(broker);
        let unsure = differences.iter().any(Difference::may_be_late)
            && !same_gaps(self.state().suspected(), &differences);
        if unsure || self.may_be_unanswered(&differences) {
            return self.emit(Event::DifferenceSuspected { differences });
        }
        for difference in differences {
            self.tell(difference)?;
        }
        if !self.state().is_reconciled() {
            // A crash may have come between the books that moved and the exits that were to end.
            for symbol in self.state().symbols().ids().collect::<Vec<_>>() {
                self.cancel_uncovered_exits(symbol)?;
            }
        }
        let open_orders = self.state().live_orders().count();
        self.emit(Event::Reconciled { open_orders: count(open_orders) })?;
        self.confirm_flat(broker)
    }

    /// What an operator had closed is flat when the broker says so.
    fn confirm_flat(&mut self, broker: &BrokerState) -> Result<(), DecideError> {
        let state = self.state();
        let is_flat = !state.is_flattening()
            && state.live_orders().next().is_none()
            && broker.positions.iter().all(|position| position.quantity.is_zero());
        let is_foreign = |open: &&BrokerOrder| self.ours_of(open).is_none();
        let foreign_orders = broker.open_orders.iter().filter(is_foreign).count();
        if !state.confirms_flat() || !is_flat || foreign_orders < broker.open_orders.len() {
            return Ok(());
        }
        self.emit(Event::FlatConfirmed {
            foreign_orders: count(foreign_orders),
            foreign_positions: count(broker.foreign_positions.len()),
        })
    }

    fn open_account(&mut self, broker: &BrokerState) -> Result<(), DecideError> {
        let (cash, positions) = (broker.account.cash, held_by(broker));
        self.emit(Event::AccountOpened { cash, positions })?;
        self.tell_of_debt()
    }

    /// Strategies may be given more than there is; the account's own limits hold all the same.
    pub(super) fn tell_of_debt(&mut self) -> Result<(), DecideError> {
        let state = self.state();
        let accounts = state.accounts();
        let left = accounts.book(Owner::House).map(Ledger::cash);
        let Some(left) = left.filter(|left| accounts.are_apart() && left.is_negative()) else {
            return Ok(());
        };
        let (more, cash) = (left.abs(), state.ledger().cash());
        let text =
            format!("The strategies are given {more} USD more than the {cash} USD of the account");
        self.alert(Severity::Warning, "capital_exceeds_cash", text)
    }

    fn tell(&mut self, difference: Difference) -> Result<(), DecideError> {
        let text = difference.sentence(self.state().symbols());
        if let Some(symbol) = self.paid_fraction(&difference) {
            let text = format!("{text}: the fraction that a split left over is paid for in cash");
            self.emit(Event::DifferenceFound(difference))?;
            self.alert(Severity::Info, "fraction_paid", text)?;
            return self.cancel_uncovered_exits(symbol);
        }
        let is_unexplained = difference.is_unexplained();
        let severity = if is_unexplained { Severity::Critical } else { Severity::Warning };
        if is_unexplained {
            self.stop_entries(&text)?;
            // What rests to open a position was decided on books that were wrong.
            self.cancel_each(Origin::Kernel, |order| order.grows)?;
        }
        self.emit(Event::DifferenceFound(difference.clone()))?;
        self.alert(severity, "reconciliation_difference", text)?;
        match difference {
            Difference::Position { symbol, .. } => self.cancel_uncovered_exits(symbol),
            // What became of an order that is not listed any more only a read can tell.
            Difference::OrderMissing { order } => {
                let report = ReportKind::Unrecognised;
                self.emit(Event::OrderQueryNeeded { order, report, counted: None })
            }
            // Whoever asked for it was told that it had ended, and may have asked for another since.
            Difference::OrderAlive { order, .. } => {
                self.propose(Origin::Kernel, Intent::Cancel { order })
            }
            Difference::Cash { .. }
            | Difference::OrderForeign { .. }
            | Difference::PositionForeign { .. } => Ok(()),
        }
    }

    /// The symbol of a split whose fraction the broker took for cash: nothing is unexplained then.
    fn paid_fraction(&self, difference: &Difference) -> Option<SymbolId> {
        match difference {
            Difference::Position { symbol, ours, theirs, .. }
                if *theirs == ours.whole() && self.state().was_split_lately(*symbol) =>
            {
                Some(*symbol)
            }
            _ => None,
        }
    }

    /// Cancels exits that the position, moved by somebody else, does not cover any more: an exit that
    /// outlives its position would open one on the other side.
    pub(super) fn cancel_uncovered_exits(&mut self, symbol: SymbolId) -> Result<(), DecideError> {
        let origins = self.state().origins_apart();
        for origin in [Origin::Kernel].into_iter().chain(origins) {
            for order in self.uncovered_exits(symbol, origin) {
                self.propose(Origin::Kernel, Intent::Cancel { order })?;
            }
        }
        Ok(())
    }

    /// The exits of a strategy that trades apart that what it holds does not cover; those of the
    /// account for an origin that is no such strategy.
    fn uncovered_exits(&self, symbol: SymbolId, origin: Origin) -> Vec<OrderNumber> {
        let state = self.state();
        let held = state.position_for(origin, symbol).quantity;
        let mut covered = held.abs().nanos();
        let own = state.apart(origin);
        let exits = state
            .live_orders()
            .filter(|order| order.symbol == symbol && !order.grows && state.exit_is_on(order))
            .filter(|order| own.is_none() || state.strategy_of(order) == own);
        let (mut uncovered, mut groups) = (Vec::new(), BTreeMap::new());
        for order in exits {
            let closes = !held.is_zero() && held.is_negative() == (order.side == Side::Buy);
            // Of the exits of a group one cancels the other: they need what the larger one needs.
            let group = groups.entry(order.parent.unwrap_or(order.number)).or_insert(0_i64);
            let more = order.remaining().nanos().saturating_sub(*group).max(0);
            *group = group.saturating_add(more);
            covered = covered.saturating_sub(more);
            if (!closes || covered < 0) && !order.cancel_requested {
                uncovered.push(order.number);
            }
        }
        uncovered
    }

    fn differences(&self, broker: &BrokerState) -> Vec<Difference> {
        let mut found = self.state().book_differences(broker);
        found.extend(self.missing_orders(broker));
        found.extend(self.orders_alive(broker));
        found.extend(self.foreign(broker));
        found
    }

    /// Whether all that the broker holds otherwise may have come of orders that it has taken and not
    /// answered for yet: a slow answer can outlast two looks.
    fn may_be_unanswered(&self, differences: &[Difference]) -> bool {
        let now = self.state().now();
        let is_awaited =
            |order: &&Order| !order.has_arrived() && now.since(order.approved_at) <= LONGEST_ANSWER;
        let unanswered = self.state().live_orders().filter(is_awaited);
        let symbols: Vec<SymbolId> = unanswered.map(|order| order.symbol).collect();
        let mut moved = differences.iter().filter(|it| it.moves_books()).peekable();
        moved.peek().is_some()
            && moved.all(|difference| match difference {
                Difference::Position { symbol, .. } => symbols.contains(symbol),
                _ => !symbols.is_empty(),
            })
    }

    fn missing_orders<'a>(
        &'a self,
        broker: &'a BrokerState,
    ) -> impl Iterator<Item = Difference> + 'a {
        let listed = |order: &Order| {
            broker.open_orders.iter().any(|open| {
                open.order == Some(order.number)
                    || Some(&open.broker_id) == order.broker_id.as_ref()
            })
        };
        self.state()
            .live_orders()
            // What is unanswered may not have arrived; what is held back is not listed as open.
            .filter(|order| order.has_arrived() && order.status != OrderStatus::Held)
            .filter(move |order| !listed(order))
            .map(|order| Difference::OrderMissing { order: order.number })
    }

    /// What the broker works and the books hold as ended, by a refusal that was none or a look that missed
    /// it.
    fn orders_alive<'a>(
        &'a self,
        broker: &'a BrokerState,
    ) -> impl Iterator<Item = Difference> + 'a {
        broker.open_orders.iter().filter_map(|open| {
            // One that has filled has nothing left to work: the list was read before.
            let has_ended =
                |order: &&Order| !order.is_live() && order.status != OrderStatus::Filled;
            let ours = self.ours_of(open).filter(has_ended)?;
            let (order, broker_id) = (ours.number, open.broker_id.clone());
            Some(Difference::OrderAlive { order, broker_id })
        })
    }

    /// The order of ours that the broker lists; the broker names legs itself.
    fn ours_of(&self, open: &BrokerOrder) -> Option<&Order> {
        let state = self.state();
        let by_number = open.order.and_then(|number| state.order(number));
        by_number.or_else(|| state.order_by_broker_id(&open.broker_id))
    }

    fn foreign<'a>(&'a self, broker: &'a BrokerState) -> impl Iterator<Item = Difference> + 'a {
        let state = self.state();
        let orders = broker.open_orders.iter().filter(|order| self.ours_of(order).is_none());
        let orders = orders.filter(|order| !state.has_seen_foreign(&order.broker_id.0));
        let orders =
            orders.map(|order| Difference::OrderForeign { broker_id: order.broker_id.clone() });
        let positions = broker.foreign_positions.iter();
        let positions = positions.filter(|(symbol, _)| !state.has_seen_foreign(symbol));
        let positions = positions.map(|(symbol, quantity)| Difference::PositionForeign {
            symbol: symbol.clone(),
            quantity: *quantity,
        });
        orders.chain(positions)
    }
}

fn count(all: usize) -> u32 {
    u32::try_from(all).unwrap_or(u32::MAX)
}

/// What an account holds: symbol, signed shares and mean entry price.
pub(super) fn held_by(broker: &BrokerState) -> Vec<(SymbolId, Quantity, Price)> {
    let held = broker.positions.iter().filter(|position| !position.quantity.is_zero());
    held.map(|position| (position.symbol, position.quantity, position.average_price)).collect()
}

/// Whether two looks found the same to be missing or too much. While a session trades on, both
/// sides move between them and what is wrong does not.
fn same_gaps(before: &[Difference], now: &[Difference]) -> bool {
    before.len() == now.len()
        && before.iter().zip(now).all(|(before, now)| is_same_gap(before, now))
}

fn is_same_gap(before: &Difference, now: &Difference) -> bool {
    match (before, now) {
        (
            Difference::Cash { ours: before, theirs: there },
            Difference::Cash { ours: now, theirs: here },
        ) => there.checked_sub(*before) == here.checked_sub(*now),
        (
            Difference::Position { symbol: one, ours: before, theirs: there, .. },
            Difference::Position { symbol: other, ours: now, theirs: here, .. },
        ) => one == other && there.checked_sub(*before) == here.checked_sub(*now),
        (before, now) => before == now,
    }
}
