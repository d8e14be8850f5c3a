//! Made bars.
#![allow(dead_code, reason = "each test uses some of them")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kernel::{Bar, Price, Span, SymbolId, Symbols, Timestamp, Volume};
use model::Series;
use model::config::Config;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

pub fn symbol() -> SymbolId {
    Symbols::new(["AAA"]).unwrap().ids().next().unwrap()
}

/// Minute bars from 14:30 on a Monday on, day and night, with these closes.
pub fn bars(closes: &[f64]) -> Vec<Bar> {
    let price = |price: f64| Price::from_nanos((price * 1e9) as i64);
    let start = Timestamp::from_secs(1_760_365_800);
    let mut before = closes[0];
    let bars = closes.iter().enumerate().map(|(at, close)| {
        let open = std::mem::replace(&mut before, *close);
        Bar {
            symbol: symbol(),
            open_time: start.plus(Span::from_secs(60 * at as i64)),
            length: Span::from_secs(60),
            open: price(open),
            high: price(open.max(*close) * 1.0002),
            low: price(open.min(*close) * 0.9998),
            close: price(*close),
            volume: Volume::from_nanos((1000 + at as u128 % 7 * 100) * 1_000_000_000),
        }
    });
    bars.collect()
}

pub struct Random(Xoshiro256PlusPlus);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Between 0 and 1.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// With mean 0 and deviation 1: the sum of twelve, as good as a normal one here.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// Prices whose logarithms' steps are `memory` times the step before, and noise.
pub fn walk(count: usize, memory: f64, seed: u64) -> Vec<f64> {
    let (mut random, mut step, mut log) = (Random::new(seed), 0.0, 0.0_f64);
    let price = |_| {
        step = memory * step + 0.001 * random.normal();
        log += step;
        100.0 * log.exp()
    };
    (0..count).map(price).collect()
}

pub fn series(closes: &[f64]) -> Vec<Series> {
    vec![Series { symbol: "AAA".into(), bars: bars(closes) }]
}

/// A small network that trains in a moment.
pub fn config() -> Config {
    Config::from_toml(
        r#"
        [network]
        window = 12
        hidden = 8

        [target]
        kind = "direction"
        horizon = 1
        band_percent = 0.02

        [training]
        epochs = 4
        learning_rate = 0.01

        [[features]]
        name = "return"

        [[features]]
        name = "rsi"
        params = { period = 5 }
        "#,
    )
    .unwrap()
}
