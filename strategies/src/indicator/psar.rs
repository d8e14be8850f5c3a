//! Parabolic stop and reverse.

use super::entry::{Entry, Field, Output};
use super::{AnyIndicator, Candle, Indicator, price_factor};
use crate::ParamSpec;
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "psar",
    summary: "Wilder's parabolic stop and reverse: a stop that follows the price faster and faster.",
    params: &[
        ParamSpec::decimal(
            "acceleration",
            "0.02",
            (0.0, 1.0),
            "",
            "By how much it grows with each new extreme, and what it begins with.",
        ),
        ParamSpec::decimal("maximum", "0.2", (0.0, 1.0), "", "The most that it grows to."),
    ],
    inputs: &[Field::High, Field::Low],
    outputs: &[Output::price("stop")],
    source: "J. W. Wilder, \"New Concepts in Technical Trading Systems\", 1978; TA-Lib SAR",
    build: |params| {
        let maximum = params.decimal("maximum")?;
        Ok(AnyIndicator::new(ParabolicSar::new(params.decimal("acceleration")?, maximum)))
    },
};

/// A stop that follows a trend: from bar to bar it goes a share of the way to the trend's extreme,
/// and that share grows with each new extreme. Where a bar reaches the stop the trend turns. In the
/// unit of prices.
///
/// First value after 2 bars. The first trend is downward where the second bar's low fell by more
/// than its high rose, else upward.
#[derive(Debug, Clone)]
pub struct ParabolicSar {
    acceleration: f64,
    maximum: f64,
    /// High and low of the last bar.
    last: Option<(f64, f64)>,
    trend: Option<Trend>,
    value: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Trend {
    up: bool,
    /// The highest high of a rising trend, the lowest low of a falling one.
    extreme: f64,
    /// Where the stop is on the next bar.
    stop: f64,
    share: f64,
}

impl ParabolicSar {
    /// From the share of the way that it begins with and grows by, and the largest.
    pub fn new(acceleration: f64, maximum: f64) -> Self {
        let acceleration = acceleration.min(maximum);
        Self { acceleration, maximum, last: None, trend: None, value: None }
    }

    fn begin(&self, high: f64, low: f64, last_high: f64, last_low: f64) -> Trend {
        let (rise, fall) = (high - last_high, last_low - low);
        let up = !(fall > 0.0 && rise < fall);
        let (extreme, stop) = if up { (high, last_low) } else { (low, last_high) };
        Trend { up, extreme, stop, share: self.acceleration }
    }

    /// Goes on by one bar; where the stop was on it.
    fn step(&self, trend: &mut Trend, (high, low): (f64, f64), last: (f64, f64)) -> f64 {
        // The stop stays outside of the last two bars.
        let outside = |up: bool, stop: f64| {
            if up { stop.min(last.1).min(low) } else { stop.max(last.0).max(high) }
        };
        let (reached, further) = if trend.up {
            (low <= trend.stop, high > trend.extreme)
        } else {
            (high >= trend.stop, low < trend.extreme)
        };
        if reached {
            trend.up = !trend.up;
            trend.stop = outside(trend.up, trend.extreme);
            trend.extreme = if trend.up { high } else { low };
            trend.share = self.acceleration;
        } else if further {
            trend.extreme = if trend.up { high } else { low };
            trend.share = (trend.share + self.acceleration).min(self.maximum);
        }
        let stop = trend.stop;
        let next = stop + trend.share * (trend.extreme - stop);
        trend.stop = outside(trend.up, next);
        stop
    }
}

impl Indicator for ParabolicSar {
    type Input = Candle;
    type Value = f64;

    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        let (high, low) = (candle.high.get(), candle.low.get());
        let Some(last) = self.last.replace((high, low)) else { return };
        // As in TA-Lib the second bar is its own predecessor.
        let (mut trend, last) = match self.trend {
            Some(trend) => (trend, last),
            None => (self.begin(high, low, last.0, last.1), (high, low)),
        };
        self.value = Some(self.step(&mut trend, (high, low), last));
        self.trend = Some(trend);
    }

    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        2
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.last = self.last.map(|(high, low)| (high * factor, low * factor));
        self.value = self.value.map(|value| value * factor);
        if let Some(trend) = &mut self.trend {
            trend.extreme *= factor;
            trend.stop *= factor;
        }
    }

    fn reset(&mut self) {
        (self.last, self.trend, self.value) = (None, None, None);
    }
}
