//! Reports on orders, and fees.

use super::{DecideError, Deciding};
use crate::{
    Event, Execution, FeeCharge, IgnoreReason, Ledger, Order, OrderNumber, OrderStatus, Quantity,
    Report, Severity, Transition, transition,
};

impl Deciding<'_> {
    pub(super) fn report(&mut self, report: &Report) -> Result<(), DecideError> {
        let Some(order) = report.order.and_then(|number| self.state().order(number)) else {
            return self.ignore(report, IgnoreReason::Foreign);
        };
        let (number, from) = (order.number, order.status);
        let learned = order.broker_id.is_none() && report.broker_id.is_some();
        match transition(from, report.kind) {
            Transition::Fill => self.fill(report),
            Transition::Stale if !learned => Ok(()),
            Transition::Stale => self.update(report, number, from),
            Transition::Working => {
                let to = by_quantities(order, Quantity::ZERO);
                self.update(report, number, to)
            }
            Transition::To(to) => {
                self.update(report, number, to)?;
                self.warn_of_refusal(report, number, to)
            }
            Transition::Ask => {
                self.emit(Event::OrderQueryNeeded { order: number, report: report.kind })
            }
        }
    }

    fn ignore(&mut self, report: &Report, reason: IgnoreReason) -> Result<(), DecideError> {
        self.emit(Event::ReportIgnored { order: report.order, report: report.kind, reason })
    }

    fn update(
        &mut self,
        report: &Report,
        number: OrderNumber,
        to: OrderStatus,
    ) -> Result<(), DecideError> {
        let Some(order) = self.state().order(number) else {
            return Ok(());
        };
        let from = order.status;
        let broker_id = match &order.broker_id {
            None => report.broker_id.clone(),
            Some(_) => None,
        };
        let (report, text) = (report.kind, report.text.clone());
        self.emit(Event::OrderUpdated { order: number, from, to, report, broker_id, text })
    }

    fn warn_of_refusal(
        &mut self,
        report: &Report,
        number: OrderNumber,
        to: OrderStatus,
    ) -> Result<(), DecideError> {
        if to != OrderStatus::Rejected {
            return Ok(());
        }
        let why = report.text.as_deref().unwrap_or("no reason given");
        self.alert(
            Severity::Warning,
            "order_rejected",
            format!("The broker refused order {number}: {why}"),
        )
    }

    fn fill(&mut self, report: &Report) -> Result<(), DecideError> {
        let Some(order) = report.order.and_then(|number| self.state().order(number)) else {
            return self.ignore(report, IgnoreReason::Foreign);
        };
        let number = order.number;
        if order.broker_id.is_none() && report.broker_id.is_some() {
            let status = order.status;
            self.update(report, number, status)?;
        }
        let Some(order) = self.state().order(number) else {
            return Ok(());
        };
        let execution = match new_execution(order, report) {
            Ok(execution) => execution.clone(),
            Err(reason) => return self.ignore(report, reason),
        };
        let signed = order.side.signed(execution.quantity);
        let (symbol, side) = (order.symbol, order.side);
        let status = by_quantities(order, execution.quantity);
        let ledger = self.state().ledger();
        let Ok(posting) = ledger.fill(symbol, signed, execution.price) else {
            return self.ignore(report, IgnoreReason::Unusable);
        };
        let position = ledger.position(symbol).quantity.checked_add(signed);
        let cash = ledger.cash().checked_add(posting.cash());
        let (Some(position), Some(cash)) = (position, cash) else {
            return self.ignore(report, IgnoreReason::Unusable);
        };
        self.emit(Event::OrderFilled {
            order: number,
            execution: execution.id,
            symbol,
            side,
            quantity: execution.quantity,
            price: execution.price,
            status,
            realised: posting.realised(),
            position,
            cash,
        })
    }

    /// Books a fee once, by the broker's name for the posting.
    pub(super) fn fee(&mut self, fee: &FeeCharge) -> Result<(), DecideError> {
        if self.state().ledger().has_fee(&fee.id) {
            return Ok(());
        }
        let posting = Ledger::fee(fee.kind, fee.amount);
        let cash = posting
            .ok()
            .and_then(|posting| self.state().ledger().cash().checked_add(posting.cash()));
        let Some(cash) = cash else {
            return self.alert(
                Severity::Critical,
                "fee_unusable",
                format!("A fee of {} does not fit the ledger", fee.amount),
            );
        };
        let (id, kind, amount) = (fee.id.clone(), fee.kind, fee.amount);
        self.emit(Event::FeeBooked { id, kind, amount, cash })
    }
}

/// The execution of a fill report, if it is usable and not booked yet.
fn new_execution<'a>(order: &Order, report: &'a Report) -> Result<&'a Execution, IgnoreReason> {
    let execution = report.execution.as_ref().ok_or(IgnoreReason::Unusable)?;
    if !execution.quantity.is_positive() || !execution.price.is_positive() {
        return Err(IgnoreReason::Unusable);
    }
    if order.executions.contains(&execution.id) {
        return Err(IgnoreReason::DuplicateExecution);
    }
    let filled = order.filled.checked_add(execution.quantity).ok_or(IgnoreReason::Unusable)?;
    match report.cumulative {
        Some(counted) if filled > counted => Err(IgnoreReason::AlreadyCounted),
        Some(_) | None => Ok(execution),
    }
}

/// Where an order stands when `more` shares have just filled: filled or partly filled follows
/// from the quantities; an end, or a cancel or replacement on its way, is not undone by a part.
fn by_quantities(order: &Order, more: Quantity) -> OrderStatus {
    let filled = order.filled.checked_add(more).unwrap_or(Quantity::MAX);
    if filled >= order.quantity {
        return OrderStatus::Filled;
    }
    let keeps = order.status.is_final()
        || matches!(order.status, OrderStatus::PendingCancel | OrderStatus::PendingReplace);
    if keeps && more.is_positive() {
        return order.status;
    }
    if filled.is_positive() { OrderStatus::PartiallyFilled } else { OrderStatus::New }
}
