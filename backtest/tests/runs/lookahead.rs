//! A strategy that peeks is found with the very bar that it peeks at; the ones that ship pass.

use backtest::workload::swings;
use backtest::{BacktestConfig, Change, Chosen, LookaheadReport, find_lookahead};
use kernel::{
    Intents, MarketData, Quantity, Ratio, Side, Span, Strategy, StrategySpec, SymbolId, View,
};
use marketdata::Feed;
use std::collections::BTreeMap;

/// Buys when the close so many bars ahead is higher, sells when it is lower.
struct Peeking {
    closes: Vec<i64>,
    ahead: usize,
    seen: usize,
}

impl Peeking {
    fn chosen(feed: &Feed, ahead: usize) -> Chosen {
        let closes = feed.data.iter().map(|datum| datum.price().nanos()).collect();
        let spec = StrategySpec { name: "peeking".into(), params: BTreeMap::new() };
        (Box::new(Self { closes, ahead, seen: 0 }), spec)
    }
}

impl Strategy for Peeking {
    fn observe(&mut self, _: &MarketData) {
        self.seen += 1;
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let symbol = data.symbol();
        let now = self.closes.get(self.seen - 1).copied().unwrap_or(0);
        // Rare decisions: on every fortieth bar.
        let Some(later) = self.closes.get(self.seen - 1 + self.ahead) else { return };
        if !self.seen.is_multiple_of(40) || view.open_orders(symbol).next().is_some() {
            return;
        }
        let held = view.position(symbol).quantity;
        let hundred = Quantity::from_whole(100).unwrap();
        if *later > now && held.is_zero() {
            intents.market(symbol, Side::Buy, hundred);
        } else if *later < now && held.is_positive() {
            intents.market(symbol, Side::Sell, held);
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.seen = 0;
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

fn search(feed: &Feed, rebuild: &dyn Fn(&Feed) -> Chosen) -> LookaheadReport {
    let config = BacktestConfig::for_feed(feed);
    find_lookahead(&config, feed, &|feed| Ok(rebuild(feed)), 8, &mut |_| {}).unwrap()
}

#[test]
fn a_peek_is_narrowed_down_to_the_bar_it_looks_at() {
    let feed = swings(2_000);
    for ahead in [1, 3, 25] {
        let report = search(&feed, &|feed| Peeking::chosen(feed, ahead));
        assert_eq!(report.passed, Some(false), "{report:?}");
        let example = report.counter_example.unwrap();
        assert_eq!(example.steps_ahead, ahead, "{example:?}");
        let later = example.known_at.since(example.decided_at);
        assert!(later >= Span::from_secs(60 * ahead as i64), "{example:?}");
        assert_ne!(example.decided, example.otherwise);
        assert_eq!(example.became.is_none(), example.change == Change::Truncated);
        assert_ne!(example.became.as_deref(), Some(example.datum.as_str()));
        assert!(report.verdict.starts_with("It looks ahead"), "{}", report.verdict);
    }
}

#[test]
fn what_only_reads_the_past_of_the_same_data_passes() {
    // The same table of closes, read at the bar itself.
    let report = search(&swings(2_000), &|feed| Peeking::chosen(feed, 0));
    assert_eq!((report.passed, report.decisions), (None, 0), "never above or below itself");
    assert!(report.verdict.contains("nothing is shown"), "{}", report.verdict);
}

#[test]
fn every_strategy_that_ships_passes() {
    let feed = swings(3_000);
    // Those that look at several symbols at once, or listen to a model, have tests of their own.
    let others = ["ensemble", "lstm", "momentum-rotation", "pairs"];
    for entry in strategies::registry().iter().filter(|entry| !others.contains(&entry.name)) {
        let report = search(&feed, &|feed| {
            strategies::build(entry.name, &BTreeMap::new(), &feed.symbols).unwrap()
        });
        assert_eq!(report.passed, Some(true), "{}: {report:?}", entry.name);
        assert!(report.cuts > 0, "{}", entry.name);
    }
}

#[test]
fn two_symbols_at_one_instant_are_one_step() {
    let feed = crate::common::walk(&["AAA", "BBB"], 6);
    let report = search(&feed, &|feed| {
        strategies::build("sma-crossover", &BTreeMap::new(), &feed.symbols).unwrap()
    });
    assert_eq!(report.passed, Some(true), "{report:?}");
}
