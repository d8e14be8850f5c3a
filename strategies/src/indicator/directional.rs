//! Directional indicators.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Candle, Indicator, Period, TrueRange, Values, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "di",
    summary: "Wilder's directional indicators: the shares of upward and downward moves in the range.",
    params: &[period("14", 2)],
    inputs: &[Field::High, Field::Low, Field::Close],
    outputs: &[Output::plain("plus").within(0.0, 100.0), Output::plain("minus").within(0.0, 100.0)],
    source: "J. W. Wilder, \"New Concepts in Technical Trading Systems\", 1978; TA-Lib PLUS_DI, MINUS_DI",
    build: |params| Ok(AnyIndicator::new(Directional::new(params.period("period")?))),
};

/// What the directional indicators say, from 0 to 100 without a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectionalValue {
    /// +DI: the share of upward moves in the true range.
    pub plus: f64,
    /// -DI: that of downward moves.
    pub minus: f64,
}

impl From<DirectionalValue> for Values {
    fn from(value: DirectionalValue) -> Self {
        [value.plus, value.minus].into()
    }
}

/// How much of the true range moved the highs up and the lows down, each in Wilder's smoothing: from
/// 0 to 100 without a unit.
///
/// First value after `period + 1` bars. As in TA-Lib the sums begin with `period - 1` moves.
#[derive(Debug, Clone)]
pub struct Directional {
    period: usize,
    range: TrueRange,
    /// High and low of the last bar.
    last: Option<(f64, f64)>,
    moves: usize,
    plus: f64,
    minus: f64,
    total: f64,
}

impl Directional {
    /// Over so many moves.
    pub fn new(period: Period) -> Self {
        Self::of(period.get())
    }

    const fn of(period: usize) -> Self {
        let range = TrueRange::new();
        Self { period, range, last: None, moves: 0, plus: 0.0, minus: 0.0, total: 0.0 }
    }

    #[inline]
    pub(super) fn next(&mut self, candle: &Candle) -> Option<DirectionalValue> {
        let (high, low) = (candle.high.get(), candle.low.get());
        let range = self.range.next(candle);
        let (last_high, last_low) = self.last.replace((high, low))?;
        let (up, down) = (high - last_high, last_low - low);
        self.moves += 1;
        let keep = if self.moves < self.period { 1.0 } else { 1.0 - 1.0 / self.period as f64 };
        self.plus = self.plus * keep + if up > down && up > 0.0 { up } else { 0.0 };
        self.minus = self.minus * keep + if down > up && down > 0.0 { down } else { 0.0 };
        self.total = self.total * keep + range.unwrap_or(0.0);
        self.value()
    }
}

impl Indicator for Directional {
    type Input = Candle;
    type Value = DirectionalValue;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        self.next(&candle.into());
    }

    fn value(&self) -> Option<DirectionalValue> {
        let share = |part: f64| if self.total > 0.0 { 100.0 * part / self.total } else { 0.0 };
        (self.moves >= self.period)
            .then(|| DirectionalValue { plus: share(self.plus), minus: share(self.minus) })
    }

    fn warmup(&self) -> usize {
        self.period + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.range.rebase(ratio);
        self.last = self.last.map(|(high, low)| (high * factor, low * factor));
        self.plus *= factor;
        self.minus *= factor;
        self.total *= factor;
    }

    fn reset(&mut self) {
        *self = Self::of(self.period);
    }
}
