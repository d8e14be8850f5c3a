//! One hash for what a session decided, equal wherever the same was decided.
//!
//! SHA-256 over the events in order, each as its time and itself in postcard, with what differs
//! between two runs of the same decisions taken out:
//!
//! - the session's id, arrival times and latencies: no event carries them;
//! - the broker's names for orders, executions, fees and movements of cash: each is replaced by the order in which it
//!   was first seen among its kind. An own order's name is told once, and an execution and a fee
//!   are booked once, so those need a count and no table;
//! - the broker's words on an order, and the text of an alert, which are for people and may name
//!   such ids;
//! - transport: [`Event::LinkChanged`], [`Event::ChannelMute`], [`Event::SessionResumed`], and
//!   alerts whose code begins with `link` or `channel`.
//!
//! Amounts, prices, quantities, times, order numbers, reasons and everything else count.

use crate::codec;
use kernel::{Alert, BrokerOrderId, Difference, Event, ExecutionId, Prediction, Span, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The hash of a run of events.
#[derive(Debug, Clone, Default)]
pub struct EventsHash {
    hasher: Sha256,
    buffer: Vec<u8>,
    broker_orders: u64,
    foreign_orders: BTreeMap<Box<str>, u64>,
    executions: u64,
    fees: u64,
    movements: u64,
}

impl EventsHash {
    /// Of no events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next event, with the kernel's now at which it was decided.
    pub fn add(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::SessionResumed | Event::LinkChanged { .. } | Event::ChannelMute { .. } => {}
            Event::AlertRaised(alert) if is_of_transport(&alert.code) => {}
            Event::AlertRaised(Alert { severity, code, .. }) => {
                let (severity, code, text) = (*severity, code.clone(), Box::default());
                self.write(at, &Event::AlertRaised(Alert { severity, code, text }));
            }
            Event::OrderUpdated { .. } => self.order_updated(at, event.clone()),
            Event::OrderFilled { .. } => self.order_filled(at, event.clone()),
            Event::FeeBooked { .. } => self.fee_booked(at, event.clone()),
            Event::PredictionTaken(said) => {
                let said = Prediction { latency: Span::ZERO, ..(**said).clone() };
                self.write(at, &Event::PredictionTaken(Box::new(said)));
            }
            Event::CashMoved { .. } | Event::DividendReinvested { .. } => {
                self.cash_moved(at, event.clone());
            }
            Event::DifferenceFound(difference) => {
                let difference = self.difference(difference);
                self.write(at, &Event::DifferenceFound(difference));
            }
            Event::DifferenceSuspected { differences } => {
                let differences = differences.iter().map(|found| self.difference(found)).collect();
                self.write(at, &Event::DifferenceSuspected { differences });
            }
            Event::SessionStarted
            | Event::OrderApproved(_)
            | Event::OrderDenied { .. }
            | Event::CancelApproved { .. }
            | Event::ReportIgnored { .. }
            | Event::OrderQueryNeeded { .. }
            | Event::FeesAccrued { .. }
            | Event::AccountOpened { .. }
            | Event::Reconciled { .. }
            | Event::TradingStateChanged { .. }
            | Event::CommandTaken(_)
            | Event::SymbolStatusChanged { .. }
            | Event::DayStarted { .. }
            | Event::DataRefused { .. }
            | Event::PriceRevised { .. }
            | Event::Flattened
            | Event::SymbolClosed { .. }
            | Event::AccountReset { .. }
            | Event::SharesSplit { .. }
            | Event::SymbolRenamed { .. }
            | Event::ExitRenewed { .. }
            | Event::FlatDue { .. }
            | Event::CrossedInside(_)
            | Event::EntrySized { .. }
            | Event::PredictionMissed(_)
            | Event::PredictionExpired { .. }
            | Event::StopMet { .. }
            | Event::IntentWaits { .. }
            | Event::StopRequested { .. }
            | Event::FlatConfirmed { .. } => self.write(at, event),
        }
    }

    /// The hash of what was taken in so far: 64 hexadecimal digits.
    pub fn finish_hex(&self) -> String {
        hex::encode(self.hasher.clone().finalize())
    }

    fn write(&mut self, at: Timestamp, event: &Event) {
        self.buffer.clear();
        let written = codec::write(&(at, event), &mut self.buffer);
        // Memory takes every byte and the events have no unbounded maps or untold lengths.
        debug_assert!(written.is_ok());
        self.hasher.update(&self.buffer);
    }

    fn order_updated(&mut self, at: Timestamp, mut event: Event) {
        if let Event::OrderUpdated { broker_id, text, .. } = &mut event {
            *text = None;
            if let Some(id) = broker_id {
                *id = BrokerOrderId(count(&mut self.broker_orders));
            }
        }
        self.write(at, &event);
    }

    fn order_filled(&mut self, at: Timestamp, mut event: Event) {
        if let Event::OrderFilled { execution, .. } = &mut event {
            *execution = ExecutionId(count(&mut self.executions));
        }
        self.write(at, &event);
    }

    fn fee_booked(&mut self, at: Timestamp, mut event: Event) {
        if let Event::FeeBooked { id, .. } = &mut event {
            *id = count(&mut self.fees);
        }
        self.write(at, &event);
    }

    fn cash_moved(&mut self, at: Timestamp, mut event: Event) {
        if let Event::CashMoved { id, .. } | Event::DividendReinvested { id, .. } = &mut event {
            *id = count(&mut self.movements);
        }
        self.write(at, &event);
    }

    /// A foreign order is suspected before it is found, so its name may come twice.
    fn difference(&mut self, difference: &Difference) -> Difference {
        match difference {
            Difference::OrderForeign { broker_id } => {
                let next = self.foreign_orders.len() as u64 + 1;
                let number = *self.foreign_orders.entry(broker_id.0.clone()).or_insert(next);
                Difference::OrderForeign { broker_id: BrokerOrderId(number.to_string().into()) }
            }
            Difference::OrderAlive { order, .. } => {
                let broker_id = BrokerOrderId(Box::default());
                Difference::OrderAlive { order: *order, broker_id }
            }
            _ => difference.clone(),
        }
    }
}

fn count(seen: &mut u64) -> Box<str> {
    *seen += 1;
    seen.to_string().into()
}

/// Whether an alert speaks of a connection: two runs that decide the same may differ in it.
fn is_of_transport(code: &str) -> bool {
    code.starts_with("link") || code.starts_with("channel")
}
