//! What has happened at the exchange and a process may not know of: executions that it has not been
//! told of, and what somebody else has traded.

use exchange::{Exchange, OrderId, OrderRow, Update};
use kernel::{Quantity, Report, State, SymbolId};
use std::collections::{BTreeMap, BTreeSet};

/// News, and whether they have arrived.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Executions at the exchange that the process has not been told of.
    untold: BTreeMap<String, SymbolId>,
    /// Those that it was told of since it was started: a crash may lose them.
    told: BTreeMap<String, SymbolId>,
    /// Symbols in which somebody else traded and the books were not compared since.
    disturbed: BTreeSet<SymbolId>,
    /// Every symbol in which somebody else ever traded.
    foreign: BTreeSet<SymbolId>,
    /// Somebody else's orders.
    others: BTreeSet<OrderId>,
}

impl News {
    /// Somebody else's order is at the exchange.
    pub(crate) fn other(&mut self, order: OrderId) {
        self.others.insert(order);
    }

    /// Whether an order is somebody else's.
    pub(crate) fn is_others(&self, row: &OrderRow) -> bool {
        self.others.contains(&row.id)
    }

    /// The exchange recorded something; says whether an execution.
    pub(crate) fn filled(&mut self, update: &Update) -> bool {
        let Some(execution) = &update.execution else { return false };
        let symbol = update.order.symbol;
        if self.is_others(&update.order) {
            self.disturbed.insert(symbol);
            self.foreign.insert(symbol);
        }
        self.untold.insert(execution.id.to_string(), symbol);
        true
    }

    /// The process is told of an execution.
    pub(crate) fn told(&mut self, report: &Report) {
        if let Some(execution) = &report.execution {
            let untold = self.untold.remove_entry(&*execution.id.0);
            self.told.extend(untold);
        }
    }

    /// The shares of a symbol are about to be split at the exchange. A session that knows of it
    /// follows; one that does not finds a difference.
    pub(crate) fn split(&mut self, symbol: SymbolId, is_known: bool) {
        self.foreign.insert(symbol);
        if !is_known {
            self.disturbed.insert(symbol);
        }
    }

    /// A process has taken up a session: what it was told and what the books were moved to by somebody
    /// else's trade may have been lost.
    pub(crate) fn recovered(&mut self, state: &State) {
        let has = |id: &str| state.orders().any(|it| it.executions.iter().any(|one| *one.0 == *id));
        let told = std::mem::take(&mut self.told).into_iter();
        self.untold.extend(told.filter(|(id, _)| !has(id)));
        self.disturbed.clone_from(&self.foreign);
    }

    /// Somebody else's trade is dealt with once the books show what the account holds.
    pub(crate) fn compared(&mut self, state: &State, exchange: &Exchange) {
        let same = |symbol: &SymbolId| {
            held(exchange, *symbol) == state.ledger().position(*symbol).quantity
        };
        if self.disturbed.iter().all(same) && state.ledger().cash() == exchange.account().cash {
            self.disturbed.clear();
        }
    }

    /// Whether the books differ by nobody else's doing.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.disturbed.is_empty()
    }

    /// Whether the process knows of every execution.
    pub(crate) fn is_sure(&self) -> bool {
        self.untold.is_empty() && self.disturbed.is_empty()
    }

    /// Whether the process cannot know what is held: executions are on their way, or somebody else
    /// has traded.
    pub(crate) fn is_unsure(&self, symbol: SymbolId) -> bool {
        self.disturbed.contains(&symbol) || self.untold.values().any(|it| *it == symbol)
    }
}

/// What the account holds of a symbol.
pub(crate) fn held(exchange: &Exchange, symbol: SymbolId) -> Quantity {
    exchange.position(symbol).map_or(Quantity::ZERO, |position| position.qty)
}
