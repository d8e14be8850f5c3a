//! A strategy that peeks is found with the very bar that it peeks at; the ones that ship pass.

use backtest::workload::swings;
use backtest::{BacktestConfig, Change, Chosen, LookaheadReport, Models, find_lookahead};
use kernel::{
    Bar, Forecaster, Input, Intents, MarketData, Prediction, Probability, Quantity, Ratio, Side,
    Span, Strategy, StrategySpec, SymbolId, Trend, View,
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
    let rebuild = |feed: &Feed| Ok((rebuild(feed), Models::default()));
    find_lookahead(&config, feed, &rebuild, 8, &mut |_| {}).unwrap()
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

/// A model over features that were made of the data beforehand: of each bar the move to the close so many
/// bars ahead; behind it at -1.
struct Pipeline {
    moves: Vec<i64>,
    seen: usize,
}

impl Pipeline {
    fn models(feed: &Feed, ahead: isize) -> Models {
        let closes: Vec<i64> = feed.data.iter().map(|datum| datum.price().nanos()).collect();
        let step = |row: usize| {
            let other = row.checked_add_signed(ahead).and_then(|row| closes.get(row))?;
            Some(if ahead > 0 { other - closes[row] } else { closes[row] - other })
        };
        let moves = (0..closes.len()).map(|row| step(row).unwrap_or(0)).collect();
        Models { facts: Vec::new(), forecasters: vec![Box::new(Self { moves, seen: 0 })] }
    }
}

impl Forecaster for Pipeline {
    fn id(&self) -> &'static str {
        "pipeline"
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn observe(&mut self, bar: &Bar) -> Vec<Input> {
        let moved = self.moves[self.seen];
        self.seen += 1;
        vec![Input::Prediction(Prediction {
            symbol: bar.symbol,
            model: "pipeline".into(),
            time: bar.end_time(),
            trend: if moved > 0 { Trend::Up } else { Trend::Down },
            confidence: Probability::from_millionths(600_000).unwrap(),
            shadow: false,
            stands_in_for: None,
            latency: Span::ZERO,
        })]
    }

    fn remember(&mut self, _: &Bar) {
        self.seen += 1;
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

fn search_model(feed: &Feed, ahead: isize, confidence: &str) -> LookaheadReport {
    let config = BacktestConfig::for_feed(feed);
    let params: BTreeMap<String, String> = [("confidence_percent", confidence), ("quantity", "1")]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
    let rebuild = |feed: &Feed| {
        let strategy = strategies::build("lstm", &params, &feed.symbols).unwrap();
        Ok((strategy, Pipeline::models(feed, ahead)))
    };
    find_lookahead(&config, feed, &rebuild, 8, &mut |_| {}).unwrap()
}

#[test]
fn features_that_peek_are_found_also_where_nothing_is_traded_on_them() {
    let feed = swings(400);
    let honest = search_model(&feed, -1, "55");
    assert_eq!(honest.passed, Some(true), "{}", honest.verdict);
    assert!(honest.decisions > 20 && honest.words == 400, "{honest:?}");
    assert!(honest.verdict.contains("400 words of models"), "{}", honest.verdict);
    for confidence in ["55", "90"] {
        let peeking = search_model(&feed, 1, confidence);
        assert_eq!(peeking.passed, Some(false), "{}", peeking.verdict);
        let found = peeking.counter_example.unwrap();
        assert_eq!(found.steps_ahead, 1, "{found:?}");
        assert!(found.decided.contains("model pipeline says of SYN:"), "{found:?}");
        assert_ne!(found.decided, found.otherwise);
    }
    let silent = search_model(&feed, -1, "90");
    assert_eq!((silent.passed, silent.decisions), (None, 0), "{}", silent.verdict);
}
