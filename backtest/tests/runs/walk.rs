//! Walk forward: nothing of a test is in its sample, and what comes out is the same every time.

use backtest::sweep::{Ledger, Objective, Search, Space, Subject};
use backtest::walk::{Length, Walk, WalkError, WalkPlan, WalkReport, judge_walk, windows};
use backtest::workload::swings;
use backtest::{BacktestConfig, Chosen};
use kernel::risk::{SizeModel, Sizing};
use kernel::{Bar, MarketData, Percent, Span};
use marketdata::Feed;
use std::collections::BTreeMap;
use std::ops::Range;

const PLAN: WalkPlan = WalkPlan {
    train: Length::Bars(100),
    test: Length::Bars(40),
    anchored: false,
    purge: Length::Bars(0),
    embargo: Length::Bars(0),
};

/// Sample and test of each window, in rows.
fn laid(plan: &WalkPlan, feed: &Feed) -> Vec<(Vec<Range<usize>>, Range<usize>)> {
    let laid = windows(plan, feed, &feed.trading_days()).unwrap();
    laid.into_iter().map(|window| (window.train, window.test)).collect()
}

#[test]
fn windows_by_hand() {
    let feed = swings(220);
    assert_eq!(
        laid(&PLAN, &feed),
        [(vec![0..100], 100..140), (vec![40..140], 140..180), (vec![80..180], 180..220)]
    );
    let anchored = WalkPlan { anchored: true, purge: Length::Bars(5), ..PLAN };
    assert_eq!(
        laid(&anchored, &feed),
        [(vec![0..95], 100..140), (vec![0..135], 140..180), (vec![0..175], 180..220)]
    );
    // What follows the first test is left away in the third sample; the second ends before it.
    let embargo = WalkPlan { embargo: Length::Bars(10), ..PLAN };
    assert_eq!(laid(&embargo, &feed)[1].0, [40..140]);
    assert_eq!(laid(&embargo, &feed)[2].0, [80..140, 150..180]);
}

#[test]
fn sessions_are_those_of_the_calendar() {
    let feed = swings(390 * 10);
    let plan = WalkPlan { train: Length::Sessions(4), test: Length::Sessions(3), ..PLAN };
    assert_eq!(laid(&plan, &feed), [(vec![0..1560], 1560..2730), (vec![1170..2730], 2730..3900)]);
}

#[test]
fn a_plan_that_does_not_fit_says_why() {
    let feed = swings(120);
    let why = |plan: WalkPlan| windows(&plan, &feed, &[]).unwrap_err();
    assert!(matches!(why(PLAN), WalkError::TooShort { units: 120, needed: 140, .. }));
    assert_eq!(why(WalkPlan { test: Length::Bars(0), ..PLAN }), WalkError::Empty);
    assert_eq!(why(WalkPlan { purge: Length::Bars(100), ..PLAN }), WalkError::Empty);
    assert_eq!(why(WalkPlan { test: Length::Sessions(2), ..PLAN }), WalkError::Mixed);
    assert_eq!("2000b".parse(), Ok(Length::Bars(2000)));
    assert_eq!("63d".parse(), Ok(Length::Sessions(63)));
    assert!("b".parse::<Length>().is_err());
}

fn walk(feed: &Feed, plan: &WalkPlan, grid: &[&str], threads: usize) -> WalkReport {
    walk_under(&BacktestConfig::for_feed(feed), feed, plan, grid, threads)
}

fn walk_under(
    config: &BacktestConfig,
    feed: &Feed,
    plan: &WalkPlan,
    grid: &[&str],
    threads: usize,
) -> WalkReport {
    let axes = grid.iter().map(|text| text.parse().unwrap()).collect();
    let space = Space::new(axes, Search::Grid).unwrap();
    let build = |params: &BTreeMap<String, String>| -> Result<Chosen, String> {
        strategies::build("sma-crossover", params, &feed.symbols).map_err(|error| error.to_string())
    };
    let (by, program) = (Objective::Sharpe, "one");
    let walk =
        Walk { config, feed, space: &space, build: &build, by, threads, program, words: None };
    let laid = windows(plan, feed, &config.calendar).unwrap();
    let mut ledger = Ledger::unkept();
    let walked = walk.run(&laid, &mut ledger, &mut |_| {}).unwrap();
    let subject = Subject {
        strategy: "sma-crossover".into(),
        symbols: vec!["SYN".into()],
        data_hash: feed.content_hash(),
        span: feed.span().unwrap(),
        rows: feed.data.len() as u64,
        models: Vec::new(),
    };
    let start = config.exchange.starting_cash.to_f64();
    judge_walk(subject, plan, by, start, &walked, &ledger)
}

const DAYS: WalkPlan = WalkPlan { train: Length::Sessions(10), test: Length::Sessions(5), ..PLAN };

#[test]
fn the_walk_is_the_same_on_any_number_of_threads() {
    let feed = swings(390 * 30);
    let grid = ["fast=5..15:5", "slow=20..40:10"];
    let one = walk(&feed, &DAYS, &grid, 1);
    assert_eq!(one.windows.len(), 4);
    assert_eq!(one.equity.len(), 20, "every session of every test, once");
    assert_eq!(walk(&feed, &DAYS, &grid, 3), one);
    assert!(one.windows.iter().all(|window| window.outside.trades > 0), "warm from the first bar");
}

/// The ranges are of more bars than a test has, so that they are those of before.
#[test]
fn entries_are_sized_by_what_was_known_before_the_test() {
    let feed = swings(390 * 30);
    let (risk, multiple) = ("0.01".parse().unwrap(), Percent::from_whole(200).unwrap());
    let bars = 390 * 6;
    let model = SizeModel::Atr { risk, multiple, bars };
    let mut config = BacktestConfig::for_feed(&feed);
    config.limits.scopes.sizing = vec![Some(Sizing { model, fractional: false })];
    let report = walk_under(&config, &feed, &DAYS, &["fast=5..15:5", "slow=20..40:10"], 1);
    let trades: Vec<u64> = report.windows.iter().map(|window| window.outside.trades).collect();
    assert!(trades.iter().all(|trades| *trades > 0), "{trades:?}");
}

/// After each close the price stands still for two hours, in bars that strategies do not see.
fn with_evenings(day: &Feed) -> Feed {
    let mut feed = day.clone();
    for hours in day.trading_days() {
        let last = day.data.iter().rfind(|datum| datum.time() == hours.close);
        let Some(MarketData::Bar(last)) = last else { continue };
        feed.data.extend((0..120).map(|minute| {
            let (open_time, price) = (hours.close.plus(Span::from_secs(60 * minute)), last.close);
            let (open, high, low, close) = (price, price, price, price);
            MarketData::Bar(Bar { open_time, open, high, low, close, ..*last })
        }));
    }
    feed.data.sort_by_key(MarketData::time);
    feed
}

#[test]
fn a_test_is_warm_by_bars_that_strategies_see() {
    let day = swings(390 * 30);
    let feed = with_evenings(&day);
    assert!(feed.data.len() > day.data.len() + 120 * 28);
    let outside = |feed: &Feed| -> Vec<_> {
        let report = walk(feed, &DAYS, &["fast=10", "slow=200"], 1);
        report.windows.iter().map(|window| window.outside.total_return).collect()
    };
    assert_eq!(outside(&feed), outside(&day));
}

#[test]
fn a_choice_depends_on_nothing_that_comes_after_its_sample() {
    let feed = swings(390 * 30);
    let grid = ["fast=5..15:5", "slow=20..40:10"];
    let whole = walk(&feed, &DAYS, &grid, 2);
    // Another future from the second test on.
    let mut other = feed.clone();
    let from = 390 * 15;
    let later: Vec<_> = other.data[from..].iter().rev().copied().collect();
    for (row, source) in (from..).zip(later) {
        if let (MarketData::Bar(bar), MarketData::Bar(price)) = (&mut other.data[row], source) {
            (bar.open, bar.high, bar.low, bar.close) =
                (price.open, price.high, price.low, price.close);
        }
    }
    let changed = walk(&other, &DAYS, &grid, 2);
    assert_eq!(changed.windows[0], whole.windows[0]);
    assert_eq!(changed.windows[1].params, whole.windows[1].params);
    assert_eq!(changed.windows[1].inside, whole.windows[1].inside);
    assert_ne!(changed.windows[1].outside, whole.windows[1].outside);
}

#[test]
fn the_stitched_equity_is_the_product_of_the_tests() {
    let feed = swings(390 * 30);
    let report = walk(&feed, &DAYS, &["fast=5..15:5"], 2);
    let returns = report.windows.iter().map(|window| window.outside.total_return.unwrap());
    let product: f64 = returns.map(|earned| 1.0 + earned).product();
    assert!((product - 1.0 - report.total_return).abs() < 1e-12);
    assert!((report.equity.last().unwrap().1 - product).abs() < 1e-12);
}

/// Nobody chose the tests, but everything that was tried on the samples counts against them.
#[test]
fn what_the_tests_earned_is_judged_by_every_trial_before_it() {
    let feed = swings(390 * 80);
    let plan = WalkPlan { train: Length::Sessions(40), test: Length::Sessions(20), ..PLAN };
    let report = walk(&feed, &plan, &["fast=5..15:5", "slow=20..40:10"], 2);
    assert_eq!((report.windows.len(), report.luck.trials), (2, 18));
    let luck = &report.luck;
    let value = |figure: &backtest::sweep::Figure| figure.value.unwrap();
    assert!(value(&luck.expected_highest_sharpe) > 0.0, "{luck:?}");
    assert!(value(&luck.deflated_sharpe) < value(&luck.probabilistic_sharpe), "{luck:?}");
    assert!((0.0..=1.0).contains(&value(&luck.overfitting)), "{luck:?}");
    assert!(report.verdict.contains("of the 18 trials before it"), "{}", report.verdict);

    let short = walk(&feed, &DAYS, &["fast=5..15:5"], 2);
    assert_eq!(short.luck.overfitting.value, None, "its samples are too short for blocks");
    assert!(short.luck.overfitting.reason.is_some());
}
