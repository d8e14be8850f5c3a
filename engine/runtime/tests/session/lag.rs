//! An account that may lag behind its executions.

use crate::support::{Plan, assert_books_agree, data_dir, exchange_with, generated, shares};
use exchange::server::{FaultScript, Running, Speed};
use journal::Reader;
use kernel::{
    Event, Intents, MarketData, NewOrder, OrderKind, Price, RecordBody, Rounding, Side, View,
};
use runtime::session::{Patience, journal_dir};
use std::path::Path;
use std::time::Duration;

/// Longer than any test.
const HOUR: Duration = Duration::from_secs(3600);

async fn exchange(script: &str) -> Running {
    exchange_with(generated(&["SPY"], 1_000), Speed::Times(600.0), |config| {
        config.faults = FaultScript::parse(script).unwrap();
    })
    .await
}

/// Bids once, a tenth below the market.
fn bid(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    if !view.has_open_order(symbol) && view.position(symbol).quantity.is_zero() {
        let limit = Price::from_nanos(data.price().nanos() / 10 * 9).to_tick(Rounding::Down);
        intents.order(NewOrder::new(symbol, Side::Buy, shares(10), OrderKind::Limit { limit }));
    }
}

fn plan(dir: &Path, exchange: &Running, account_lag: Duration) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &["SPY"], bid);
    plan.config.timing.reconcile = Duration::from_secs(60);
    plan.config.timing.patience = Some(Patience { account_lag, ..Patience::paced(600.0) });
    plan.config.limits.price_collar = None;
    plan.config.limits.entry_time_to_live = None;
    plan
}

/// Whether the journal has an event of a kind.
fn has(dir: &Path, wanted: impl Fn(&Event) -> bool) -> bool {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event, .. } = record.body
            && wanted(&event)
        {
            return true;
        }
    }
    false
}

/// What filled while nobody was there is booked, and an account that has it too is proof enough:
/// entries are not kept waiting for the time in which it might have lagged.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_agrees_is_not_waited_for() {
    let dir = data_dir();
    let script = "
        [[fault]]
        on = 'step'
        step = 100
        order = 1
        inject = 'fill'
    ";
    let exchange = exchange(script).await;
    let mut session = plan(dir.path(), &exchange, HOUR).start();
    session.until(|_| !exchange.snapshot().orders.is_empty()).await;
    session.crash().await;
    let filled = async {
        while exchange.snapshot().positions.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), filled).await.expect("nothing fills");
    let mut session = plan(dir.path(), &exchange, HOUR).start();
    session.until(|status| status.reconciled && status.tally.fills == 1).await;
    session.stopper.press();
    assert_books_agree(&session.ended().await.unwrap(), &exchange);
}

/// One that does not may only be late: it is a difference when that time has passed.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_differs_may_only_be_late() {
    let script = "
        [[fault]]
        on = 'step'
        step = 20
        order = 1
        inject = 'fill'
        [[fault]]
        on = 'account'
        step = 40
        times = 'all'
        inject = 'set'
        field = 'cash'
        value = '1'
    ";
    for (account_lag, is_suspected) in [(HOUR, false), (Duration::ZERO, true)] {
        let dir = data_dir();
        let exchange = exchange(script).await;
        let mut session = plan(dir.path(), &exchange, account_lag).start();
        session.until(|status| status.tally.fills == 1).await;
        // So many bars later the books were compared many times.
        let then = exchange.snapshot().step;
        session.until(|_| exchange.snapshot().step >= then + 60).await;
        session.crash().await;
        let suspected = has(dir.path(), |event| matches!(event, Event::DifferenceSuspected { .. }));
        assert_eq!(suspected, is_suspected, "{account_lag:?}");
    }
}
