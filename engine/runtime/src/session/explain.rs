//! Why an order was made, or was not: the journal decided again up to the input that led to it.
//!
//! The first reading of the journal finds the input that is meant. The second decides everything again
//! up to that input, so that the strategies stand where they stood and the checks can be asked about
//! the account as it was. The third, from there on, gathers what became of its orders.

use super::replay::{Again, ReplayError};
use journal::Reader;
use kernel::risk::{self, Denial, Finding, SizedEntry};
use kernel::{
    Cash, Event, FeeKind, Input, Intent, NewOrder, Order, OrderNumber, Origin, Price, Quantity,
    Reading, RecordBody, SessionStart, Side, Stamped, State, Strategy, StrategyId, Symbols,
    Timestamp,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// An order by its number in the session.
    Order(OrderNumber),
    /// A record of the journal, and what was decided on the input that it belongs to.
    Record(u64),
    /// The last market data of a symbol that was not later than an instant.
    Market {
        /// Which symbol.
        symbol: String,
        /// Until when; `None` takes the last there is.
        until: Option<Timestamp>,
    },
    /// An order by the broker's name for it.
    BrokerName(String),
}

/// An input, what the strategies made of it, and what became of what was proposed on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The session's id.
    pub session: String,
    /// The names that symbols are numbered by.
    pub symbols: Symbols,
    /// The record of the input.
    pub seq: u64,
    /// The input.
    pub input: Stamped,
    /// What each strategy made of the symbol, in the session's order.
    pub strategies: Vec<StrategyReadings>,
    /// What was asked for, in turn.
    pub proposals: Vec<Proposed>,
}

/// What one strategy made of a symbol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategyReadings {
    /// Its place in the session.
    pub id: StrategyId,
    /// Its name in the registry.
    pub name: String,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// The figures it decided on.
    pub readings: Vec<Reading>,
}

/// An order that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposed {
    /// The record of the verdict.
    pub seq: u64,
    /// Who asked.
    pub origin: Origin,
    /// For what.
    pub request: NewOrder,
    /// The arithmetic of its size, where a model made it.
    pub sized: Option<SizedEntry>,
    /// The order that it took the place of.
    pub replaces: Option<OrderNumber>,
    /// Why it was denied; `None` for an order.
    pub denial: Option<Denial>,
    /// The account at that moment.
    pub account: AccountThen,
    /// Every check, asked anew about the account as it was; empty where nothing could be asked.
    pub checks: Vec<Finding>,
    /// The order that came of it.
    pub order: Option<OrderLife>,
}

/// The account when something was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountThen {
    /// Cash and positions at the last prices.
    pub equity: Cash,
    /// Cash.
    pub cash: Cash,
    /// Signed shares held of the symbol.
    pub position: Quantity,
    /// The last price of the symbol: the arrival price of its cost.
    pub arrival: Option<Price>,
}

/// An order from its approval to where it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderLife {
    /// As it was approved.
    pub approved: Box<Order>,
    /// Its legs.
    pub legs: Vec<OrderNumber>,
    /// What was journalled of it and its legs since.
    pub events: Vec<Happened>,
    /// What its fills cost; `None` before the first.
    pub cost: Option<Cost>,
}

/// An event with its record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Happened {
    /// The record.
    pub seq: u64,
    /// The venue's time.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What the fills of one order, without its legs, cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Shares.
    pub quantity: Quantity,
    /// USD paid, or received when it sold.
    pub value: Cash,
    /// USD worse than at the arrival price; below zero is better. `None` without an arrival price.
    pub slippage: Option<Cash>,
    /// Fees that were accrued with the fills, in USD.
    pub fees: Cash,
}

/// Explains what is wanted of the session in a journal.
///
/// # Errors
/// When the journal cannot be read or decided again, and [`ExplainError::NotFound`] when there is no
/// such thing in it.
pub fn explain<E: std::error::Error + 'static>(
    journal_dir: &Path,
    wanted: &Wanted,
    build: impl Fn(&SessionStart) -> Result<Vec<Box<dyn Strategy>>, E>,
) -> Result<Explanation, ExplainError<E>> {
    let found = find(journal_dir, wanted)?.ok_or(ExplainError::NotFound)?;
    let mut explanation = rerun(journal_dir, &found, build)?;
    let only = found.order;
    if only.is_some() {
        let number = |proposed: &Proposed| proposed.order.as_ref().map(|life| life.approved.number);
        explanation.proposals.retain(|proposed| number(proposed) == only);
    }
    follow(journal_dir, &mut explanation)?;
    Ok(explanation)
}

/// Why nothing could be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError<E: std::error::Error + 'static> {
    /// There is no such thing.
    #[error("there is no such order or data in the journal")]
    NotFound,
    /// The journal cannot be read or decided again.
    #[error(transparent)]
    Replay(#[from] ReplayError<E>),
}

impl<E: std::error::Error + 'static> From<journal::JournalError> for ExplainError<E> {
    fn from(error: journal::JournalError) -> Self {
        Self::Replay(error.into())
    }
}

/// The input that is meant, and the order when one is.
struct Found {
    input: u64,
    order: Option<OrderNumber>,
}

/// The first reading.
fn find(journal_dir: &Path, wanted: &Wanted) -> Result<Option<Found>, journal::JournalError> {
    let mut records = Reader::open(journal_dir, 1)?;
    let (mut input, mut found) = (0, None);
    let mut symbols = Symbols::default();
    let mut approved = BTreeMap::new();
    while let Some(record) = records.next()? {
        match &record.body {
            RecordBody::Input(stamped) => {
                input = record.seq;
                if let Input::Start(start) = &stamped.input {
                    symbols = start.symbols.clone();
                }
                match is_market(stamped, wanted, &symbols) {
                    Some(true) => found = Some(Found { input, order: None }),
                    Some(false) => return Ok(found),
                    None => {}
                }
            }
            RecordBody::Event { event, .. } => {
                note_order(event, input, &mut approved);
                let order = is_order(event, wanted);
                if let Some(found) = order.and_then(|order| approved.remove(&order)) {
                    return Ok(Some(found));
                }
            }
        }
        if *wanted == Wanted::Record(record.seq) {
            return Ok(Some(Found { input, order: None }));
        }
    }
    Ok(found)
}

/// Keeps the input that an order came of; a leg is told with its parent.
fn note_order(event: &Event, input: u64, approved: &mut BTreeMap<OrderNumber, Found>) {
    if let Event::OrderApproved(order) = event {
        let parent = order.parent.filter(|_| order.replaces.is_none());
        let order_told = parent.unwrap_or(order.number);
        approved.insert(order.number, Found { input, order: Some(order_told) });
    }
}

/// Whether an input is market data that is wanted: `false` when it is later.
fn is_market(stamped: &Stamped, wanted: &Wanted, symbols: &Symbols) -> Option<bool> {
    let (Input::Market(data), Wanted::Market { symbol, until }) = (&stamped.input, wanted) else {
        return None;
    };
    let is_of = symbols.id(symbol) == Some(data.symbol());
    is_of.then(|| until.is_none_or(|until| stamped.at <= until))
}

/// The order that an event names, when it is the one that is wanted.
fn is_order(event: &Event, wanted: &Wanted) -> Option<OrderNumber> {
    match (event, wanted) {
        (Event::OrderApproved(order), Wanted::Order(number)) => {
            (order.number == *number).then_some(*number)
        }
        (Event::OrderUpdated { order, broker_id: Some(id), .. }, Wanted::BrokerName(name)) => {
            (*id.0 == **name).then_some(*order)
        }
        _ => None,
    }
}

/// The second reading: everything again up to the input, and the checks as they stood.
fn rerun<E: std::error::Error + 'static>(
    journal_dir: &Path,
    found: &Found,
    build: impl Fn(&SessionStart) -> Result<Vec<Box<dyn Strategy>>, E>,
) -> Result<Explanation, ExplainError<E>> {
    let mut records = Reader::open(journal_dir, 1)?;
    let mut again = Again::new(build);
    let mut explanation: Option<Explanation> = None;
    let mut size = None;
    while let Some(record) = records.next()? {
        match (&record.body, &mut explanation) {
            (RecordBody::Input(_), Some(_)) => break,
            (RecordBody::Input(stamped), None) => {
                again.decide(record.seq, stamped)?;
                if record.seq == found.input {
                    explanation = Some(begun(record.seq, stamped, &again.state));
                }
            }
            (RecordBody::Event { event: Event::EntrySized { sized, .. }, .. }, Some(_)) => {
                size = Some(*sized);
            }
            (RecordBody::Event { event, .. }, Some(explanation)) => {
                if let Some(proposed) = proposed(record.seq, event, &again.state) {
                    let sized = size.take();
                    explanation.proposals.push(Proposed { sized, ..proposed });
                }
            }
            (RecordBody::Event { .. }, None) => {}
        }
        again.fold(&record)?;
    }
    let mut explanation = explanation.ok_or(ExplainError::NotFound)?;
    let symbol = match &explanation.input.input {
        Input::Market(data) => Some(data.symbol()),
        _ => explanation.proposals.first().map(|proposed| proposed.request.symbol),
    };
    let readings = symbol.map(|symbol| again.readings(symbol)).unwrap_or_default();
    for (strategy, readings) in explanation.strategies.iter_mut().zip(readings) {
        strategy.readings = readings;
    }
    Ok(explanation)
}

fn begun(seq: u64, stamped: &Stamped, state: &State) -> Explanation {
    let specs = state.session().map(|start| start.strategies.as_slice()).unwrap_or_default();
    let strategies = (0..).zip(specs).map(|(place, spec)| StrategyReadings {
        id: StrategyId(place),
        name: spec.name.to_string(),
        params: spec
            .params
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        readings: Vec::new(),
    });
    Explanation {
        session: state.session().map(|start| start.session.to_string()).unwrap_or_default(),
        symbols: state.symbols().clone(),
        seq,
        input: stamped.clone(),
        strategies: strategies.collect(),
        proposals: Vec::new(),
    }
}

/// What an event says was asked for, with what the checks say of it.
fn proposed(seq: u64, event: &Event, state: &State) -> Option<Proposed> {
    let (origin, request, replaces, denial) = match event {
        Event::OrderApproved(order) if order.parent.is_none() || order.replaces.is_some() => {
            (order.origin, request_of(order), order.replaces, None)
        }
        Event::OrderDenied { origin, intent, denial } => match *intent {
            Intent::Submit(request) => (*origin, request, None, Some(denial.clone())),
            Intent::Replace { order, quantity, kind } => {
                let held = state.order(order)?;
                let request = NewOrder { size: quantity.into(), kind, ..request_of(held) };
                (*origin, request, Some(order), Some(denial.clone()))
            }
            Intent::Cancel { .. } => return None,
        },
        _ => return None,
    };
    let order = match event {
        Event::OrderApproved(order) => Some(OrderLife {
            approved: order.clone(),
            legs: Vec::new(),
            events: Vec::new(),
            cost: None,
        }),
        _ => None,
    };
    Some(Proposed {
        seq,
        origin,
        request,
        sized: None,
        replaces,
        denial,
        account: AccountThen {
            equity: state.equity(),
            cash: state.ledger().cash(),
            position: state.ledger().position(request.symbol).quantity,
            arrival: state.last_price(request.symbol),
        },
        checks: risk::examine(state, origin, request, replaces).unwrap_or_default(),
        order,
    })
}

fn request_of(order: &Order) -> NewOrder {
    let request = NewOrder::new(order.symbol, order.side, order.size, order.kind);
    let request = request.lasting(order.time_in_force).grouped(order.class);
    NewOrder { extended_hours: order.extended_hours, ..request }
}

/// What became of the orders.
fn follow(journal_dir: &Path, explanation: &mut Explanation) -> Result<(), journal::JournalError> {
    let mut lives: Vec<Life<'_>> = explanation
        .proposals
        .iter_mut()
        .filter_map(|proposed| {
            let (arrival, life) = (proposed.account.arrival, proposed.order.as_mut()?);
            let family = BTreeSet::from([life.approved.number]);
            Some(Life { life, arrival, family, filled_last: false })
        })
        .collect();
    if lives.is_empty() {
        return Ok(());
    }
    let mut records = Reader::open(journal_dir, explanation.seq)?;
    while let Some(record) = records.next()? {
        let RecordBody::Event { at, event } = &record.body else { continue };
        for life in &mut lives {
            life.take(record.seq, *at, event);
        }
    }
    Ok(())
}

/// An order while its life is gathered.
struct Life<'a> {
    life: &'a mut OrderLife,
    arrival: Option<Price>,
    /// It and its legs.
    family: BTreeSet<OrderNumber>,
    /// Whether the last event was a fill of it: the fees that follow are of that fill.
    filled_last: bool,
}

impl Life<'_> {
    fn take(&mut self, seq: u64, at: Timestamp, event: &Event) {
        let own = self.life.approved.number;
        if let Event::OrderApproved(order) = event
            && order.parent == Some(own)
            && order.number != own
        {
            self.family.insert(order.number);
            self.life.legs.push(order.number);
        }
        if let (true, Event::FeesAccrued { fees, .. }, Some(cost)) =
            (self.filled_last, event, &mut self.life.cost)
        {
            cost.fees = fees.iter().fold(cost.fees, |sum: Cash, (_, fee): &(FeeKind, Cash)| {
                sum.checked_add(*fee).unwrap_or(sum)
            });
        }
        self.filled_last = false;
        if !event_order(event).is_some_and(|order| self.family.contains(&order)) {
            return;
        }
        if let Event::OrderFilled { order, side, quantity, price, .. } = event
            && *order == own
        {
            self.filled_last = true;
            self.cost(*side, *quantity, *price);
        }
        self.life.events.push(Happened { seq, at, event: event.clone() });
    }

    fn cost(&mut self, side: Side, quantity: Quantity, price: Price) {
        let rounding = kernel::Rounding::HalfEven;
        let worse = self.arrival.and_then(|arrival| match side {
            Side::Buy => price.checked_sub(arrival),
            Side::Sell => arrival.checked_sub(price),
        });
        let slippage = worse.and_then(|worse| worse.value(quantity, rounding));
        let value = price.value(quantity, rounding).unwrap_or(Cash::ZERO);
        let zero = self.arrival.map(|_| Cash::ZERO);
        let cost = self.life.cost.get_or_insert(Cost {
            quantity: Quantity::ZERO,
            value: Cash::ZERO,
            slippage: zero,
            fees: Cash::ZERO,
        });
        cost.quantity = cost.quantity.checked_add(quantity).unwrap_or(cost.quantity);
        cost.value = cost.value.checked_add(value).unwrap_or(cost.value);
        cost.slippage = cost.slippage.zip(slippage).and_then(|(sum, more)| sum.checked_add(more));
    }
}

/// The order that an event is about.
fn event_order(event: &Event) -> Option<OrderNumber> {
    match event {
        Event::OrderApproved(order) => Some(order.number),
        Event::CancelApproved { order, .. }
        | Event::OrderUpdated { order, .. }
        | Event::OrderFilled { order, .. }
        | Event::OrderQueryNeeded { order, .. } => Some(*order),
        Event::ReportIgnored { order, .. } => *order,
        _ => None,
    }
}
