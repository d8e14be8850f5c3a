//! What a run or a session did to its account, order by order.

use kernel::{
    Cash, Difference, Event, FeeKind, Input, MarketData, Notional, Order, OrderNumber, OrderStatus,
    Origin, Price, Quantity, Report, ReportKind, Rounding, Side, Stamped, SymbolId, Timestamp,
};
use std::collections::BTreeMap;

/// What an order is in every run of the same day: the newest market data when it was asked for,
/// what it is, and its place among its like. Numbers differ as soon as one order is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OrderKey {
    pub decided: Timestamp,
    pub symbol: SymbolId,
    pub side: Side,
    kind: &'static str,
    nth: u32,
}

/// An order with what became of it.
#[derive(Debug, Clone)]
pub(super) struct OrderLine {
    pub number: OrderNumber,
    pub origin: Origin,
    /// When the market data was known that it was decided on, or else when it was decided.
    pub asked: Timestamp,
    /// When it began to work at the venue, by the venue's clock.
    pub working: Option<Timestamp>,
    /// When it first filled, by the venue's clock.
    pub filled_at: Option<Timestamp>,
    /// Whether the venue kept it for later before it worked: until an open, or behind its parent.
    pub waited: bool,
    pub status: OrderStatus,
    /// How it ended without the venue's consent: what was reported, and the venue's words.
    pub refused: Option<(ReportKind, Option<Box<str>>)>,
    /// Shares filled, and their value.
    pub filled: Quantity,
    pub value: Notional,
}

/// One change of what the account holds.
#[derive(Debug, Clone, Copy)]
struct Flow {
    /// The order that led to it; `None` for what the venue or a person did to the account.
    order: Option<OrderKey>,
    cash: Cash,
    shares: Option<(SymbolId, Quantity)>,
}

/// Keeps the account of a run while its events pass by.
#[derive(Debug, Clone, Default)]
pub(super) struct Diary {
    /// When the newest market data was known that strategies have seen.
    shown: Timestamp,
    /// When what is decided now was asked for.
    moment: Timestamp,
    alike: BTreeMap<(Timestamp, SymbolId, Side, &'static str), u32>,
    keys: BTreeMap<OrderNumber, OrderKey>,
    pub orders: BTreeMap<OrderKey, OrderLine>,
    /// Orders that risk refused, with the reason.
    pub denied: BTreeMap<(Timestamp, SymbolId), String>,
    flows: Vec<Flow>,
    pub fees: BTreeMap<FeeKind, Cash>,
    /// What was paid in, less what was taken out: no profit.
    pub capital: Cash,
    opening: BTreeMap<SymbolId, Quantity>,
    opening_cash: Cash,
}

/// What a day came to at some prices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// By order, before fees.
    pub orders: BTreeMap<OrderKey, Cash>,
    /// What was held when it began.
    pub held: Cash,
    /// Fees, below zero.
    pub fees: Cash,
    /// What the venue or a person did to the account.
    pub account: Cash,
    /// All of it.
    pub total: Cash,
}

impl Diary {
    /// Market data is about to be shown to strategies.
    pub(super) fn show(&mut self, data: &MarketData) {
        self.shown = self.shown.max(data.time());
    }

    /// An input came in. What it leads to on time is asked for when the data is known, what it leads
    /// to otherwise when it came.
    pub(super) fn take_in(&mut self, stamped: &Stamped) {
        self.moment = stamped.at;
        match &stamped.input {
            Input::Market(data) => {
                self.show(data);
                self.moment = data.time();
            }
            Input::Late(data) => self.show(data),
            Input::Report(report) => self.hear(report),
            _ => {}
        }
    }

    fn hear(&mut self, report: &Report) {
        let line = report.order.and_then(|number| self.line(number));
        let Some(line) = line else { return };
        let works = match report.kind {
            ReportKind::New | ReportKind::Fill | ReportKind::PartialFill => true,
            ReportKind::Accepted | ReportKind::AcceptedForBidding | ReportKind::Held => {
                line.waited = true;
                false
            }
            _ => false,
        };
        if works {
            line.working = line.working.or(Some(report.time));
        }
        if report.execution.is_some() {
            line.filled_at = line.filled_at.or(Some(report.time));
        }
    }

    /// An event happened.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::AccountOpened { cash, positions } => {
                self.opening_cash = *cash;
                self.opening = positions.iter().map(|(id, held, _)| (*id, *held)).collect();
            }
            Event::OrderApproved(order) => self.approve(order),
            Event::OrderDenied { intent: kernel::Intent::Submit(wanted), denial, .. } => {
                self.denied.entry((self.shown, wanted.symbol)).or_insert(denial.to_string());
            }
            Event::OrderUpdated { order, to, report, text, .. } => {
                if let Some(line) = self.line(*order) {
                    line.status = *to;
                    if matches!(to, OrderStatus::Rejected | OrderStatus::NotReceived) {
                        line.refused = Some((*report, text.clone()));
                    }
                }
            }
            Event::OrderFilled { order, symbol, side, quantity, price, status, .. } => {
                let (signed, value) = (side.signed(*quantity), price.times(*quantity));
                if let Some(line) = self.line(*order) {
                    line.status = *status;
                    line.filled = line.filled.checked_add(*quantity).unwrap_or(Quantity::MAX);
                    line.value = line.value.checked_add(value).unwrap_or(line.value);
                }
                let cash = price.value(signed, Rounding::HalfEven).and_then(Cash::checked_neg);
                let order = self.keys.get(order).copied();
                self.flow(order, cash.unwrap_or_default(), Some((*symbol, signed)));
            }
            Event::FeeBooked { kind, amount, .. } => {
                let fee = self.fees.entry(*kind).or_default();
                *fee = plus(*fee, *amount);
            }
            _ => self.take_of_account(event),
        }
    }

    /// What happened to the account by no order and no fee.
    fn take_of_account(&mut self, event: &Event) {
        match event {
            Event::CashMoved { kind, amount, .. } if kind.is_capital() => {
                self.capital = plus(self.capital, *amount);
            }
            Event::CashMoved { amount, .. } => self.flow(None, *amount, None),
            Event::DifferenceFound(Difference::Cash { ours, theirs }) => {
                self.flow(None, minus(*theirs, *ours), None);
            }
            Event::DifferenceFound(Difference::Position { symbol, ours, theirs, .. }) => {
                let moved = theirs.checked_sub(*ours).unwrap_or_default();
                self.flow(None, Cash::ZERO, Some((*symbol, moved)));
            }
            Event::SharesSplit { symbol, position, .. } => {
                let moved = position.checked_sub(self.held(*symbol)).unwrap_or_default();
                self.flow(None, Cash::ZERO, Some((*symbol, moved)));
            }
            Event::DividendReinvested { symbol, quantity, price, .. } => {
                let paid = price.value(*quantity, Rounding::HalfEven).and_then(Cash::checked_neg);
                self.flow(None, paid.unwrap_or_default(), Some((*symbol, *quantity)));
            }
            _ => {}
        }
    }

    fn approve(&mut self, order: &Order) {
        let (decided, symbol, side) = (self.shown, order.symbol, order.side);
        let kind = order.kind.as_str();
        let alike = self.alike.entry((decided, symbol, side, kind)).or_default();
        let key = OrderKey { decided, symbol, side, kind, nth: *alike };
        *alike += 1;
        self.keys.insert(order.number, key);
        let line = OrderLine {
            number: order.number,
            origin: order.origin,
            asked: self.moment,
            working: None,
            filled_at: None,
            waited: order.parent.is_some(),
            status: order.status,
            refused: None,
            filled: Quantity::ZERO,
            value: Notional::from_raw(0),
        };
        self.orders.insert(key, line);
    }

    /// What an order is in every run.
    pub(super) fn key(&self, number: OrderNumber) -> Option<OrderKey> {
        self.keys.get(&number).copied()
    }

    fn line(&mut self, number: OrderNumber) -> Option<&mut OrderLine> {
        self.orders.get_mut(self.keys.get(&number)?)
    }

    fn flow(&mut self, order: Option<OrderKey>, cash: Cash, shares: Option<(SymbolId, Quantity)>) {
        self.flows.push(Flow { order, cash, shares });
    }

    /// What is held of a symbol after everything so far.
    fn held(&self, symbol: SymbolId) -> Quantity {
        let moved = self.flows.iter().filter_map(|flow| flow.shares);
        let moved = moved.filter(|(id, _)| *id == symbol).map(|(_, moved)| moved);
        let opening = self.opening.get(&symbol).copied().unwrap_or_default();
        moved.fold(opening, |held, moved| held.checked_add(moved).unwrap_or(held))
    }

    /// What the day came to: what is held is worth `marks` at the end, and was worth `opened` when
    /// it began. Each order is given what it changed cash by, and what it changed the value of the
    /// position by at the end's price; so the parts add up to the whole in integers.
    pub(super) fn outcome(&self, opened: &[Price], marks: &[Price]) -> Outcome {
        let mut all = Outcome::default();
        let mut held = self.opening.clone();
        for (symbol, quantity) in &self.opening {
            let before = value(opened, *symbol, *quantity);
            all.held = plus(all.held, minus(value(marks, *symbol, *quantity), before));
        }
        for flow in &self.flows {
            let mut change = flow.cash;
            if let Some((symbol, moved)) = flow.shares {
                let position = held.entry(symbol).or_default();
                let before = value(marks, symbol, *position);
                *position = position.checked_add(moved).unwrap_or(*position);
                change = plus(change, minus(value(marks, symbol, *position), before));
            }
            let share = match flow.order {
                Some(order) => all.orders.entry(order).or_default(),
                None => &mut all.account,
            };
            *share = plus(*share, change);
        }
        let fees = self.fees.values().fold(Cash::ZERO, |sum, fee| plus(sum, *fee));
        all.fees = minus(Cash::ZERO, fees);
        let parts = all.orders.values().chain([&all.held, &all.fees, &all.account]);
        all.total = parts.fold(Cash::ZERO, |sum, part| plus(sum, *part));
        all
    }

    /// What cash must be by all of this.
    pub(super) fn cash(&self) -> Cash {
        let flows = self.flows.iter().map(|flow| flow.cash).chain([self.capital]);
        let before_fees = flows.fold(self.opening_cash, plus);
        self.fees.values().fold(before_fees, |cash, fee| minus(cash, *fee))
    }

    /// Whether all of what the books hold of a symbol is accounted for here.
    pub(super) fn accounts_for(&self, symbol: SymbolId, quantity: Quantity) -> bool {
        self.held(symbol) == quantity
    }
}

fn value(prices: &[Price], symbol: SymbolId, quantity: Quantity) -> Cash {
    let price = prices.get(symbol.index()).copied().unwrap_or_default();
    price.value(quantity, Rounding::HalfEven).unwrap_or(Cash::MAX)
}

/// The sum, saturating.
pub(super) fn plus(left: Cash, right: Cash) -> Cash {
    Cash::from_nanos(left.nanos().saturating_add(right.nanos()))
}

/// The difference, saturating.
pub(super) fn minus(left: Cash, right: Cash) -> Cash {
    Cash::from_nanos(left.nanos().saturating_sub(right.nanos()))
}
