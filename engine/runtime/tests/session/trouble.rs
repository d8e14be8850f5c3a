//! What a session says when it cannot begin or go on: one sentence, and what to do.

use crate::support::{
    Plan, assert_books_agree, data_dir, exchange, exchange_with, generated, shares,
};
use exchange::server::{FaultScript, Running, Speed};
use kernel::{Breaker, Intents, MarketData, Side, Span, TradingState, View};
use runtime::alpaca::Credentials;
use runtime::session::{ExitClass, Phase, SessionError, Status, journal_dir, replay};
use std::convert::Infallible;
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

/// Buys two shares, sells them, and so on.
fn in_and_out(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    if view.has_open_order(symbol) {
        return;
    }
    let held = view.position(symbol).quantity;
    intents.market(symbol, if held < shares(2) { Side::Buy } else { Side::Sell }, shares(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_without_room_stops_entries_and_the_session_goes_on() {
    for speed in [Speed::Max, Speed::Times(6000.0)] {
        let dir = data_dir();
        let exchange = exchange(generated(&["SPY"], 20_000), speed).await;
        let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], in_and_out);
        plan.config.journal.limit_bytes = Some(60_000);
        let mut session = plan.start();
        let reduced = |status: &Status| status.trading == TradingState::Reducing;
        let idle = |status: &Status| status.positions.is_empty() && status.open_orders.is_empty();
        let before = session.until(|status| reduced(status) && idle(status)).await.tally;
        session.until(|status| status.tally.inputs > before.inputs + 100).await;
        session.stopper.press();
        let summary = session.ended().await.unwrap();
        assert_eq!(
            summary.alerts, 2,
            "one when it is getting full and one when it is: {summary:#?}"
        );
        assert_eq!(summary.orders.sent, before.sent, "what would grow is denied");
        assert!(summary.orders.denied > 0);
        assert!(summary.journal_bytes > 60_000, "what happens is journalled all the same");
        assert_books_agree(&summary, &exchange);
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

/// Books that were never compared let nothing grow, for as long as the broker's answers cannot be read;
/// the session says so, asks again, and trades once they can.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_holds_must_be_read_before_anything_grows() {
    for speed in [Speed::Max, Speed::Times(600.0)] {
        for times in ["8", "'all'"] {
            let rule = format!("[[fault]]\non='positions'\ninject='malformed'\ntimes={times}");
            let exchange = exchange_with(generated(&["SPY"], 20_000), speed, |config| {
                config.faults = FaultScript::parse(&rule).unwrap();
            });
            let (dir, exchange) = (data_dir(), exchange.await);
            let plan = Plan::scripted(dir.path(), &exchange, &["SPY"], in_and_out);
            let mut session = plan.start();
            let told = session.until(|status| status.tally.alerts == 1).await;
            if times == "8" {
                session.until(|status| status.tally.fills > 0).await;
                assert_eq!(exchange.snapshot().faults, [8]);
            } else {
                session.until(|status| status.tally.inputs > told.tally.inputs + 20).await;
            }
            session.stopper.press();
            let summary = session.ended().await.unwrap();
            assert_eq!(summary.orders.sent > 0, times == "8", "{summary:#?}");
            assert_eq!(summary.alerts, 1, "it is told once: {summary:#?}");
        }
    }
}

/// The stream of orders stands and brings nothing, no order is sent, and nothing that would compare the
/// books is answered: that is told by the clock, and the journal decides the same again.
#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_fails_for_readings_alone_stops_entries() {
    for (status, then) in [(500, TradingState::Reducing), (503, TradingState::Halted)] {
        let points = ["account", "positions", "list_orders"];
        let rules = points.map(|point| {
            format!(
                "[[fault]]\non='{point}'\nstep=30\ninject='answer'\nstatus={status}\ntimes='all'\n"
            )
        });
        let exchange = exchange_with(generated(&["SPY"], 20_000), Speed::Times(600.0), |config| {
            config.faults = FaultScript::parse(&rules.concat()).unwrap();
        });
        let (dir, exchange) = (data_dir(), exchange.await);
        let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], |_, _, _| {});
        plan.config.limits.breaker_silence = Some(Span::from_secs(300));
        plan.config.limits.breaker = Some(Breaker { then, ..Breaker::default() });
        let mut session = plan.start();
        session.until(|status| status.reconciled && status.trading == TradingState::Active).await;
        let tripped = session.until(|status| status.trading == then).await;
        assert!(tripped.links.orders && tripped.breaker, "{tripped:#?}");
        assert_eq!(tripped.tally.sent, 0, "no order has failed");
        session.crash().await;
        let again = replay::verify(&journal_dir(dir.path()), |_| {
            Ok::<_, Infallible>(
                Plan::scripted(dir.path(), &exchange, &["SPY"], |_, _, _| {}).strategies,
            )
        });
        assert_eq!(again.unwrap().difference, None);
    }
}
