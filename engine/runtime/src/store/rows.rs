//! From records to rows: what one transaction writes.

use crate::envelope::{By, client_order_id, session_of};
use kernel::{Alert, Event, Input, Order, OrderNumber, Record, RecordBody, Span, State, Timestamp};
use std::collections::BTreeMap;

const MINUTE: i64 = Span::from_secs(60).nanos();

/// The rows of some records, in the order of the tables' keys. An order or a minute that was
/// touched many times is written once.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub started: Option<SessionRow>,
    pub orders: BTreeMap<u64, OrderRow>,
    pub fills: Vec<FillRow>,
    pub fees: Vec<FeeRow>,
    pub equity: BTreeMap<i64, EquityRow>,
    pub alerts: Vec<AlertRow>,
    pub predictions: Vec<PredictionRow>,
}

#[derive(Debug)]
pub(super) struct SessionRow {
    pub venue: String,
    pub build: String,
    pub symbols: String,
    pub started_at: i64,
}

#[derive(Debug)]
pub(super) struct OrderRow {
    pub client_order_id: String,
    pub broker_id: Option<String>,
    pub origin: &'static str,
    pub strategy: Option<String>,
    pub symbol: String,
    pub side: &'static str,
    pub kind: &'static str,
    pub quantity: i64,
    pub limit_price: Option<i64>,
    pub stop_price: Option<i64>,
    pub time_in_force: &'static str,
    pub replaces: Option<i64>,
    pub status: &'static str,
    pub filled: i64,
    pub text: Option<String>,
    pub approved_at: i64,
    pub updated_at: i64,
}

#[derive(Debug)]
pub(super) struct FillRow {
    pub seq: i64,
    pub at: i64,
    pub order: i64,
    pub execution: String,
    pub symbol: String,
    pub side: &'static str,
    pub quantity: i64,
    pub price: i64,
    pub realised: i64,
    pub position: i64,
    pub cash: i64,
}

#[derive(Debug)]
pub(super) struct FeeRow {
    pub seq: i64,
    pub at: i64,
    pub fee_id: String,
    pub kind: &'static str,
    pub amount: i64,
    pub cash: i64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct EquityRow {
    pub cash: i64,
    pub equity: i64,
}

#[derive(Debug)]
pub(super) struct AlertRow {
    pub seq: i64,
    pub at: i64,
    pub severity: &'static str,
    pub code: String,
    pub text: String,
}

#[derive(Debug)]
pub(super) struct PredictionRow {
    pub seq: i64,
    pub at: i64,
    pub symbol: String,
    pub model: String,
    pub bar_end: i64,
    pub trend: &'static str,
    pub confidence: i64,
    pub shadow: i64,
    pub latency: i64,
}

/// Makes rows, and remembers the minute it is in.
#[derive(Debug)]
pub(super) struct Recorder {
    rows: Rows,
    minute: Option<i64>,
}

impl Recorder {
    /// A recorder that goes on in the minute that was open, if one was.
    pub(super) fn new(minute: Option<i64>) -> Self {
        Self { rows: Rows::default(), minute }
    }

    /// Before a record is folded: when it begins another minute, the one before is complete.
    pub(super) fn before(&mut self, record: &Record, state: &State) {
        let Some(minute) = minute_of(record) else {
            return;
        };
        if self.minute.is_some_and(|open| open != minute) {
            self.close_minute(state);
        }
        self.minute = Some(minute);
    }

    /// After a record was folded.
    pub(super) fn after(&mut self, record: &Record, state: &State) {
        match &record.body {
            RecordBody::Input(stamped) => {
                if let Input::Start(start) = &stamped.input {
                    self.rows.started = Some(SessionRow {
                        venue: start.venue.to_string(),
                        build: start.build.to_string(),
                        symbols: start.symbols.names().collect::<Vec<_>>().join(","),
                        started_at: stamped.seen.nanos(),
                    });
                }
            }
            RecordBody::Event { at, event } => self.event(record.seq, *at, event, state),
        }
    }

    fn event(&mut self, seq: u64, at: Timestamp, event: &Event, state: &State) {
        let (seq, at) = (integer(seq), at.nanos());
        match event {
            Event::OrderApproved(order) => self.order(order.number, at, None, state),
            Event::CancelApproved { order, .. } => self.order(*order, at, None, state),
            Event::OrderUpdated { order, text, .. } => {
                self.order(*order, at, text.as_deref(), state)
            }
            Event::OrderFilled {
                order,
                execution,
                symbol,
                side,
                quantity,
                price,
                status: _,
                realised,
                position,
                cash,
            } => {
                self.order(*order, at, None, state);
                self.rows.fills.push(FillRow {
                    seq,
                    at,
                    order: integer(order.0),
                    execution: execution.to_string(),
                    symbol: state.symbols().name(*symbol).to_owned(),
                    side: side.as_str(),
                    quantity: quantity.nanos(),
                    price: price.nanos(),
                    realised: realised.nanos(),
                    position: position.nanos(),
                    cash: cash.nanos(),
                });
            }
            Event::FeeBooked { id, kind, amount, cash } => self.rows.fees.push(FeeRow {
                seq,
                at,
                fee_id: id.to_string(),
                kind: kind.as_str(),
                amount: amount.nanos(),
                cash: cash.nanos(),
            }),
            Event::AlertRaised(Alert { severity, code, text }) => self.rows.alerts.push(AlertRow {
                seq,
                at,
                severity: severity.as_str(),
                code: code.to_string(),
                text: text.to_string(),
            }),
            Event::PredictionTaken(said) => self.rows.predictions.push(PredictionRow {
                seq,
                at,
                symbol: state.symbols().name(said.symbol).to_owned(),
                model: said.model.to_string(),
                bar_end: said.time.nanos(),
                trend: said.trend.as_str(),
                confidence: i64::from(said.confidence.millionths()),
                shadow: i64::from(said.shadow),
                latency: said.latency.nanos(),
            }),
            _ => {}
        }
    }

    fn order(&mut self, number: OrderNumber, at: i64, text: Option<&str>, state: &State) {
        let Some(order) = state.order(number) else {
            return;
        };
        let mut row = OrderRow::of(order, at, state);
        let before = self.rows.orders.remove(&number.0).and_then(|row| row.text);
        row.text = text.map(str::to_owned).or(before);
        self.rows.orders.insert(number.0, row);
    }

    /// The rows so far, with the minute that is open as it stands.
    pub(super) fn take(&mut self, state: &State) -> Rows {
        self.close_minute(state);
        std::mem::take(&mut self.rows)
    }

    fn close_minute(&mut self, state: &State) {
        if let Some(minute) = self.minute {
            let (cash, equity) = (state.ledger().cash().nanos(), state.equity().nanos());
            self.rows.equity.insert(minute, EquityRow { cash, equity });
        }
    }
}

impl OrderRow {
    fn of(order: &Order, updated_at: i64, state: &State) -> Self {
        let by = By::of(order.origin, state);
        Self {
            client_order_id: client_order_id(session_of(state), order.number),
            broker_id: order.broker_id.as_ref().map(ToString::to_string),
            origin: by.origin,
            strategy: by.strategy.map(str::to_owned),
            symbol: state.symbols().name(order.symbol).to_owned(),
            side: order.side.as_str(),
            kind: order.kind.as_str(),
            quantity: order.quantity.nanos(),
            limit_price: order.kind.limit().map(kernel::Price::nanos),
            stop_price: order.kind.stop().map(kernel::Price::nanos),
            time_in_force: order.time_in_force.as_str(),
            replaces: order.replaces.map(|number| integer(number.0)),
            status: order.status.as_str(),
            filled: order.filled.nanos(),
            text: None,
            approved_at: order.approved_at.nanos(),
            updated_at,
        }
    }
}

/// The minute of the venue's time that a record counts for, if equity may have moved with it.
fn minute_of(record: &Record) -> Option<i64> {
    let at = match &record.body {
        RecordBody::Input(stamped) if matches!(stamped.input, Input::Market(_)) => stamped.at,
        RecordBody::Event { at, event: Event::OrderFilled { .. } } => *at,
        RecordBody::Input(_) | RecordBody::Event { .. } => return None,
    };
    Some(at.nanos() - at.nanos().rem_euclid(MINUTE))
}

/// SQL's integers are signed; record and order numbers stay far below 2^63.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
