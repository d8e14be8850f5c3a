//! What a session says when it cannot begin or go on: one sentence, and what to do.

use crate::support::{Plan, data_dir, exchange, exchange_with, generated};
use exchange::server::{Running, Speed};
use kernel::Side;
use runtime::alpaca::Credentials;
use runtime::session::{ExitClass, Phase, SessionError};
use std::os::unix::fs::PermissionsExt;

async fn an_exchange() -> Running {
    exchange(generated(&["SPY"], 5_000), Speed::Times(600.0)).await
}

fn assert_says(error: &SessionError, class: ExitClass, words: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.exit_class(), class, "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

/// Conformance 7.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_named_with_the_host() {
    let (dir, exchange) = (data_dir(), an_exchange().await);
    let mut plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
    plan.config.credentials = Credentials::new("PKWRONG", "wrong").unwrap();
    let error = plan.run().await.unwrap_err();
    let host = exchange.addr().to_string();
    assert_says(&error, ExitClass::BrokerRefused, &["401", &host, "APCA_API_KEY_ID"]);
    assert!(!error.to_string().contains("wrong"), "no secret is shown");
}

/// Conformance 76.
#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_account_is_not_traded_on() {
    let dir = data_dir();
    let feed = generated(&["SPY"], 100);
    let exchange = exchange_with(feed, Speed::Max, |config| {
        config.exchange.account.blocked = Some("owes money".into());
    });
    let exchange = exchange.await;
    let plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
    let error = plan.run().await.unwrap_err();
    assert_says(&error, ExitClass::BrokerRefused, &["blocks the account", "nothing can be traded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_session_on_the_same_directory_is_refused() {
    let (dir, exchange) = (data_dir(), an_exchange().await);
    let plan = || Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
    let mut first = plan().start();
    first.until(|status| status.phase == Phase::Running).await;
    let error = plan().run().await.unwrap_err();
    let pid = std::process::id().to_string();
    assert_says(&error, ExitClass::Usage, &["in use", &pid, "choose another data directory"]);
    first.stopper.press();
    first.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_session_is_not_taken_for_another() {
    let (dir, exchange) = (data_dir(), an_exchange().await);
    let mut first = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold").start();
    first.until(|status| status.phase == Phase::Running).await;
    first.crash().await;
    let plan = Plan::new(dir.path(), &exchange, &["SPY"], "macd-trend");
    let error = plan.run().await.unwrap_err();
    assert_says(&error, ExitClass::Usage, &["strategies", "buy-and-hold", "macd-trend"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_symbol_that_nobody_trades_is_named() {
    let (dir, exchange) = (data_dir(), an_exchange().await);
    let plan = Plan::new(dir.path(), &exchange, &["NOPE", "SPY"], "buy-and-hold");
    let error = plan.run().await.unwrap_err();
    assert_says(&error, ExitClass::Usage, &["NOPE", "no such symbol", "--symbols"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_without_room_stops_entries_and_ends_the_session() {
    for speed in [Speed::Max, Speed::Times(6000.0)] {
        let dir = data_dir();
        let exchange = exchange(generated(&["SPY"], 20_000), speed).await;
        let mut plan = Plan::new(dir.path(), &exchange, &["SPY"], "sma-crossover");
        plan.config.journal.limit_bytes = Some(60_000);
        let error = plan.run().await.unwrap_err();
        assert_says(&error, ExitClass::Failed, &["no room left", "entries were stopped"]);
        let orders = exchange.snapshot().orders;
        // The strategy is long or flat, so every buy is an entry. Exits may go on.
        let entries = orders.iter().filter(|order| order.side == Side::Buy);
        assert_eq!(entries.filter(|order| !order.status.is_final()).count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_directory_is_its_owners_alone() {
    let (dir, exchange) = (data_dir(), an_exchange().await);
    let own = dir.path().join("deep/down");
    let mut session = Plan::new(&own, &exchange, &["SPY"], "buy-and-hold").start();
    session.until(|status| status.phase == Phase::Running).await;
    let mode = std::fs::metadata(&own).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    session.stopper.press();
    session.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_is_a_file_is_refused() {
    let (dir, exchange) = (data_dir(), an_exchange().await);
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let plan = Plan::new(&file, &exchange, &["SPY"], "buy-and-hold");
    let error = plan.run().await.unwrap_err();
    assert_says(&error, ExitClass::Usage, &["file", "--data-dir"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_stopped_while_it_starts_has_done_nothing() {
    let (dir, exchange) = (data_dir(), an_exchange().await);
    let session = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold").start();
    session.stopper.press();
    // It may have come as far as trading before the signal was seen.
    match session.ended().await {
        Ok(_) | Err(SessionError::Interrupted) => {}
        Err(error) => panic!("{error}"),
    }
}
