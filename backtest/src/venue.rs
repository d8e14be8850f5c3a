//! Between the kernel and the exchange library: what a client and a server are in a session.

use exchange::{Exchange, OrderRequest, OrderRow, Refusal, Replacement, Update, UpdateEvent};
use kernel::risk::{Approved, ApprovedCancel};
use kernel::{
    AccountSnapshot, BrokerOrderId, BrokerPosition, BrokerState, Execution, ExecutionId,
    OrderNumber, OrderStatus, Report, ReportKind, Send,
};

/// The exchange, spoken to in the kernel's words.
pub(crate) struct Venue {
    pub(crate) exchange: Exchange,
    /// What this run's `client_order_id`s begin with.
    prefix: String,
}

impl Venue {
    pub(crate) fn new(exchange: Exchange, session: &str) -> Self {
        Self { exchange, prefix: format!("tw-{}-", session.get(..8).unwrap_or(session)) }
    }

    /// What the account holds.
    pub(crate) fn state(&self) -> BrokerState {
        let account = self.exchange.account();
        let positions = self.exchange.positions().into_iter().map(|row| BrokerPosition {
            symbol: row.symbol,
            quantity: row.qty,
            average_price: row.avg_entry_price,
        });
        BrokerState {
            account: AccountSnapshot {
                cash: account.cash,
                equity: account.equity,
                buying_power: account.buying_power,
                multiplier: account.multiplier,
                shorting_enabled: account.shorting_enabled,
                blocked: account.blocked.map(Into::into),
            },
            positions: positions.collect(),
            foreign_positions: Vec::new(),
            open_orders: Vec::new(),
        }
    }

    /// Carries out a send; the answer, when the exchange gives one that says anything.
    pub(crate) fn carry_out(&mut self, send: &Send) -> Option<Report> {
        match send {
            Send::Submit(approved) => {
                let answer = self.exchange.submit(self.request(approved));
                Some(self.answer(approved.order().number, answer))
            }
            Send::Replace { approved, original } => {
                let answer = self.exchange.replace(&original.0, self.replacement(approved));
                Some(self.answer(approved.order().number, answer))
            }
            Send::Cancel(cancel) => self.cancel(cancel),
        }
    }

    fn request(&self, approved: &Approved) -> OrderRequest {
        let order = approved.order();
        OrderRequest {
            symbol: order.symbol,
            side: order.side,
            qty: order.quantity,
            kind: order.kind,
            time_in_force: order.time_in_force,
            client_order_id: Some(self.client_order_id(order.number)),
            extended_hours: false,
        }
    }

    fn replacement(&self, approved: &Approved) -> Replacement {
        let order = approved.order();
        Replacement {
            qty: Some(order.quantity),
            time_in_force: Some(order.time_in_force),
            limit_price: order.kind.limit(),
            stop_price: order.kind.stop(),
            client_order_id: Some(self.client_order_id(order.number)),
        }
    }

    fn answer(&self, number: OrderNumber, answer: Result<OrderRow, Refusal>) -> Report {
        match answer {
            Ok(row) => Report {
                order: Some(number),
                broker_id: Some(BrokerOrderId(row.id.into())),
                kind: answered(row.status),
                time: row.updated_at,
                execution: None,
                cumulative: None,
                text: None,
            },
            Err(refusal) => self.refused(number, ReportKind::Refused, &refusal),
        }
    }

    fn refused(&self, number: OrderNumber, kind: ReportKind, refusal: &Refusal) -> Report {
        Report {
            order: Some(number),
            broker_id: None,
            kind,
            time: self.exchange.now(),
            execution: None,
            cumulative: None,
            text: Some(refusal.message.as_str().into()),
        }
    }

    /// A cancel that is taken says nothing; what becomes of it comes as an update.
    fn cancel(&mut self, cancel: &ApprovedCancel) -> Option<Report> {
        let client_order_id = self.client_order_id(cancel.order());
        let id = match cancel.broker_id() {
            Some(id) => id.0.to_string(),
            None => self.exchange.order_by_client_id(&client_order_id)?.id.clone(),
        };
        let refusal = self.exchange.cancel(&id).err()?;
        Some(self.refused(cancel.order(), ReportKind::CancelRejected, &refusal))
    }

    fn client_order_id(&self, number: OrderNumber) -> String {
        format!("{}{number}", self.prefix)
    }

    /// An update as a session's client reads it off the order stream.
    pub(crate) fn report(&self, update: Update) -> Report {
        let number = update.order.client_order_id.strip_prefix(self.prefix.as_str());
        let execution = update.execution.map(|fill| Execution {
            id: ExecutionId(fill.id.into()),
            quantity: fill.qty,
            price: fill.price,
        });
        Report {
            order: number.and_then(|number| number.parse().ok()).map(OrderNumber),
            broker_id: Some(BrokerOrderId(update.order.id.into())),
            kind: reported(update.event),
            time: update.time,
            execution,
            cumulative: Some(update.order.filled_qty),
            text: None,
        }
    }
}

/// The status of an answer as the report of how it came to stand there.
const fn answered(status: OrderStatus) -> ReportKind {
    match status {
        OrderStatus::Accepted => ReportKind::Accepted,
        OrderStatus::PendingNew => ReportKind::PendingNew,
        OrderStatus::AcceptedForBidding => ReportKind::AcceptedForBidding,
        OrderStatus::New => ReportKind::New,
        OrderStatus::Held => ReportKind::Held,
        OrderStatus::DoneForDay => ReportKind::DoneForDay,
        OrderStatus::Stopped => ReportKind::Stopped,
        OrderStatus::Suspended => ReportKind::Suspended,
        OrderStatus::Calculated => ReportKind::Calculated,
        OrderStatus::PendingCancel => ReportKind::PendingCancel,
        OrderStatus::PendingReplace => ReportKind::PendingReplace,
        OrderStatus::Canceled => ReportKind::Canceled,
        OrderStatus::Expired => ReportKind::Expired,
        OrderStatus::Rejected => ReportKind::Rejected,
        OrderStatus::Replaced => ReportKind::Replaced,
        OrderStatus::Filled
        | OrderStatus::PartiallyFilled
        | OrderStatus::Approved
        | OrderStatus::Unknown
        | OrderStatus::NotReceived => ReportKind::Unrecognised,
    }
}

const fn reported(event: UpdateEvent) -> ReportKind {
    match event {
        UpdateEvent::Accepted => ReportKind::Accepted,
        UpdateEvent::PendingNew => ReportKind::PendingNew,
        UpdateEvent::New => ReportKind::New,
        UpdateEvent::PartialFill | UpdateEvent::Fill => ReportKind::Fill,
        UpdateEvent::PendingCancel => ReportKind::PendingCancel,
        UpdateEvent::Canceled => ReportKind::Canceled,
        UpdateEvent::CancelRejected => ReportKind::CancelRejected,
        UpdateEvent::PendingReplace => ReportKind::PendingReplace,
        UpdateEvent::Replaced => ReportKind::Replaced,
        UpdateEvent::ReplaceRejected => ReportKind::ReplaceRejected,
        UpdateEvent::Expired => ReportKind::Expired,
        UpdateEvent::Rejected => ReportKind::Rejected,
    }
}
