//! What stops trading stays until an operator lifts it.

use crate::control::tell;
use crate::real_clock::pass_on;
use crate::support::{Plan, assert_books_agree, data_dir, exchange, generated, shares};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use exchange::server::{Running, Speed};
use kernel::{Breaker, Intents, MarketData, Side, Span, TradingHours, TradingState, View};
use runtime::session::{Phase, Status};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stands before an exchange and answers every new order with a fault of the server's, before the
/// exchange has heard of it.
async fn unwell(exchange: SocketAddr, orders_asked: Arc<AtomicUsize>) -> SocketAddr {
    let fail = move || {
        orders_asked.fetch_add(1, Ordering::SeqCst);
        async { StatusCode::INTERNAL_SERVER_ERROR }
    };
    let orders = post(fail).get(pass_on);
    let app = Router::new().route("/v2/orders", orders).fallback(pass_on).with_state(exchange);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Buys a share on every bar.
fn bought(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    if !view.has_open_order(data.symbol()) {
        intents.market(data.symbol(), Side::Buy, shares(1));
    }
}

fn plan(dir: &Path, exchange: &Running, trading: SocketAddr) -> Plan {
    let mut plan = Plan::scripted(dir, exchange, &["SPY"], bought);
    plan.config.endpoints.trading = format!("http://{trading}");
    // A minute of this venue is a tenth of a second.
    let within = Span::from_secs(86_400);
    plan.config.limits.breaker = Some(Breaker { within, ..Breaker::default() });
    plan
}

fn halted(status: &Status) -> bool {
    status.trading == TradingState::Halted
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_fail_in_a_row_halt_this_session_and_the_next_until_it_is_resumed() {
    runtime::alpaca::tls::install();
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(600.0)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let unwell = unwell(exchange.addr(), Arc::clone(&asked)).await;
    let mut first = plan(dir.path(), &exchange, unwell).start();
    let status = first.until(halted).await;
    assert!(status.recent.iter().any(|note| note.text.contains("breaker_tripped")), "{status:#?}");
    assert_eq!(status.tally.sent, 5);
    let heard = asked.load(Ordering::SeqCst);
    first.until(|now| now.tally.inputs > status.tally.inputs + 30).await;
    assert_eq!(asked.load(Ordering::SeqCst), heard, "nothing more is sent");
    first.crash().await;

    let mut again = plan(dir.path(), &exchange, unwell).start();
    again.until(|status| status.phase == Phase::Running && halted(status)).await;
    again.until(|status| status.open_orders.is_empty()).await;
    again.stopper.press();
    assert_eq!(again.ended().await.unwrap().trading, TradingState::Halted);
    assert!(exchange.snapshot().orders.is_empty());

    let mut next = plan(dir.path(), &exchange, exchange.addr());
    next.config.hours = TradingHours::Extended;
    let mut next = next.start();
    let began = next.until(|status| status.phase == Phase::Running && halted(status)).await;
    assert_ne!(began.session, status.session, "it is another one in other hours");
    tell(&next, "resume").await;
    next.until(|status| status.tally.fills > 0).await;
    next.stopper.press();
    assert_books_agree(&next.ended().await.unwrap(), &exchange);
}
