//! The order stream goes away and comes back.

use crate::support::{
    Plan, assert_books_agree, data_dir, exchange, exchange_with, generated, shares,
};
use crate::wire::{State, Wire};
use exchange::server::{FaultScript, Speed};
use journal::Reader;
use kernel::{
    Alert, BasisPoints, Event, Input, Intents, MarketData, NewOrder, OrderKind, OrderStatus, Price,
    RecordBody, Rounding, Side, Span, TimeInForce, Timestamp, View,
};
use runtime::session::journal_dir;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What the session has alerted to.
fn alerts(dir: &Path) -> Vec<Alert> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut alerts = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event: Event::AlertRaised(alert), .. } = record.body {
            alerts.push(alert);
        }
    }
    alerts
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
    // On a busy machine a report may take long; that is no fault here.
    plan.config.timing.silence.orders = Duration::from_secs(36_000);
    let mut session = plan.start();
    session.until(|status| status.positions.len() == 2).await;

    wire.set(State::Cut);
    let down = session.until(|status| !status.links.orders).await;
    assert!(!down.reconciled);
    let denied = session.until(|status| status.tally.denied > down.tally.denied).await;
    let gld = exchange.snapshot().orders.len();
    leave.store(true, Ordering::SeqCst);
    session.until(|_| exchange.snapshot().positions.len() == 1).await;
    let now = exchange.snapshot().orders;
    assert_eq!(now.len(), gld + 1, "the exit went out, and nothing else");
    assert!(denied.positions.iter().any(|line| line.symbol == "SPY"));

    wire.set(State::Whole);
    session.until(|status| status.links.orders && status.reconciled).await;
    session.until(|status| status.positions.iter().all(|line| line.symbol != "SPY")).await;
    let back = session.until(|status| status.reconciled).await.tally.sent;
    session.until(|status| status.tally.sent > back).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_eq!(summary.alerts, 0, "no difference was left to be told of");
}

/// Conformance 110.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_never_comes_is_found_by_asking() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 5_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let buys = Arc::new(AtomicBool::new(false));
    let may_buy = Arc::clone(&buys);
    let script = move |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
        let symbol = data.symbol();
        let idle = !view.has_open_order(symbol) && view.position(symbol).quantity.is_zero();
        if idle && may_buy.load(Ordering::SeqCst) {
            intents.market(symbol, Side::Buy, shares(10));
        }
    };
    let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], script);
    plan.config.endpoints.trading_stream = format!("ws://{}/stream", wire.address);
    // Too soon for the watch of the stream itself.
    plan.config.timing.silence.orders = Duration::from_secs(24 * 3600);
    let mut session = plan.start();
    session.until(|status| status.links.orders && status.links.market_data).await;
    wire.set(State::Mute);
    buys.store(true, Ordering::SeqCst);
    let held = session.until(|status| status.positions.len() == 1).await;
    assert!(held.links.orders, "the stream seems to be up");
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!(summary.fills, 1);
    assert_books_agree(&summary, &exchange);
}

/// While the stream is down the books are compared all the same: what an order has become is booked, and
/// entries wait for the stream.
#[tokio::test(flavor = "multi_thread")]
async fn without_it_the_books_follow_what_the_broker_says() {
    let dir = data_dir();
    let exchange = exchange(generated(&["GLD", "SPY"], 5_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let leave = Arc::new(AtomicBool::new(false));
    let leaving = Arc::clone(&leave);
    // Holds SPY until it is told to leave, and then wants GLD.
    let script = move |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
        let symbol = data.symbol();
        let held = view.position(symbol).quantity;
        match (view.symbols().name(symbol), leaving.load(Ordering::SeqCst)) {
            _ if view.has_open_order(symbol) => {}
            ("SPY", true) if held.is_positive() => intents.market(symbol, Side::Sell, held),
            ("SPY", false) if held.is_zero() => intents.market(symbol, Side::Buy, shares(10)),
            ("GLD", true) => intents.market(symbol, Side::Buy, shares(1)),
            _ => {}
        }
    };
    let mut plan = Plan::scripted(dir.path(), &exchange, &["GLD", "SPY"], script);
    plan.config.endpoints.trading_stream = format!("ws://{}/stream", wire.address);
    // On a busy machine a report may take long; that is no fault here.
    plan.config.timing.silence.orders = Duration::from_secs(36_000);
    let mut session = plan.start();
    session.until(|status| status.positions.len() == 1).await;
    wire.set(State::Cut);
    session.until(|status| !status.links.orders).await;
    leave.store(true, Ordering::SeqCst);
    let sold = session.until(|status| status.positions.is_empty()).await;
    assert!(!sold.links.orders && !sold.reconciled, "it is booked while the stream is down");
    let denied = session.until(|status| status.tally.denied > sold.tally.denied).await;
    assert_eq!(denied.tally.sent, sold.tally.sent, "and nothing is entered");
    wire.set(State::Whole);
    session.until(|status| status.tally.sent > sold.tally.sent).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_eq!(alerts(dir.path()), [], "each fill was booked once");
}

/// A stream that is connected and mute is noticed by what it did not tell, and opened again.
#[tokio::test(flavor = "multi_thread")]
async fn a_mute_order_stream_is_an_alert_and_is_opened_again() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let buys = Arc::new(AtomicBool::new(false));
    let may_buy = Arc::clone(&buys);
    let script = move |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
        let symbol = data.symbol();
        let idle = !view.has_open_order(symbol) && view.position(symbol).quantity.is_zero();
        if idle && may_buy.load(Ordering::SeqCst) {
            intents.market(symbol, Side::Buy, shares(10));
        }
    };
    let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], script);
    plan.config.endpoints.trading_stream = format!("ws://{}/stream", wire.address);
    plan.config.timing.silence.orders = Duration::from_millis(1);
    plan.config.timing.stream.answer = Duration::from_millis(500);
    let mut session = plan.start();
    session.until(|status| status.links.orders && status.links.market_data).await;
    wire.set(State::Mute);
    buys.store(true, Ordering::SeqCst);
    session.until(|status| !status.links.orders).await;
    wire.set(State::Whole);
    session.until(|status| status.links.orders && status.reconciled).await;
    session.until(|status| status.tally.fills == 1).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_eq!((summary.fills, summary.alerts), (1, 1));
    assert_books_agree(&summary, &exchange);
}

/// The gate is for entries alone: what was sent before can be taken back.
#[tokio::test(flavor = "multi_thread")]
async fn without_it_cancels_pass() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let cancels = Arc::new(AtomicBool::new(false));
    let may_cancel = Arc::clone(&cancels);
    // Rests far below the market until it is told to cancel; then tries to enter at the market.
    let script = move |data: &MarketData, view: &View<'_>, intents: &mut Intents| {
        let symbol = data.symbol();
        let resting = view.open_orders(symbol).next();
        match (resting, may_cancel.load(Ordering::SeqCst)) {
            (Some(order), true) => intents.cancel(order.number),
            (None, true) => intents.market(symbol, Side::Buy, shares(1)),
            (None, false) => {
                let far = BasisPoints::new(-400);
                let price = data.price().shifted(far, Rounding::Down).unwrap();
                let cents = price.nanos() / 10_000_000 * 10_000_000;
                let limit = OrderKind::Limit { limit: Price::from_nanos(cents) };
                // However long the cancel takes, the day's close does not end it first.
                let order = NewOrder::new(symbol, Side::Buy, shares(1), limit);
                intents.order(order.lasting(TimeInForce::Gtc));
            }
            (Some(_), false) => {}
        }
    };
    let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], script);
    plan.config.endpoints.trading_stream = format!("ws://{}/stream", wire.address);
    plan.config.limits.entry_time_to_live = None;
    let mut session = plan.start();
    session.until(|status| status.open_orders.len() == 1 && status.reconciled).await;
    wire.set(State::Cut);
    let down = session.until(|status| !status.links.orders).await;
    cancels.store(true, Ordering::SeqCst);
    let is_canceled =
        || exchange.snapshot().orders.iter().all(|order| order.status == OrderStatus::Canceled);
    session.until(|_| is_canceled()).await;
    session.until(|status| status.tally.denied > down.tally.denied + 1).await;
    assert_eq!(exchange.snapshot().orders.len(), 1, "the cancel went out, and no entry");
    wire.set(State::Whole);
    // Entries are sent again now, and taken back on the next bar: the count does not stop at one.
    session.until(|status| status.tally.canceled > 0).await;
    session.stopper.press();
    assert_books_agree(&session.ended().await.unwrap(), &exchange);
}

/// Conformance 19.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_costs_no_order_and_doubles_none() {
    for speed in [Speed::Times(600.0), Speed::Max] {
        let dir = data_dir();
        let script = "[[fault]]\non='submit'\nnth=2\nevery=2\ntimes='all'\ninject='answer'\nstatus=504\ncarried_out=true";
        let exchange = exchange_with(generated(&["SPY"], 2_000), speed, |config| {
            config.faults = FaultScript::parse(script).unwrap();
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

/// The books are compared with the broker's every thirty seconds of the venue's clock, and not more
/// often while nothing happens.
#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_compared_every_thirty_seconds() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 400), Speed::Times(60.0)).await;
    let idle = |_: &MarketData, _: &View<'_>, _: &mut Intents| {};
    let plan = Plan::scripted(dir.path(), &exchange, &["SPY"], idle);
    assert_eq!(plan.config.timing.reconcile, Duration::from_secs(30));
    let mut session = plan.start();
    session.until(|status| status.reconciled).await;
    let looks = || looks(dir.path());
    let at_start = looks().len().max(1);
    session.until(|_| looks().len() > at_start + 5).await;
    session.stopper.press();
    session.ended().await.unwrap();
    // The first looks belong to the start, the last to the end.
    let looks = looks();
    let mut apart: Vec<Span> =
        looks.windows(2).skip(at_start).take(4).map(|pair| pair[1].since(pair[0])).collect();
    assert!(apart.iter().all(|apart| *apart >= Span::from_secs(29)), "{apart:?}");
    apart.sort();
    assert!(apart[1] <= Span::from_secs(50), "{apart:?}");
}

/// An account whose answer cannot be read is asked for until it can: the books are compared again
/// without anybody's help.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_stays_unreadable_for_a_while_is_compared_with_again() {
    let script = r#"
        [[fault]]
        on = "account"
        inject = "malformed"
        nth = 4
        times = 6
    "#;
    let dir = data_dir();
    let exchange = exchange_with(generated(&["SPY"], 4_000), Speed::Times(600.0), |config| {
        config.faults = FaultScript::parse(script).unwrap();
    });
    let exchange = exchange.await;
    let idle = |_: &MarketData, _: &View<'_>, _: &mut Intents| {};
    let mut session = Plan::scripted(dir.path(), &exchange, &["SPY"], idle).start();
    let struck = || exchange.snapshot().faults == [6];
    session.until(|_| struck()).await;
    let so_far = looks(dir.path()).len();
    session.until(|_| looks(dir.path()).len() > so_far + 1).await;
    session.stopper.press();
    assert_books_agree(&session.ended().await.unwrap(), &exchange);
}

/// When the books were compared with the broker's.
fn looks(dir: &Path) -> Vec<Timestamp> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut looks = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Input(stamped) = record.body
            && matches!(stamped.input, Input::Broker(_))
        {
            looks.push(stamped.at);
        }
    }
    looks
}
