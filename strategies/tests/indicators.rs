//! Indicators against TA-Lib, and their own laws: no value before one is due, no drift, and a
//! reset indicator is a new one.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use kernel::Ratio;
use proptest::prelude::*;
use strategies::indicator::{Bollinger, Ema, Macd, Period, Rsi, Sample, Sma};

const GOLDEN: &str = include_str!("golden/talib.csv");

fn period(samples: usize) -> Period {
    Period::new(samples).unwrap()
}

fn sample(value: f64) -> Sample {
    Sample::new(value).unwrap()
}

fn column(name: &str) -> Vec<Option<f64>> {
    let mut lines = GOLDEN.lines();
    let at = lines.next().unwrap().split(',').position(|column| column == name).unwrap();
    lines.map(|line| line.split(',').nth(at).unwrap().parse().ok()).collect()
}

/// Feeds the closes and compares every value, the missing ones included.
fn check(name: &str, mut next: impl FnMut(Sample) -> Option<f64>) {
    let closes = column("close");
    for (row, (close, expected)) in closes.into_iter().zip(column(name)).enumerate() {
        let found = next(sample(close.unwrap()));
        let agree = match (found, expected) {
            (Some(found), Some(expected)) => {
                (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
            }
            (found, expected) => found == expected,
        };
        assert!(agree, "{name}, row {row}: {found:?} where TA-Lib says {expected:?}");
    }
}

#[test]
fn simple_average_equals_talib() {
    for (name, length) in [("sma_5", 5), ("sma_30", 30)] {
        let mut sma = Sma::new(period(length));
        check(name, |close| {
            sma.update(close);
            sma.value()
        });
    }
}

#[test]
fn exponential_average_equals_talib() {
    let mut ema = Ema::new(period(20));
    check("ema_20", |close| {
        ema.update(close);
        ema.value()
    });
}

#[test]
fn relative_strength_equals_talib() {
    for (name, length) in [("rsi_2", 2), ("rsi_14", 14)] {
        let mut rsi = Rsi::new(period(length));
        check(name, |close| {
            rsi.update(close);
            rsi.value()
        });
    }
}

#[test]
fn macd_equals_talib() {
    let columns = ["macd_line", "macd_signal", "macd_histogram"];
    for (place, name) in columns.into_iter().enumerate() {
        let mut macd = Macd::new(period(12), period(26), period(9));
        check(name, |close| {
            macd.update(close);
            macd.value().map(|value| [value.line, value.signal, value.histogram][place])
        });
    }
}

#[test]
fn bollinger_bands_equal_talib() {
    let columns = ["bollinger_lower", "bollinger_middle", "bollinger_upper"];
    for (place, name) in columns.into_iter().enumerate() {
        let mut bollinger = Bollinger::new(period(20), 2.0);
        check(name, |close| {
            bollinger.update(close);
            bollinger.value().map(|bands| [bands.lower, bands.middle, bands.upper][place])
        });
    }
}

#[test]
fn nothing_that_is_no_number_gets_in() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -1e101] {
        assert!(Sample::new(value).is_err(), "{value}");
    }
}

#[test]
fn index_of_a_market_that_never_moved_has_no_value() {
    let mut rsi = Rsi::new(period(3));
    for _ in 0..100 {
        rsi.update(sample(42.0));
        assert_eq!(rsi.value(), None);
    }
}

#[test]
fn running_sums_do_not_drift() {
    let (mut sma, mut bollinger) = (Sma::new(period(20)), Bollinger::new(period(20), 2.0));
    let mut state = 1_u64;
    for _ in 0..1_000_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let close = sample(50_000.0 + (state >> 40) as f64 / (1 << 24) as f64 * 10_000.0);
        sma.update(close);
        bollinger.update(close);
    }
    for _ in 0..2_000 {
        sma.update(sample(55_555.55));
        bollinger.update(sample(55_555.55));
    }
    let bands = bollinger.value().unwrap();
    assert!((sma.value().unwrap() - 55_555.55).abs() < 1e-10);
    assert!(bands.upper - bands.lower < 1e-6, "{bands:?} of a constant series");
}

#[test]
fn long_windows_are_renewed_as_well() {
    let mut sma = Sma::new(period(3_000));
    for place in 0..20_000 {
        sma.update(sample(f64::from(place)));
        let mean = f64::from(place) - 1_499.5;
        let expected = (place >= 2_999).then_some(mean);
        assert_eq!(sma.value(), expected, "sample {place}");
    }
}

proptest! {
    #[test]
    fn windows_equal_the_plain_formula(
        closes in prop::collection::vec(0.01..1e5_f64, 1..2_500),
        length in 1_usize..60,
    ) {
        let (mut sma, mut bollinger) = (Sma::new(period(length)), Bollinger::new(period(length), 1.0));
        for (place, close) in closes.iter().enumerate() {
            sma.update(sample(*close));
            bollinger.update(sample(*close));
            let Some(from) = (place + 1).checked_sub(length) else {
                prop_assert_eq!((sma.value(), bollinger.value()), (None, None));
                continue;
            };
            let window = &closes[from..=place];
            let mean = window.iter().sum::<f64>() / length as f64;
            let variance = window.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / length as f64;
            let bands = bollinger.value().unwrap();
            prop_assert!((sma.value().unwrap() - mean).abs() < 1e-6);
            prop_assert!((bands.middle - mean).abs() < 1e-6);
            // The variance is exact to about 1e-6 of a squared price of 1e5.
            prop_assert!(((bands.upper - bands.middle).powi(2) - variance).abs() < 1e-2);
        }
    }

    #[test]
    fn reset_forgets_everything(
        before in prop::collection::vec(0.01..1e5_f64, 0..200),
        after in prop::collection::vec(0.01..1e5_f64, 1..100),
    ) {
        let build = || (
            Sma::new(period(7)),
            Ema::new(period(7)),
            Rsi::new(period(7)),
            Macd::new(period(3), period(7), period(4)),
            Bollinger::new(period(7), 2.0),
        );
        let (mut used, mut new) = (build(), build());
        for close in before {
            used.0.update(sample(close));
            used.1.update(sample(close));
            used.2.update(sample(close));
            used.3.update(sample(close));
            used.4.update(sample(close));
        }
        used.0.reset();
        used.1.reset();
        used.2.reset();
        used.3.reset();
        used.4.reset();
        for close in after {
            for set in [&mut used, &mut new] {
                set.0.update(sample(close));
                set.1.update(sample(close));
                set.2.update(sample(close));
                set.3.update(sample(close));
                set.4.update(sample(close));
            }
            prop_assert_eq!(used.0.value(), new.0.value());
            prop_assert_eq!(used.1.value(), new.1.value());
            prop_assert_eq!(used.2.value(), new.2.value());
            prop_assert_eq!(used.3.value(), new.3.value());
            prop_assert_eq!(used.4.value(), new.4.value());
        }
    }

    #[test]
    fn index_stays_between_its_bounds(closes in prop::collection::vec(0.01..1e9_f64, 1..200)) {
        let mut rsi = Rsi::new(period(5));
        for close in closes {
            rsi.update(sample(close));
            prop_assert!(rsi.value().is_none_or(|value| (0.0..=100.0).contains(&value)));
        }
    }
}

proptest! {
    /// Old prices rebased and new prices after them give what new prices alone would have given.
    #[test]
    fn a_split_leaves_no_step_in_any_indicator(
        closes in prop::collection::vec(1.0_f64..1000.0, 60),
        at in 0_usize..60,
        new in 1_u64..20,
        old in 1_u64..20,
    ) {
        let ratio = Ratio::new(new, old).unwrap();
        let factor = old as f64 / new as f64;
        let (p, near) = (period(7), |a: f64, b: f64| (a - b).abs() <= 1e-7 * b.abs().max(1.0));
        let (mut sma, mut ema) = ([Sma::new(p), Sma::new(p)], [Ema::new(p), Ema::new(p)]);
        let mut rsi = [Rsi::new(p), Rsi::new(p)];
        let macd = || Macd::new(period(3), p, period(4));
        let (mut macd, mut bands) = ([macd(), macd()], [Bollinger::new(p, 2.0), Bollinger::new(p, 2.0)]);
        for (row, close) in closes.iter().enumerate() {
            if row == at {
                sma[0].rebase(ratio);
                ema[0].rebase(ratio);
                rsi[0].rebase(ratio);
                macd[0].rebase(ratio);
                bands[0].rebase(ratio);
            }
            let split = close * factor;
            for (one, close) in [if row < at { *close } else { split }, split].into_iter().enumerate() {
                sma[one].update(sample(close));
                ema[one].update(sample(close));
                rsi[one].update(sample(close));
                macd[one].update(sample(close));
                bands[one].update(sample(close));
            }
            if row < at {
                continue;
            }
            let pairs = [
                (sma[0].value(), sma[1].value()),
                (ema[0].value(), ema[1].value()),
                (rsi[0].value(), rsi[1].value()),
                (macd[0].value().map(|it| it.signal), macd[1].value().map(|it| it.signal)),
                (bands[0].value().map(|it| it.upper), bands[1].value().map(|it| it.upper)),
            ];
            for (found, expected) in pairs {
                let same = found.zip(expected).is_some_and(|(one, two)| near(one, two));
                prop_assert!(same || found == expected, "{found:?} where {expected:?} was due");
            }
        }
    }
}
