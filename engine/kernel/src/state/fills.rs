//! Executions: what they do to the books, to their order and to what is counted.

use super::counts::is_stop;
use super::{EvolveError, State};
use crate::{Cash, Event, LedgerError, Notional, Order, OrderNumber, Quantity, Rounding};

impl State {
    pub(super) fn book_fill(&mut self, seq: u64, event: &Event) -> Result<(), EvolveError> {
        let Event::OrderFilled {
            order: number,
            execution,
            symbol,
            side,
            quantity,
            price,
            status,
            realised,
            position,
            cash,
        } = event
        else {
            return Ok(());
        };
        let ledger = |source| EvolveError::Ledger { seq, source };
        let signed = side.signed(*quantity);
        let before = self.ledger.position(*symbol).quantity;
        let posting = self.ledger.fill(*symbol, signed, *price).map_err(ledger)?;
        self.ledger.post(&posting).map_err(ledger)?;
        if self.accounts.are_kept() {
            let (of, moved) = (self.filled_for(*number), posting.cash());
            self.accounts.fill(of, *symbol, signed, *price, moved).map_err(ledger)?;
            self.accounts_agree(Some(*symbol)).map_err(ledger)?;
        }
        let held = self.ledger.position(*symbol).quantity;
        self.agree(seq, held == *position && self.ledger.cash() == *cash)?;
        self.counts.note_fill(*symbol, before, held, *realised, self.now);
        self.stops.note_fill(*symbol, before, held, *price, self.now);
        let by_watch = self.stop_was_met(*symbol);
        let order = self.order_mut(seq, *number)?;
        order.executions.push(execution.clone());
        let ends_loss = is_stop(order) || (by_watch && !order.grows);
        let is_stopped = ends_loss && realised.is_negative() && order.filled.is_zero();
        fill(order, *quantity, price.times(signed)).map_err(ledger)?;
        let filled = order.filled;
        if is_stopped {
            self.counts.note_stop(self.now);
        }
        if self.uncounted.get(number).is_some_and(|counted| *counted <= filled) {
            self.uncounted.remove(number);
        }
        self.note_equity();
        self.tally.fills += 1;
        self.shrink_other_exits(*number, *quantity);
        self.move_order(seq, *number, *status)
    }

    /// What one exit fills, the others of its group have no more to fill.
    fn shrink_other_exits(&mut self, number: OrderNumber, by: Quantity) {
        let Some(group) = self.orders.get(number).and_then(Order::exits_of) else {
            return;
        };
        for live in &self.live {
            if *live == number {
                continue;
            }
            if let Some(other) = self.orders.get_mut(*live)
                && other.exits_of() == Some(group)
            {
                let less = other.quantity.checked_sub(by).unwrap_or(Quantity::ZERO);
                other.quantity = less.max(other.filled);
            }
        }
    }
}

/// Counts an execution of an order, and frees what was kept for it.
fn fill(order: &mut Order, quantity: Quantity, value: Notional) -> Result<(), LedgerError> {
    let filled = order.filled.checked_add(quantity).ok_or(LedgerError::Overflow)?;
    let value = order.filled_value.checked_add(value).ok_or(LedgerError::Overflow)?;
    let left = order.quantity.checked_sub(filled).unwrap_or(Quantity::ZERO);
    let before = order.quantity.checked_sub(order.filled).unwrap_or(Quantity::ZERO);
    order.reserved = match order.size.notional().filter(|_| order.grows) {
        // Dollars that were not spent are kept, however few shares they were to come to.
        Some(usd) => Notional::from(usd)
            .checked_sub(value.abs())
            .and_then(|left| left.to_cash(Rounding::Up))
            .map(|left| left.max(Cash::ZERO)),
        None => order.reserved.proportion(left.nanos().max(0), before.nanos().max(1), Rounding::Up),
    }
    .ok_or(LedgerError::Overflow)?;
    order.filled = filled;
    order.filled_value = value;
    Ok(())
}
