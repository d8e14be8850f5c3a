//! From record to metric, in one match for inputs and one for events.

use super::handles::Metrics;
use kernel::{
    Event, Input, OrderNumber, Record, RecordBody, Severity, Side, State, Tally, Timestamp,
    TradingState,
};
use prometheus::Gauge;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts what passes by.
#[derive(Debug)]
pub struct Observer {
    metrics: Arc<Metrics>,
    counted: Tally,
    positions: Vec<Gauge>,
    /// Orders that the broker has not spoken of, by when what led to them arrived.
    unanswered: BTreeMap<OrderNumber, Timestamp>,
    last_data: Option<Timestamp>,
}

impl Observer {
    /// An observer that counts from here on; `state` is what has happened before.
    pub fn new(metrics: Arc<Metrics>, state: &State) -> Self {
        let counted = *state.tally();
        let positions = Vec::new();
        let unanswered = BTreeMap::new();
        Self { metrics, counted, positions, unanswered, last_data: None }
    }

    /// When market data last arrived, by the machine's clock.
    pub const fn last_data(&self) -> Option<Timestamp> {
        self.last_data
    }

    /// Counts a record. `seen` is when the input arrived that it is or that led to it.
    pub fn take(&mut self, record: &Record, seen: Timestamp) {
        match &record.body {
            RecordBody::Input(stamped) => self.input(&stamped.input, seen),
            RecordBody::Event { event, .. } => self.event(event, seen),
        }
    }

    fn input(&mut self, input: &Input, seen: Timestamp) {
        let inputs = &self.metrics.inputs;
        match input {
            Input::Market(_) | Input::Late(_) => {
                inputs.market.inc();
                self.last_data = Some(seen);
            }
            Input::Report(report) => {
                inputs.report.inc();
                let asked = report.order.and_then(|order| self.unanswered.remove(&order));
                if let Some(asked) = asked {
                    let nanos = seen.since(asked).nanos().max(0);
                    self.metrics.round_trip.observe(nanos as f64 / 1e9);
                }
            }
            Input::Broker(_) => inputs.broker.inc(),
            Input::Timer => inputs.timer.inc(),
            Input::Notice(notice) => {
                inputs.other.inc();
                self.metrics.models.take(notice);
            }
            Input::Start(_)
            | Input::Restart { .. }
            | Input::Warmup(_)
            | Input::TradingStatus { .. }
            | Input::Fee(_)
            | Input::Command(_)
            | Input::Link { .. }
            | Input::Stop(_)
            | Input::Room(_)
            | Input::Correction(_)
            | Input::CancelError(_)
            | Input::UpdatedBar(_)
            | Input::Luld(_)
            | Input::Mute { .. }
            | Input::Reach { .. }
            | Input::Asset(_)
            | Input::Calendar(_)
            | Input::Cash(_)
            | Input::Reinvestment(_)
            | Input::News(_)
            | Input::Prediction(_)
            | Input::MissedPrediction(_)
            | Input::Corporate(_) => inputs.other.inc(),
        }
    }

    fn event(&mut self, event: &Event, seen: Timestamp) {
        let metrics = &self.metrics;
        match event {
            Event::SessionStarted | Event::SessionResumed => metrics.session_up.set(1),
            Event::StopRequested { .. } => metrics.session_up.set(0),
            Event::OrderApproved(order) => {
                self.unanswered.insert(order.number, seen);
            }
            Event::OrderDenied { denial, .. } => {
                metrics.denials.with_label_values(&[denial.code()]).inc();
            }
            Event::OrderFilled { side: Side::Buy, .. } => metrics.fills_bought.inc(),
            Event::OrderFilled { side: Side::Sell, .. } => metrics.fills_sold.inc(),
            Event::AlertRaised(alert) => {
                let [info, warning, critical] = &metrics.alerts;
                match alert.severity {
                    Severity::Info => info.inc(),
                    Severity::Warning => warning.inc(),
                    Severity::Critical => critical.inc(),
                }
            }
            Event::OrderUpdated { order, to, .. } if to.is_final() => {
                self.unanswered.remove(order);
            }
            Event::PredictionTaken(said) => metrics.predictions.take(said),
            Event::PredictionMissed(_) => metrics.predictions.missed.inc(),
            Event::PredictionExpired { .. } => metrics.predictions.expired.inc(),
            Event::SymbolRenamed { from, .. } => {
                // A position that was never shown has no series.
                let _ = metrics.positions.remove_label_values(&[from]);
                self.positions.clear();
            }
            // Shown by the gauges and the counts of the state.
            Event::OrderUpdated { .. }
            | Event::CancelApproved { .. }
            | Event::ReportIgnored { .. }
            | Event::OrderQueryNeeded { .. }
            | Event::FeesAccrued { .. }
            | Event::FeeBooked { .. }
            | Event::AccountOpened { .. }
            | Event::DifferenceSuspected { .. }
            | Event::Reconciled { .. }
            | Event::DifferenceFound(_)
            | Event::TradingStateChanged { .. }
            | Event::CommandTaken(_)
            | Event::SymbolStatusChanged { .. }
            | Event::LinkChanged { .. }
            | Event::ChannelMute { .. }
            | Event::DayStarted { .. }
            | Event::DataRefused { .. }
            | Event::PriceRevised { .. }
            | Event::Flattened
            | Event::FlatConfirmed { .. }
            | Event::SymbolClosed { .. }
            | Event::CashMoved { .. }
            | Event::DividendReinvested { .. }
            | Event::AccountReset { .. }
            | Event::SharesSplit { .. }
            | Event::ExitRenewed { .. }
            | Event::FlatDue { .. }
            | Event::CrossedInside(_)
            | Event::EntrySized { .. }
            | Event::StopMet { .. }
            | Event::IntentWaits { .. } => {}
        }
    }

    /// Sets the gauges to a state, and the counters of orders to its own counts, so that they
    /// agree with the session's summary. Once for many records.
    pub fn settle(&mut self, state: &State) {
        self.count_orders(*state.tally());
        let metrics = &self.metrics;
        let (equity, cash) = (state.equity().to_f64(), state.ledger().cash().to_f64());
        metrics.equity.set(equity);
        metrics.cash.set(cash);
        metrics.fees.set(state.ledger().total_fees().to_f64());
        metrics.day_pnl.set(state.day().map_or(0.0, |day| equity - day.starting_equity.to_f64()));
        metrics.open_orders.set(state.live_orders().count() as i64);
        metrics.market_open.set(i64::from(state.session_is_open()));
        metrics.market_data_up.set(i64::from(state.market_stream_is_up()));
        metrics.orders_up.set(i64::from(state.order_stream_is_up()));
        let news_count = state.limits().longest_news_blackout().is_some();
        metrics.set_news_up(news_count.then(|| state.news_are_known()));
        let states = [TradingState::Active, TradingState::Reducing, TradingState::Halted];
        for (gauge, of) in metrics.trading.iter().zip(states) {
            gauge.set(i64::from(state.trading_state() == of));
        }
        let lines = state.account_lines();
        let alone = lines.is_empty().then(|| state.account_total(&lines));
        for line in lines.iter().chain(&alone) {
            let labels = [&*line.account];
            metrics.account_equity.with_label_values(&labels).set(line.equity.to_f64());
            metrics.account_realised.with_label_values(&labels).set(line.realised.to_f64());
        }
        self.place(state);
    }

    fn count_orders(&mut self, now: Tally) {
        let (orders, before) = (&self.metrics.orders, self.counted);
        orders.sent.inc_by(now.sent.saturating_sub(before.sent));
        orders.filled.inc_by(now.filled.saturating_sub(before.filled));
        orders.canceled.inc_by(now.canceled.saturating_sub(before.canceled));
        orders.rejected.inc_by(now.rejected.saturating_sub(before.rejected));
        orders.expired.inc_by(now.expired.saturating_sub(before.expired));
        orders.replaced.inc_by(now.replaced.saturating_sub(before.replaced));
        self.counted = now;
    }

    fn place(&mut self, state: &State) {
        if self.positions.is_empty()
            && let Some(start) = state.session()
        {
            let labels = [start.session.as_ref(), start.venue.as_ref(), start.build.as_ref()];
            self.metrics.session_info.with_label_values(&labels).set(1);
            let gauge = |name: &str| self.metrics.positions.with_label_values(&[name]);
            self.positions = state.symbols().names().map(gauge).collect();
        }
        for (gauge, position) in self.positions.iter().zip(state.ledger().positions()) {
            gauge.set(position.quantity.to_f64());
        }
    }
}
