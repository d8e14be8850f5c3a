//! An account that may lag behind its executions.

use crate::support::{Plan, assert_books_agree, data_dir, exchange_with, generated, shares};
use exchange::server::{FaultScript, Running, Speed};
use journal::Reader;
use kernel::{
    Event, Intents, MarketData, NewOrder, OrderKind, Price, RecordBody, Rounding, Side,
    TradingState, View,
};
use runtime::session::{Patience, journal_dir};
use std::path::Path;
use std::time::Duration;

/// Longer than any test.
const HOUR: Duration = Duration::from_secs(3600);

/// So long a differing account is put off in all.
const MOMENT: Duration = Duration::from_millis(200);

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

/// A session that puts an account that differs off for so long after whatever it books, and for so
/// long in all.
fn plan(dir: &Path, exchange: &Running, lag: Duration, in_all: Duration) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &["SPY"], bid);
    plan.config.timing.reconcile = Duration::from_secs(60);
    let patience = Patience::paced(600.0);
    plan.config.timing.patience =
        Some(Patience { account_lag: lag, account_differs: in_all, ..patience });
    plan.config.limits.price_collar = None;
    plan.config.limits.entry_time_to_live = None;
    plan
}

/// Differences in the journal that were suspected, and those that were found.
fn differences(dir: &Path) -> (usize, usize) {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let (mut suspected, mut found) = (0, 0);
    while let Some(record) = records.next().unwrap() {
        let RecordBody::Event { event, .. } = record.body else { continue };
        suspected += usize::from(matches!(event, Event::DifferenceSuspected { .. }));
        found += usize::from(matches!(event, Event::DifferenceFound(_)));
    }
    (suspected, found)
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
    let mut session = plan(dir.path(), &exchange, HOUR, HOUR).start();
    session.until(|_| !exchange.snapshot().orders.is_empty()).await;
    session.crash().await;
    let filled = async {
        while exchange.snapshot().positions.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), filled).await.expect("nothing fills");
    let mut session = plan(dir.path(), &exchange, HOUR, HOUR).start();
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
    for (lag, is_suspected) in [(HOUR, false), (Duration::ZERO, true)] {
        let dir = data_dir();
        let exchange = exchange(script).await;
        let mut session = plan(dir.path(), &exchange, lag, HOUR).start();
        session.until(|status| status.tally.fills == 1).await;
        // So many bars later the books were compared many times.
        let then = exchange.snapshot().step;
        session.until(|_| exchange.snapshot().step >= then + 60).await;
        session.crash().await;
        let (suspected, _) = differences(dir.path());
        assert_eq!(suspected > 0, is_suspected, "{lag:?}");
    }
}

/// Holds one symbol, and trades in the other at every bar, so that something is always just booked.
fn busy(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    let held = view.position(symbol).quantity;
    let is_held_only = symbol.index() == 0;
    if view.has_open_order(symbol) {
        return;
    }
    if held.is_zero() {
        intents.market(symbol, Side::Buy, shares(10));
    } else if !is_held_only {
        intents.market(symbol, Side::Sell, held);
    }
}

/// A session that always has just booked something finds what somebody else did to its account all
/// the same: two looks show the same gap, whatever it trades meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_difference_is_found_while_one_fill_follows_the_other() {
    let script = "
        [[fault]]
        on = 'step'
        step = 30
        symbol = 'QQQ'
        inject = 'close_by_hand'
    ";
    let dir = data_dir();
    let exchange =
        exchange_with(generated(&["QQQ", "SPY"], 5_000), Speed::Times(600.0), |config| {
            config.faults = FaultScript::parse(script).unwrap();
        });
    let exchange = exchange.await;
    let mut plan = plan(dir.path(), &exchange, HOUR, MOMENT);
    let scripted = Plan::scripted(dir.path(), &exchange, &["QQQ", "SPY"], busy);
    plan.config.symbols = scripted.config.symbols;
    plan.strategies = scripted.strategies;
    let mut session = plan.start();
    session.until(|status| status.tally.fills > 10).await;
    session.until(|status| status.trading == TradingState::Reducing).await;
    session.crash().await;
    let (suspected, found) = differences(dir.path());
    assert!(suspected > 0 && found > 0, "{suspected} suspected, {found} found");
}

/// An account that is only late agrees in between, and nothing is suspected however often it differs;
/// one that is late at every look differs each time by something else, and moves no books.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_only_late_moves_no_books() {
    let cash = |nth, every| {
        format!(
            "[[fault]]\non='account'\nstep=40\nnth={nth}\nevery={every}\ntimes='all'\n\
             inject='set'\nfield='cash'\nvalue='{nth}'\n"
        )
    };
    let fill = "[[fault]]\non='step'\nstep=20\norder=1\ninject='fill'\n";
    let now_and_then = cash(1, 2);
    let always = [cash(1, 3), cash(2, 3), cash(3, 3)].concat();
    for (late, is_suspected) in [(now_and_then, false), (always, true)] {
        let dir = data_dir();
        let exchange = exchange(&format!("{fill}{late}")).await;
        let mut session = plan(dir.path(), &exchange, HOUR, MOMENT).start();
        // Each look that differs counts, and so many of them take longer than a moment.
        let looks = || exchange.snapshot().faults.iter().skip(1).sum::<u64>();
        session.until(|_| looks() >= 8).await;
        session.crash().await;
        let (suspected, found) = differences(dir.path());
        assert_eq!((suspected > 0, found), (is_suspected, 0), "{late}");
    }
}
