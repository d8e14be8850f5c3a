//! A session whose market data is asked for, minute by minute, instead of coming on a stream.

use crate::support::{Plan, data_dir, exchange_with, generated};
use axum::Router;
use axum::extract::State;
use exchange::server::Speed;
use kernel::{Input, Link, MarketData, RecordBody, Span, Timestamp};
use runtime::alpaca::Secret;
use runtime::alpha_vantage::{AlphaVantage, AlphaVantageConfig, PolledFeed, Quota, Timing};
use runtime::session::journal_dir;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

/// What the service says in turn: so many bars, the oldest always the same, or a sentence.
const TURNS: [Result<usize, &str>; 7] =
    [Ok(3), Ok(3), Ok(5), Err("Note"), Err("Information"), Ok(9), Ok(10)];

async fn service() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let router = Router::new().fallback(speak).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

async fn speak(State(asked): State<Arc<AtomicUsize>>) -> String {
    let turn = asked.fetch_add(1, Ordering::Relaxed).min(TURNS.len() - 1);
    let count = match TURNS[turn] {
        Ok(count) => count,
        Err(field) => return format!(r#"{{"{field}":"slowly, this is the limit per minute"}}"#),
    };
    let bar = |minute: usize| {
        format!(
            r#""2026-01-05 09:{:02}:00":{{"1. open":"100","2. high":"101","3. low":"99","4. close":"{}.5","5. volume":"10"}}"#,
            30 + minute,
            99 + minute % 2
        )
    };
    // The newest first, as it writes them.
    let bars: Vec<String> = (0..count).rev().map(bar).collect();
    format!(
        r#"{{"Meta Data":{{"2. Symbol":"SPY","6. Time Zone":"US/Eastern"}},"Time Series (1min)":{{{}}}}}"#,
        bars.join(",")
    )
}

/// The market data and the comings and goings of the data stream, as they were journalled.
fn journalled(dir: &Path) -> (Vec<Timestamp>, Vec<bool>, usize) {
    let mut reader = journal::Reader::open(&journal_dir(dir), 1).unwrap();
    let (mut bars, mut links, mut notices) = (Vec::new(), Vec::new(), 0);
    while let Some(record) = reader.next().unwrap() {
        let RecordBody::Input(stamped) = record.body else { continue };
        match stamped.input {
            Input::Market(MarketData::Bar(bar)) => bars.push(bar.open_time),
            Input::Link { link: Link::MarketData, up } => links.push(up),
            Input::Notice(_) => notices += 1,
            Input::Late(late) => panic!("{late:?} was read from another feed"),
            _ => {}
        }
    }
    (bars, links, notices)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bar_is_given_once_and_an_answer_that_fails_is_a_feed_that_is_down() {
    let dir = data_dir();
    let feed = generated(&["SPY"], 20_000);
    let exchange =
        exchange_with(feed, Speed::Times(1.0), |config| config.wait_for_subscriber = false).await;
    let (address, asked) = service().await;
    let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], |_, _, _| {});
    let quota = Quota { path: dir.path().join("requests"), per_minute: 10_000, per_day: None };
    let config = AlphaVantageConfig {
        url: format!("http://{address}"),
        key: Secret::new("KEY"),
        quota,
        timing: Timing::default(),
    };
    let client = AlphaVantage::new(config).unwrap();
    plan.config.polled = Some(PolledFeed { client, every: Duration::from_millis(20) });
    let mut session = plan.start();
    session.until(|_| asked.load(Ordering::Relaxed) > 9).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    let (bars, links, notices) = journalled(dir.path());
    let first: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
    let expected: Vec<Timestamp> =
        (0..10).map(|minute| first.plus(Span::from_secs(60 * minute))).collect();
    assert_eq!(bars, expected);
    assert_eq!(links[..3], [true, false, true]);
    assert_eq!(notices, 1, "one for the kind of error that came twice");
    assert_eq!(summary.data, "alpha-vantage");
    exchange.shutdown().await;
}
