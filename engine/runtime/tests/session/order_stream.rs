//! The order stream goes away and comes back.

use crate::support::{
    Plan, assert_books_agree, data_dir, exchange, exchange_with, generated, shares,
};
use exchange::server::{OrderAnswerFault, Speed};
use kernel::{Intents, MarketData, Side, View};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A wire between the session and the exchange that can be cut.
struct Wire {
    address: SocketAddr,
    whole: watch::Sender<bool>,
}

impl Wire {
    async fn to(exchange: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (whole, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut state = state.clone();
                tokio::spawn(async move {
                    if *state.borrow() {
                        tokio::select! {
                            () = carry(client, exchange) => {}
                            _ = state.wait_for(|whole| !whole) => {}
                        }
                    }
                });
            }
        });
        Self { address, whole }
    }

    fn cut(&self) {
        self.whole.send_replace(false);
    }

    fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn carry(mut client: TcpStream, exchange: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(exchange).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

/// Conformance 107, 109.
#[tokio::test(flavor = "multi_thread")]
async fn without_it_entries_are_denied_and_exits_pass_and_then_the_books_are_compared() {
    let dir = data_dir();
    let exchange = exchange(generated(&["GLD", "SPY"], 5_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let leave = Arc::new(AtomicBool::new(false));
    let leaving = Arc::clone(&leave);
    // Buys a share of GLD whenever it can; holds SPY until it is told to leave.
    let script = move |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
        let symbol = data.symbol();
        let held = view.position(symbol).quantity;
        let leave = leaving.load(Ordering::SeqCst);
        match (view.symbols().name(symbol), view.has_open_order(symbol)) {
            (_, true) => {}
            ("SPY", _) if leave && held.is_positive() => intents.market(symbol, Side::Sell, held),
            ("SPY", _) if !leave && held.is_zero() => intents.market(symbol, Side::Buy, shares(10)),
            ("GLD", _) => intents.market(symbol, Side::Buy, shares(1)),
            _ => {}
        }
    };
    let mut plan = Plan::scripted(dir.path(), &exchange, &["GLD", "SPY"], script);
    plan.config.endpoints.trading_stream = format!("ws://{}/stream", wire.address);
    let mut session = plan.start();
    session.until(|status| status.positions.len() == 2).await;

    wire.cut();
    let down = session.until(|status| !status.links.orders).await;
    assert!(!down.reconciled);
    let denied = session.until(|status| status.tally.denied > down.tally.denied).await;
    let gld = exchange.snapshot().orders.len();
    leave.store(true, Ordering::SeqCst);
    session.until(|_| exchange.snapshot().positions.len() == 1).await;
    let now = exchange.snapshot().orders;
    assert_eq!(now.len(), gld + 1, "the exit went out, and nothing else");
    assert!(denied.positions.iter().any(|line| line.symbol == "SPY"));

    wire.mend();
    session.until(|status| status.links.orders && status.reconciled).await;
    session.until(|status| status.positions.iter().all(|line| line.symbol != "SPY")).await;
    let back = session.until(|status| status.reconciled).await.tally.sent;
    session.until(|status| status.tally.sent > back).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_eq!(summary.alerts, 0, "no difference was left to be told of");
}

/// Conformance 19.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_costs_no_order_and_doubles_none() {
    for speed in [Speed::Times(600.0), Speed::Max] {
        let dir = data_dir();
        let fault = OrderAnswerFault { every: 2, gateway_timeout: true };
        let exchange = exchange_with(generated(&["SPY"], 2_000), speed, |config| {
            config.faults.order_answers = Some(fault);
        });
        let exchange = exchange.await;
        // In and out on every bar.
        let script = |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
            let symbol = data.symbol();
            let held = view.position(symbol).quantity;
            match (view.has_open_order(symbol), held.is_zero()) {
                (true, _) => {}
                (false, true) => intents.market(symbol, Side::Buy, shares(3)),
                (false, false) => intents.market(symbol, Side::Sell, held),
            }
        };
        let mut session = Plan::scripted(dir.path(), &exchange, &["SPY"], script).start();
        session.until(|status| status.tally.fills >= 6).await;
        session.stopper.press();
        let summary = session.ended().await.unwrap();
        assert_eq!(summary.orders.rejected, 0);
        assert_books_agree(&summary, &exchange);
        crate::support::assert_sent_once(&summary, &exchange);
    }
}
