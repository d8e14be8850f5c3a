//! Moving average convergence and divergence.

use super::entry::{Entry, Field, Output, window};
use super::{AnyIndicator, Ema, Indicator, Period, Sample, Values, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "macd",
    summary: "Distance of two exponential averages, the average of that, and their difference.",
    params: &[
        window("fast", "12", 1, "Period of the fast average."),
        window("slow", "26", 2, "Period of the slow average."),
        window("signal", "9", 1, "Period of the average of their distance."),
    ],
    inputs: &[Field::Close],
    outputs: &[Output::price("line"), Output::price("signal"), Output::price("histogram")],
    source: "G. Appel, 1979; TA-Lib MACD",
    build: |params| {
        let (fast, slow) = (params.period("fast")?, params.period("slow")?);
        Ok(AnyIndicator::new(Macd::new(fast, slow, params.period("signal")?)))
    },
};

/// What MACD says, in the unit of the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacdValue {
    /// The fast average less the slow one.
    pub line: f64,
    /// The exponential average of the line.
    pub signal: f64,
    /// The line less its signal.
    pub histogram: f64,
}

impl From<MacdValue> for Values {
    fn from(value: MacdValue) -> Self {
        [value.line, value.signal, value.histogram].into()
    }
}

/// The distance of two exponential averages, and an exponential average of that distance.
///
/// First value after `slow + signal - 1` samples. As in TA-Lib the fast average begins late, so
/// that both averages have their first value on the same sample.
#[derive(Debug, Clone)]
pub struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
    /// Samples that the fast average does not see.
    skip: usize,
    skipped: usize,
    value: Option<MacdValue>,
}

impl Macd {
    /// From the periods of its three averages. Should `fast` be the longer one, the two change
    /// places.
    pub fn new(fast: Period, slow: Period, signal: Period) -> Self {
        let (fast, slow) = (fast.min(slow), fast.max(slow));
        Self {
            fast: Ema::new(fast),
            slow: Ema::new(slow),
            signal: Ema::new(signal),
            skip: slow.get() - fast.get(),
            skipped: 0,
            value: None,
        }
    }
}

impl Indicator for Macd {
    type Input = Sample;
    type Value = MacdValue;

    fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into();
        self.slow.update(sample);
        if self.skipped < self.skip {
            self.skipped += 1;
            return;
        }
        self.fast.update(sample);
        let (Some(fast), Some(slow)) = (self.fast.value(), self.slow.value()) else {
            return;
        };
        let line = fast - slow;
        let signal = self.signal.next(line);
        self.value = signal.map(|signal| MacdValue { line, signal, histogram: line - signal });
    }

    fn value(&self) -> Option<MacdValue> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.slow.warmup() + self.signal.warmup() - 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.fast.rebase(ratio);
        self.slow.rebase(ratio);
        self.signal.rebase(ratio);
        let factor = price_factor(ratio);
        self.value = self.value.map(|value| MacdValue {
            line: value.line * factor,
            signal: value.signal * factor,
            histogram: value.histogram * factor,
        });
    }

    fn reset(&mut self) {
        self.fast.reset();
        self.slow.reset();
        self.signal.reset();
        self.skipped = 0;
        self.value = None;
    }
}
