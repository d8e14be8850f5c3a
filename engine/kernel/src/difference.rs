//! Where our books and the broker's differ.

use crate::{BrokerOrderId, BrokerState, Cash, OrderNumber, Price, Quantity, State, SymbolId};
use serde::{Deserialize, Serialize};

/// One difference between our books and the broker's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// Cash.
    Cash {
        /// Our count.
        ours: Cash,
        /// The broker's.
        theirs: Cash,
    },
    /// A position.
    Position {
        /// Of what.
        symbol: SymbolId,
        /// Our count.
        ours: Quantity,
        /// The broker's.
        theirs: Quantity,
        /// The broker's mean entry price.
        average_price: Price,
    },
    /// An order that we hold live and the broker does not list as open.
    OrderMissing {
        /// Which.
        order: OrderNumber,
    },
    /// An open order at the broker that is not this session's. It is left alone.
    OrderForeign {
        /// The broker's name for it.
        broker_id: BrokerOrderId,
    },
    /// A position in a symbol that the session does not trade. It is left alone.
    PositionForeign {
        /// Of what.
        symbol: Box<str>,
        /// Signed shares.
        quantity: Quantity,
    },
    /// An order that the broker works and that we hold ended. It is taken back, and cancelled.
    OrderAlive {
        /// Which.
        order: OrderNumber,
        /// The broker's name for it.
        broker_id: BrokerOrderId,
    },
}

impl Difference {
    /// Whether our books are moved to the broker's figure.
    pub const fn moves_books(&self) -> bool {
        match self {
            Difference::Cash { .. } | Difference::Position { .. } => true,
            Difference::OrderMissing { .. }
            | Difference::OrderForeign { .. }
            | Difference::PositionForeign { .. }
            | Difference::OrderAlive { .. } => false,
        }
    }

    /// Whether nobody can say how it came about, so that nothing may grow until an operator has looked.
    pub const fn is_unexplained(&self) -> bool {
        self.moves_books() || matches!(self, Difference::OrderAlive { .. })
    }

    /// Whether what the broker said may only have been out of step with what it sends.
    pub const fn may_be_late(&self) -> bool {
        match self {
            Difference::Cash { .. }
            | Difference::Position { .. }
            | Difference::OrderMissing { .. }
            | Difference::OrderAlive { .. } => true,
            Difference::OrderForeign { .. } | Difference::PositionForeign { .. } => false,
        }
    }

    /// The difference in one sentence.
    pub fn sentence(&self, symbols: &crate::Symbols) -> String {
        match self {
            Difference::Cash { ours, theirs } => {
                format!("Cash is {theirs} at the broker and was {ours} in our books")
            }
            Difference::Position { symbol, ours, theirs, .. } => format!(
                "The position in {} is {theirs} at the broker and was {ours} in our books",
                symbols.name(*symbol)
            ),
            Difference::OrderMissing { order } => {
                format!("Order {order} is live in our books and not open at the broker")
            }
            Difference::OrderForeign { broker_id } => {
                format!("Order {broker_id} at the broker is not this session's; it is left alone")
            }
            Difference::OrderAlive { order, .. } => {
                format!(
                    "Order {order} is open at the broker and had ended in our books; it is cancelled"
                )
            }
            Difference::PositionForeign { symbol, quantity } => {
                format!(
                    "The account holds {quantity} of {symbol}, which this session does not trade"
                )
            }
        }
    }
}

impl State {
    /// Where the broker's cash and positions are not those of our books.
    pub fn book_differences(&self, broker: &BrokerState) -> Vec<Difference> {
        let (ours, theirs) = (self.ledger().cash(), broker.account.cash);
        let cash = (ours != theirs).then_some(Difference::Cash { ours, theirs });
        let positions = self.symbols().ids().filter_map(|symbol| {
            let held = self.ledger().position(symbol);
            let listed = broker.positions.iter().find(|position| position.symbol == symbol);
            let theirs = listed.map_or(Quantity::ZERO, |position| position.quantity);
            let average_price = listed.map(|position| position.average_price);
            let average_price = average_price.or(held.average_price()).unwrap_or_default();
            let ours = held.quantity;
            (ours != theirs).then_some(Difference::Position { symbol, ours, theirs, average_price })
        });
        cash.into_iter().chain(positions).collect()
    }
}
