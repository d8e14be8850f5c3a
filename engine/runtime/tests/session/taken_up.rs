//! What a session has left at the broker is its own at the next start.

use crate::support::{
    Plan, assert_books_agree, assert_sent_once, data_dir, exchange, generated, shares,
};
use exchange::server::{Running, Speed};
use kernel::{
    BasisPoints, Cash, Intents, MarketData, OrderKind, Rounding, ShutdownPolicy, Side, StopLoss,
    TradingHours, View,
};
use runtime::control::{self, Request};
use runtime::session::{Phase, Status, VenueKind};
use serde_json::json;
use std::path::Path;

/// Enters once, with exits so far away that they rest.
fn enter_between_exits(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    if view.has_open_order(symbol) || !view.position(symbol).quantity.is_zero() {
        return;
    }
    let away = |by| data.price().shifted(BasisPoints::new(by), Rounding::Down).unwrap();
    let [above, below] = [4_000, -4_000].map(|by| away(by).to_tick(Rounding::Down));
    let stop = StopLoss { stop: below, limit: None };
    intents.bracket(symbol, Side::Buy, shares(10), OrderKind::Market, above, stop);
}

fn plan(dir: &Path, exchange: &Running, policy: ShutdownPolicy) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &["SPY"], enter_between_exits);
    (plan.config.shutdown, plan.config.venue) = (policy, VenueKind::AlpacaPaper);
    plan
}

fn guarded(status: &Status) -> bool {
    let is_up = status.phase == Phase::Running;
    is_up && status.positions.len() == 1 && status.open_orders.len() == 2
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_and_its_exits_are_the_sessions_own_after_an_orderly_end() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(600.0)).await;
    let mut evening = plan(dir.path(), &exchange, ShutdownPolicy::CancelEntries).start();
    let left = evening.until(guarded).await;
    evening.stopper.press();
    assert_books_agree(&evening.ended().await.unwrap(), &exchange);

    let mut morning = plan(dir.path(), &exchange, ShutdownPolicy::Flatten).start();
    let found = morning.until(guarded).await;
    assert_eq!(found.session, left.session);
    let numbers = |status: &Status| -> Vec<_> {
        status.open_orders.iter().map(|order| (order.order, order.price)).collect()
    };
    assert_eq!(numbers(&found), numbers(&left));
    morning.stopper.press();
    let summary = morning.ended().await.unwrap();
    assert!(summary.positions.is_empty());
    assert_eq!(summary.orders.rejected, 0);
    assert_sent_once(&summary, &exchange);
    assert_books_agree(&summary, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_day_may_lose_counts_for_the_day_however_often_a_session_is_ended() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(60.0)).await;
    let (mut sessions, mut entered, mut began_with) = (Vec::new(), Vec::new(), Vec::new());
    for hours in [TradingHours::Regular, TradingHours::Regular, TradingHours::Extended] {
        let mut plan = plan(dir.path(), &exchange, ShutdownPolicy::Flatten);
        plan.config.hours = hours;
        plan.config.limits.max_orders_per_day = Some(100);
        let mut session = plan.start();
        let status = session.until(guarded).await;
        entered.push(used(&status, "max_orders_per_day"));
        began_with.push(status.equity.checked_sub(status.day_profit.unwrap()).unwrap());
        sessions.push(status.session);
        session.stopper.press();
        assert!(session.ended().await.unwrap().positions.is_empty());
    }
    assert_eq!(sessions[0], sessions[1]);
    assert_ne!(sessions[1], sessions[2], "in other hours it is another session");
    assert_eq!(entered, ["1", "2", "3"], "each has entered once, on the same day");
    // What the spread has cost since is a loss of the day; the broker's marks are not quite the session's.
    let (first, tenth) = (began_with[0], Cash::from_nanos(100_000_000));
    for later in began_with {
        let apart = later.checked_sub(first).unwrap();
        assert!(
            apart <= tenth && Cash::ZERO.checked_sub(tenth).unwrap() <= apart,
            "{later} {first}"
        );
    }
}

/// The embedded exchange gives each new session a new account, called as the last one.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_on_the_embedded_exchange_takes_over_nothing_from_one_that_has_ended() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(60.0)).await;
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let mut plan = plan(dir.path(), &exchange, ShutdownPolicy::Flatten);
        plan.config.venue = VenueKind::Embedded;
        plan.config.limits.max_orders_per_day = Some(100);
        let mut session = plan.start();
        let status = session.until(guarded).await;
        assert_eq!(used(&status, "max_orders_per_day"), "1");
        sessions.push(status.session);
        session.stopper.press();
        session.ended().await.unwrap();
    }
    assert_ne!(sessions[0], sessions[1]);
}

/// A trader edits a limit at night and starts again: the position keeps its session, and the limit is the
/// new one. What an operator has set in the session holds until the configuration says something else.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_under_limits_that_were_changed_in_between() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(60.0)).await;
    // What the configuration says, what an operator says then, and what holds at the start.
    let rows = [
        (None, Some("7"), "off"),
        (None, None, "7"),
        (Some(5), None, "5"),
        (Some(5), Some("9"), "5"),
        (None, None, "off"),
    ];
    let mut sessions = Vec::new();
    for (configured, said, holds) in rows {
        let mut plan = plan(dir.path(), &exchange, ShutdownPolicy::CancelEntries);
        plan.config.limits.max_positions = configured;
        let mut session = plan.start();
        let found = session.until(guarded).await;
        assert_eq!(limit(&found, "max_positions"), holds, "{configured:?}");
        sessions.push(found.session);
        if let Some(value) = said {
            let args = json!({ "key": "max_positions", "value": value });
            let request = Request { args, ..Request::new("risk-set", "a test") };
            let folder = dir.path().to_owned();
            let asked = tokio::task::spawn_blocking(move || control::ask(&folder, &request)).await;
            assert!(asked.unwrap().unwrap().ok);
            session.until(|status| limit(status, "max_positions") == value).await;
        }
        session.stopper.press();
        assert_books_agree(&session.ended().await.unwrap(), &exchange);
    }
    sessions.dedup();
    assert_eq!(sessions.len(), 1, "{sessions:?}");
}

fn used(status: &Status, key: &str) -> String {
    let row = status.limits.iter().find(|row| row.key == key);
    row.and_then(|row| row.used.clone()).unwrap_or_default()
}

fn limit(status: &Status, key: &str) -> String {
    let row = status.limits.iter().find(|row| row.key == key);
    row.map_or_else(String::new, |row| row.limit.clone())
}
