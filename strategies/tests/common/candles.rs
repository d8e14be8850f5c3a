//! Bars for tests of indicators.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kernel::Timestamp;
use proptest::prelude::*;
use strategies::indicator::{Candle, Sample};

/// A bar of floats, `minute` minutes into a day.
pub fn candle(minute: usize, [high, low, close, volume]: [f64; 4]) -> Candle {
    let sample = |value| Sample::new(value).unwrap();
    Candle {
        open_time: Timestamp::from_secs(1_700_000_000 + 60 * minute as i64),
        high: sample(high),
        low: sample(low),
        close: sample(close),
        volume: sample(volume),
    }
}

/// Bars of a walk on the tick, some without range, movement or volume.
pub fn candles(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Candle>> {
    let bar = (-40_i32..=40, 0_i32..30, 0_i32..30, 0_u32..5_000);
    prop::collection::vec(bar, count).prop_map(|bars| {
        let mut close = 10_000_i32;
        let bars = bars.into_iter().enumerate().map(|(minute, (step, up, down, volume))| {
            let before = close;
            close = (close + if step.abs() < 8 { 0 } else { step }).max(100);
            let high = before.max(close) + up.saturating_sub(5).max(0);
            let low = before.min(close) - down.saturating_sub(5).max(0);
            let volume = volume.saturating_sub(300);
            let cents = |cents: i32| f64::from(cents) / 100.0;
            candle(minute, [cents(high), cents(low), cents(close), f64::from(volume)])
        });
        bars.collect()
    })
}
