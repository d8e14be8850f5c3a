//! Small feeds, and runs over them.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use backtest::{BacktestConfig, BacktestReport, Chosen, Observer, Quiet};
use kernel::{
    Bar, Event, Intents, MarketData, Price, Quantity, Ratio, Side, Span, Strategy, StrategySpec,
    SymbolId, Symbols, Timestamp, View, Volume,
};
use marketdata::Feed;
use std::collections::BTreeMap;
use std::io::Write;

pub const MINUTE: Span = Span::from_secs(60);

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Bars in cents: open, high, low, close.
pub type Cents = [i64; 4];

/// Minute bars of one or more symbols from 10:00 in New York on a trading day.
pub fn minutes(series: &[(&str, Vec<Cents>)]) -> Feed {
    bars(series, time("2024-01-03T15:00:00Z"), MINUTE)
}

pub fn bars(series: &[(&str, Vec<Cents>)], start: Timestamp, length: Span) -> Feed {
    let symbols = Symbols::new(series.iter().map(|(name, _)| name)).unwrap();
    let price = |cents: i64| Price::from_nanos(cents * 10_000_000);
    let mut data = Vec::new();
    for (name, bars) in series {
        let symbol = symbols.id(name).unwrap();
        for (index, [open, high, low, close]) in bars.iter().enumerate() {
            data.push(MarketData::Bar(Bar {
                symbol,
                open_time: start.plus(Span::from_nanos(length.nanos() * index as i64)),
                length,
                open: price(*open),
                high: price(*high),
                low: price(*low),
                close: price(*close),
                volume: Volume::from_nanos(1_000_000_000_000),
            }));
        }
    }
    data.sort_by_key(|datum| (datum.time(), datum.symbol()));
    Feed { symbols, data, bar_length: Some(length) }
}

/// Bars whose four prices are one and the same.
pub fn flat(closes: &[i64]) -> Vec<Cents> {
    closes.iter().map(|close| [*close; 4]).collect()
}

pub fn chosen(name: &str, params: &[(&str, &str)], feed: &Feed) -> Vec<Chosen> {
    let params: BTreeMap<String, String> =
        params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    vec![strategies::build(name, &params, &feed.symbols).unwrap()]
}

/// The defaults without regulatory fees, so that sums can be done by hand.
pub fn without_fees(feed: &Feed) -> BacktestConfig {
    let mut config = BacktestConfig::for_feed(feed);
    config.exchange.fees.regulatory = false;
    config.keep_equity = true;
    config
}

pub fn run(config: &BacktestConfig, feed: &Feed, strategies: Vec<Chosen>) -> BacktestReport {
    backtest::run(config, feed, strategies, &mut Quiet).unwrap()
}

/// Every order asked for, approved or denied, with its time.
#[derive(Default)]
pub struct Decisions(pub Vec<(Timestamp, String)>);

impl Observer for Decisions {
    fn event(&mut self, at: Timestamp, event: &Event) {
        if matches!(event, Event::OrderApproved(_) | Event::OrderDenied { .. }) {
            self.0.push((at, format!("{event:?}")));
        }
    }
}

pub fn decisions(config: &BacktestConfig, feed: &Feed, strategies: Vec<Chosen>) -> Decisions {
    let mut decisions = Decisions::default();
    backtest::run(config, feed, strategies, &mut decisions).unwrap();
    decisions
}

/// A long walk of one or two symbols through several sessions, the same every time.
pub fn walk(names: &[&str], sessions: usize) -> Feed {
    let symbols = Symbols::new(names).unwrap();
    let config = marketdata::SyntheticConfig {
        seed: 7,
        symbols: symbols.clone(),
        start: marketdata::calendar::Date::constant(2024, 1, 2),
        extended: false,
    };
    let steps = marketdata::Generator::new(&config).take(390 * sessions);
    Feed { symbols, data: steps.flatten().collect(), bar_length: Some(MINUTE) }
}

/// The folder with real market data, or `None` after saying so.
pub fn real_data(test: &str) -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("TRADEWIND_TEST_DATA");
    if folder.is_none() {
        let reason = "TRADEWIND_TEST_DATA does not name the folder with real data";
        // Past the test harness, which keeps what passing tests print.
        let line = format!("SKIPPED: {test}: {reason}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    folder.map(Into::into)
}

/// Wants one order on each of some bars, counted from 1, whatever the account holds.
pub struct Wishes {
    seen: usize,
    on: Vec<(usize, Side, i64)>,
}

impl Strategy for Wishes {
    fn observe(&mut self, _: &MarketData) {
        self.seen += 1;
    }

    fn propose(&self, data: &MarketData, _: &View<'_>, intents: &mut Intents) {
        for (_, side, shares) in self.on.iter().filter(|(bar, ..)| *bar == self.seen) {
            intents.market(data.symbol(), *side, Quantity::from_whole(*shares).unwrap());
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

pub fn wishes(name: &str, on: &[(usize, Side, i64)]) -> Chosen {
    let spec = StrategySpec { name: name.into(), params: Default::default() };
    (Box::new(Wishes { seen: 0, on: on.to_vec() }), spec)
}
