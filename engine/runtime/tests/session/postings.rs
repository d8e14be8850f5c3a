//! What moves an account without an order: deposits, withdrawals, an account begun anew, splits.

use crate::support::{
    Plan, Session, assert_books_agree, data_dir, exchange_with, generated, shares,
};
use exchange::server::{FaultScript, Running, Speed};
use journal::Reader;
use kernel::{
    Event, Intents, MarketData, NewOrder, OrderKind, OrderStatus, Price, RecordBody, Rounding,
    Side, TimeInForce, TradingState, View,
};
use std::path::Path;
use std::time::Duration;

async fn exchange(minutes: usize, speed: Speed, script: &str) -> Running {
    exchange_with(generated(&["SPY"], minutes), speed, |config| {
        config.faults = FaultScript::parse(script).unwrap();
    })
    .await
}

/// Holds a hundred shares under a stop a fifth below.
fn protected(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let (symbol, last) = (data.symbol(), data.price());
    if view.has_open_order(symbol) {
        return;
    }
    if view.position(symbol).quantity.is_zero() {
        return intents.market(symbol, Side::Buy, shares(100));
    }
    let stop = Price::from_nanos(last.nanos() / 5 * 4).to_tick(Rounding::Down);
    let quantity = view.position(symbol).quantity;
    let order = NewOrder::new(symbol, Side::Sell, quantity, OrderKind::Stop { stop });
    intents.order(order.lasting(TimeInForce::Gtc));
}

fn hold(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    if !view.has_open_order(symbol) && view.position(symbol).quantity.is_zero() {
        intents.market(symbol, Side::Buy, shares(10));
    }
}

fn at_a_pace(dir: &Path, exchange: &Running) -> Session {
    let mut plan = Plan::scripted(dir, exchange, &["SPY"], hold);
    plan.config.timing.reconcile = Duration::from_secs(60);
    plan.start()
}

fn events(dir: &Path) -> Vec<Event> {
    let mut records = Reader::open(&runtime::session::journal_dir(dir), 1).unwrap();
    let mut events = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event, .. } = record.body {
            events.push(event);
        }
    }
    events
}

fn says(session: &runtime::session::Status, words: &str) -> bool {
    session.recent.iter().any(|note| note.text.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_is_no_profit_and_a_withdrawal_no_loss() {
    let dir = data_dir();
    let script = "
        [[fault]]
        on = \"step\"
        step = 10
        inject = \"move_cash\"
        kind = \"deposit\"
        usd = 25000
        [[fault]]
        on = \"step\"
        step = 30
        inject = \"move_cash\"
        kind = \"withdrawal\"
        usd = -5000
    ";
    let exchange = exchange(5_000, Speed::Times(600.0), script).await;
    let mut session = at_a_pace(dir.path(), &exchange);
    session.until(|status| says(status, "deposit of 25000")).await;
    let status = session.until(|status| says(status, "withdrawal of -5000")).await;
    assert_eq!(status.trading, TradingState::Active, "nothing is unexplained");
    let profit = status.day_profit.unwrap().abs();
    assert!(profit < "5000".parse().unwrap(), "{profit} is no profit of ten shares");
    let moved = || {
        let moved = |event: &Event| matches!(event, Event::CashMoved { .. });
        events(dir.path()).iter().filter(|event| moved(event)).count()
    };
    assert_eq!(moved(), 2);
    session.crash().await;

    // The account's history is read again from before the restart, and booked no second time: cash
    // that was booked twice would be a difference.
    let mut session = at_a_pace(dir.path(), &exchange);
    let again = session.until(|status| status.reconciled && status.links.orders).await;
    let inputs = again.tally.inputs;
    session.until(|status| status.tally.inputs > inputs + 100).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert!(exchange.record().findings().is_empty());
    assert_eq!(moved(), 2);
    let differs = |event: &Event| matches!(event, Event::DifferenceFound(_));
    assert!(!events(dir.path()).iter().any(differs));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_begun_anew_begins_the_books_anew() {
    let dir = data_dir();
    let script = "
        [[fault]]
        on = \"step\"
        step = 20
        inject = \"begin_anew\"
        usd = 50000
    ";
    let exchange = exchange(5_000, Speed::Times(600.0), script).await;
    let mut session = at_a_pace(dir.path(), &exchange);
    let status = session.until(|status| says(status, "the account was begun anew")).await;
    assert_eq!(status.trading, TradingState::Active, "nothing is unexplained");
    session.until(|status| status.positions.len() == 1).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert!(exchange.record().findings().is_empty());
}

/// Cash that nothing explains stops entries, by the exchange's own record: no order that opens a
/// position comes after the session has found out.
#[tokio::test(flavor = "multi_thread")]
async fn cash_that_nothing_explains_stops_entries() {
    let dir = data_dir();
    let script = "
        [[fault]]
        on = \"account\"
        nth = 5
        times = \"all\"
        inject = \"set\"
        field = \"cash\"
        value = \"77777\"
    ";
    let exchange = exchange(5_000, Speed::Times(600.0), script).await;
    let mut session = at_a_pace(dir.path(), &exchange);
    let status = session.until(|status| status.trading == TradingState::Reducing).await;
    let inputs = status.tally.inputs;
    session.until(|status| status.tally.inputs > inputs + 30).await;
    session.stopper.press();
    session.ended().await.unwrap();

    let (mut approved, mut stopped_after) = (0, None);
    for event in events(dir.path()) {
        match event {
            Event::OrderApproved(order) => approved = order.number.0,
            Event::TradingStateChanged { to: TradingState::Reducing, .. } => {
                stopped_after = Some(approved);
            }
            _ => {}
        }
    }
    let stopped_after = stopped_after.unwrap();
    for order in exchange.snapshot().orders.iter().filter(|order| order.opens) {
        let number: u64 = order.client_order_id.rsplit('-').next().unwrap().parse().unwrap();
        assert!(number <= stopped_after, "{order:?}");
    }
}

/// The session and the exchange agree after a split, and the stop remains, in new shares.
#[tokio::test(flavor = "multi_thread")]
async fn a_split_is_followed_and_its_stop_remains() {
    for (new, old, held) in [(2, 1, 200), (1, 4, 25)] {
        let dir = data_dir();
        let script = format!(
            "[[fault]]\non = \"step\"\nstep = 1\ninject = \"split\"\nsymbol = \"SPY\"\n\
             new = {new}\nold = {old}\ndate = \"2026-01-06\""
        );
        let exchange = exchange(600, Speed::Max, &script).await;
        let summary =
            Plan::scripted(dir.path(), &exchange, &["SPY"], protected).run().await.unwrap();
        assert_books_agree(&summary, &exchange);
        let snapshot = exchange.snapshot();
        assert_eq!(exchange.record().findings(), []);
        assert_eq!(summary.positions["SPY"].qty, shares(held));
        assert_eq!(summary.trading, TradingState::Active);
        let events = events(dir.path());
        let differs = |event: &&Event| matches!(event, Event::DifferenceFound(_));
        assert_eq!(events.iter().find(differs), None);
        let splits = events.iter().filter(|event| matches!(event, Event::SharesSplit { .. }));
        assert_eq!(splits.count(), 1);

        let stops: Vec<_> =
            snapshot.orders.iter().filter(|order| order.qty != shares(100)).collect();
        let [stop] = stops[..] else { panic!("{stops:#?}") };
        assert_eq!((stop.status, stop.qty), (OrderStatus::New, shares(held)));
        let before = snapshot.orders.iter().find(|order| order.status == OrderStatus::Canceled);
        let triggers = |order: &exchange::OrderRow| order.kind.stop().unwrap().nanos();
        let expected = triggers(before.unwrap()) / new * old;
        let apart = triggers(stop) - expected;
        assert!((0..10_000_000).contains(&apart), "rounded up to the cent: {apart}");
    }
}

/// Is in and out of each symbol by turns.
fn by_turns(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    let held = view.position(symbol).quantity;
    if view.has_open_order(symbol) {
        return;
    }
    match held.is_zero() {
        true => intents.market(symbol, Side::Buy, shares(10)),
        false => intents.market(symbol, Side::Sell, held),
    }
}

const NEW_NAME: &str = "
    [[fault]]
    on = \"step\"
    step = 1
    inject = \"rename\"
    symbol = \"SPY\"
    to = \"SPX\"
    date = \"2026-01-06\"
";

async fn that_renames(speed: Speed) -> Running {
    exchange_with(generated(&["QQQ", "SPY"], 600), speed, |config| {
        config.faults = FaultScript::parse(NEW_NAME).unwrap();
    })
    .await
}

/// The session goes on under the new name, and the exchange has its orders of that day.
#[tokio::test(flavor = "multi_thread")]
async fn a_symbol_with_a_new_name_is_traded_on() {
    let dir = data_dir();
    let exchange = that_renames(Speed::Max).await;
    let plan = Plan::scripted(dir.path(), &exchange, &["QQQ", "SPY"], by_turns);
    let summary = plan.run().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_eq!(exchange.record().findings(), []);
    assert_eq!(summary.trading, TradingState::Active);
    let events = events(dir.path());
    assert!(events.iter().any(|event| matches!(event, Event::SymbolRenamed { .. })));
    assert!(!events.iter().any(|event| matches!(event, Event::DifferenceFound(_))));
    let orders = exchange.snapshot().orders;
    let of_day = |index: usize, day: &str| {
        let is_of = |order: &&exchange::OrderRow| {
            order.symbol.index() == index && order.submitted_at.to_string().starts_with(day)
        };
        orders.iter().filter(is_of).count()
    };
    let (before, renamed, other) =
        (of_day(1, "2026-01-05"), of_day(1, "2026-01-06"), of_day(0, "2026-01-06"));
    assert!(before > 100 && renamed > 50, "{before} before, {renamed} after");
    assert!(other - renamed < 10, "{renamed} and {other}");
}

/// Whoever starts an unfinished session again need not know of the new name.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_started_again_under_the_old_name() {
    let dir = data_dir();
    let exchange = that_renames(Speed::Times(3_000.0)).await;
    let plan = || {
        let mut plan = Plan::scripted(dir.path(), &exchange, &["QQQ", "SPY"], by_turns);
        // What rests at the end would fill behind it.
        plan.config.shutdown = kernel::ShutdownPolicy::Flatten;
        plan
    };
    let mut session = plan().start();
    session.until(|status| status.symbols.id("SPX").is_some()).await;
    session.crash().await;
    let mut session = plan().start();
    let is_back = |status: &runtime::session::Status| {
        status.symbols.id("SPX").is_some() && status.phase == runtime::session::Phase::Running
    };
    session.until(is_back).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
}
