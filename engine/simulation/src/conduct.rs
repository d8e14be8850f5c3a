//! What a session claims and has promised, as the exchange's checkers take it.

use backtest::venue::Venue;
use exchange::OrderRow;
use exchange::check::{Allowed, Bounds, Claims, Moved, Word};
use kernel::{Difference, OrderNumber, Quantity, Ratio, State, Timestamp, TradingState};
use std::collections::{BTreeMap, BTreeSet};

/// What is noted of a session's conduct while it trades.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    words: Vec<Word>,
    moved: Vec<Moved>,
    decided: BTreeMap<OrderNumber, Timestamp>,
    unsure: BTreeSet<OrderNumber>,
    /// Orders from before a split, by client order id, with what the exchange counts as filled: in
    /// shares of before.
    rebased: BTreeMap<String, Rebased>,
}

/// An order across a split.
#[derive(Debug)]
struct Rebased {
    filled: Quantity,
    ratio: Ratio,
    /// Whether it had ended by itself at the exchange, and the books had lost that.
    had_ended: bool,
}

impl Conduct {
    /// From now on the session may go so far.
    pub(crate) fn word(&mut self, at: Timestamp, trading: TradingState, by_operator: bool) {
        let allowed = match trading {
            TradingState::Active => Allowed::Everything,
            TradingState::Reducing => Allowed::Reducing,
            TradingState::Halted => Allowed::Halted,
        };
        if self.words.last().is_none_or(|word| word.allowed != allowed) {
            self.words.push(Word { at, allowed, by_operator });
        }
    }

    /// The books were moved to what the exchange said.
    pub(crate) fn moved(&mut self, at: Timestamp, difference: &Difference) {
        match difference {
            Difference::Cash { .. } => self.moved.push(Moved { at, symbol: None }),
            Difference::Position { symbol, .. } => {
                self.moved.push(Moved { at, symbol: Some(*symbol) });
            }
            Difference::OrderMissing { .. }
            | Difference::OrderForeign { .. }
            | Difference::PositionForeign { .. }
            | Difference::OrderAlive { .. } => {}
        }
    }

    /// An order was decided on.
    pub(crate) fn decided(&mut self, order: OrderNumber, at: Timestamp) {
        self.decided.insert(order, at);
    }

    /// The session cannot know whether an order grows what is held.
    pub(crate) fn unsure(&mut self, order: OrderNumber) {
        self.unsure.insert(order);
    }

    /// The shares of an order were split. What ended at the exchange before may still live in the
    /// books, and shares have filled that they have not heard of.
    pub(crate) fn rebased(&mut self, row: &OrderRow, ratio: Ratio, had_ended: bool) {
        let rebased = Rebased { filled: row.filled_qty, ratio, had_ended };
        self.rebased.insert(row.client_order_id.to_string(), rebased);
    }

    /// What an order has filled in the shares that the exchange counts it in.
    fn filled(&self, name: &str, filled: Quantity) -> Quantity {
        match self.rebased.get(name) {
            Some(it) if it.had_ended || it.ratio.ordered(it.filled) == Some(filled) => it.filled,
            Some(_) | None => filled,
        }
    }

    /// The claims of a session that has come to rest. What the market was worth when an order was
    /// decided on the exchange cannot tell, so of limits in USD an order is held here to what it
    /// names itself; the rest is watched elsewhere.
    pub(crate) fn of(&self, state: &State, venue: &Venue) -> Claims {
        let ledger = state.ledger();
        let symbols = state.symbols().ids();
        let name = |number: OrderNumber| venue.client_order_id_of(number);
        let limits = state.limits();
        let per_minute = limits.max_orders_per_minute.and_then(|most| usize::try_from(most).ok());
        Claims {
            prefix: venue.prefix().to_owned(),
            cash: ledger.cash(),
            trial_balance: ledger.trial_balance(),
            positions: symbols.map(|symbol| (symbol, ledger.position(symbol).quantity)).collect(),
            orders: state
                .orders()
                .map(|order| (name(order.number), order))
                .map(|(name, order)| {
                    let filled = self.filled(&name, order.filled);
                    (name, (order.status, filled))
                })
                .collect(),
            decided: self.decided.iter().map(|(number, at)| (name(*number), *at)).collect(),
            unsure: self.unsure.iter().map(|number| name(*number)).collect(),
            words: self.words.clone(),
            moved: self.moved.clone(),
            bounds: Bounds {
                order_qty: limits.max_order_quantity,
                named_notional: limits.max_order_notional,
                orders_per_minute: per_minute,
                ..Bounds::default()
            },
            ..Claims::default()
        }
    }
}
