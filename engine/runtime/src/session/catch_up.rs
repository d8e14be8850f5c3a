//! What a read of an order says that the stream did not: reports made from facts.
//!
//! Executions are fed before the status, so that an order never ends with shares missing. Three
//! names guard against booking one twice: the execution's id, the broker's cumulative quantity
//! beside each execution (the activities may name an execution otherwise than the stream does),
//! and the kernel's own count.

use crate::alpaca::{Fill, OrderState};
use kernel::{
    Execution, ExecutionId, Notional, Order, OrderStatus, Price, Quantity, Report, ReportKind,
    Rounding,
};

/// An order as the broker lists it, with its executions when any were missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRead {
    /// The order.
    pub order: OrderState,
    /// Its executions, oldest first; empty when we lack none.
    pub fills: Vec<Fill>,
}

/// The reports that bring an order of ours to where the broker has it; none when it is there.
pub(super) fn catch_up(ours: &Order, read: &OrderRead) -> Vec<Report> {
    let mut counted = Counted { filled: ours.filled, value: ours.filled_value.abs() };
    let mut reports: Vec<Report> = Vec::new();
    for fill in &read.fills {
        if !ours.executions.contains(&fill.execution.id) && counted.lacks(fill) {
            counted.add(fill.execution.quantity, fill.execution.price);
            reports.push(fill.report(Some(ours.number)));
        }
    }
    if counted.filled < read.order.filled {
        match inferred(ours, &read.order, &counted) {
            Some(report) => reports.push(report),
            None => tracing::warn!(
                order = %ours.number,
                "{} of {} shares filled are known, and the broker gives no usable price for the rest",
                counted.filled,
                read.order.filled
            ),
        }
    }
    reports.extend(standing(ours, &read.order));
    reports.extend(read.order.leg_reports());
    reports
}

/// The same for an order from before a split, which the broker may count in shares of before or
/// after it: only where the order stands is taken from it. What is held is compared by itself.
pub(super) fn catch_up_split(ours: &Order, read: &OrderRead) -> Vec<Report> {
    let theirs = &read.order;
    let is_filled = theirs.status == Some(OrderStatus::Filled) && ours.is_live();
    let stands = match is_filled {
        true => {
            let (order, kind) = (Some(ours.number), ReportKind::Fill);
            Some(Report { order, kind, ..theirs.report() })
        }
        false => standing(ours, theirs),
    };
    stands.into_iter().chain(theirs.leg_reports()).collect()
}

/// Shares and their value counted so far.
struct Counted {
    filled: Quantity,
    value: Notional,
}

impl Counted {
    /// Whether an execution is not among what is counted, by the broker's cumulative quantity.
    fn lacks(&self, fill: &Fill) -> bool {
        fill.cumulative.is_none_or(|cumulative| cumulative > self.filled)
    }

    fn add(&mut self, quantity: Quantity, price: Price) {
        self.filled = self.filled.checked_add(quantity).unwrap_or(Quantity::MAX);
        self.value = self.value.checked_add(price.times(quantity)).unwrap_or(self.value);
    }
}

/// One execution for all shares that the broker counts and lists nowhere. Its name is made of the
/// facts, so that the same inference after a restart is recognised.
fn inferred(ours: &Order, theirs: &OrderState, counted: &Counted) -> Option<Report> {
    let missing = theirs.filled.checked_sub(counted.filled)?;
    let value = theirs.filled_average?.times(theirs.filled).checked_sub(counted.value)?;
    let price = value.per(missing, Rounding::HalfEven).filter(|price| price.is_positive())?;
    let id = format!("inferred:{}:{}", theirs.broker_id, theirs.filled);
    Some(Report {
        order: Some(ours.number),
        // Whether more is to come is told by where the order stands.
        kind: ReportKind::PartialFill,
        execution: Some(Execution { id: ExecutionId(id.into()), quantity: missing, price }),
        ..theirs.report()
    })
}

/// The report of where the order stands, when that is news.
fn standing(ours: &Order, theirs: &OrderState) -> Option<Report> {
    let report = Report { order: Some(ours.number), ..theirs.report() };
    let named = ours.broker_id.is_some();
    match theirs.status {
        None => {
            tracing::warn!(order = %ours.number, "the broker calls its status {:?}", theirs.status_text);
            None
        }
        Some(status) if status == ours.status && named => None,
        // Follows from the quantities; as news it says only that the order is working.
        // But only the broker knows how many shares an order in dollars comes to, how many an exit
        // has left when it starts, and which of two exits has filled the last ones.
        Some(OrderStatus::Filled) if is_told(ours, theirs) => {
            Some(Report { kind: ReportKind::Fill, ..report })
        }
        Some(OrderStatus::Filled | OrderStatus::PartiallyFilled) => {
            (!ours.has_arrived() && theirs.filled.is_zero()).then_some(report)
        }
        Some(_) => Some(report),
    }
}

/// Whether that an order has wholly filled does not follow from its quantities.
fn is_told(ours: &Order, theirs: &OrderState) -> bool {
    ours.size.notional().is_some() || ours.has_shrunk() || theirs.filled < ours.quantity
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{
        BrokerOrderId, OrderKind, OrderNumber, Origin, Side, Symbols, TimeInForce, Timestamp,
    };

    fn shares(whole: i64) -> Quantity {
        Quantity::from_whole(whole).unwrap()
    }

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn ours(filled: i64, at: &str, executions: &[&str]) -> Order {
        let symbols = Symbols::new(["AAPL"]).unwrap();
        Order {
            number: OrderNumber(7),
            origin: Origin::Operator,
            symbol: symbols.id("AAPL").unwrap(),
            side: Side::Buy,
            size: shares(150).into(),
            quantity: shares(150),
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            extended_hours: false,
            class: kernel::OrderClass::Simple,
            parent: None,
            grows: true,
            status: OrderStatus::New,
            approved_at: Timestamp::default(),
            expires_at: None,
            broker_id: Some(BrokerOrderId("b".into())),
            replaces: None,
            filled: shares(filled),
            filled_value: price(at).times(shares(filled)),
            executions: executions.iter().map(|id| ExecutionId((*id).into())).collect(),
            reserved: kernel::Cash::ZERO,
            cancel_requested: false,
        }
    }

    fn theirs(filled: i64, average: &str, status: OrderStatus) -> OrderState {
        OrderState {
            order: Some(OrderNumber(7)),
            client_order_id: "tw-00000000-7".into(),
            broker_id: BrokerOrderId("b".into()),
            symbol: "AAPL".into(),
            symbol_id: None,
            side: Side::Buy,
            quantity: shares(150),
            filled: shares(filled),
            filled_average: average.parse().ok(),
            status: Some(status),
            status_text: status.as_str().into(),
            submitted_at: None,
            updated_at: None,
            replaces: None,
            replaced_by: None,
            is_in_dollars: false,
            kind: "market".into(),
            class: "".into(),
            legs: Vec::new(),
        }
    }

    fn fill(id: &str, quantity: i64, at: &str, cumulative: i64) -> Fill {
        Fill {
            activity: format!("20260105::{id}").into(),
            broker_id: BrokerOrderId("b".into()),
            symbol: "AAPL".into(),
            side: Side::Buy,
            execution: Execution {
                id: ExecutionId(id.into()),
                quantity: shares(quantity),
                price: price(at),
            },
            cumulative: Some(shares(cumulative)),
            time: Timestamp::default(),
        }
    }

    fn fills_of(reports: &[Report]) -> Vec<(String, Quantity, Price)> {
        let fills = reports.iter().filter_map(|report| report.execution.as_ref());
        fills.map(|fill| (fill.id.to_string(), fill.quantity, fill.price)).collect()
    }

    /// Conformance 86, 102.
    #[test]
    fn an_execution_under_another_name_is_not_booked_again() {
        let read = OrderRead {
            order: theirs(150, "10.00", OrderStatus::Filled),
            fills: vec![fill("x", 50, "10.00", 50), fill("y", 100, "10.00", 150)],
        };
        let reports = catch_up(&ours(50, "10.00", &["stream-name"]), &read);
        assert_eq!(fills_of(&reports), [("y".to_owned(), shares(100), price("10.00"))]);
    }

    #[test]
    fn shares_that_no_activity_lists_are_inferred_to_the_digit() {
        let read = OrderRead { order: theirs(150, "10.50", OrderStatus::Filled), fills: vec![] };
        let reports = catch_up(&ours(50, "10.00", &["a"]), &read);
        let expected = ("inferred:b:150".to_owned(), shares(100), price("10.75"));
        assert_eq!(fills_of(&reports), [expected]);
    }

    /// 50 old shares are 25 new ones: nothing is missing, and nothing is made up.
    #[test]
    fn of_an_order_from_before_a_split_only_where_it_stands_is_read() {
        let ours = ours(25, "20.00", &["a"]);
        for (status, kind) in
            [(OrderStatus::Canceled, ReportKind::Canceled), (OrderStatus::Filled, ReportKind::Fill)]
        {
            let fills = vec![fill("a", 50, "10.00", 50)];
            let read = OrderRead { order: theirs(50, "10.00", status), fills };
            let reports = catch_up_split(&ours, &read);
            assert_eq!(fills_of(&reports), []);
            assert_eq!(reports.iter().map(|report| report.kind).collect::<Vec<_>>(), [kind]);
        }
    }

    /// The crash comes before or after the inference is booked: it has one name, and counts once.
    #[test]
    fn an_inference_has_the_same_name_after_a_restart() {
        let read = OrderRead { order: theirs(150, "10.50", OrderStatus::Filled), fills: vec![] };
        let before = ours(50, "10.00", &["a"]);
        let first = catch_up(&before, &read);
        let restored: Order =
            serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
        assert_eq!(catch_up(&restored, &read), first);
        let (name, _, _) = fills_of(&first).remove(0);
        let booked = ours(150, "10.50", &["a", &name]);
        assert_eq!(fills_of(&catch_up(&booked, &read)), []);
        // What the activities list meanwhile is among what was inferred, by the broker's count.
        let listed = OrderRead { fills: vec![fill("b", 100, "10.75", 150)], ..read };
        assert_eq!(fills_of(&catch_up(&booked, &listed)), []);
    }

    /// Conformance 72.
    #[test]
    fn a_cancelled_order_with_a_part_filled_is_a_fill_and_then_a_cancel() {
        let read = OrderRead {
            order: theirs(50, "10.00", OrderStatus::Canceled),
            fills: vec![fill("a", 50, "10.00", 50)],
        };
        let reports = catch_up(&ours(0, "10.00", &[]), &read);
        let kinds: Vec<ReportKind> = reports.iter().map(|report| report.kind).collect();
        assert_eq!(kinds, [ReportKind::PartialFill, ReportKind::Canceled]);
    }

    /// Of an order in dollars, of an exit that started smaller and of one whose other exit has filled
    /// a part the broker alone knows the end.
    #[test]
    fn an_end_is_told_where_the_quantities_do_not_say_it() {
        let kinds = |ours: &Order, status| {
            let read = OrderRead { order: theirs(60, "10.00", status), fills: vec![] };
            catch_up(ours, &read).iter().map(|report| report.kind).collect::<Vec<_>>()
        };
        let smaller = ours(0, "10.00", &[]);
        let dollars = kernel::OrderSize::Notional(kernel::Cash::from_nanos(600_000_000_000));
        let shrunk = Order { quantity: shares(60), ..smaller.clone() };
        for order in [smaller.clone(), shrunk, Order { size: dollars, ..smaller }] {
            let filled = kinds(&order, OrderStatus::Filled);
            assert_eq!(filled, [ReportKind::PartialFill, ReportKind::Fill]);
            let canceled = kinds(&order, OrderStatus::Canceled);
            assert_eq!(canceled, [ReportKind::PartialFill, ReportKind::Canceled]);
        }
    }

    #[test]
    fn an_order_that_stands_where_we_have_it_says_nothing() {
        let read = OrderRead { order: theirs(0, "", OrderStatus::New), fills: vec![] };
        assert_eq!(catch_up(&ours(0, "1", &[]), &read), []);
    }
}
