//! How sessions end.

use crate::support::{
    Plan, assert_books_agree, data_dir, exchange, exchange_with, generated, shares,
};
use exchange::server::{FaultScript, Running, Source, Speed, Synthetic};
use kernel::{Intents, MarketData, OrderKind, Rounding, ShutdownPolicy, Side, View};
use runtime::session::{DataKind, Phase, Status, VenueKind, journal_dir};
use std::path::Path;
use std::time::Duration;

/// Ten bars a second.
const PACE: Speed = Speed::Times(600.0);

/// Holds ten shares, and rests an entry below the market.
fn hold_and_rest(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    if view.has_open_order(symbol) {
        return;
    }
    if view.position(symbol).quantity.is_zero() {
        intents.market(symbol, Side::Buy, shares(10));
    } else {
        let limit = data.price().shifted(kernel::BasisPoints::new(-300), Rounding::Down).unwrap();
        let kind = OrderKind::Limit { limit: limit.to_tick(Rounding::Down) };
        intents.submit(symbol, Side::Buy, shares(1), kind);
    }
}

fn plan(dir: &Path, exchange: &Running, policy: ShutdownPolicy) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &["SPY"], hold_and_rest);
    plan.config.shutdown = policy;
    plan
}

fn open_orders(exchange: &Running) -> usize {
    let orders = exchange.snapshot().orders;
    orders.iter().filter(|order| !order.status.is_final()).count()
}

/// Runs until a position is held and an order rests, then asks the session to end.
async fn end_with(policy: ShutdownPolicy) -> (runtime::session::Summary, Running) {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 5_000), PACE).await;
    let mut session = plan(dir.path(), &exchange, policy).start();
    session.until(|status| status.positions.len() == 1 && status.open_orders.len() == 1).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    (summary, exchange)
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_cancelled_and_positions_stay() {
    let (summary, exchange) = end_with(ShutdownPolicy::CancelEntries).await;
    assert_eq!(summary.positions["SPY"].qty, shares(10));
    assert!(summary.orders.canceled >= 1);
    assert_eq!(open_orders(&exchange), 0);
    assert_books_agree(&summary, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_stays_when_it_is_to_be_left() {
    let (summary, exchange) = end_with(ShutdownPolicy::Leave).await;
    assert_eq!(summary.positions["SPY"].qty, shares(10));
    assert_eq!(open_orders(&exchange), 1);
}

/// Between the reading of the orders and that of the account lie some bars.
const ACTIVITIES_TAKE_LONG: &str = "
    [[fault]]
    on = \"activities\"
    step = 20
    times = \"all\"
    inject = \"hold\"
    steps = 4
";

#[tokio::test(flavor = "multi_thread")]
async fn what_fills_while_the_account_is_read_is_counted() {
    let dir = data_dir();
    let exchange = exchange_with(generated(&["SPY"], 5_000), PACE, |config| {
        config.faults = FaultScript::parse(ACTIVITIES_TAKE_LONG).unwrap();
        config.exchange.fills.latency = kernel::Span::from_secs(120);
    });
    let exchange = exchange.await;
    let buys = |data: &MarketData, _: &View<'_>, intents: &mut Intents| {
        intents.market(data.symbol(), Side::Buy, shares(1));
    };
    let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], buys);
    plan.config.shutdown = ShutdownPolicy::Leave;
    let mut session = plan.start();
    session.until(|status| status.tally.fills > 25 && !status.open_orders.is_empty()).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
}

/// Conformance 83.
#[tokio::test(flavor = "multi_thread")]
async fn flattening_cancels_then_closes_then_is_flat() {
    let (summary, exchange) = end_with(ShutdownPolicy::Flatten).await;
    assert!(summary.positions.is_empty());
    assert_eq!(open_orders(&exchange), 0);
    assert_books_agree(&summary, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_itself_when_its_time_is_up() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 5_000), PACE).await;
    let mut plan = plan(dir.path(), &exchange, ShutdownPolicy::CancelEntries);
    plan.config.run_for = Some(Duration::from_millis(300));
    let summary = plan.run().await.unwrap();
    assert_books_agree(&summary, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_waits_for_nothing() {
    let dir = data_dir();
    // Nothing reaches the market today, cancels included, so there is something to wait for.
    let exchange = exchange_with(generated(&["SPY"], 5_000), PACE, |config| {
        config.exchange.fills.latency = kernel::Span::from_secs(36_000);
    });
    let exchange = exchange.await;
    let mut session = plan(dir.path(), &exchange, ShutdownPolicy::CancelEntries).start();
    session.until(|status| status.open_orders.len() == 1).await;
    session.stopper.press();
    session.until(|status| status.phase == Phase::Stopping).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!(summary.broker, None, "the broker is not asked any more");
    journal::verify(&journal_dir(dir.path())).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_lock_step_hears_what_the_exchange_has_done() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Max).await;
    let mut session = Plan::new(dir.path(), &exchange, &["SPY"], "sma-crossover").start();
    session.until(|status| status.tally.fills > 5).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert!(summary.inputs < 20_000);
    assert_books_agree(&summary, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_session_makes_room_for_a_new_one() {
    let dir = data_dir();
    let feed = generated(&["SPY"], 100);
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let exchange = exchange(feed.clone(), Speed::Max).await;
        let plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
        sessions.push(plan.run().await.unwrap());
        exchange.shutdown().await;
    }
    assert_ne!(sessions[0].session, sessions[1].session);
    assert_eq!(sessions[0].events_hash, sessions[1].events_hash);
    let kept = journal::finished(&journal_dir(dir.path())).unwrap();
    assert!(kept[0].ends_with(&sessions[0].session), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flattening_after_the_data_have_ended_leaves_closings_open_and_is_over_at_once() {
    let dir = data_dir();
    let feed = generated(&["SPY"], 100);
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let exchange = exchange(feed.clone(), Speed::Max).await;
        let mut plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
        plan.config.shutdown = ShutdownPolicy::Flatten;
        plan.config.timing.settle = Duration::from_secs(3600);
        let summary = plan.run().await.unwrap();
        assert_eq!(summary.positions.len(), 1);
        assert_eq!(open_orders(&exchange), 1, "the closing order");
        assert_books_agree(&summary, &exchange);
        sessions.push(summary.session);
        exchange.shutdown().await;
    }
    assert_ne!(sessions[0], sessions[1], "the first is finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_flattens_halts_nothing_after_a_restart() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 5_000), PACE).await;
    let mut session = plan(dir.path(), &exchange, ShutdownPolicy::Flatten).start();
    session.until(|status| status.positions.len() == 1 && status.open_orders.len() == 1).await;
    session.stopper.press();
    session.until(|status| status.flattening).await;
    session.crash().await;
    let mut session = plan(dir.path(), &exchange, ShutdownPolicy::CancelEntries).start();
    let held = |status: &Status| status.phase == Phase::Running && !status.flattening;
    let status = session.until(|status| held(status) && status.positions.len() == 1).await;
    assert_eq!(status.trading, kernel::TradingState::Active);
    session.stopper.press();
    assert_books_agree(&session.ended().await.unwrap(), &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn synthetic_data_are_called_so_whatever_the_venue_is_called() {
    let dir = data_dir();
    let exchange = exchange_with(generated(&["SPY"], 1), Speed::Times(600.0), |config| {
        config.source = Source::Synthetic(Synthetic::new(7, ["SPY"]));
    });
    let exchange = exchange.await;
    let mut plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
    (plan.config.venue, plan.config.data) = (VenueKind::AlpacaPaper, DataKind::Alpaca);
    let mut session = plan.start();
    let status = session.until(|status| status.phase == Phase::Running).await;
    assert_eq!((status.data.as_str(), status.synthetic), ("synthetic", true));
    session.stopper.press();
    assert_eq!(session.ended().await.unwrap().data, "synthetic");
}
