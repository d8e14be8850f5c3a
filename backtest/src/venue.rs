//! Between the kernel and the exchange library: what a client and a server are in a session.

use exchange::{
    Activity, Exchange, FillActivity, OrderId, OrderRequest, OrderRow, Refusal, Replacement,
    Update, UpdateEvent,
};
use kernel::risk::{Approved, ApprovedCancel};
use kernel::{
    AccountSnapshot, AssetClass, AssetFacts, BrokerOrder, BrokerOrderId, BrokerPosition,
    BrokerState, Execution, ExecutionId, Order, OrderClass, OrderKind, OrderNumber, OrderStatus,
    Price, Report, ReportKind, Send, TimeInForce, TradingHours, Trail,
};
use std::collections::BTreeMap;

/// The exchange, spoken to in the kernel's words.
pub struct Venue {
    /// The exchange.
    pub exchange: Exchange,
    /// What this run's `client_order_id`s begin with.
    prefix: String,
    /// Whether limit orders work outside of the regular session as well.
    extended_hours: bool,
    /// Legs of orders, by the exchange's names for them.
    legs: BTreeMap<OrderId, OrderNumber>,
}

/// What the exchange says to a request.
pub enum Answer {
    /// Nothing yet: a cancel that is taken says nothing, what becomes of it comes as an update.
    Taken,
    /// Where an order stands.
    Report(Report),
    /// A cancel was refused, in these words; the order must be read.
    CancelRefused(OrderNumber, Box<str>),
}

impl Venue {
    /// An exchange, as a session sees it that trades in some hours.
    pub fn new(exchange: Exchange, session: &str, hours: TradingHours) -> Self {
        let prefix = format!("tw-{}-", session.get(..8).unwrap_or(session));
        let extended_hours = hours == TradingHours::Extended;
        Self { exchange, prefix, extended_hours, legs: BTreeMap::new() }
    }

    /// What the account holds.
    pub fn state(&self) -> BrokerState {
        let account = self.exchange.account();
        let positions = self.exchange.positions().into_iter().map(|row| BrokerPosition {
            symbol: row.symbol,
            quantity: row.qty,
            average_price: row.avg_entry_price,
        });
        BrokerState {
            account: AccountSnapshot {
                id: "".into(),
                cash: account.cash,
                equity: account.equity,
                buying_power: account.buying_power,
                multiplier: account.multiplier,
                shorting_enabled: account.shorting_enabled,
                blocked: account.blocked.map(Into::into),
            },
            positions: positions.collect(),
            foreign_positions: Vec::new(),
            open_orders: self.exchange.open_orders().map(|row| self.open_order(row)).collect(),
        }
    }

    fn open_order(&self, row: &OrderRow) -> BrokerOrder {
        BrokerOrder {
            order: self.number_of(row),
            broker_id: BrokerOrderId(written(row.id)),
            symbol: Some(row.symbol),
            side: row.side,
            quantity: row.qty,
            filled: row.filled_qty,
            status: row.status,
        }
    }

    /// What the exchange says of its assets.
    pub fn assets(&self) -> Vec<AssetFacts> {
        let facts = self.exchange.assets().iter().map(|row| AssetFacts {
            symbol: row.symbol,
            class: AssetClass::UsEquity,
            tradable: row.rules.tradable,
            shortable: row.rules.shortable,
            easy_to_borrow: row.rules.easy_to_borrow,
            fractionable: row.rules.fractionable,
            fractional_extended_hours: row.rules.fractional_extended_hours,
        });
        facts.collect()
    }

    /// Carries out a send.
    pub fn carry_out(&mut self, send: &Send) -> Answer {
        match send {
            Send::Submit(approved) => {
                let answer = self.exchange.submit(self.request(approved));
                if let Ok(row) = &answer {
                    self.note_legs(approved, row);
                }
                self.answer(approved.order().number, answer)
            }
            Send::Replace { approved, original } => {
                // A name that the exchange never gave is refused as unknown.
                let original = original.0.parse().unwrap_or(OrderId::nil());
                let answer = self.exchange.replace(original, self.replacement(approved));
                self.answer(approved.order().number, answer)
            }
            Send::Cancel(cancel) => self.cancel(cancel),
        }
    }

    fn request(&self, approved: &Approved) -> OrderRequest {
        let order = approved.order();
        OrderRequest {
            symbol: order.symbol,
            side: order.side,
            size: order.size,
            kind: order.kind,
            time_in_force: order.time_in_force,
            client_order_id: Some(self.client_order_id(order.number)),
            extended_hours: order.extended_hours || (self.extended_hours && may_extend(order)),
            class: order.class,
        }
    }

    /// Legs have names of the exchange's making; the kernel has numbered them after their parent.
    fn note_legs(&mut self, approved: &Approved, row: &OrderRow) {
        let order = approved.order();
        let numbers = order.class.numbered_legs(order.number).map(|(number, _)| number);
        self.legs.extend(row.legs.iter().flatten().copied().zip(numbers));
    }

    fn replacement(&self, approved: &Approved) -> Replacement {
        let order = approved.order();
        Replacement {
            qty: Some(order.quantity),
            time_in_force: Some(order.time_in_force),
            limit_price: order.kind.limit(),
            stop_price: order.kind.stop(),
            trail: order.kind.trail().map(|trail| match trail {
                Trail::Price(distance) => distance,
                Trail::Percent(percent) => Price::from_nanos(percent.nanos()),
            }),
            client_order_id: Some(self.client_order_id(order.number)),
        }
    }

    fn answer(&self, number: OrderNumber, answer: Result<OrderRow, Refusal>) -> Answer {
        Answer::Report(match answer {
            Ok(row) => standing(number, &row),
            Err(refusal) => {
                let text = refusal.message.as_str().into();
                self.refused(number, ReportKind::Refused, text)
            }
        })
    }

    fn refused(&self, number: OrderNumber, kind: ReportKind, text: Box<str>) -> Report {
        Report {
            order: Some(number),
            broker_id: None,
            kind,
            time: self.exchange.now(),
            execution: None,
            cumulative: None,
            text: Some(text),
        }
    }

    fn cancel(&mut self, cancel: &ApprovedCancel) -> Answer {
        let number = cancel.order();
        let id = match cancel.broker_id() {
            Some(id) => id.0.parse().ok(),
            None => self.row(number).map(|row| row.id),
        };
        match id.map(|id| self.exchange.cancel(id)) {
            Some(Ok(())) => Answer::Taken,
            Some(Err(refusal)) => Answer::CancelRefused(number, refusal.message.into()),
            None => Answer::CancelRefused(number, "order not found".into()),
        }
    }

    fn row(&self, number: OrderNumber) -> Option<&OrderRow> {
        let by_name = self.exchange.order_by_client_id(&self.client_order_id(number));
        by_name.or_else(|| {
            let (&leg, _) = self.legs.iter().find(|(_, leg)| **leg == number)?;
            self.exchange.order(leg)
        })
    }

    /// What a look at an order says that has not been reported: executions that are not booked,
    /// then where it stands, unless that follows from what has filled. Of an order whose shares were
    /// split since only where it stands.
    pub fn read(&self, ours: &Order, predates_split: bool) -> Vec<Report> {
        let Some(row) = self.row(ours.number) else {
            return Vec::new();
        };
        if predates_split {
            return stands_elsewhere(ours, row).into_iter().collect();
        }
        let mut reports: Vec<Report> = self
            .fills(row)
            .filter(|fill| fill.cum_qty > ours.filled)
            .map(|fill| listed(ours.number, fill))
            .collect();
        let follows = match row.status {
            OrderStatus::PartiallyFilled => true,
            OrderStatus::Filled => row.filled_qty >= ours.quantity && !ours.has_shrunk(),
            _ => false,
        };
        if row.status != ours.status && !follows {
            let cumulative = Some(row.filled_qty);
            let report = Report { cumulative, ..standing(ours.number, row) };
            reports.push(match row.status {
                OrderStatus::Filled => Report { kind: ReportKind::Fill, ..report },
                _ => report,
            });
        }
        reports
    }

    fn fills<'a>(&'a self, row: &'a OrderRow) -> impl Iterator<Item = &'a FillActivity> {
        let activities = self.exchange.activities().iter();
        activities.filter_map(|activity| match activity {
            Activity::Fill(fill) if fill.order_id == row.id => Some(fill),
            Activity::Fill(_)
            | Activity::Fee(_)
            | Activity::Split(_)
            | Activity::Cash(_)
            | Activity::Reset(_) => None,
        })
    }

    /// The report that a refused cancel makes when the order works on: none when it ends anyway.
    pub fn works_on(&self, ours: &Order, text: Box<str>) -> Option<Report> {
        let ends =
            |row: &OrderRow| row.status.is_final() || row.status == OrderStatus::PendingCancel;
        let works_on = ours.is_live()
            && ours.cancel_requested
            && ours.status != OrderStatus::PendingCancel
            && !self.row(ours.number).is_some_and(ends);
        works_on.then(|| self.refused(ours.number, ReportKind::CancelRejected, text))
    }

    /// What the `client_order_id`s of a session's orders begin with; those of legs do not.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The `client_order_id` of an order of ours: of a leg the exchange's, once it is there.
    pub fn client_order_id_of(&self, number: OrderNumber) -> String {
        self.row(number).map_or(self.client_order_id(number), |row| row.client_order_id.to_string())
    }

    fn client_order_id(&self, number: OrderNumber) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Our number of an order of the exchange; `None` when it is not ours.
    pub fn number_of(&self, row: &OrderRow) -> Option<OrderNumber> {
        let named = row.client_order_id.strip_prefix(self.prefix.as_str());
        let number = named.and_then(|number| number.parse().ok()).map(OrderNumber);
        number.or_else(|| self.legs.get(&row.id).copied())
    }

    /// Whether the exchange has an order of ours.
    pub fn knows(&self, number: OrderNumber) -> bool {
        self.row(number).is_some()
    }

    /// An update as a session's client reads it off the order stream.
    pub fn report(&self, update: &Update) -> Report {
        let number = self.number_of(&update.order);
        let execution = update.execution.as_ref().map(|fill| Execution {
            id: ExecutionId(written(fill.id)),
            quantity: fill.qty,
            price: fill.price,
        });
        Report {
            order: number,
            broker_id: Some(BrokerOrderId(written(update.order.id))),
            kind: reported(update.event),
            time: update.time,
            execution,
            cumulative: Some(update.order.filled_qty),
            text: None,
        }
    }
}

/// Whether an order may work outside of the regular session.
fn may_extend(order: &Order) -> bool {
    matches!(order.kind, OrderKind::Limit { .. })
        && matches!(order.time_in_force, TimeInForce::Day | TimeInForce::Gtc)
        && order.class == OrderClass::Simple
}

/// A name as it is on the wire.
fn written(id: OrderId) -> Box<str> {
    id.to_string().into()
}

/// An order as an answer shows it.
fn standing(number: OrderNumber, row: &OrderRow) -> Report {
    Report {
        order: Some(number),
        broker_id: Some(BrokerOrderId(written(row.id))),
        kind: ReportKind::of_status(row.status),
        time: row.updated_at,
        execution: None,
        cumulative: None,
        text: None,
    }
}

/// Where an order from before a split stands, if that is news: what has filled is in shares of before.
fn stands_elsewhere(ours: &Order, row: &OrderRow) -> Option<Report> {
    let is_news = row.status != ours.status && row.status != OrderStatus::PartiallyFilled;
    let report = Report { cumulative: Some(row.filled_qty), ..standing(ours.number, row) };
    is_news.then_some(match row.status {
        OrderStatus::Filled => Report { kind: ReportKind::Fill, ..report },
        _ => report,
    })
}

/// An execution as the account's history lists it.
fn listed(number: OrderNumber, fill: &FillActivity) -> Report {
    Report {
        order: Some(number),
        broker_id: Some(BrokerOrderId(written(fill.order_id))),
        // Whether more is to come is told by where the order stands.
        kind: ReportKind::PartialFill,
        time: fill.time,
        execution: Some(Execution {
            id: ExecutionId(written(fill.execution)),
            quantity: fill.qty,
            price: fill.price,
        }),
        cumulative: Some(fill.cum_qty),
        text: None,
    }
}

const fn reported(event: UpdateEvent) -> ReportKind {
    match event {
        UpdateEvent::Accepted => ReportKind::Accepted,
        UpdateEvent::PendingNew => ReportKind::PendingNew,
        UpdateEvent::New => ReportKind::New,
        UpdateEvent::PartialFill => ReportKind::PartialFill,
        UpdateEvent::Fill => ReportKind::Fill,
        UpdateEvent::PendingCancel => ReportKind::PendingCancel,
        UpdateEvent::Canceled => ReportKind::Canceled,
        UpdateEvent::CancelRejected => ReportKind::CancelRejected,
        UpdateEvent::PendingReplace => ReportKind::PendingReplace,
        UpdateEvent::Replaced => ReportKind::Replaced,
        UpdateEvent::ReplaceRejected => ReportKind::ReplaceRejected,
        UpdateEvent::Expired => ReportKind::Expired,
        UpdateEvent::Rejected => ReportKind::Rejected,
        UpdateEvent::Held => ReportKind::Held,
        UpdateEvent::Restated => ReportKind::Restated,
    }
}
