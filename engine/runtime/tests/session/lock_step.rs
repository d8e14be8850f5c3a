//! As fast as both can, and always the same.

use crate::real_clock::pass_on;
use crate::support::{
    MINUTE, Plan, assert_books_agree, assert_sent_once, data_dir, exchange, generated, real_data,
    shares,
};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::any;
use exchange::server::Speed;
use kernel::{Intents, MarketData, Side, Span, StrategySpec, View};
use marketdata::{Feed, read_files};
use runtime::session::replay::{self, ReplayReport};
use runtime::session::{Summary, journal_dir};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const STRATEGIES: [&str; 5] =
    ["sma-crossover", "rsi-mean-reversion", "macd-trend", "bollinger-breakout", "buy-and-hold"];

/// Runs a strategy over a feed in lock step and checks what must hold of every such run.
async fn run(dir: &Path, feed: &Feed, strategy: &str) -> Summary {
    let exchange = exchange(feed.clone(), Speed::Max).await;
    let symbols: Vec<&str> = feed.symbols.names().collect();
    let summary = Plan::new(dir, &exchange, &symbols, strategy).run().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_sent_once(&summary, &exchange);
    exchange.shutdown().await;
    verify(dir, &summary);
    summary
}

/// The journal checks out and every event is decided again as it was.
pub fn verify(dir: &Path, summary: &Summary) {
    journal::verify(&journal_dir(dir)).unwrap();
    let report = decide_again(dir, &[]);
    assert_eq!(report.difference, None);
    assert_eq!(Some(report.events_hash), summary.events_hash);
    assert_eq!(report.inputs, summary.inputs);
}

/// Decides the inputs of a journal again, with some parameters of the strategies changed.
fn decide_again(dir: &Path, changes: &[(&str, &str)]) -> ReplayReport {
    let report = replay::verify(&journal_dir(dir), |start| {
        let build = |spec: &StrategySpec| {
            let held = spec.params.iter().map(|(name, value)| (&**name, &**value));
            let params = held.chain(changes.iter().copied());
            let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            strategies::build(&spec.name, &params, &start.symbols).map(|built| built.0)
        };
        start.strategies.iter().map(build).collect::<Result<Vec<_>, _>>()
    });
    report.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_that_decides_otherwise_is_found() {
    let dir = data_dir();
    run(dir.path(), &generated(&["SPY"], 200), "sma-crossover").await;
    let report = decide_again(dir.path(), &[("slow", "40")]);
    let difference = report.difference.expect("another window decides otherwise");
    assert!(difference.seq > difference.input);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_strategy_ends_with_the_exchanges_books_and_twice_the_same() {
    let feed = generated(&["GLD", "SPY", "TSLA"], 800);
    for strategy in STRATEGIES {
        let first = run(data_dir().path(), &feed, strategy).await;
        assert!(first.fills > 0, "{strategy} did not trade");
        let second = run(data_dir().path(), &feed, strategy).await;
        assert_ne!(first.session, second.session);
        assert_eq!(first.events_hash, second.events_hash, "{strategy}");
        assert_eq!((first.cash, first.fees), (second.cash, second.fees));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_week_of_four_symbols_trades_on_all_of_them() {
    let Some(folder) = real_data() else { return };
    let file = |symbol: &str| folder.join(format!("bars/1Min/{symbol}_2019-02.csv"));
    let feed = read_files(&["AAPL", "GLD", "MSFT", "TSLA"].map(file)).unwrap();
    for strategy in ["sma-crossover", "rsi-mean-reversion"] {
        let dir = data_dir();
        let summary = run(dir.path(), &feed, strategy).await;
        assert!(summary.fills > 8, "{strategy}: {summary:#?}");
    }
}

/// Stands before an exchange and loses the first so many orders, as a gateway does: 504, and the
/// exchange never hears of them.
async fn losing(exchange: SocketAddr, orders: usize) -> SocketAddr {
    let left = Arc::new(AtomicUsize::new(orders));
    let lose = move |State(exchange): State<SocketAddr>, request: Request| {
        let left = Arc::clone(&left);
        async move {
            let take = |left: usize| left.checked_sub(1);
            let is_lost = request.method() == Method::POST
                && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
            match is_lost {
                true => StatusCode::GATEWAY_TIMEOUT.into_response(),
                false => pass_on(State(exchange), request).await,
            }
        }
    };
    let app = Router::new().route("/v2/orders", any(lose)).fallback(pass_on).with_state(exchange);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Nobody waits a minute: the venue's clock says when an order is given up, so that two runs
/// decide the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_never_arrived_is_given_up_by_the_venues_clock_and_proposed_anew() {
    runtime::alpaca::tls::install();
    let run = async || {
        let dir = data_dir();
        let exchange = exchange(generated(&["SPY"], 60), Speed::Max).await;
        // Buys on the first bar on which it may, and notes when.
        let times = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&times);
        let script = move |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
            let symbol = data.symbol();
            if view.position(symbol).quantity.is_zero() && !view.has_open_order(symbol) {
                noted.lock().unwrap().push(view.now());
                intents.market(symbol, Side::Buy, shares(3));
            }
        };
        let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], script);
        let address = losing(exchange.addr(), 2).await;
        plan.config.endpoints.trading = format!("http://{address}");
        let summary = plan.run().await.unwrap();
        let times = times.lock().unwrap().clone();
        (summary, times, exchange)
    };
    let (summary, times, exchange) = run().await;
    // With minute bars an order is a minute old at the next.
    let apart: Vec<Span> = times.iter().zip(&times[1..]).map(|(a, b)| b.since(*a)).collect();
    assert_eq!(apart, [MINUTE, MINUTE]);
    assert_eq!((summary.orders.sent, summary.orders.rejected, summary.fills), (3, 2, 1));
    assert_books_agree(&summary, &exchange);
    assert_sent_once(&summary, &exchange);
    let (again, ..) = run().await;
    assert_eq!(summary.events_hash, again.events_hash);
}
