//! SuperTrend.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Atr, Candle, Indicator, Period, Values, price_factor};
use crate::ParamSpec;
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "supertrend",
    summary: "A line that trails the trend at so many average true ranges, and its direction.",
    params: &[
        period("10", 1),
        ParamSpec::decimal(
            "multiplier",
            "3",
            (0.0, 100.0),
            "average true ranges",
            "Distance of the line from the middle of the bar.",
        ),
    ],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::price("line"), Output::plain("direction").within(-1.0, 1.0)],
    source: "O. Seban; ATR of TA-Lib. It begins downward, as on TradingView; direction is 1 up and -1 down",
    build: |params| {
        let multiplier = params.decimal("multiplier")?;
        Ok(AnyIndicator::new(SuperTrend::new(params.period("period")?, multiplier)))
    },
};

/// What SuperTrend says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuperTrendValue {
    /// The line, below the price in an upward trend and above it in a downward one; in the unit of
    /// prices.
    pub line: f64,
    /// Whether the trend is upward.
    pub up: bool,
}

impl From<SuperTrendValue> for Values {
    fn from(value: SuperTrendValue) -> Self {
        [value.line, if value.up { 1.0 } else { -1.0 }].into()
    }
}

/// A line at so many average true ranges from the middle of the bar, which only comes closer while
/// the trend lasts. The trend turns when the close crosses the line.
///
/// First value after `period + 1` bars. The first trend is downward.
#[derive(Debug, Clone)]
pub struct SuperTrend {
    range: Atr,
    multiplier: f64,
    state: Option<Trend>,
}

#[derive(Debug, Clone, Copy)]
struct Trend {
    lower: f64,
    upper: f64,
    close: f64,
    up: bool,
}

impl SuperTrend {
    /// From the period of the average true range and the distance of the line.
    pub fn new(period: Period, multiplier: f64) -> Self {
        Self { range: Atr::new(period), multiplier, state: None }
    }
}

impl Trend {
    fn next(self, lower: f64, upper: f64, close: f64) -> Self {
        let lower = if self.close < self.lower { lower } else { lower.max(self.lower) };
        let upper = if self.close > self.upper { upper } else { upper.min(self.upper) };
        let up = if self.up { close >= lower } else { close > upper };
        Self { lower, upper, close, up }
    }
}

impl Indicator for SuperTrend {
    type Input = Candle;
    type Value = SuperTrendValue;

    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        let Some(range) = self.range.next(&candle) else { return };
        let middle = (candle.high.get() + candle.low.get()) / 2.0;
        let width = range * self.multiplier;
        let (lower, upper, close) = (middle - width, middle + width, candle.close.get());
        self.state = Some(match self.state {
            Some(trend) => trend.next(lower, upper, close),
            None => Trend { lower, upper, close, up: false },
        });
    }

    fn value(&self) -> Option<SuperTrendValue> {
        self.state.map(|trend| SuperTrendValue {
            line: if trend.up { trend.lower } else { trend.upper },
            up: trend.up,
        })
    }

    fn warmup(&self) -> usize {
        self.range.warmup()
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.range.rebase(ratio);
        let factor = price_factor(ratio);
        self.state = self.state.map(|trend| Trend {
            lower: trend.lower * factor,
            upper: trend.upper * factor,
            close: trend.close * factor,
            up: trend.up,
        });
    }

    fn reset(&mut self) {
        self.range.reset();
        self.state = None;
    }
}
