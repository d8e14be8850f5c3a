//! A session under the stricter limit of requests.

use crate::support::{Plan, assert_sent_once, data_dir, exchange_with, generated, shares};
use exchange::server::{Running, ServerConfig, Speed};
use kernel::{MarketData, Side};
use runtime::session::Phase;
use std::path::Path;
use std::time::Duration;

const SYMBOLS: [&str; 3] = ["GLD", "QQQ", "SPY"];
/// Requests in a quarter of an hour.
const LIMIT: usize = 60;
/// At six hundred times the speed a quarter of an hour is a second and a half. What reaches the
/// exchange within less left the session within that.
const WINDOW: Duration = Duration::from_millis(1_200);

/// An order for each symbol with each bar: far more than the limit lets through.
fn busy(dir: &Path, exchange: &Running) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &SYMBOLS, |data, view, intents| {
        if let MarketData::Bar(bar) = data {
            let held = view.position(bar.symbol).quantity.is_positive();
            let side = if held { Side::Sell } else { Side::Buy };
            intents.market(bar.symbol, side, shares(1));
        }
    });
    plan.config.requests_per_quarter_hour = Some(LIMIT as u32);
    plan.config.requests_counted_in = Some(dir.join("requests"));
    plan
}

/// The most requests that reached the exchange in any window.
fn most_requests(exchange: &Running) -> usize {
    let diary = exchange.diary();
    let asked = diary.iter().filter(|note| note.asked().is_some());
    let times: Vec<i64> = asked.map(|note| note.since_start.nanos()).collect();
    let window = i64::try_from(WINDOW.as_nanos()).unwrap();
    let within = |from: &i64| times.iter().filter(|at| (0..window).contains(&(*at - from))).count();
    times.iter().map(within).max().unwrap()
}

/// The session before a crash has used the limit; the one that goes on asks for what is left of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_stricter_limit_holds_over_a_restart() {
    let dir = data_dir();
    let keep_diary = |config: &mut ServerConfig| config.keeps_diary = true;
    let exchange = exchange_with(generated(&SYMBOLS, 500), Speed::Times(600.0), keep_diary).await;
    let mut first = busy(dir.path(), &exchange).start();
    first.until(|status| status.venue_time.is_some() && exchange.snapshot().step >= 20).await;
    first.crash().await;
    let mut second = busy(dir.path(), &exchange).start();
    second.until(|status| status.phase == Phase::Running).await;
    let then = exchange.snapshot().step;
    second.until(|_| exchange.snapshot().step >= then + 20).await;
    second.stopper.press();
    let summary = second.ended().await.unwrap();
    // An exit that is on its way at the end may fill after it.
    assert_eq!(exchange.record().findings(), []);
    assert_sent_once(&summary, &exchange);
    assert!(summary.orders.sent > 20, "{:?}", summary.orders);
    let most = most_requests(&exchange);
    assert!(most <= LIMIT, "{most} requests in a quarter of an hour");
}
