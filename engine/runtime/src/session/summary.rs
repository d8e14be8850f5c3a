//! What a session did, as it is printed at its end.

use kernel::{AccountLine, Cash, Price, Quantity, State, TradingState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The session summary. Money, prices and quantities are decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The session's id.
    pub session: String,
    /// `embedded`, `alpaca-paper` or `alpaca-live`.
    pub venue: String,
    /// `synthetic`, `file` or `alpaca`.
    pub data: String,
    /// Inputs taken in.
    pub inputs: u64,
    /// Orders by their end.
    pub orders: OrderCounts,
    /// Executions booked.
    pub fills: u64,
    /// Every position that is not flat, by symbol.
    pub positions: BTreeMap<String, PositionSummary>,
    /// Each virtual account, the house's first; none where one strategy has the account to itself.
    #[serde(default)]
    pub accounts: Vec<AccountLine>,
    /// Cash in our books.
    pub cash: Cash,
    /// Cash and positions at the last prices.
    pub equity: Cash,
    /// Profit or loss of what was closed, before fees; `null` only when it does not fit.
    pub realised: Option<Cash>,
    /// Profit or loss of what is held, at the last prices; `null` when one has no price yet.
    pub unrealised: Option<Cash>,
    /// Fees booked.
    pub fees: Cash,
    /// Fees that are due for executions and that the broker has not posted; not in the cash yet.
    pub accrued_fees: Cash,
    /// Alerts raised.
    pub alerts: u64,
    /// Bytes of journal on disk.
    pub journal_bytes: u64,
    /// The digest of the session's events; two runs over the same data have the same. `null` when
    /// the journal was short of room and no longer holds the first of them, or when the session was
    /// ended at once before those of an earlier process were read.
    pub events_hash: Option<String>,
    /// What the broker said at the end; `null` when it could not be asked.
    pub broker: Option<BrokerSummary>,
    /// How far trading was allowed to go at the end; `halted` makes the exit code 4.
    pub trading: TradingState,
}

/// Orders by their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCounts {
    /// Approved and sent.
    pub sent: u64,
    /// Wholly filled.
    pub filled: u64,
    /// Ended cancelled, or with another order in their place.
    pub canceled: u64,
    /// Refused by the broker, or never received.
    pub rejected: u64,
    /// Refused by risk before they were orders.
    pub denied: u64,
    /// Ended by their time in force.
    pub expired: u64,
}

/// A position at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionSummary {
    /// Signed shares.
    pub qty: Quantity,
    /// Mean entry price; `null` only when it does not fit.
    pub avg_price: Option<Price>,
}

/// What the broker said at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerSummary {
    /// Cash.
    pub cash: Cash,
    /// Every position it lists in the session's symbols.
    pub positions: BTreeMap<String, PositionSummary>,
}

impl Summary {
    /// What the state says of the session.
    pub(super) fn of(
        state: &State,
        data: &str,
        journal_bytes: u64,
        events_hash: Option<String>,
    ) -> Self {
        let start = state.session();
        let tally = state.tally();
        Self {
            session: start.map_or_else(String::new, |start| start.session.to_string()),
            venue: start.map_or_else(String::new, |start| start.venue.to_string()),
            data: data.into(),
            inputs: tally.inputs,
            orders: OrderCounts {
                sent: tally.sent,
                filled: tally.filled,
                canceled: tally.canceled + tally.replaced,
                rejected: tally.rejected,
                denied: tally.denied,
                expired: tally.expired,
            },
            fills: tally.fills,
            positions: positions(state),
            accounts: state.account_lines(),
            cash: state.ledger().cash(),
            equity: state.equity(),
            realised: realised(state),
            unrealised: unrealised(state),
            fees: state.ledger().total_fees(),
            accrued_fees: state.ledger().accrued_fees(),
            alerts: tally.alerts,
            journal_bytes,
            events_hash,
            broker: None,
            trading: state.trading_state(),
        }
    }

    /// Whether cash and positions in our books are the broker's to the last digit; `None` when
    /// the broker could not be asked. Mean prices are left out: the broker rounds them.
    pub fn agrees_with_broker(&self) -> Option<bool> {
        let broker = self.broker.as_ref()?;
        let shares = |positions: &BTreeMap<String, PositionSummary>| -> BTreeMap<String, Quantity> {
            positions.iter().map(|(symbol, position)| (symbol.clone(), position.qty)).collect()
        };
        Some(self.cash == broker.cash && shares(&self.positions) == shares(&broker.positions))
    }
}

fn realised(state: &State) -> Option<Cash> {
    let mut sums = state.ledger().positions().iter().map(|position| position.realised);
    sums.try_fold(Cash::ZERO, Cash::checked_add)
}

fn unrealised(state: &State) -> Option<Cash> {
    let mut held = state.symbols().ids().filter_map(|symbol| {
        let position = state.ledger().position(symbol);
        (!position.quantity.is_zero()).then_some((symbol, position))
    });
    held.try_fold(Cash::ZERO, |sum, (symbol, position)| {
        sum.checked_add(position.unrealised(state.last_price(symbol)?)?)
    })
}

fn positions(state: &State) -> BTreeMap<String, PositionSummary> {
    let held = state.symbols().ids().map(|symbol| (symbol, state.ledger().position(symbol)));
    let held = held.filter(|(_, position)| !position.quantity.is_zero());
    let lines = held.map(|(symbol, position)| {
        let summary =
            PositionSummary { qty: position.quantity, avg_price: position.average_price() };
        (state.symbols().name(symbol).to_owned(), summary)
    });
    lines.collect()
}
