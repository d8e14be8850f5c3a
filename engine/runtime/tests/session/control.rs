//! Operators and a running session.

use crate::support::{
    Plan, Session, assert_books_agree, data_dir, exchange, exchange_with, generated, shares,
};
use exchange::server::{FaultScript, Speed};
use kernel::{Intents, MarketData, Side, TradingState, View};
use runtime::control::{Answer, Request, ask};

/// Holds ten shares.
fn hold(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    if !view.has_open_order(symbol) && view.position(symbol).quantity.is_zero() {
        intents.market(symbol, Side::Buy, shares(10));
    }
}

pub async fn tell(session: &Session, cmd: &str) -> Answer {
    let (dir, request) = (session.dir.clone(), Request::new(cmd, "a test"));
    let asked = tokio::task::spawn_blocking(move || ask(&dir, &request)).await;
    let answer = asked.unwrap().unwrap();
    assert!(answer.ok, "{answer:?}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_halted_resumed_and_flattened() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 5_000), Speed::Times(600.0)).await;
    let mut session = Plan::scripted(dir.path(), &exchange, &["SPY"], hold).start();
    session.until(|status| status.positions.len() == 1).await;

    let halted = tell(&session, "halt").await;
    assert_eq!(halted.body["trading"], "halted");
    let status = tell(&session, "status").await;
    assert_eq!(status.body["positions"][0]["qty"], "10");

    let resumed = tell(&session, "resume").await;
    assert_eq!(resumed.body["trading"], "active");

    let flattening = tell(&session, "flatten").await;
    assert_eq!(flattening.body["flattening"], true);
    let flat = session.until(|status| status.positions.is_empty() && !status.flattening).await;
    assert_eq!(flat.trading, TradingState::Halted, "strategies do not buy it all back");
    tell(&session, "cancel-all").await;

    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!(summary.trading, TradingState::Halted);
    assert_books_agree(&summary, &exchange);
}

/// The first order is refused for a second for being one too many, and waits to be sent again.
const BUSY: &str = "
    [[fault]]
    on = \"submit\"
    inject = \"answer\"
    status = 429
    retry_after = 1
";

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_waits_for_its_turn_is_not_sent_after_a_halt() {
    let dir = data_dir();
    let bars = generated(&["SPY"], 5_000);
    let exchange = exchange_with(bars, Speed::Times(600.0), |config| {
        config.faults = FaultScript::parse(BUSY).unwrap();
    });
    let exchange = exchange.await;
    let mut session = Plan::scripted(dir.path(), &exchange, &["SPY"], hold).start();
    session.until(|status| status.tally.sent == 1).await;
    tell(&session, "halt").await;
    session.until(|status| status.open_orders.is_empty()).await;
    assert!(exchange.snapshot().orders.is_empty(), "{:?}", exchange.snapshot().orders);

    // What is proposed anew is sent, and is not counted as a failure of the broker's.
    tell(&session, "resume").await;
    session.until(|status| status.positions.len() == 1).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!((summary.orders.sent, summary.orders.rejected), (2, 1));
    assert_books_agree(&summary, &exchange);
}

/// One symbol is closed by word, and the other goes on.
#[tokio::test(flavor = "multi_thread")]
async fn one_symbol_is_flattened_alone() {
    let dir = data_dir();
    let exchange = exchange(generated(&["AAPL", "SPY"], 5_000), Speed::Times(600.0)).await;
    let mut session = Plan::scripted(dir.path(), &exchange, &["AAPL", "SPY"], hold).start();
    session.until(|status| status.positions.len() == 2).await;
    let request = Request {
        args: serde_json::json!({ "symbol": "SPY" }),
        ..Request::new("flatten", "a test")
    };
    let dir = session.dir.clone();
    let answer = tokio::task::spawn_blocking(move || ask(&dir, &request)).await.unwrap().unwrap();
    assert_eq!(answer.body["trading"], "active");
    let closed = |note: &runtime::session::Note| note.text.starts_with("SPY is closed");
    session.until(|status| status.recent.iter().any(closed)).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!(summary.positions.get("AAPL").map(|held| held.qty), Some(shares(10)));
    assert_books_agree(&summary, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_lock_step_listens_too() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Max).await;
    let mut session = Plan::scripted(dir.path(), &exchange, &["SPY"], hold).start();
    session.until(|status| status.positions.len() == 1).await;
    tell(&session, "flatten").await;
    session.until(|status| status.positions.is_empty()).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!(summary.trading, TradingState::Halted);
    assert_books_agree(&summary, &exchange);
}
