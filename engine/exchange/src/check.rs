//! Judges a session by the exchange's own record: what it says must agree with itself.
//!
//! The checks read nothing but what a client could read too, so they also judge an exchange at
//! the other end of a wire.

mod diary;
mod expect;
mod session;
mod stops;
mod times;

pub use diary::{Asked, Happening, Note, Stream};
pub use expect::{Expect, Figure, Unmet};
pub use session::{Allowed, Bounds, Breach, Claims, Moved, Word, asked_again};
pub use times::During;

use crate::{
    AccountRow, Activity, Exchange, FillActivity, GroupKind, OrderId, OrderRow, PositionRow,
};
use kernel::{Cash, Notional, OrderStatus, Price, Quantity, Rounding, Side, SymbolId, Symbols};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// What an exchange says of a session.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// Cash when the account opened.
    pub starting_cash: Cash,
    /// Every order, in order of arrival.
    pub orders: Vec<OrderRow>,
    /// The account's history, oldest first.
    pub activities: Vec<Activity>,
    /// The account at the end.
    pub account: AccountRow,
    /// The positions at the end.
    pub positions: Vec<PositionRow>,
    /// The names of its symbols.
    pub symbols: Symbols,
    /// The client's names of orders that were asked for again although the exchange had them.
    pub repeated: Vec<Arc<str>>,
}

/// Something in a record that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Cash is not what it was plus sales less purchases less fees.
    #[error("cash is {stated}, and the activities make it {counted}")]
    Cash {
        /// By the account.
        stated: Cash,
        /// By the activities.
        counted: Cash,
    },
    /// Equity is not cash plus the value of the positions.
    #[error("equity is {stated}, and cash and positions make it {counted}")]
    Equity {
        /// By the account.
        stated: Cash,
        /// By cash and positions.
        counted: Cash,
    },
    /// A position is not the sum of its fills.
    #[error("the position in symbol {} is {stated}, and its fills make it {counted}", symbol.index())]
    Position {
        /// Of what.
        symbol: SymbolId,
        /// By the positions.
        stated: Quantity,
        /// By the activities.
        counted: Quantity,
    },
    /// A name that must be unique was given twice.
    #[error("{what} {id} occurs more than once")]
    Repeated {
        /// What it names.
        what: &'static str,
        /// The name.
        id: String,
    },
    /// A fill of an order that is not in the record.
    #[error("activity {activity} fills order {order}, which does not exist")]
    Orphan {
        /// What the activity is known by.
        activity: Uuid,
        /// The order's id.
        order: OrderId,
    },
    /// History that is not in order of time.
    #[error("activity {activity} is older than the one before it")]
    OutOfOrder {
        /// What the activity is known by.
        activity: Uuid,
    },
    /// Something about an order.
    #[error("order {order}: {problem}")]
    Order {
        /// Its id.
        order: OrderId,
        /// What is wrong.
        problem: OrderProblem,
    },
}

/// What is wrong with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderProblem {
    /// Its filled quantity is not the sum of its fills.
    #[error("the filled quantity is not the sum of its fills")]
    FilledQuantity,
    /// It filled more than was asked for.
    #[error("more filled than was asked for")]
    Overfilled,
    /// Its mean price is not that of its fills.
    #[error("the mean price is not that of its fills")]
    MeanPrice,
    /// A fill is worse than its limit.
    #[error("a fill is worse than the limit")]
    BeyondLimit,
    /// A fill is older than the order, or younger than its end.
    #[error("a fill is older than the order or younger than its end")]
    OutsideLife,
    /// A fill's running totals do not add up.
    #[error("a fill's running totals do not add up")]
    RunningTotals,
    /// Its status does not follow from its quantities.
    #[error("the status does not follow from the quantities")]
    Status,
    /// It has ended without a time of its end, or has one and has not ended.
    #[error("the time of its end and its status disagree")]
    End,
    /// It names a replacement that does not name it back.
    #[error("it and its replacement do not name each other")]
    Chain,
}

impl SessionRecord {
    /// The record of an exchange as it stands now.
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            starting_cash: exchange.config().starting_cash,
            orders: exchange.orders().cloned().collect(),
            activities: exchange.activities().to_vec(),
            account: exchange.account(),
            positions: exchange.positions(),
            symbols: exchange.symbols().clone(),
            repeated: exchange.repeated().to_vec(),
        }
    }

    /// Everything in it that cannot be; empty for a sound session.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check_cash(&mut findings);
        self.check_equity(&mut findings);
        self.check_positions(&mut findings);
        self.check_names(&mut findings);
        self.check_history(&mut findings);
        self.check_orders(&mut findings);
        findings
    }

    fn fills(&self) -> impl Iterator<Item = &FillActivity> {
        self.activities.iter().filter_map(|activity| match activity {
            Activity::Fill(fill) => Some(fill),
            Activity::Fee(_) | Activity::Split(_) | Activity::Cash(_) | Activity::Reset(_) => None,
        })
    }

    fn check_cash(&self, findings: &mut Vec<Finding>) {
        let starting = Notional::from(self.starting_cash).raw();
        let raw = self.activities.iter().fold(starting, |held, activity| match activity {
            // Each execution is booked at 1e-9 USD.
            Activity::Fill(fill) => {
                held - rounded(fill.price.times(fill.qty), fill.side.signed(fill.qty))
            }
            Activity::Fee(fee) => held - Notional::from(fee.amount).raw(),
            Activity::Cash(moved) => held + Notional::from(moved.amount).raw(),
            Activity::Reset(reset) => Notional::from(reset.cash).raw(),
            Activity::Split(_) => held,
        });
        let counted = cash(raw);
        let stated = self.account.cash;
        if stated != counted {
            findings.push(Finding::Cash { stated, counted });
        }
    }

    fn check_equity(&self, findings: &mut Vec<Finding>) {
        let values = self.positions.iter().map(|position| {
            rounded(position.current_price.times(position.qty.abs()), position.qty)
        });
        let counted = cash(Notional::from(self.account.cash).raw() + values.sum::<i128>());
        let stated = self.account.equity;
        if stated != counted {
            findings.push(Finding::Equity { stated, counted });
        }
    }

    fn check_positions(&self, findings: &mut Vec<Finding>) {
        let mut counted: BTreeMap<SymbolId, i64> = BTreeMap::new();
        for activity in &self.activities {
            let (symbol, moved) = match activity {
                Activity::Fill(fill) => (fill.symbol, fill.side.signed(fill.qty)),
                Activity::Split(split) => (split.symbol, split.change),
                Activity::Reset(_) => {
                    counted.clear();
                    continue;
                }
                Activity::Fee(_) | Activity::Cash(_) => continue,
            };
            let sum = counted.entry(symbol).or_default();
            *sum = sum.saturating_add(moved.nanos());
        }
        for position in &self.positions {
            counted.entry(position.symbol).or_default();
        }
        for (symbol, nanos) in counted {
            let listed = self.positions.iter().find(|position| position.symbol == symbol);
            let stated = listed.map_or(Quantity::ZERO, |position| position.qty);
            let counted = Quantity::from_nanos(nanos);
            if stated != counted {
                findings.push(Finding::Position { symbol, stated, counted });
            }
        }
    }

    fn check_names(&self, findings: &mut Vec<Finding>) {
        let orders = || self.orders.iter();
        repeated("order id", orders().map(|order| order.id), findings);
        repeated("client order id", orders().map(|order| &*order.client_order_id), findings);
        repeated("activity", self.activities.iter().map(Activity::number), findings);
    }

    fn check_history(&self, findings: &mut Vec<Finding>) {
        for pair in self.activities.windows(2) {
            if let [before, after] = pair
                && after.time() < before.time()
            {
                findings.push(Finding::OutOfOrder { activity: after.number() });
            }
        }
        let ids: BTreeSet<OrderId> = self.orders.iter().map(|order| order.id).collect();
        for fill in self.fills().filter(|fill| !ids.contains(&fill.order_id)) {
            let (activity, order) = (fill.execution, fill.order_id);
            findings.push(Finding::Orphan { activity, order });
        }
    }

    fn check_orders(&self, findings: &mut Vec<Finding>) {
        let mut fills: BTreeMap<OrderId, Vec<&FillActivity>> = BTreeMap::new();
        for fill in self.fills() {
            fills.entry(fill.order_id).or_default().push(fill);
        }
        let by_id: BTreeMap<OrderId, &OrderRow> =
            self.orders.iter().map(|order| (order.id, order)).collect();
        for order in &self.orders {
            let fills = fills.get(&order.id).map_or(&[][..], Vec::as_slice);
            let mut problems = problems(order, fills);
            if !chained(order, &by_id) {
                problems.push(OrderProblem::Chain);
            }
            findings.extend(
                problems.into_iter().map(|problem| Finding::Order { order: order.id, problem }),
            );
        }
    }
}

/// Everything that is wrong with one order.
fn problems(order: &OrderRow, fills: &[&FillActivity]) -> Vec<OrderProblem> {
    let sum: i128 = fills.iter().map(|fill| i128::from(fill.qty.nanos())).sum();
    let rules = [
        (OrderProblem::FilledQuantity, sum == i128::from(order.filled_qty.nanos())),
        (OrderProblem::Overfilled, sum <= i128::from(order.qty.nanos())),
        (OrderProblem::MeanPrice, order.filled_avg_price == mean_price(fills)),
        (OrderProblem::BeyondLimit, fills.iter().all(|fill| within_limit(order, fill.price))),
        (OrderProblem::OutsideLife, fills.iter().all(|fill| within_life(order, fill))),
        (OrderProblem::RunningTotals, running_totals_add_up(order, fills)),
        (OrderProblem::Status, status_follows(order)),
        (OrderProblem::End, order.status.is_final() == ended_at(order).is_some()),
    ];
    rules.into_iter().filter(|(_, holds)| !holds).map(|(problem, _)| problem).collect()
}

fn mean_price(fills: &[&FillActivity]) -> Option<Price> {
    let mut value = Notional::ZERO;
    let mut qty = Quantity::ZERO;
    for fill in fills {
        value = value.checked_add(fill.price.times(fill.qty))?;
        qty = qty.checked_add(fill.qty)?;
    }
    value.per(qty, Rounding::HalfEven)
}

fn within_limit(order: &OrderRow, price: Price) -> bool {
    match (order.side, order.kind.limit()) {
        (Side::Buy, Some(limit)) => price <= limit,
        (Side::Sell, Some(limit)) => price >= limit,
        (Side::Buy | Side::Sell, None) => true,
    }
}

fn within_life(order: &OrderRow, fill: &FillActivity) -> bool {
    let begun = fill.time >= order.submitted_at;
    begun && ended_at(order).is_none_or(|end| fill.time <= end)
}

fn running_totals_add_up(order: &OrderRow, fills: &[&FillActivity]) -> bool {
    let mut sum = Quantity::ZERO;
    fills.iter().all(|fill| {
        sum = sum.checked_add(fill.qty).unwrap_or(Quantity::MAX);
        // What is asked for changes while an order in USD or the exit of a group works.
        let changes = order.notional.is_some()
            || order.equity_share.is_some()
            || order.group != GroupKind::Simple;
        fill.cum_qty == sum && (changes || order.qty.checked_sub(sum) == Some(fill.leaves_qty))
    })
}

fn status_follows(order: &OrderRow) -> bool {
    let (none, all) = (order.filled_qty.is_zero(), order.filled_qty == order.qty);
    match order.status {
        OrderStatus::Filled => all,
        OrderStatus::PartiallyFilled => !none && !all,
        OrderStatus::Accepted
        | OrderStatus::PendingNew
        | OrderStatus::New
        | OrderStatus::Rejected => none,
        _ => !all,
    }
}

fn ended_at(order: &OrderRow) -> Option<kernel::Timestamp> {
    let ends =
        [order.filled_at, order.canceled_at, order.expired_at, order.failed_at, order.replaced_at];
    ends.into_iter().flatten().next()
}

/// Whether an order and those whose place it took or gave up name each other. One that ended on
/// the way to its place has nobody to name it.
fn chained(order: &OrderRow, by_id: &BTreeMap<OrderId, &OrderRow>) -> bool {
    let next = order.replaced_by.map(|id| by_id.get(&id));
    let gave_up = order.status == OrderStatus::Replaced;
    let next_agrees = match next {
        Some(next) => next.is_some_and(|next| next.replaces == Some(order.id)),
        None => true,
    };
    let Some(before) = order.replaces else {
        return next_agrees && next.is_some() == gave_up;
    };
    let never_worked = order.filled_qty.is_zero()
        && matches!(
            order.status,
            OrderStatus::PendingNew
                | OrderStatus::PendingCancel
                | OrderStatus::Canceled
                | OrderStatus::Expired
                | OrderStatus::Rejected
        );
    let before_agrees = by_id
        .get(&before)
        .is_some_and(|before| never_worked || before.replaced_by == Some(order.id));
    next_agrees && next.is_some() == gave_up && before_agrees
}

fn repeated<Id: Copy + Ord + ToString>(
    what: &'static str,
    ids: impl Iterator<Item = Id>,
    findings: &mut Vec<Finding>,
) {
    let mut seen = BTreeSet::new();
    let again = ids.filter(|&id| !seen.insert(id));
    findings.extend(again.map(|id| Finding::Repeated { what, id: id.to_string() }));
}

/// A value without its sign, rounded to what is booked, with the sign of a quantity.
fn rounded(value: Notional, sign: Quantity) -> i128 {
    let value = Notional::from(cash(value.raw())).raw();
    if sign.is_negative() { -value } else { value }
}

/// Saturates at what cash can hold.
fn cash(raw: i128) -> Cash {
    let limit = if raw < 0 { Cash::from_nanos(-Cash::MAX.nanos()) } else { Cash::MAX };
    Notional::from_raw(raw).to_cash(Rounding::HalfEven).unwrap_or(limit)
}
