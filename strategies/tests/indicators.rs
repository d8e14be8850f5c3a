//! The laws of indicators, for every one of the registry: no value before one is due, no drift, a
//! reset indicator is a new one, a split leaves no step, and what has bounds stays within them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "common/candles.rs"]
mod candles;

use candles::{candle, candles};
use kernel::Ratio;
use proptest::prelude::*;
use std::collections::BTreeMap;
use strategies::indicator::{
    AnyIndicator, Candle, Entry, Indicator, Period, Rsi, Sample, Sma, Unit, Values, build, registry,
};

fn sample(value: f64) -> Sample {
    Sample::new(value).unwrap()
}

fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// Of its registry's defaults, but with windows that a short series fills.
fn made(entry: &Entry) -> AnyIndicator {
    let given = entry.params.iter().filter(|param| param.unit == "bars").map(|param| {
        let bars: usize = param.default.parse().unwrap();
        (param.name.to_owned(), bars.div_ceil(3).max(2).to_string())
    });
    entry.create(&given.collect()).unwrap().0
}

fn near(found: Option<Values>, expected: Option<Values>, tolerance: f64) -> bool {
    let (Some(found), Some(expected)) = (found, expected) else { return found == expected };
    let pairs = found.as_slice().iter().zip(expected.as_slice());
    pairs.into_iter().all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0))
}

#[test]
fn the_registry_is_in_the_order_of_names_and_says_what_there_is_to_say() {
    for pair in registry().windows(2) {
        assert!(pair[0].name < pair[1].name, "{} is not before {}", pair[0].name, pair[1].name);
    }
    for entry in registry() {
        assert!(entry.summary.ends_with('.') && !entry.source.is_empty(), "{}", entry.name);
        assert!(!entry.inputs.is_empty() && !entry.outputs.is_empty(), "{}", entry.name);
        for param in entry.params {
            assert!(param.doc.ends_with('.'), "{} {}", entry.name, param.name);
        }
    }
}

#[test]
fn the_first_value_comes_when_it_is_said_to() {
    for entry in registry() {
        let mut indicator = build(entry.name, &BTreeMap::new()).unwrap();
        let due = indicator.warmup();
        for minute in 0..due + 20 {
            let close = 100.0 + (minute as f64 * 0.7).sin();
            indicator.update(&candle(minute, [close + 0.3, close - 0.2, close, 100.0]));
            let values = indicator.values();
            assert_eq!(values.is_some(), minute + 1 >= due, "{} on bar {minute}", entry.name);
            let count = values.map(|values| values.as_slice().len());
            assert!(count.is_none_or(|count| count == entry.outputs.len()), "{}", entry.name);
        }
    }
}

#[test]
fn mistakes_are_sentences() {
    let said = |name: &str, given: &[(&str, &str)]| match build(name, &params(given)) {
        Ok(_) => panic!("{name} was made from {given:?}"),
        Err(error) => error.to_string(),
    };
    assert!(said("rsii", &[]).starts_with(
        "there is no indicator \"rsii\" (did you mean rsi?): choose one of ad, adx, aroon"
    ));
    assert_eq!(
        said("rsi", &[("period", "0"), ("fast", "2")]),
        "indicator rsi: there is no parameter fast: it has period\n\
         indicator rsi: period = 0 is out of range: give 1 to 100000 bars"
    );
}

#[test]
fn nothing_that_is_no_number_gets_in() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -1e101] {
        assert!(Sample::new(value).is_err(), "{value}");
    }
}

#[test]
fn index_of_a_market_that_never_moved_has_no_value() {
    let mut rsi = Rsi::new(Period::new(3).unwrap());
    for _ in 0..100 {
        rsi.update(sample(42.0));
        assert_eq!(rsi.value(), None);
    }
}

/// After a million bars of a wild market, and then some of a quiet one, it says what one says that
/// has seen the quiet ones alone; for what looks back on a window.
#[test]
fn running_sums_do_not_drift() {
    let windows = [
        "bollinger",
        "cci",
        "cmf",
        "linear-regression",
        "mfi",
        "slope",
        "sma",
        "stddev",
        "stochastic",
        "wma",
        "z-score",
    ];
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f64 / (1 << 24) as f64
    };
    let wild: Vec<Candle> = (0..1_000_000)
        .map(|minute| {
            let low = 50_000.0 + 10_000.0 * random();
            let (range, place) = (500.0 * random(), random());
            candle(minute, [low + range, low, low + range * place, 1e9 * random()])
        })
        .collect();
    for name in windows {
        let (mut old, mut new) = (made_of(name), made_of(name));
        wild.iter().for_each(|bar| old.update(bar));
        for minute in 0..2_000_usize {
            let close = 2.0 + 0.001 * (minute % 7) as f64;
            let bar = candle(minute, [close + 0.004, close - 0.003, close, 10.0]);
            old.update(&bar);
            new.update(&bar);
        }
        let (old, new) = (old.values(), new.values());
        assert!(new.is_some() && near(old, new, 1e-9), "{name}: {old:?} is not {new:?}");
    }
}

fn made_of(name: &str) -> AnyIndicator {
    build(name, &BTreeMap::new()).unwrap()
}

#[test]
fn long_windows_are_renewed_as_well() {
    let mut sma = Sma::new(Period::new(3_000).unwrap());
    for place in 0..20_000 {
        sma.update(sample(f64::from(place)));
        let mean = f64::from(place) - 1_499.5;
        let expected = (place >= 2_999).then_some(mean);
        assert_eq!(sma.value(), expected, "sample {place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reset_forgets_everything(before in candles(0..150), after in candles(1..150)) {
        for entry in registry() {
            let (mut used, mut new) = (made(entry), made(entry));
            before.iter().for_each(|bar| used.update(bar));
            used.reset();
            prop_assert_eq!(used.warmup(), new.warmup(), "{}", entry.name);
            for bar in &after {
                used.update(bar);
                new.update(bar);
                prop_assert_eq!(used.values(), new.values(), "{}", entry.name);
            }
        }
    }

    #[test]
    fn what_has_bounds_stays_within(bars in candles(1..200)) {
        for entry in registry() {
            let mut indicator = made(entry);
            for bar in &bars {
                indicator.update(bar);
                let Some(values) = indicator.values() else { continue };
                for (output, value) in entry.outputs.iter().zip(values.as_slice()) {
                    prop_assert!(value.is_finite(), "{} {}", entry.name, output.name);
                    let Some((least, most)) = output.range else { continue };
                    let inside = (least - 1e-9..=most + 1e-9).contains(value);
                    prop_assert!(inside, "{} {} says {value}", entry.name, output.name);
                }
            }
        }
    }

    /// Bars in old shares and a split give what bars in new shares alone would have given.
    #[test]
    fn a_split_leaves_no_step(
        bars in candles(60..120),
        at in 0_usize..60,
        new in 0_u32..4,
        old in 0_u32..4,
    ) {
        // Powers of two round nothing: what ties before a split ties after it.
        let (new, old) = (1_u64 << new, 1_u64 << old);
        let ratio = Ratio::new(new, old).unwrap();
        let factor = old as f64 / new as f64;
        for entry in registry() {
            let (mut split, mut plain) = (made(entry), made(entry));
            for (row, bar) in bars.iter().enumerate() {
                let price = |sample: Sample| sample.get() * factor;
                let after = candle(
                    row,
                    [price(bar.high), price(bar.low), price(bar.close), bar.volume.get() / factor],
                );
                if row == at {
                    split.rebase(ratio);
                    let (found, expected) = (split.values(), plain.values());
                    prop_assert!(near(found, expected, 1e-7), "{}: {found:?} {expected:?}", entry.name);
                }
                split.update(if row < at { bar } else { &after });
                plain.update(&after);
                if row >= at {
                    let (found, expected) = (split.values(), plain.values());
                    prop_assert!(near(found, expected, 1e-7), "{}: {found:?} {expected:?}", entry.name);
                }
            }
        }
    }

    /// Prices in another currency: what is in the unit of prices follows, the rest stays.
    #[test]
    fn only_prices_depend_on_the_unit_of_prices(bars in candles(60..120)) {
        for entry in registry() {
            let (mut small, mut large) = (made(entry), made(entry));
            for (row, bar) in bars.iter().enumerate() {
                let price = |sample: Sample| sample.get() * 8.0;
                small.update(bar);
                let scaled = [price(bar.high), price(bar.low), price(bar.close), bar.volume.get()];
                large.update(&Candle { open_time: bar.open_time, ..candle(row, scaled) });
            }
            let (Some(small), Some(large)) = (small.values(), large.values()) else { continue };
            for (place, output) in entry.outputs.iter().enumerate() {
                let factor = if output.unit == Unit::Price { 8.0 } else { 1.0 };
                let (expected, found) = (small.as_slice()[place] * factor, large.as_slice()[place]);
                let same = (found - expected).abs() <= 1e-7 * expected.abs().max(1.0);
                prop_assert!(same, "{} {}: {found} for {expected}", entry.name, output.name);
            }
        }
    }
}

/// The generator of the return series that many systems were run on: 31 bits, and twelve of its
/// numbers for a normal one.
fn normal(state: &mut u64) -> f64 {
    let uniform = |_| {
        *state = (1_103_515_245 * *state + 12_345) % (1 << 31);
        *state as f64 / (1_u64 << 31) as f64
    };
    (0..12).map(uniform).sum::<f64>() - 6.0
}

/// Wilder's smoothing from a simple mean; the crate ta says 81.7814261994017 of the same series.
#[test]
fn rsi_of_the_golden_series() {
    let (mut state, mut equity) = (42, 100_000.0);
    let mut rsi = Rsi::new(Period::new(14).unwrap());
    rsi.update(sample(equity / 1000.0));
    for _ in 0..504 {
        let market = 0.0003 + 0.008 * normal(&mut state);
        equity *= 1.0 + 0.0002 + 0.6 * market + 0.007 * normal(&mut state);
        rsi.update(sample(equity / 1000.0));
    }
    assert!((equity - 106_733.248_201_759_52).abs() < 1e-6, "the series: {equity}");
    let value = rsi.value().unwrap();
    assert!((value - 70.536_052_840_368_8).abs() < 1e-9, "{value}");
}
