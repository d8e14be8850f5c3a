//! The bars before the session.

use crate::support::{Plan, data_dir, exchange, generated};
use exchange::server::{ServerConfig, Source, Speed, Synthetic};
use journal::Reader;
use kernel::{Event, Input, RecordBody};
use runtime::session::{Phase, WithoutBars, journal_dir};
use std::path::Path;

/// What a journal shows of its bars.
#[derive(Debug, Default, PartialEq, Eq)]
struct Bars {
    /// Observed without being traded on.
    warm: usize,
    /// Of those, after the first that was traded on.
    late: usize,
    /// Traded on.
    traded: usize,
    /// Traded on before the first order; all of them when there was no order.
    before_order: usize,
}

fn bars(dir: &Path) -> Bars {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut bars = Bars::default();
    let mut ordered = false;
    while let Some(record) = records.next().unwrap() {
        match record.body {
            RecordBody::Input(stamped) => match stamped.input {
                Input::Warmup(_) => {
                    bars.warm += 1;
                    bars.late += usize::from(bars.traded > 0);
                }
                Input::Market(_) => {
                    bars.traded += 1;
                    bars.before_order += usize::from(!ordered);
                }
                _ => {}
            },
            RecordBody::Event { event: Event::OrderApproved(_), .. } => ordered = true,
            RecordBody::Event { .. } => {}
        }
    }
    bars
}

#[tokio::test(flavor = "multi_thread")]
async fn strategies_observe_as_many_bars_as_they_need_and_trade_on_the_next() {
    for speed in [Speed::Max, Speed::Times(600.0)] {
        let dir = data_dir();
        let source = Source::Synthetic(Synthetic::new(1, ["GLD", "SPY"]));
        let exchange = exchange::server::start(ServerConfig::new(source, speed)).await.unwrap();
        let symbols = ["GLD", "SPY"];
        let mut session = Plan::new(dir.path(), &exchange, &symbols, "sma-crossover").start();
        session.until(|status| status.tally.sent > 0).await;
        session.stopper.press();
        session.ended().await.unwrap();
        let bars = bars(dir.path());
        assert_eq!((bars.warm, bars.late), (60, 0), "thirty of each symbol, all before");
        assert!(bars.before_order < 60, "a cold strategy needs thirty of each: {bars:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_windows_are_full_again() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 5_000), Speed::Times(600.0)).await;
    let plan = || Plan::new(dir.path(), &exchange, &["SPY"], "sma-crossover");
    let mut first = plan().start();
    first.until(|status| status.tally.inputs > 60).await;
    first.crash().await;
    assert_eq!(bars(dir.path()).warm, 0, "the data began with the session");
    let mut second = plan().start();
    second.until(|status| status.phase == Phase::Running).await;
    second.stopper.press();
    second.ended().await.unwrap();
    let bars = bars(dir.path());
    assert_eq!((bars.warm, bars.late), (30, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_strategy_will_trade_is_said_once_at_the_start() {
    let dir = data_dir();
    let exchange = exchange(generated(&["SPY"], 100), Speed::Max).await;
    let mut plan = Plan::new(dir.path(), &exchange, &["SPY"], "buy-and-hold");
    let (symbols, source) = ("QQQ".into(), "QQQ_quotes.csv".into());
    plan.config.without_bars = Some(WithoutBars { symbols, source });
    let summary = plan.run().await.unwrap();
    assert_eq!(summary.alerts, 1);
    let mut records = Reader::open(&journal_dir(dir.path()), 1).unwrap();
    let mut said = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event: Event::AlertRaised(alert), .. } = record.body {
            said.push((record.seq, alert));
        }
    }
    let (seq, alert) = &said[0];
    assert!(*seq < 8, "before everything else: {seq}");
    assert_eq!(&*alert.code, "no_bars");
    for word in ["QQQ_quotes.csv", "no bars of QQQ", "give files with bars"] {
        assert!(alert.text.contains(word), "{}", alert.text);
    }
}
