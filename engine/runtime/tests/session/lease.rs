//! Two sessions with directories of their own on one account.

use crate::support::{
    Plan, Session, assert_books_agree, data_dir, exchange_with, generated, shares,
};
use exchange::server::{Running, Speed};
use kernel::{Intents, MarketData, Side, Timestamp, View};
use runtime::session::{ExitClass, Phase, SessionError, Status};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Ten bars a second, and room for two data streams.
async fn an_exchange(connections: usize) -> Running {
    let feed = generated(&["SPY"], 20_000);
    let exchange = exchange_with(feed, Speed::Times(600.0), |config| {
        config.streams.connections_per_endpoint = connections;
    });
    exchange.await
}

/// A session that holds as many shares as it is told to.
fn holder(dir: &Path, exchange: &Running, wanted: &Arc<AtomicI64>) -> Session {
    plan(dir, exchange, wanted).start()
}

fn plan(dir: &Path, exchange: &Running, wanted: &Arc<AtomicI64>) -> Plan {
    let wanted = Arc::clone(wanted);
    let script = move |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
        let (symbol, wanted) = (data.symbol(), shares(wanted.load(Ordering::SeqCst)));
        if view.position(symbol).quantity < wanted && !view.has_open_order(symbol) {
            intents.market(symbol, Side::Buy, shares(1));
        }
    };
    Plan::scripted(dir, exchange, &["SPY"], script)
}

fn told_of_another(status: &Status) -> bool {
    status.recent.iter().any(|note| note.text.contains("second_session"))
}

fn assert_second(error: &SessionError, words: &[&str]) {
    assert_eq!(error.exit_class(), ExitClass::Usage, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{error}");
    }
}

/// When the newest order on the account was sent.
fn newest_order(exchange: &Running) -> Timestamp {
    exchange.snapshot().orders.iter().map(|order| order.submitted_at).max().unwrap()
}

/// Waits until the venue's clock has gone on so far after the newest order.
async fn seconds_after_newest(exchange: &Running, seconds: i64) {
    let at = newest_order(exchange).plus(kernel::Span::from_secs(seconds));
    let reached = async {
        while exchange.snapshot().now < at {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reached).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_session_is_refused_while_the_first_trades() {
    let (one, two, exchange) = (data_dir(), data_dir(), an_exchange(2).await);
    let mut first = holder(one.path(), &exchange, &Arc::new(AtomicI64::new(1)));
    let status = first.until(|status| status.positions.len() == 1).await;
    let error = plan(two.path(), &exchange, &Arc::new(AtomicI64::new(1))).run().await.unwrap_err();
    let order = format!("tw-{}-1", &status.session[..8]);
    assert_second(&error, &[&order, "an account of its own", "--data-dir"]);
    assert_eq!(exchange.snapshot().orders.len(), 1, "it has sent nothing");
    first.stopper.press();
    let summary = first.ended().await.unwrap();
    assert_eq!(summary.alerts, 0);
    assert_books_agree(&summary, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_ones_own_and_of_earlier_are_no_second_one() {
    let (one, two, exchange) = (data_dir(), data_dir(), an_exchange(2).await);
    for round in 1..=2 {
        let mut own = holder(one.path(), &exchange, &Arc::new(AtomicI64::new(round)));
        own.until(|status| status.tally.fills == 1).await;
        own.stopper.press();
        own.ended().await.expect("the last session of the directory has ended");
    }
    let mut crashes = holder(one.path(), &exchange, &Arc::new(AtomicI64::new(3)));
    crashes.until(|status| status.tally.fills == 1).await;
    crashes.crash().await;
    seconds_after_newest(&exchange, 301).await;
    let mut other = holder(two.path(), &exchange, &Arc::new(AtomicI64::new(0)));
    other.until(|status| status.phase == Phase::Running).await;
    other.stopper.press();
    assert_eq!(other.ended().await.unwrap().alerts, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_both_run_the_one_that_sent_its_first_order_later_ends() {
    let (one, two, exchange) = (data_dir(), data_dir(), an_exchange(2).await);
    let (elder_wants, younger_wants) = (Arc::new(AtomicI64::new(1)), Arc::new(AtomicI64::new(0)));
    let mut elder = holder(one.path(), &exchange, &elder_wants);
    elder.until(|status| status.positions.len() == 1).await;
    seconds_after_newest(&exchange, 301).await;
    let mut younger = holder(two.path(), &exchange, &younger_wants);
    younger.until(|status| status.phase == Phase::Running).await;

    younger_wants.store(2, Ordering::SeqCst);
    let status = elder.until(told_of_another).await;
    assert_eq!(status.phase, Phase::Running, "the elder stays");
    elder_wants.store(10, Ordering::SeqCst);
    let error = younger.ended().await.unwrap_err();
    assert_second(&error, &[&status.session[..8], "an account of its own"]);
    elder.stopper.press();
    elder.ended().await.unwrap();
}

/// Conformance 130.
#[tokio::test(flavor = "multi_thread")]
async fn a_data_stream_that_is_somebody_elses_from_the_beginning_is_given_up() {
    let (one, two, exchange) = (data_dir(), data_dir(), an_exchange(1).await);
    let idle = Arc::new(AtomicI64::new(0));
    let mut first = holder(one.path(), &exchange, &idle);
    first.until(|status| status.links.market_data).await;
    let mut second = plan(two.path(), &exchange, &idle);
    second.config.timing.data_place = Duration::from_millis(300);
    let error = second.run().await.unwrap_err();
    assert_second(&error, &["market data stream", "another program", "an account of its own"]);
    first.stopper.press();
    first.ended().await.unwrap();
}
