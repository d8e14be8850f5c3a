//! Strategies that are texts trade as those in Rust do.
#![cfg(feature = "script")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use backtest::{BacktestReport, Observer, run as run_backtest};
use common::*;
use kernel::{Event, Timestamp, TradingState};
use marketdata::Feed;

const TEMPLATE: &str = include_str!("../../strategies/templates/strategy.rhai");

fn waves() -> Feed {
    let closes: Vec<i64> = (0..600)
        .map(|minute| 10_000 + (f64::from(minute) * 0.07).sin().mul_add(300.0, 0.0) as i64)
        .collect();
    minutes(&[("AAA", flat(&closes[..350])), ("BBB", flat(&closes[250..]))])
}

fn scripted(source: &str, feed: &Feed, observer: &mut dyn Observer) -> BacktestReport {
    let strategies = chosen("mine.rhai", &[("source", source)], feed);
    run_backtest(&without_fees(feed), feed, strategies, observer).unwrap()
}

#[derive(Default)]
struct Alerts(Vec<String>, Option<TradingState>);

impl Observer for Alerts {
    fn event(&mut self, _: Timestamp, event: &Event) {
        match event {
            Event::AlertRaised(alert) => self.0.push(format!("{} {}", alert.code, alert.text)),
            Event::TradingStateChanged { to, .. } => self.1 = Some(*to),
            _ => {}
        }
    }
}

#[test]
fn the_crossover_as_a_text_makes_the_trades_of_the_one_in_rust() {
    let feed = waves();
    let text = scripted(TEMPLATE, &feed, &mut backtest::Quiet);
    let rust = run(&without_fees(&feed), &feed, chosen("sma-crossover", &[], &feed));
    assert!(rust.trades.len() > 4);
    assert_eq!(text.trades, rust.trades);
    assert_eq!(text.equity, rust.equity);
    assert!(!text.params.contains_key("source"), "the text is in the manifest alone");
}

/// `observe` keeps notes of its own, by symbol; orders of every kind pass through risk.
#[test]
fn a_script_has_a_memory_and_every_kind_of_order() {
    let source = r#"
        fn params() { #{ every: 20 } }
        fn asks_always() { true }
        fn observe(bar, p) {
            this.bars = (this.bars ?? 0) + 1;
            this.symbol = bar.symbol;
        }
        fn propose(v) {
            if v.memory.symbol != v.symbol || v.time % 60 != 0 { throw "not its own"; }
            if v.memory.bars % v.p.every != 0 { return []; }
            if v.open_orders > 0 { return cancel(); }
            if v.position > 0.0 { return [sell_trail(5, 1.0), close()]; }
            [buy_bracket(5, v.close * 1.2, v.close * 0.8), ()]
        }
    "#;
    let feed = waves();
    let mut alerts = Alerts::default();
    let report = scripted(source, &feed, &mut alerts);
    assert_eq!(alerts.1, None, "{:?}", alerts.0);
    assert!(report.fills > 4 && report.orders.canceled > 4, "{:?}", report.orders);
}

#[test]
fn a_script_that_fails_opens_nothing_more() {
    let feed = waves();
    for (source, words) in [
        ("fn propose(v) { if v.close > 100.0 { v.nothing.at_all } buy(1) }", "propose: "),
        ("fn observe(bar, p) { loop {} } fn propose(v) { buy(1) }", "observe: "),
        ("fn propose(v) { buy(-1) }", "below zero"),
        ("fn propose(v) { buy_limit(1, 0.0/0.0) }", "is no price"),
        ("fn propose(v) { 5 }", "answers with i64"),
    ] {
        let mut alerts = Alerts::default();
        let report = scripted(source, &feed, &mut alerts);
        assert_eq!(alerts.1, Some(TradingState::Reducing), "{source}");
        let told: Vec<_> =
            alerts.0.iter().filter(|text| text.starts_with("strategy_failed")).collect();
        assert_eq!(told.len(), 1, "{source}: {:?}", alerts.0);
        assert!(told[0].contains(words), "{told:?}");
        assert!(report.fills <= 2, "{source}");
    }
}
