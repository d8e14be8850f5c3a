//! The synthetic market: laws of every bar, and statistics it is made to have.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use kernel::{Bar, MarketData, Symbols, Timestamp};
use marketdata::calendar::{self, Date};
use marketdata::{Generator, SyntheticConfig};
use proptest::prelude::*;

fn config(seed: u64, symbols: &[&str], extended: bool) -> SyntheticConfig {
    SyntheticConfig {
        seed,
        symbols: Symbols::new(symbols).unwrap(),
        start: "2024-06-28".parse().unwrap(),
        extended,
    }
}

fn bars(generator: Generator, steps: usize) -> Vec<Bar> {
    let data = generator.take(steps).flatten();
    data.map(|datum| match datum {
        MarketData::Bar(bar) => bar,
        MarketData::Quote(_) | MarketData::Trade(_) => panic!("the generator makes bars"),
    })
    .collect()
}

fn one_symbol(seed: u64, days: usize) -> Vec<Bar> {
    bars(Generator::new(&config(seed, &["AAA"], false)), days * 390)
}

/// The sessions of usual length among so many days, each of 390 bars.
fn full_days(seed: u64, days: usize) -> Vec<Vec<Bar>> {
    let bars = one_symbol(seed, days);
    let sessions = bars.chunk_by(|one, next| one.end_time() == next.open_time);
    sessions.filter(|session| session.len() == 390).map(<[Bar]>::to_vec).collect()
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count() as f64
}

fn change(bar: &Bar) -> f64 {
    bar.close.to_f64() / bar.open.to_f64() - 1.0
}

#[test]
fn same_seed_same_data_and_another_seed_another() {
    let run = |seed| bars(Generator::new(&config(seed, &["AAA", "BBB"], false)), 500);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn the_numbers_are_those_of_every_machine() {
    let bars = one_symbol(1, 20);
    let last = bars.last().unwrap();
    let text = format!("{} {} {} {} {}", last.open, last.high, last.low, last.close, last.volume);
    assert_eq!(text, "165.41 165.41 165.3 165.3 7716");
}

#[test]
fn a_longer_run_begins_like_a_shorter_one() {
    let generator = Generator::new(&config(7, &["AAA", "BBB"], true));
    let long: Vec<_> = generator.clone().take(3000).collect();
    let resumed: Vec<_> = generator.clone().skip(1000).take(2000).collect();
    assert_eq!(long[1000..], resumed[..]);
}

#[test]
fn another_symbol_beside_it_changes_nothing() {
    let alone = one_symbol(3, 2);
    let both = bars(Generator::new(&config(3, &["AAA", "BBB"], false)), 2 * 390);
    let same: Vec<Bar> = both.into_iter().filter(|bar| bar.symbol == alone[0].symbol).collect();
    assert_eq!(alone, same);
}

#[test]
fn bars_lie_in_the_sessions_of_the_calendar_only() {
    // 2024-07-03 closes early, 2024-07-04 is a holiday.
    let (from, to): (Date, Date) = ("2024-06-28".parse().unwrap(), "2024-07-08".parse().unwrap());
    let days = calendar::trading_days(from, to);
    let minutes =
        |from: Timestamp, to: Timestamp| (to.since(from).nanos() / 60_000_000_000) as usize;
    let expected: usize = days.iter().map(|day| minutes(day.open, day.close)).sum();
    assert_eq!(expected, 5 * 390 + 210);
    let bars = bars(Generator::new(&config(1, &["AAA"], false)), expected);
    for bar in &bars {
        let inside =
            |day: &&kernel::TradingDay| day.open <= bar.open_time && bar.end_time() <= day.close;
        assert_eq!(days.iter().filter(inside).count(), 1, "{}", bar.open_time);
    }
}

#[test]
fn extended_hours_have_bars_in_some_minutes() {
    let day =
        calendar::trading_days("2024-06-28".parse().unwrap(), "2024-06-28".parse().unwrap())[0];
    let bars = bars(Generator::new(&config(1, &["AAA"], true)), 650);
    let today = bars.iter().filter(|bar| bar.open_time < day.extended_close);
    let early = today.clone().filter(|bar| bar.open_time < day.open).count();
    let late = today.filter(|bar| day.close <= bar.open_time).count();
    assert!((120..=210).contains(&early), "{early} of 330 minutes");
    assert!((80..=160).contains(&late), "{late} of 240 minutes");
}

#[test]
fn volatility_clusters_while_returns_do_not() {
    let days = full_days(11, 250);
    // The shape of the day is taken out by comparing each minute with its mean over the days.
    let shape: Vec<f64> =
        (0..390).map(|minute| mean(days.iter().map(|day| change(&day[minute]).abs()))).collect();
    let sizes: Vec<f64> = days
        .iter()
        .flat_map(|day| day.iter().zip(&shape).map(|(bar, usual)| change(bar).abs() / usual))
        .collect();
    assert!(autocorrelation(&sizes, 1) > 0.1, "lag 1: {}", autocorrelation(&sizes, 1));
    assert!(autocorrelation(&sizes, 20) > 0.05, "lag 20: {}", autocorrelation(&sizes, 20));
    let returns: Vec<f64> = days.iter().flatten().map(change).collect();
    assert!(autocorrelation(&returns, 1).abs() < 0.08, "{}", autocorrelation(&returns, 1));
}

fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let mean = mean(values.iter().copied());
    let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let pairs = values.iter().zip(&values[lag..]);
    pairs.map(|(one, other)| (one - mean) * (other - mean)).sum::<f64>() / variance
}

#[test]
fn the_day_has_a_u_shape_in_volume_and_volatility() {
    let days = full_days(5, 250);
    for value in [|bar: &Bar| bar.volume.to_f64(), |bar: &Bar| change(bar).abs()] {
        let of = |minutes: std::ops::Range<usize>| {
            mean(days.iter().flat_map(|day| day[minutes.clone()].iter().map(value)))
        };
        let (open, noon, close) = (of(0..30), of(180..210), of(360..390));
        assert!(open > 1.5 * noon && close > 1.5 * noon, "{open} {noon} {close}");
    }
}

#[test]
fn nights_have_gaps() {
    let days = full_days(2, 250);
    let gap = |before: &Bar, after: &Bar| (after.open.to_f64() / before.close.to_f64() - 1.0).abs();
    let minutes = days.iter().flat_map(|day| day.windows(2).map(|pair| gap(&pair[0], &pair[1])));
    let nights = days.windows(2).map(|pair| gap(&pair[0][389], &pair[1][0]));
    let (night, minute) = (mean(nights), mean(minutes));
    assert!(night > 20.0 * minute, "{night} against {minute}");
}

#[test]
fn a_long_run_neither_explodes_nor_vanishes() {
    for seed in 0..5 {
        let closes: Vec<f64> =
            one_symbol(seed, 252 * 3).iter().map(|bar| bar.close.to_f64()).collect();
        let first = closes[0];
        let last = closes[closes.len() - 1];
        assert!((0.2..5.0).contains(&(last / first)), "seed {seed}: {first} to {last}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_bar_is_a_bar(seed: u64, extended: bool) {
        let mut before = None;
        for bar in bars(Generator::new(&config(seed, &["AAA"], extended)), 400) {
            prop_assert_eq!(MarketData::Bar(bar).check(), Ok(()));
            for price in [bar.open, bar.high, bar.low, bar.close] {
                prop_assert_eq!(price.nanos() % 10_000_000, 0);
            }
            prop_assert!(bar.volume.nanos() >= 1_000_000_000 && bar.volume.nanos() % 1_000_000_000 == 0);
            prop_assert!(before < Some(bar.open_time));
            before = Some(bar.open_time);
        }
    }
}
