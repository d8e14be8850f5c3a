//! The price of one symbol, minute after minute.

use super::random::Random;
use super::shape::Minute;
use kernel::{Bar, Price, Span, SymbolId, Timestamp, Volume};

/// Nanos of a cent.
const CENT: i64 = 10_000_000;
/// Nanos of a share.
const SHARE: u128 = 1_000_000_000;
const LOWEST: f64 = 1.0;
const HIGHEST: f64 = 1_000_000.0;

/// Standard deviation of a usual minute: about 19 % a year.
const USUAL: f64 = 0.0006;
/// Shares of yesterday's news and of yesterday's variance in today's: GARCH(1,1) with a half-life
/// of about 35 minutes. What remains is pulled to the regime's level.
const NEWS: f64 = 0.10;
const MEMORY: f64 = 0.88;
/// The pull of a price to where it began, per minute. An endless walk neither explodes nor vanishes.
const ANCHOR: f64 = 2e-5;
/// Prices within a minute from which high and low are taken.
const TICKS: usize = 6;

/// A way in which a market moves for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Regime {
    /// A drift, as a share of the usual deviation per minute; up or down.
    Trend(f64),
    /// A pull back to the mean of the last hours.
    Revert,
    /// Twice the usual deviation.
    Volatile,
}

/// Mean length of a regime in minutes.
const DWELL: f64 = 90.0;

impl Regime {
    fn draw(random: &mut Random) -> Self {
        let choice = random.uniform();
        if choice < 0.25 {
            Regime::Trend(random.between(0.08, 0.25))
        } else if choice < 0.5 {
            Regime::Trend(-random.between(0.08, 0.25))
        } else if choice < 0.8 {
            Regime::Revert
        } else {
            Regime::Volatile
        }
    }

    fn deviation(self) -> f64 {
        match self {
            Regime::Trend(_) => USUAL,
            Regime::Revert => 0.8 * USUAL,
            Regime::Volatile => 2.0 * USUAL,
        }
    }
}

/// The state of one symbol.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    symbol: SymbolId,
    random: Random,
    price: f64,
    anchor: f64,
    /// The mean price of about the last two hours.
    mean: f64,
    /// Of returns per minute, before the time of day.
    variance: f64,
    regime: Regime,
    /// Shares in a usual minute.
    usual_volume: f64,
}

impl Walk {
    pub(super) fn new(seed: u64, symbol: SymbolId, name: &str) -> Self {
        let mut random = Random::new(seed, name);
        let price = random.between(20.0, 400.0);
        let usual_volume = random.between(2_000.0, 40_000.0);
        let regime = Regime::draw(&mut random);
        let variance = regime.deviation() * regime.deviation();
        Self { symbol, random, price, anchor: price, mean: price, variance, regime, usual_volume }
    }

    /// Moves the price as a closed market does overnight; now and then by a great deal.
    pub(super) fn open_with_gap(&mut self) {
        let size = if self.random.chance(0.03) { 40.0 } else { 9.0 };
        self.wander(0.0, size * self.variance.sqrt());
        self.mean = self.price;
    }

    /// The bar of the next minute; `None` when nothing trades in it.
    pub(super) fn bar(
        &mut self,
        open_time: Timestamp,
        length: Span,
        minute: Minute,
    ) -> Option<Bar> {
        if self.random.chance(1.0 / DWELL) {
            self.regime = Regime::draw(&mut self.random);
        }
        if self.random.chance(minute.silence) {
            return None;
        }
        let deviation = self.variance.sqrt();
        let path = self.path(deviation * minute.volatility);
        let surprise = (path.close - path.open) / path.open / minute.volatility;
        self.learn(surprise);
        Some(Bar {
            symbol: self.symbol,
            open_time,
            length,
            open: to_price(path.open),
            high: to_price(path.high),
            low: to_price(path.low),
            close: to_price(path.close),
            volume: self.volume(minute, surprise / deviation),
        })
    }

    fn path(&mut self, deviation: f64) -> Path {
        // The first trade of a minute is near the last one of the minute before.
        self.wander(0.0, 0.1 * deviation);
        let mut path =
            Path { open: self.price, high: self.price, low: self.price, close: self.price };
        let ticks = TICKS as f64;
        let drift = self.drift() / ticks;
        let deviation = deviation / ticks.sqrt();
        for _ in 0..TICKS {
            self.wander(drift, deviation);
            path.high = path.high.max(self.price);
            path.low = path.low.min(self.price);
        }
        path.close = self.price;
        path
    }

    fn drift(&self) -> f64 {
        let anchor = ANCHOR * (1.0 - self.price / self.anchor);
        anchor
            + match self.regime {
                Regime::Trend(share) => share * USUAL,
                Regime::Revert => 0.05 * (1.0 - self.price / self.mean),
                Regime::Volatile => 0.0,
            }
    }

    fn learn(&mut self, surprise: f64) {
        let level = self.regime.deviation() * self.regime.deviation();
        self.variance =
            (1.0 - NEWS - MEMORY) * level + NEWS * surprise * surprise + MEMORY * self.variance;
        self.mean += (self.price - self.mean) / 120.0;
    }

    /// Shares: more at the ends of the day, and more when the price moves.
    fn volume(&mut self, minute: Minute, surprise: f64) -> Volume {
        let moved = 0.5 + 0.6 * surprise.abs().min(4.0);
        let luck = self.random.between(0.5, 1.5);
        let shares = (self.usual_volume * minute.volume * moved * luck).max(1.0);
        Volume::from_nanos(shares as u128 * SHARE)
    }

    /// Moves the price by a random part of itself, never so far that it could turn negative.
    fn wander(&mut self, drift: f64, deviation: f64) {
        let part = drift + deviation * self.random.normal();
        let moved = self.price * (1.0 + part.clamp(-0.2, 0.25));
        self.price = moved.clamp(LOWEST, HIGHEST);
    }
}

struct Path {
    open: f64,
    high: f64,
    low: f64,
    close: f64,
}

/// The nearest cent: the only way out of floats. Rounding keeps the order of prices, so a bar's
/// bounds stay bounds.
fn to_price(value: f64) -> Price {
    Price::from_nanos((value * 100.0).round() as i64 * CENT)
}
