//! The data stream goes away, or is open and mute, and comes back.

use crate::support::{Plan, assert_books_agree, data_dir, exchange, exchange_with, generated};
use crate::wire::{State, Wire};
use exchange::check::{Happening, Stream};
use exchange::server::{FaultScript, Running, Speed};
use kernel::{
    Channel, Intents, MarketData, Quantity, Span, Strategy, StrategySpec, Timestamp, Trade, View,
};
use marketdata::Feed;
use runtime::session::Phase;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Times = Arc<Mutex<Vec<Timestamp>>>;

/// Notes when each bar ended that it observes, and when on which of them it may propose.
#[derive(Clone, Default)]
struct Notes {
    /// What it looks at, if not at everything.
    only: Option<Channel>,
    /// How many bars it wants to see before it begins.
    warmup: usize,
    observed: Times,
    proposed: Arc<Mutex<Vec<(Timestamp, Timestamp)>>>,
}

impl Strategy for Notes {
    fn observe(&mut self, data: &MarketData) {
        if self.only.is_some_and(|only| only != data.channel()) {
            return;
        }
        self.observed.lock().unwrap().push(data.time());
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, _: &mut Intents) {
        if self.only.is_some_and(|only| only != data.channel()) {
            return;
        }
        self.proposed.lock().unwrap().push((data.time(), view.now()));
    }

    fn warmup_bars(&self) -> usize {
        self.warmup
    }

    fn rebase(&mut self, _: kernel::SymbolId, _: kernel::Ratio) {}

    fn reset(&mut self) {}
}

impl Notes {
    fn plan(&self, dir: &std::path::Path, exchange: &Running, wire: &Wire) -> Plan {
        let mut plan = Plan::new(dir, exchange, &["SPY"], "buy-and-hold");
        plan.config.strategies =
            vec![StrategySpec { name: "notes".into(), params: Default::default() }];
        plan.strategies = vec![Box::new(self.clone())];
        plan.config.endpoints.stream = format!("ws://{}", wire.address);
        plan.config.timing.stream.answer = Duration::from_millis(500);
        plan
    }

    fn count(&self) -> usize {
        self.observed.lock().unwrap().len()
    }

    /// Every bar of the minutes was observed once and in order; so many could be traded on.
    fn assert_whole(&self) -> usize {
        let observed = self.observed.lock().unwrap();
        for (bar, next) in observed.iter().zip(observed.iter().skip(1)) {
            // A night lies between two days.
            let apart = next.since(*bar);
            assert!(
                apart == Span::from_secs(60) || apart > Span::from_secs(3600),
                "{bar} is followed by {next}"
            );
        }
        self.proposed.lock().unwrap().len()
    }
}

/// Conformance 139.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_the_bars_that_were_missed_are_observed_in_order_and_not_traded_on() {
    let (dir, notes) = (data_dir(), Notes::default());
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let mut session = notes.plan(dir.path(), &exchange, &wire).start();
    session.until(|_| notes.count() > 10).await;
    for _ in 0..3 {
        wire.set(State::Cut);
        let down = session.until(|status| !status.links.market_data).await.venue_time;
        let away = Span::from_secs(600);
        session
            .until(|status| {
                status.venue_time.zip(down).is_some_and(|(now, down)| now.since(down) > away)
            })
            .await;
        wire.set(State::Whole);
        session.until(|status| status.links.market_data).await;
        let so_far = notes.count();
        session.until(|_| notes.count() > so_far + 20).await;
    }
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    let proposed = notes.assert_whole();
    assert!(proposed + 20 < notes.count(), "{proposed} of {}", notes.count());
    // The first of each gap are older than this when they are read; a busy machine is less behind.
    for (ended, now) in notes.proposed.lock().unwrap().iter() {
        assert!(now.since(*ended) < Span::from_secs(400), "{ended} was traded on at {now}");
    }
    assert_books_agree(&summary, &exchange);
}

/// The bars before the session are read before its data stream is opened, which may take a while: the
/// place of the process before is not free yet.
#[tokio::test(flavor = "multi_thread")]
async fn bars_that_ended_before_the_data_stream_first_stood_are_observed_in_order() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 20_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let before = Notes::default();
    let mut first = before.plan(dir.path(), &exchange, &wire).start();
    first.until(|_| before.count() > 10).await;
    first.crash().await;
    wire.set(State::Cut);
    let notes = Notes { warmup: 5, ..Notes::default() };
    let mut second = notes.plan(dir.path(), &exchange, &wire).start();
    second.until(|status| status.phase == Phase::Running).await;
    let away = exchange.snapshot().now.plus(Span::from_secs(600));
    while exchange.snapshot().now < away {
        second.status.changed().await.unwrap();
    }
    wire.set(State::Whole);
    second.until(|status| status.links.market_data).await;
    second.until(|_| notes.count() > 40).await;
    second.stopper.press();
    second.ended().await.unwrap();
    let proposed = notes.assert_whole();
    assert!(proposed + 12 < notes.count(), "{proposed} of {}", notes.count());
}

/// The venue lists a bar only after the stream came back without it: what follows shows the hole.
#[tokio::test(flavor = "multi_thread")]
async fn a_bar_that_neither_the_reading_of_the_gap_nor_the_stream_brought_is_asked_for_again() {
    let script = r#"
        [[fault]]
        on = "bar"
        inject = "drop"
        nth = 20
        [[fault]]
        on = "bar"
        inject = "missing"
        nth = 20
        times = 5
    "#;
    let (dir, notes) = (data_dir(), Notes::default());
    let exchange = exchange_with(generated(&["SPY"], 20_000), Speed::Times(600.0), |config| {
        config.faults = FaultScript::parse(script).unwrap();
    })
    .await;
    let wire = Wire::to(exchange.addr()).await;
    let mut session = notes.plan(dir.path(), &exchange, &wire).start();
    session.until(|_| notes.count() > 40).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    let proposed = notes.assert_whole();
    assert!(proposed < notes.count(), "{proposed} of {}", notes.count());
    assert_books_agree(&summary, &exchange);
}

/// What was lost of the end of a day is asked for as well, when the next day's first bar comes.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_day_that_nothing_brought_is_asked_for_on_the_next_day() {
    let script = r#"
        [[fault]]
        on = "bar"
        inject = "drop"
        nth = 20
        [[fault]]
        on = "bar"
        inject = "missing"
        nth = 21
        times = 20
    "#;
    let (dir, notes) = (data_dir(), Notes::default());
    let mut feed = generated(&["SPY"], 2 * 390);
    feed.data.drain(..350);
    let closes: Vec<Timestamp> = feed.data.iter().take(40).map(MarketData::time).collect();
    let exchange = exchange_with(feed, Speed::Times(600.0), |config| {
        config.faults = FaultScript::parse(script).unwrap();
    })
    .await;
    let wire = Wire::to(exchange.addr()).await;
    let mut plan = notes.plan(dir.path(), &exchange, &wire);
    // One symbol stands for one of many here: the others' bars keep the stream from being mute.
    plan.config.timing.silence.bars = Duration::from_secs(86_400);
    let mut session = plan.start();
    session.until(|_| notes.count() > closes.len()).await;
    session.stopper.press();
    session.ended().await.unwrap();
    let proposed = notes.assert_whole();
    let observed = notes.observed.lock().unwrap();
    assert_eq!(observed.get(..closes.len()), Some(&*closes));
    assert!(proposed + 10 < observed.len(), "{proposed} of {}", observed.len());
}

/// Conformance 136.
#[tokio::test(flavor = "multi_thread")]
async fn a_mute_data_stream_is_an_alert_and_is_opened_again() {
    let (dir, notes) = (data_dir(), Notes::default());
    let exchange = exchange(generated(&["SPY"], 50_000), Speed::Times(600.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let mut session = notes.plan(dir.path(), &exchange, &wire).start();
    session.until(|_| notes.count() > 10).await;
    wire.set(State::Mute);
    let down = session.until(|status| !status.links.market_data).await;
    assert_eq!(down.tally.alerts, 1);
    wire.set(State::Whole);
    session.until(|status| status.links.market_data).await;
    let so_far = notes.count();
    session.until(|_| notes.count() > so_far + 20).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    notes.assert_whole();
    assert_eq!(summary.alerts, 1);
    assert_books_agree(&summary, &exchange);
}

/// A minute with a bar in every four: so much silence that the session asks whether there was anything to
/// say, and not so much that the replay jumps over it.
fn thin() -> Feed {
    let mut feed = generated(&["SPY"], 390);
    let mut place = 0;
    feed.data.retain(|_| {
        place += 1;
        place % 4 == 0
    });
    feed
}

/// A symbol that nobody trades for a while is no fault, though the stream is silent as a mute one is.
#[tokio::test(flavor = "multi_thread")]
async fn a_thin_symbol_at_lunch_is_not_mute() {
    let (dir, notes) = (data_dir(), Notes::default());
    let config = |config: &mut exchange::server::ServerConfig| config.keeps_diary = true;
    let exchange = exchange_with(thin(), Speed::Times(300.0), config).await;
    let wire = Wire::to(exchange.addr()).await;
    let mut session = notes.plan(dir.path(), &exchange, &wire).start();
    session.until(|_| notes.count() >= 12).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    let diary = exchange.diary();
    let asked = diary.iter().filter(|note| note.asked().is_some_and(|it| it.kind == "history"));
    assert!(asked.count() >= 3, "it wondered");
    let up = diary.iter().filter(|note| note.what == Happening::Up(Stream::Data));
    assert_eq!((summary.alerts, up.count()), (0, 1));
}

const APART: Span = Span::from_secs(10);

/// A trade every ten seconds of a day, and a bar each minute.
fn traded() -> Feed {
    let mut feed = generated(&["SPY"], 390);
    let size = Quantity::from_whole(100).unwrap();
    let ticks = feed.data.iter().flat_map(|data| {
        let MarketData::Bar(bar) = *data else { panic!("bars alone are generated") };
        let trade = move |nth: i64| Trade {
            symbol: bar.symbol,
            time: bar.open_time.plus(APART.times(nth)),
            price: bar.open,
            size,
        };
        let trades = (0..6).map(move |nth| MarketData::Trade(trade(nth)));
        trades.chain([*data])
    });
    feed.data = ticks.collect();
    feed
}

/// Every trade is observed once and in order, those that came while the stream was away too.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_the_trades_that_were_missed_are_observed_in_order() {
    let (dir, notes) = (data_dir(), Notes { only: Some(Channel::Trades), ..Notes::default() });
    let exchange = exchange(traded(), Speed::Times(300.0)).await;
    let wire = Wire::to(exchange.addr()).await;
    let mut plan = notes.plan(dir.path(), &exchange, &wire);
    plan.config.channels.trades = true;
    let mut session = plan.start();
    session.until(|_| notes.count() > 10).await;
    wire.set(State::Cut);
    let down = session.until(|status| !status.links.market_data).await.venue_time.unwrap();
    let away = Span::from_secs(300);
    let is_later = |at: Option<Timestamp>| at.is_some_and(|now| now.since(down) > away);
    session.until(|status| is_later(status.venue_time)).await;
    wire.set(State::Whole);
    session.until(|status| status.links.market_data).await;
    let so_far = notes.count();
    session.until(|_| notes.count() > so_far + 40).await;
    session.stopper.press();
    session.ended().await.unwrap();
    let observed = notes.observed.lock().unwrap();
    for (trade, next) in observed.iter().zip(observed.iter().skip(1)) {
        assert_eq!(next.since(*trade), APART, "{trade} is followed by {next}");
    }
    let proposed = notes.proposed.lock().unwrap().len();
    assert!(proposed + 20 < observed.len(), "{proposed} of {} were traded on", observed.len());
}

/// Bars were lost one by one, which nobody noticed, while trades went on: a gap is read from the last bar.
#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_read_from_the_last_bar_and_not_from_the_last_trade() {
    let script = r#"
        [[fault]]
        on = "bar"
        inject = "missing"
        nth = 20
        times = 5
        [[fault]]
        on = "bar"
        inject = "drop"
        nth = 25
    "#;
    let (dir, notes) = (data_dir(), Notes { only: Some(Channel::Bars), ..Notes::default() });
    let exchange = exchange_with(traded(), Speed::Times(300.0), |config| {
        config.faults = FaultScript::parse(script).unwrap();
    })
    .await;
    let wire = Wire::to(exchange.addr()).await;
    let mut plan = notes.plan(dir.path(), &exchange, &wire);
    plan.config.channels.trades = true;
    let mut session = plan.start();
    session.until(|_| notes.count() > 40).await;
    session.stopper.press();
    session.ended().await.unwrap();
    let proposed = notes.assert_whole();
    assert!(proposed < notes.count(), "{proposed} of {}", notes.count());
}
