//! Fees from the exchange's side: what it takes at a day's close is in our cash by what it posts,
//! each posting once, and what it has not posted stops entries.

use crate::support::{Plan, assert_books_agree, data_dir, exchange_with, generated, shares};
use exchange::Activity;
use exchange::server::{FaultScript, Running, Speed};
use journal::Reader;
use kernel::{Cash, Event, Intents, MarketData, RecordBody, Side, Timestamp, TradingState, View};
use runtime::session::journal_dir;
use std::path::Path;

/// Two trading days and the beginning of a third, by the minute.
const MINUTES: usize = 2 * 390 + 60;

async fn an_exchange(script: &str) -> Running {
    exchange_with(generated(&["SPY"], MINUTES), Speed::Max, |config| {
        config.faults = FaultScript::parse(script).unwrap();
    })
    .await
}

/// Buys and sells by turns.
fn by_turns(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    let held = view.position(symbol).quantity;
    match view.has_open_order(symbol) {
        true => {}
        false if held.is_zero() => intents.market(symbol, Side::Buy, shares(70)),
        false => intents.market(symbol, Side::Sell, held),
    }
}

fn a_plan(dir: &Path, exchange: &Running) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &["SPY"], by_turns);
    plan.config.fees = marketdata::fee_rates();
    plan.config.timing.compare_each_step = true;
    plan
}

fn events(dir: &Path) -> Vec<(Timestamp, Event)> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut events = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { at, event } = record.body {
            events.push((at, event));
        }
    }
    events
}

/// What the exchange has posted, in the order of its names.
fn posted(exchange: &Running) -> Vec<(String, Cash)> {
    let activities = exchange.snapshot().activities;
    let fees = activities.iter().filter_map(|activity| match activity {
        Activity::Fee(fee) => Some((activity.id(), fee.amount)),
        _ => None,
    });
    let mut fees: Vec<_> = fees.collect();
    fees.sort();
    fees
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_exchange_posts_explains_its_cash() {
    let dir = data_dir();
    let exchange = an_exchange("").await;
    let summary = a_plan(dir.path(), &exchange).run().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_eq!(exchange.record().findings(), []);
    assert_eq!(summary.trading, TradingState::Active);

    let posted = posted(&exchange);
    let events = events(dir.path());
    let mut booked: Vec<(String, Cash)> = events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::FeeBooked { id, amount, .. } => Some((id.to_string(), *amount)),
            _ => None,
        })
        .collect();
    booked.sort();
    assert_eq!(booked, posted, "each posting once, by the exchange's name for it");
    assert!(posted.len() >= 2, "the closes of two days: {posted:?}");
    // Apart from its fees the exchange has moved cash by executions alone.
    let fees: i64 = posted.iter().map(|(_, amount)| amount.nanos()).sum();
    let snapshot = exchange.snapshot();
    let traded = snapshot.activities.iter().filter_map(|activity| match activity {
        Activity::Fill(fill) => {
            let value = fill.price.value(fill.qty, kernel::Rounding::HalfEven).unwrap().nanos();
            Some(if fill.side == Side::Buy { -value } else { value })
        }
        _ => None,
    });
    let begun = exchange.record().starting_cash.nanos();
    assert_eq!(summary.cash.nanos(), begun + traded.sum::<i64>() - fees);
    let told = events.iter().find(|(_, event)| {
        matches!(event, Event::DifferenceFound(_))
            || matches!(event, Event::AlertRaised(alert) if &*alert.code == "fee_residue")
    });
    assert_eq!(told, None);
}

/// The exchange takes what it says in other words than the amount: the cash differs by that, nothing
/// explains it, and by the exchange's own record nothing opens a position after it was found.
#[tokio::test(flavor = "multi_thread")]
async fn a_fee_of_another_amount_than_was_taken_stops_entries() {
    let dir = data_dir();
    let script = "
        [[fault]]
        on = \"activities\"
        inject = \"set\"
        field = \"net_amount\"
        value = \"-9.99\"
        times = \"all\"
    ";
    let exchange = an_exchange(script).await;
    let summary = a_plan(dir.path(), &exchange).run().await.unwrap();
    assert_eq!(summary.trading, TradingState::Reducing);
    let events = events(dir.path());
    let found =
        |event: &Event| matches!(event, Event::DifferenceFound(kernel::Difference::Cash { .. }));
    let at = events.iter().find(|(_, event)| found(event)).unwrap().0;
    let has_alert = |code: &str| {
        events
            .iter()
            .any(|(_, event)| matches!(event, Event::AlertRaised(alert) if &*alert.code == code))
    };
    assert!(has_alert("fee_residue") && has_alert("reconciliation_difference"));
    let orders = exchange.snapshot().orders;
    let (before, after): (Vec<_>, Vec<_>) =
        orders.iter().filter(|order| order.opens).partition(|order| order.submitted_at <= at);
    assert!(!before.is_empty());
    assert!(after.is_empty(), "{after:?}");
}
