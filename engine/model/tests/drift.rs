//! Drift: what has moved is found, and what has not is left alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use kernel::{Bar, MarketData, Price, Symbols, Timestamp};
use marketdata::calendar::Date;
use marketdata::{Generator, SyntheticConfig};
use model::Trend;
use model::card::{Asked, Outcome};
use model::drift::{Drift, Limits, Monitor, Reference, Watch};
use model::folder::Model;
use proptest::prelude::*;
use std::sync::Arc;

const NAMES: [&str; 1] = ["x"];

fn limits() -> Limits {
    Limits { judged: 100, ..Limits::default() }
}

/// A value between 0 and 1 for each place, without order and the same every time.
fn spread(place: u32) -> f64 {
    f64::from(place.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX)
}

/// Of one column of values between 0 and 1, and predictions of which seven in ten came true.
fn reference() -> Reference {
    let rows: Vec<[f64; 1]> = (0..1600).map(|place| [spread(place)]).collect();
    let outcomes: Vec<Outcome> = (0..1000).map(|place| outcome(place % 10 < 7)).collect();
    Reference::new(1, rows.iter().map(|row| row.as_slice()), &outcomes)
}

fn outcome(is_right: bool) -> Outcome {
    let came = if is_right { Trend::Up } else { Trend::Down };
    Outcome::new([0.2, 0.1, 0.7], came, 0.0, Asked { series: 0, time: Timestamp::MIN })
}

fn findings(monitor: &Monitor) -> Vec<Drift> {
    monitor.findings(&NAMES.map(String::from))
}

proptest! {
    /// A shift by half of the width is found, wherever the rows are from; none is not.
    #[test]
    fn a_shift_is_found_and_none_is_not(from in 0_u32..1_000_000) {
        let mut same = Monitor::new(reference(), limits());
        let mut other = same.clone();
        for place in from..from + 400 {
            same.see(&[spread(place)]);
            other.see(&[spread(place) + 0.5]);
        }
        prop_assert_eq!(findings(&same), Vec::new());
        let found = findings(&other);
        let Drift::Feature { column, moved, .. } = &found[0] else { panic!("{found:?}") };
        prop_assert_eq!(column, "x");
        prop_assert!(moved.psi > 1.0 && (moved.ks - 0.5).abs() < 0.05);
        // What comes later takes its place.
        for place in from..from + 400 {
            other.see(&[spread(place)]);
        }
        prop_assert_eq!(findings(&other), Vec::new());
    }
}

#[test]
fn figures_worked_by_hand() {
    // Ten groups of a tenth; what comes lies in the lower 49 hundredths alone, evenly.
    let mut monitor = Monitor::new(reference(), limits());
    (0..400).for_each(|place| monitor.see(&[spread(place) * 0.49]));
    let column = monitor.report().columns[0];
    let change = |share: f64| (share - 0.1) * (share / 0.1).ln();
    // Four groups have a tenth of 49, one has what is left, and five nothing, which counts as 0.0001.
    let psi = 4.0 * change(0.1 / 0.49) + change(0.09 / 0.49) + 5.0 * change(1e-4);
    assert!((column.psi - psi).abs() < 0.05, "{} {psi}", column.psi);
    assert!((column.ks - 0.51).abs() < 0.02, "{}", column.ks);
}

#[test]
fn a_column_of_few_values_is_compared_by_their_shares() {
    let rows: Vec<[f64; 1]> = (0..1600).map(|place| [f64::from(place % 2)]).collect();
    let rows = || rows.iter().map(|row| row.as_slice());
    let mut monitor = Monitor::new(Reference::new(1, rows(), &[]), limits());
    rows().take(400).for_each(|row| monitor.see(row));
    assert_eq!(findings(&monitor), Vec::new());
    (0..400).for_each(|_| monitor.see(&[1.0]));
    let report = monitor.report();
    assert!((report.columns[0].ks - 0.5).abs() < 1e-9);
}

#[test]
fn errors_that_grow_and_predictions_that_fail_are_found() {
    let mut monitor = Monitor::new(reference(), limits());
    (0..1000).for_each(|place| monitor.judge(&outcome(place % 10 < 7)));
    assert_eq!(findings(&monitor), Vec::new(), "they come true as often as before");
    (0..100).for_each(|place| monitor.judge(&outcome(place % 10 < 4)));
    let found = findings(&monitor);
    assert!(matches!(found[0], Drift::Residual { value, .. } if value > 10.0), "{found:?}");
    let Drift::Accuracy { value, limit, of } = found[1] else { panic!("{found:?}") };
    assert_eq!((value, of), (0.4, 100));
    // 0.7 less three times the root of 0.7 * 0.3 / 100.
    assert!((limit - (0.7 - 3.0 * 0.0021_f64.sqrt())).abs() < 1e-9);
}

#[test]
fn while_there_is_too_little_nothing_is_said() {
    let mut monitor = Monitor::new(reference(), limits());
    (0..399).for_each(|_| monitor.see(&[7.0]));
    (0..99).for_each(|_| monitor.judge(&outcome(true)));
    assert_eq!(findings(&monitor), Vec::new());
    assert_eq!(monitor.report().accuracy, None);
    monitor.see(&[7.0]);
    assert_eq!(findings(&monitor).len(), 1);
}

/// Where rows stray within training, as far is usual afterwards.
#[test]
fn what_strays_in_training_may_stray_as_far_later() {
    // Four hundred rows in a row lie in one half or the other.
    let halves = |place: u32| spread(place) / 2.0 + f64::from(place / 400 % 2) / 2.0;
    let rows: Vec<[f64; 1]> = (0..1600).map(|place| [halves(place)]).collect();
    let reference = Reference::new(1, rows.iter().map(|row| row.as_slice()), &[]);
    assert!((reference.columns[0].strayed.ks - 0.5).abs() < 0.02);
    let mut monitor = Monitor::new(reference, limits());
    (5000..5400).for_each(|place| monitor.see(&[spread(place) / 2.0]));
    assert_eq!(findings(&monitor), Vec::new());
    (5000..5400).for_each(|place| monitor.see(&[spread(place) + 2.0]));
    assert!(!findings(&monitor).is_empty());
}

/// Generated bars; their prices move so many times as far.
fn bars(seed: u64, times: f64) -> Vec<Bar> {
    let symbols = Symbols::new(["SYNA"]).unwrap();
    let start = Date::constant(2024, 6, 3);
    let config = SyntheticConfig { seed, symbols, start, extended: false };
    let steps = Generator::new(&config).take(3_000).flatten();
    let bars = steps.filter_map(|datum| match datum {
        MarketData::Bar(bar) => Some(bar),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    });
    let bars: Vec<Bar> = bars.collect();
    let first = bars[0].open.to_f64();
    let moved = |price: Price| {
        let nanos = first * (price.to_f64() / first).powf(times) * 1e9;
        Price::from_nanos((nanos / 1e4).round() as i64 * 10_000)
    };
    let stretch = |bar: Bar| {
        let (open, close) = (moved(bar.open), moved(bar.close));
        Bar { open, high: moved(bar.high), low: moved(bar.low), close, ..bar }
    };
    bars.into_iter().map(stretch).collect()
}

/// The bundled model was trained on the synthetic market.
#[test]
fn a_model_is_at_home_in_its_market_and_not_in_one_that_moves_four_times_as_far() {
    let model = Arc::new(Model::bundled().unwrap());
    let names = model.pipeline().columns().to_vec();
    let watched = |bars: &[Bar]| {
        let mut watch = Watch::new(Arc::clone(&model), Limits::default());
        bars.iter().for_each(|bar| drop(watch.observe(bar).unwrap()));
        watch
    };
    for seed in 11..31 {
        let home = watched(&bars(seed, 1.0));
        let report = home.monitor().report();
        assert_eq!(report.columns.len(), names.len());
        assert_eq!(home.monitor().findings(&names), Vec::new(), "seed {seed}: {report:?}");
    }
    let away = watched(&bars(99, 4.0)).monitor().findings(&names);
    let is_of_range = |drift: &Drift| matches!(drift, Drift::Feature { column, .. } if column.starts_with("natr"));
    assert!(away.iter().any(is_of_range), "{away:?}");
}
