//! What looks back on a window says, bar for bar, what its formula says of that window alone.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "common/candles.rs"]
mod candles;

use candles::candles;
use proptest::prelude::*;
use std::collections::BTreeMap;
use strategies::indicator::{Candle, build};

/// The formula of an indicator: what it says of the last bars of a series, the longest first.
struct Naive {
    name: &'static str,
    /// Bars beyond its period that it needs.
    more: usize,
    formula: fn(&[Candle]) -> Option<Vec<f64>>,
}

fn closes(bars: &[Candle]) -> Vec<f64> {
    bars.iter().map(|bar| bar.close.get()).collect()
}

fn typicals(bars: &[Candle]) -> Vec<f64> {
    let typical = |bar: &Candle| (bar.high.get() + bar.low.get() + bar.close.get()) / 3.0;
    bars.iter().map(typical).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    (values.iter().map(|value| (value - middle).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

fn highest(bars: &[Candle]) -> f64 {
    bars.iter().map(|bar| bar.high.get()).fold(f64::MIN, f64::max)
}

fn lowest(bars: &[Candle]) -> f64 {
    bars.iter().map(|bar| bar.low.get()).fold(f64::MAX, f64::min)
}

/// Mean and slope of the line of least squares, by the textbook's sums of products.
fn line(values: &[f64]) -> (f64, f64) {
    let (middle, center) = (mean(values), (values.len() - 1) as f64 / 2.0);
    let offset = |place: usize| place as f64 - center;
    let over: f64 = values.iter().enumerate().map(|(at, it)| offset(at) * (it - middle)).sum();
    let under: f64 = (0..values.len()).map(|at| offset(at).powi(2)).sum();
    (middle, over / under)
}

fn flow(bar: &Candle) -> f64 {
    let (high, low, close) = (bar.high.get(), bar.low.get(), bar.close.get());
    if high > low {
        ((close - low) - (high - close)) / (high - low) * bar.volume.get()
    } else {
        0.0
    }
}

fn cci(bars: &[Candle]) -> Option<Vec<f64>> {
    let typicals = typicals(bars);
    let middle = mean(&typicals);
    let off = mean(&typicals.iter().map(|it| (it - middle).abs()).collect::<Vec<_>>());
    let last = typicals.last()?;
    Some(vec![if off > 1e-9 { (last - middle) / (0.015 * off) } else { 0.0 }])
}

fn mfi(bars: &[Candle]) -> Option<Vec<f64>> {
    let typicals = typicals(bars);
    let (mut up, mut down) = (0.0, 0.0);
    for (pair, bar) in typicals.windows(2).zip(&bars[1..]) {
        let money = pair[1] * bar.volume.get();
        if (pair[1] - pair[0]).abs() < 1e-9 {
            continue;
        }
        *(if pair[1] > pair[0] { &mut up } else { &mut down }) += money;
    }
    Some(vec![if up + down < 1.0 { 0.0 } else { 100.0 * up / (up + down) }])
}

fn aroon(bars: &[Candle]) -> Option<Vec<f64>> {
    let period = (bars.len() - 1) as f64;
    let (high, low) = (highest(bars), lowest(bars));
    let up = bars.iter().rposition(|bar| bar.high.get() == high)? as f64 / period * 100.0;
    let down = bars.iter().rposition(|bar| bar.low.get() == low)? as f64 / period * 100.0;
    Some(vec![up, down, up - down])
}

const FORMULAS: [Naive; 15] = [
    Naive { name: "sma", more: 0, formula: |bars| Some(vec![mean(&closes(bars))]) },
    Naive {
        name: "wma",
        more: 0,
        formula: |bars| {
            let weighted = closes(bars).into_iter().enumerate();
            let sum: f64 = weighted.map(|(place, close)| (place + 1) as f64 * close).sum();
            Some(vec![sum / (bars.len() * (bars.len() + 1) / 2) as f64])
        },
    },
    Naive { name: "stddev", more: 0, formula: |bars| Some(vec![deviation(&closes(bars))]) },
    Naive {
        name: "bollinger",
        more: 0,
        formula: |bars| {
            let (middle, off) = (mean(&closes(bars)), 2.0 * deviation(&closes(bars)));
            Some(vec![middle - off, middle, middle + off])
        },
    },
    Naive {
        name: "z-score",
        more: 0,
        formula: |bars| {
            let (closes, off) = (closes(bars), deviation(&closes(bars)));
            (off > 1e-6).then(|| vec![(closes[closes.len() - 1] - mean(&closes)) / off])
        },
    },
    Naive {
        name: "linear-regression",
        more: 0,
        formula: |bars| {
            let (middle, slope) = line(&closes(bars));
            Some(vec![middle + slope * (bars.len() - 1) as f64 / 2.0])
        },
    },
    Naive { name: "slope", more: 0, formula: |bars| Some(vec![line(&closes(bars)).1]) },
    Naive {
        name: "momentum",
        more: 1,
        formula: |bars| Some(vec![bars[bars.len() - 1].close.get() - bars[0].close.get()]),
    },
    Naive {
        name: "roc",
        more: 1,
        formula: |bars| {
            let (first, last) = (bars[0].close.get(), bars[bars.len() - 1].close.get());
            Some(vec![(last - first) / first * 100.0])
        },
    },
    Naive {
        name: "donchian",
        more: 0,
        formula: |bars| {
            let (low, high) = (lowest(bars), highest(bars));
            Some(vec![low, (low + high) / 2.0, high])
        },
    },
    Naive {
        name: "williams-r",
        more: 0,
        formula: |bars| {
            let (low, high) = (lowest(bars), highest(bars));
            let below = high - bars[bars.len() - 1].close.get();
            Some(vec![if high > low { -100.0 * below / (high - low) } else { 0.0 }])
        },
    },
    Naive { name: "aroon", more: 1, formula: aroon },
    Naive { name: "cci", more: 0, formula: cci },
    Naive { name: "mfi", more: 1, formula: mfi },
    Naive {
        name: "cmf",
        more: 0,
        formula: |bars| {
            let volume: f64 = bars.iter().map(|bar| bar.volume.get()).sum();
            (volume > 0.0).then(|| vec![bars.iter().map(flow).sum::<f64>() / volume])
        },
    },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn each_bar_says_what_its_window_says(bars in candles(1..400), period in 2_usize..60) {
        let params = BTreeMap::from([("period".to_owned(), period.to_string())]);
        for Naive { name, more, formula } in FORMULAS {
            let mut indicator = build(name, &params).unwrap();
            let window = period + more;
            for (row, bar) in bars.iter().enumerate() {
                indicator.update(bar);
                let from = (row + 1).checked_sub(window);
                let expected = from.and_then(|from| formula(&bars[from..=row]));
                let found = indicator.values().map(|values| values.as_slice().to_vec());
                let same = match (&found, &expected) {
                    (Some(found), Some(expected)) => {
                        let off = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-7 * b.abs().max(1.0);
                        found.len() == expected.len() && found.iter().zip(expected).all(off)
                    }
                    (found, expected) => found == expected,
                };
                prop_assert!(same, "{name}, bar {row}: {found:?} for {expected:?}");
            }
        }
    }
}
