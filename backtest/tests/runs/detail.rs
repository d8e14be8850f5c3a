//! Fills on finer data than the strategies see, worked by hand.

use crate::common::*;
use backtest::{BacktestConfig, BacktestReport, Detail, DetailError, Models, find_lookahead};
use kernel::{
    Intents, MarketData, OrderKind, Price, Quantity, Quote, Ratio, Side, Span, StopLoss, Strategy,
    StrategySpec, SymbolId, Symbols, Trade, View,
};
use marketdata::Feed;
use std::sync::Arc;

const TWENTY_SECONDS: Span = Span::from_secs(20);

fn cents(cents: i64) -> Price {
    Price::from_nanos(cents * 10_000_000)
}

fn ticks(data: Vec<MarketData>) -> Feed {
    Feed { symbols: Symbols::new(["AAA"]).unwrap(), data, bar_length: None }
}

fn trade(at: &str, price: i64) -> MarketData {
    let symbol = Symbols::new(["AAA"]).unwrap().id("AAA").unwrap();
    let size = Quantity::from_whole(100).unwrap();
    MarketData::Trade(Trade { symbol, time: time(at), price: cents(price), size })
}

fn quote(at: &str, bid: i64, ask: i64) -> MarketData {
    let symbol = Symbols::new(["AAA"]).unwrap().id("AAA").unwrap();
    let (bid_size, ask_size) =
        (Quantity::from_whole(100).unwrap(), Quantity::from_whole(100).unwrap());
    let (bid, ask) = (cents(bid), cents(ask));
    MarketData::Quote(Quote { symbol, time: time(at), bid, bid_size, ask, ask_size })
}

fn on(feed: &Feed, detail: &Feed) -> BacktestConfig {
    let mut config = without_fees(feed);
    config.detail = Some(Arc::new(Detail::new(detail, &feed.facts()).unwrap()));
    config
}

/// Buys 10 on the first bar, sells them on the third.
fn round(config: &BacktestConfig, feed: &Feed) -> BacktestReport {
    run(config, feed, vec![wishes("round", &[(1, Side::Buy, 10), (3, Side::Sell, 10)])])
}

/// Entry and exit of the only trade, with their times.
fn told(report: &BacktestReport) -> [String; 4] {
    let trade = &report.trades[0];
    let clock = |time: kernel::Timestamp| time.to_string()[11..19].to_owned();
    let (entered, left) = (trade.entry_price.to_string(), trade.exit_price.to_string());
    [entered, clock(trade.entry_time), left, clock(trade.exit_time)]
}

fn prices() -> Feed {
    minutes(&[(
        "AAA",
        vec![
            [10_000, 10_000, 10_000, 10_000],
            [10_000, 10_200, 9_900, 10_100],
            [10_100, 10_100, 10_100, 10_100],
            [10_300, 10_400, 10_200, 10_300],
            [10_300, 10_300, 10_300, 10_300],
        ],
    )])
}

/// | detail                  | bought at              | sold at                 |
/// | none                    | 100, the bar's open    | 103, the bar's open     |
/// | trades                  | 101.50, the first one  | 102.50, the first one   |
/// | quotes                  | 100.30, the first ask  | 102.80, the first bid   |
/// | quotes at the entry     | 100.30                 | 103, the bar's open     |
///
/// What is known by the end of the bar that is decided on fills nothing.
#[test]
fn orders_fill_on_the_first_detail_after_the_decision() {
    let feed = prices();
    let none = round(&without_fees(&feed), &feed);
    assert_eq!(told(&none), ["100", "15:01:00", "103", "15:03:00"]);
    let trades = ticks(vec![
        trade("2024-01-03T15:00:59Z", 9_000),
        trade("2024-01-03T15:01:00Z", 9_000),
        trade("2024-01-03T15:01:10Z", 10_150),
        trade("2024-01-03T15:01:20Z", 10_000),
        trade("2024-01-03T15:03:40Z", 10_250),
    ]);
    let traded = round(&on(&feed, &trades), &feed);
    assert_eq!(told(&traded), ["101.5", "15:01:10", "102.5", "15:03:40"]);
    let mut quotes = vec![
        quote("2024-01-03T15:00:30Z", 8_000, 8_100),
        quote("2024-01-03T15:01:05Z", 10_020, 10_030),
        quote("2024-01-03T15:03:05Z", 10_280, 10_290),
    ];
    let quoted = round(&on(&feed, &ticks(quotes.clone())), &feed);
    assert_eq!(told(&quoted), ["100.3", "15:01:05", "102.8", "15:03:05"]);
    quotes.truncate(2);
    let in_part = round(&on(&feed, &ticks(quotes)), &feed);
    assert_eq!(told(&in_part), ["100.3", "15:01:05", "103", "15:03:00"]);
    assert_ne!(quoted.run, in_part.run, "the detail is part of what a run is");
}

/// Buys with both exits on the first bar.
struct Bracket;

impl Strategy for Bracket {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        if view.orders(data.symbol()).next().is_none() {
            let ten = Quantity::from_whole(10).unwrap();
            let stop = StopLoss::at(cents(9_700));
            let (kind, profit) = (OrderKind::Market, cents(10_300));
            intents.bracket(data.symbol(), Side::Buy, ten, kind, profit, stop);
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {}

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

/// The third bar reaches both exits: of the bar alone the stop fills at 97. Bars of twenty seconds
/// show that 103 came first.
#[test]
fn detail_shows_which_exit_came_first() {
    let both = [10_000, 10_400, 9_600, 10_000];
    let feed = minutes(&[("AAA", vec![[10_000; 4], [10_000; 4], both, [10_000; 4]])]);
    let bracket = || {
        let spec = StrategySpec { name: "bracket".into(), params: Default::default() };
        vec![(Box::new(Bracket) as Box<dyn Strategy>, spec)]
    };
    let coarse = run(&without_fees(&feed), &feed, bracket());
    assert_eq!(told(&coarse), ["100", "15:01:00", "97", "15:02:00"]);
    let path = vec![
        [10_000, 10_400, 10_000, 10_300],
        [10_300, 10_300, 9_600, 9_600],
        [9_600, 10_000, 9_600, 10_000],
    ];
    let detail = bars(&[("AAA", path)], time("2024-01-03T15:02:00Z"), TWENTY_SECONDS);
    let fine = run(&on(&feed, &detail), &feed, bracket());
    assert_eq!(told(&fine), ["100", "15:01:00", "103", "15:02:00"]);
}

/// With its own bars for detail a run is what it is without.
#[test]
fn detail_that_says_the_same_changes_nothing() {
    let feed = walk(&["AAA", "BBB"], 3);
    let same = |config: &BacktestConfig| {
        let strategy = chosen("sma-crossover", &[("fast", "3"), ("direction", "both")], &feed);
        run(config, &feed, strategy)
    };
    let mut plain = BacktestConfig::for_feed(&feed);
    let without = same(&plain);
    plain.detail = Some(Arc::new(Detail::new(&feed, &feed.facts()).unwrap()));
    let with = same(&plain);
    assert!(without.fills > 50, "{}", without.fills);
    assert_eq!(without.events_hash, with.events_hash);
    assert_eq!((without.trades, without.equity), (with.trades, with.equity));

    // Of one symbol alone: the other fills on its bars.
    let half = Detail::new(&feed.select(&["BBB"]).unwrap(), &feed.facts()).unwrap();
    plain.detail = Some(Arc::new(half));
    assert_eq!(without.events_hash, same(&plain).events_hash);
}

#[test]
fn decisions_do_not_look_ahead_through_the_detail() {
    let feed = walk(&["AAA"], 1);
    let config = on(&feed, &feed);
    let rebuild = |feed: &Feed| {
        Ok((chosen("sma-crossover", &[("fast", "3")], feed).remove(0), Models::default()))
    };
    let report = find_lookahead(&config, &feed, &rebuild, 5, &mut |_| {}).unwrap();
    assert_eq!(report.passed, Some(true), "{}", report.verdict);
}

#[test]
fn what_is_no_detail_is_refused() {
    let feed = prices();
    let hours =
        bars(&[("AAA", vec![[10_000; 4]])], time("2024-01-03T15:00:00Z"), Span::from_secs(3_600));
    let longer = Detail::new(&hours, &feed.facts()).unwrap_err();
    assert!(matches!(longer, DetailError::Longer { .. }), "{longer}");
    let other = minutes(&[("BBB", flat(&[10_000]))]);
    let other = Detail::new(&other, &feed.facts()).unwrap_err();
    assert_eq!(other, DetailError::OtherSymbols { held: "BBB".into() });
}
