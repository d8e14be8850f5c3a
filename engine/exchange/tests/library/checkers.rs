//! The checkers find what is wrong: a sound record is spoiled in one way at a time.

use crate::support::*;
use exchange::check::{Finding, OrderProblem, SessionRecord};
use exchange::{Activity, ExchangeConfig, FillActivity};
use kernel::{Cash, OrderStatus, Quantity};

/// A session with a filled order, a replaced one, a cancelled one, a fee, and a position.
fn sound() -> SessionRecord {
    let mut exchange = holding(ExchangeConfig::default(), 100);
    let resting = exchange.submit(sell(40, limit("110"))).unwrap();
    let change = exchange::Replacement { qty: Some(shares(50)), ..Default::default() };
    exchange.replace(resting.id, change).unwrap();
    exchange.step(&[bar(1, ["111", "111", "111", "111"])]);
    let order = exchange.submit(buy(1, limit("1"))).unwrap();
    exchange.cancel(order.id).unwrap();
    exchange.advance(minute(3, 390));
    let record = SessionRecord::of(&exchange);
    assert_eq!(record.findings(), []);
    assert!(record.activities.iter().any(|activity| matches!(activity, Activity::Fee(_))));
    record
}

fn fill(record: &mut SessionRecord, number: usize) -> &mut FillActivity {
    let fills = record.activities.iter_mut().filter_map(|activity| match activity {
        Activity::Fill(fill) => Some(fill),
        _ => None,
    });
    fills.into_iter().nth(number).unwrap()
}

fn problems(record: &SessionRecord) -> Vec<OrderProblem> {
    let problems = record.findings().into_iter().filter_map(|finding| match finding {
        Finding::Order { problem, .. } => Some(problem),
        _ => None,
    });
    problems.collect()
}

#[test]
fn money_that_does_not_add_up_is_found() {
    let mut record = sound();
    record.account.cash = Cash::from_nanos(record.account.cash.nanos() + 1);
    let found = record.findings();
    assert!(found.iter().any(|finding| matches!(finding, Finding::Cash { .. })), "{found:?}");
    assert!(found.iter().any(|finding| matches!(finding, Finding::Equity { .. })), "{found:?}");
}

#[test]
fn a_lost_fee_is_found() {
    let mut record = sound();
    record.activities.retain(|activity| matches!(activity, Activity::Fill(_)));
    assert!(matches!(record.findings()[..], [Finding::Cash { .. }]));
}

#[test]
fn a_lost_fill_is_found_in_cash_position_and_order() {
    let mut record = sound();
    record.activities.remove(0);
    let found = record.findings();
    assert!(found.iter().any(|finding| matches!(finding, Finding::Cash { .. })));
    assert!(found.iter().any(|finding| matches!(finding, Finding::Position { .. })));
    assert!(problems(&record).contains(&OrderProblem::FilledQuantity));
}

#[test]
fn a_fill_booked_twice_is_found() {
    let mut record = sound();
    let again = record.activities[0].clone();
    record.activities.insert(0, again);
    let found = record.findings();
    assert!(found.iter().any(|finding| matches!(finding, Finding::Repeated { .. })));
    assert!(problems(&record).contains(&OrderProblem::Overfilled));
}

#[test]
fn names_given_twice_are_found() {
    let mut record = sound();
    record.orders[1].client_order_id = record.orders[0].client_order_id.clone();
    let id = record.orders[0].client_order_id.clone();
    assert_eq!(
        record.findings(),
        [Finding::Repeated { what: "client order id", id: id.to_string() }]
    );
}

#[test]
fn fills_of_nothing_and_out_of_order_are_found() {
    let mut record = sound();
    fill(&mut record, 0).order_id = exchange::OrderId::nil();
    assert!(record.findings().iter().any(|finding| matches!(finding, Finding::Orphan { .. })));
    let mut record = sound();
    record.activities.reverse();
    assert!(record.findings().iter().any(|finding| matches!(finding, Finding::OutOfOrder { .. })));
}

#[test]
fn each_problem_of_an_order_is_found() {
    type Spoil = fn(&mut SessionRecord);
    let table: &[(OrderProblem, Spoil)] = &[
        (OrderProblem::MeanPrice, |record| record.orders[0].filled_avg_price = Some(price("1"))),
        (OrderProblem::BeyondLimit, |record| fill(record, 1).price = price("109.99")),
        (OrderProblem::OutsideLife, |record| fill(record, 0).time = minute(3, -1)),
        (OrderProblem::OutsideLife, |record| fill(record, 0).time = minute(3, 100)),
        (OrderProblem::RunningTotals, |record| fill(record, 0).cum_qty = shares(1)),
        (OrderProblem::RunningTotals, |record| fill(record, 0).leaves_qty = shares(1)),
        (OrderProblem::Status, |record| record.orders[0].status = OrderStatus::PartiallyFilled),
        (OrderProblem::FilledQuantity, |record| record.orders[0].filled_qty = Quantity::ZERO),
        (OrderProblem::End, |record| record.orders[0].filled_at = None),
        (OrderProblem::End, |record| record.orders[3].status = OrderStatus::New),
        (OrderProblem::Chain, |record| {
            record.orders[1].replaced_by = Some(exchange::OrderId::nil())
        }),
        (OrderProblem::Chain, |record| record.orders[2].replaces = None),
        (OrderProblem::Chain, |record| record.orders[1].replaced_by = None),
    ];
    for (problem, spoil) in table {
        let mut record = sound();
        spoil(&mut record);
        let found = problems(&record);
        assert!(found.contains(problem), "{problem:?} is not among {found:?}");
    }
}
