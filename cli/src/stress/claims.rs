//! What a session's journal says of it, in the terms of the checkers that judge it by the exchange's
//! record. Also read by the soak (`cli/examples/soak`), whose session runs in another process.

use exchange::check::{Allowed, Bounds, Claims, Moved, SessionRecord, Word};
use kernel::{
    BrokerOrderId, Difference, Event, EvolveError, OrderNumber, OrderStatus, Origin, Quantity,
    Record, RecordBody, State, Timestamp, TradingState,
};
use std::collections::BTreeMap;

/// The books of a session as its journal leaves them, and what it did on the way.
#[derive(Default)]
pub struct Books {
    state: State,
    orders: BTreeMap<OrderNumber, Standing>,
    words: Vec<Word>,
    moved: Vec<Moved>,
}

/// An order; the state forgets those that ended long ago.
struct Standing {
    decided: Timestamp,
    status: OrderStatus,
    /// Shares of its executions, in the shares of their day.
    filled: Quantity,
    broker_id: Option<BrokerOrderId>,
}

impl Books {
    /// Takes in the next record.
    ///
    /// # Errors
    /// When it does not follow from those before it.
    pub fn take(&mut self, record: &Record) -> Result<(), EvolveError> {
        if let RecordBody::Event { at, event } = &record.body {
            self.note(*at, event);
        }
        self.state.evolve(record)
    }

    fn note(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::OrderApproved(order) => {
                let standing = Standing {
                    decided: at,
                    status: order.status,
                    filled: order.filled,
                    broker_id: order.broker_id.clone(),
                };
                self.orders.insert(order.number, standing);
            }
            Event::OrderUpdated { order, to, broker_id, .. } => {
                if let Some(held) = self.orders.get_mut(order) {
                    held.status = *to;
                    held.broker_id = broker_id.clone().or(held.broker_id.take());
                }
            }
            Event::OrderFilled { order, quantity, status, .. } => {
                if let Some(held) = self.orders.get_mut(order) {
                    held.status = *status;
                    held.filled = held.filled.checked_add(*quantity).unwrap_or(held.filled);
                }
            }
            Event::TradingStateChanged { to, origin, .. } => {
                let allowed = match to {
                    TradingState::Active => Allowed::Everything,
                    TradingState::Reducing => Allowed::Reducing,
                    TradingState::Halted => Allowed::Halted,
                };
                self.words.push(Word { at, allowed, by_operator: *origin == Origin::Operator });
            }
            Event::DifferenceFound(Difference::Cash { .. }) => {
                self.moved.push(Moved { at, symbol: None });
            }
            Event::DifferenceFound(Difference::Position { symbol, .. }) => {
                self.moved.push(Moved { at, symbol: Some(*symbol) });
            }
            _ => {}
        }
    }

    /// What the session says of itself. Of limits in USD an order is held to what it names itself: what
    /// the market was worth to a session whose data were struck the exchange cannot tell, so orders
    /// at the market and the USD in one symbol are left out.
    pub fn claims(&self, record: &SessionRecord) -> Claims {
        let session = self.state.session().map_or("", |start| &start.session);
        let prefix = format!("tw-{session:.8}-");
        // The exchange gives the legs of an order their names.
        let name = |number: &OrderNumber, held: &Standing| {
            let id = held.broker_id.as_ref().map(|id| &*id.0);
            let row = record.orders.iter().find(|row| Some(&*row.id.to_string()) == id);
            row.map_or(format!("{prefix}{number}"), |row| row.client_order_id.to_string())
        };
        let ledger = self.state.ledger();
        let symbols = self.state.symbols().ids();
        let limits = self.state.limits();
        let per_minute = limits.max_orders_per_minute.and_then(|most| usize::try_from(most).ok());
        let orders: Vec<(String, &Standing)> =
            self.orders.iter().map(|(number, held)| (name(number, held), held)).collect();
        Claims {
            cash: ledger.cash(),
            trial_balance: ledger.trial_balance(),
            positions: symbols.map(|symbol| (symbol, ledger.position(symbol).quantity)).collect(),
            decided: orders.iter().map(|(name, held)| (name.clone(), held.decided)).collect(),
            orders: orders
                .into_iter()
                .map(|(name, held)| (name, (held.status, held.filled)))
                .collect(),
            words: self.words.clone(),
            moved: self.moved.clone(),
            bounds: Bounds {
                order_qty: limits.max_order_quantity,
                named_notional: limits.max_order_notional,
                orders_per_minute: per_minute,
                ..Bounds::default()
            },
            prefix,
            ..Claims::default()
        }
    }
}
