//! Reports on orders, and fees.

use super::{DecideError, Deciding};
use crate::{
    Cash, Event, Execution, FeeCharge, IgnoreReason, Intent, Order, OrderNumber, OrderSize,
    OrderStatus, Origin, Price, Quantity, Report, ReportKind, Severity, Side, Timestamp,
    Transition, transition,
};

impl Deciding<'_> {
    pub(super) fn report(&mut self, report: &Report) -> Result<(), DecideError> {
        let Some(order) = self.ours(report) else {
            return self.ignore(report, IgnoreReason::Foreign);
        };
        match self.state().split_since(order).filter(|_| report.cumulative.is_some()) {
            Some(since) => {
                let cumulative = Some(counted_since(order, report, since));
                self.counted(&Report { cumulative, ..report.clone() })
            }
            None => self.counted(report),
        }
    }

    /// The same for a report that counts in the shares of today.
    fn counted(&mut self, report: &Report) -> Result<(), DecideError> {
        let Some(order) = self.ours(report) else { return Ok(()) };
        let (number, from) = (order.number, order.status);
        let learned = order.broker_id.is_none() && report.broker_id.is_some();
        let is_vain = self.state().cancel_may_be_vain(order.number);
        let working = by_quantities(order, Quantity::ZERO, report);
        if report.execution.is_none() {
            self.miss_fills(report, number)?;
        }
        match transition(from, report.kind) {
            Transition::Fill => self.fill(report, number),
            Transition::Stale if !learned => Ok(()),
            Transition::Stale => self.update(report, number, from),
            Transition::Working => self.update(report, number, working),
            Transition::To(to) => {
                self.update(report, number, to)?;
                self.warn_of_refusal(report, number, to)?;
                self.trip_breaker()
            }
            Transition::Ask => {
                let counted = None;
                self.emit(Event::OrderQueryNeeded { order: number, report: report.kind, counted })
            }
        }?;
        if report.execution.is_some() {
            self.miss_fills(report, number)?;
        }
        if is_vain { self.cancel_again(number) } else { Ok(()) }
    }

    /// An order that works has a cancel that was refused and may not have reached it: it was asked for
    /// before anything was heard of the order, or the process ended between the asking and the sending.
    fn cancel_again(&mut self, order: OrderNumber) -> Result<(), DecideError> {
        let works = self.state().order(order).is_some_and(|order| {
            order.is_live()
                && order.has_arrived()
                && !order.cancel_requested
                && order.status != OrderStatus::PendingCancel
        });
        if works { self.propose(Origin::Kernel, Intent::Cancel { order }) } else { Ok(()) }
    }

    /// The broker counts shares that no report has brought: the order must be read, since the
    /// report may have been its last. That is noted before an end, after which nobody would look.
    fn miss_fills(&mut self, report: &Report, number: OrderNumber) -> Result<(), DecideError> {
        let filled = self.state().order(number).map(|order| order.filled);
        match (report.cumulative, filled) {
            (Some(counted), Some(filled)) if counted > filled => {
                let (order, report, counted) = (number, report.kind, Some(counted));
                self.emit(Event::OrderQueryNeeded { order, report, counted })
            }
            _ => Ok(()),
        }
    }

    /// The order of a report: by our number, or, for legs, which the broker names, by its name.
    fn ours(&self, report: &Report) -> Option<&Order> {
        match (report.order, &report.broker_id) {
            (Some(number), _) => self.state().order(number),
            (None, Some(id)) => self.state().order_by_broker_id(id),
            (None, None) => None,
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
        if to.is_final() && !from.is_final() {
            self.end_legs(number, to, report.kind)?;
        }
        let early = broker_id.as_ref().map(|id| self.state().early_reports(id));
        let (kind, text) = (report.kind, report.text.clone());
        self.emit(Event::OrderUpdated { order: number, from, to, report: kind, broker_id, text })?;
        for report in early.into_iter().flatten() {
            self.report(&report)?;
        }
        Ok(())
    }

    /// An entry that ends without having filled ends the legs that wait for it: before itself, since
    /// a leg that a crash left behind would have nobody to end it. The leg of an OCO
    /// waits for nothing: it may be what has filled and ended the order, so it is read, unless the
    /// broker never had the group.
    fn end_legs(
        &mut self,
        number: OrderNumber,
        to: OrderStatus,
        report: ReportKind,
    ) -> Result<(), DecideError> {
        if matches!(to, OrderStatus::Filled | OrderStatus::Replaced) {
            return Ok(());
        }
        let had = !matches!(report, ReportKind::Refused | ReportKind::NotReceived);
        let works_beside = self.state().order(number).and_then(Order::exits_of) == Some(number);
        if works_beside && had {
            return self.read_legs(number, report);
        }
        let legs = self.state().live_legs(number).map(|leg| (leg.number, leg.status));
        let legs: Vec<_> = legs.collect();
        let unprotected = self
            .state()
            .order(number)
            .is_some_and(|order| order.filled.is_positive() && !works_beside && !legs.is_empty());
        for (order, from) in legs {
            let (broker_id, text) = (None, None);
            self.emit(Event::OrderUpdated { order, from, to, report, broker_id, text })?;
        }
        if unprotected {
            let text = format!(
                "Order {number} ended with a part filled, so the exits that were to protect it ended with it"
            );
            return self.alert(Severity::Critical, "entry_unprotected", text);
        }
        Ok(())
    }

    /// Asks what became of the legs of an order: of those without a name the order must tell.
    fn read_legs(&mut self, number: OrderNumber, report: ReportKind) -> Result<(), DecideError> {
        let legs = self.state().live_legs(number);
        let reads = legs.map(|leg| leg.broker_id.as_ref().map_or(number, |_| leg.number));
        for order in reads.collect::<Vec<_>>() {
            self.emit(Event::OrderQueryNeeded { order, report, counted: None })?;
        }
        Ok(())
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
        let order = self.state().order(number);
        if order.is_some_and(|order| order.origin == Origin::Kernel && !order.grows) {
            let text = if self.state().places_stops() {
                format!("The broker refused the exit {number}: {why}; stops are watched here")
            } else {
                format!("The broker refused the exit {number}, asked for anew after a split: {why}")
            };
            return self.alert(Severity::Critical, "exit_lost", text);
        }
        self.alert(
            Severity::Warning,
            "order_rejected",
            format!("The broker refused order {number}: {why}"),
        )
    }

    fn fill(&mut self, report: &Report, number: OrderNumber) -> Result<(), DecideError> {
        let Some(order) = self.state().order(number) else {
            return self.ignore(report, IgnoreReason::Foreign);
        };
        if order.broker_id.is_none() && report.broker_id.is_some() {
            let status = order.status;
            self.update(report, number, status)?;
        }
        let Some(order) = self.state().order(number) else {
            return Ok(());
        };
        if order.is_live() && report.execution.is_none() && is_whole(order, order.filled, report) {
            return self.update(report, number, OrderStatus::Filled);
        }
        let execution = match new_execution(order, report) {
            Ok(execution) => execution.clone(),
            Err(reason) => return self.ignore(report, reason),
        };
        let signed = order.side.signed(execution.quantity);
        let (symbol, side) = (order.symbol, order.side);
        let status = by_quantities(order, execution.quantity, report);
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
        })?;
        let crossed = matches!(self.out.events.last(), Some(Event::CrossedInside(_)));
        self.accrue(report.time, side, execution.price, execution.quantity)?;
        if crossed && self.state().accounts().are_apart() {
            self.cancel_uncovered_exits(symbol)?;
        }
        self.ask_for_legs(number, report.kind)
    }

    /// An entry has filled and the broker has not said what it calls the exits: it is read.
    fn ask_for_legs(&mut self, order: OrderNumber, report: ReportKind) -> Result<(), DecideError> {
        if self.state().live_legs(order).all(|leg| leg.broker_id.is_some()) {
            return Ok(());
        }
        self.emit(Event::OrderQueryNeeded { order, report, counted: None })
    }

    /// What the regulators will take for an execution is due from now on.
    fn accrue(
        &mut self,
        at: Timestamp,
        side: Side,
        price: Price,
        quantity: Quantity,
    ) -> Result<(), DecideError> {
        let Some(start) = self.state().session() else { return Ok(()) };
        let Some(date) = self.state().settlement_date(at) else { return Ok(()) };
        let fees = start.fees.due(date, side, price, quantity);
        if fees.is_empty() {
            return Ok(());
        }
        let due = fees
            .iter()
            .try_fold(self.state().ledger().accrued_fees(), |sum, (_, fee)| sum.checked_add(*fee));
        match due {
            Some(accrued) => self.emit(Event::FeesAccrued { date, fees, accrued }),
            None => Ok(()),
        }
    }

    /// Books a fee once, by the broker's name for the posting.
    pub(super) fn fee(&mut self, fee: &FeeCharge) -> Result<(), DecideError> {
        if self.state().ledger().has_posting(&fee.id) {
            return Ok(());
        }
        let ledger = self.state().ledger();
        let posting = ledger.fee(fee.kind, fee.amount).ok();
        let cash =
            posting.as_ref().and_then(|posting| ledger.cash().checked_add(posting.charge.cash()));
        let (Some(posting), Some(cash)) = (posting, cash) else {
            return self.alert(
                Severity::Critical,
                "fee_unusable",
                format!("A fee of {} does not fit the ledger", fee.amount),
            );
        };
        let (id, kind, amount) = (fee.id.clone(), fee.kind, fee.amount);
        self.emit(Event::FeeBooked { id, kind, amount, cash })?;
        self.warn_of_residue(fee, posting.reversal.is_some(), posting.unexplained)
    }

    /// A posting should be what was accrued, rounded to the cent.
    fn warn_of_residue(
        &mut self,
        fee: &FeeCharge,
        was_due: bool,
        unexplained: Option<Cash>,
    ) -> Result<(), DecideError> {
        let state = self.state();
        let covered = state.session().is_some_and(|start| start.fees.covers(fee.kind));
        let (kind, amount) = (fee.kind.as_str(), fee.amount);
        let text = match unexplained {
            Some(by) => format!(
                "A {kind} fee of {amount} was posted, {by} from what was accrued for its day"
            ),
            None if covered && !was_due && state.tally().fills > 0 => {
                format!("A {kind} fee of {amount} was posted, and none was accrued")
            }
            None => return Ok(()),
        };
        self.alert(Severity::Warning, "fee_residue", text)
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

/// What a report on an order from before a split counts: the broker may go on counting in the shares
/// that it was asked for in, so nothing but an execution since then is added to what is booked. One
/// of before that nobody heard of shows where the account is compared.
fn counted_since(order: &Order, report: &Report, since: Timestamp) -> Quantity {
    let execution = report.execution.as_ref().filter(|_| report.time >= since);
    let more = execution.map_or(Quantity::ZERO, |execution| execution.quantity);
    order.filled.checked_add(more).unwrap_or(order.filled)
}

/// Whether an order of which so many shares have filled has wholly filled. Of an order in dollars
/// or for a share of equity only the broker knows, and only once all that it counts is booked; so it
/// is with an exit of which the broker has taken off shares, or the other one has filled some.
fn is_whole(order: &Order, filled: Quantity, report: &Report) -> bool {
    let said = report.kind == ReportKind::Fill;
    match order.size {
        OrderSize::Shares(_) => {
            let counts = said || !order.has_shrunk();
            (counts && filled >= order.quantity) || (said && report.cumulative == Some(filled))
        }
        OrderSize::Notional(_) | OrderSize::EquityShare(_) => {
            said && report.cumulative.is_none_or(|counted| filled >= counted)
        }
    }
}

/// Where an order stands when `more` shares have just filled: filled or partly filled follows
/// from the quantities; an end, or a cancel or replacement on its way, is not undone by a part.
fn by_quantities(order: &Order, more: Quantity, report: &Report) -> OrderStatus {
    let filled = order.filled.checked_add(more).unwrap_or(Quantity::MAX);
    if is_whole(order, filled, report) && filled.is_positive() {
        return OrderStatus::Filled;
    }
    let keeps = order.status.is_final()
        || matches!(order.status, OrderStatus::PendingCancel | OrderStatus::PendingReplace);
    if keeps && more.is_positive() {
        return order.status;
    }
    if filled.is_positive() { OrderStatus::PartiallyFilled } else { OrderStatus::New }
}
