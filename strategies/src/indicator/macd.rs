//! Moving average convergence and divergence.

use super::{Ema, Period, Sample, price_factor};
use kernel::Ratio;

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

    /// Takes in the next sample.
    pub fn update(&mut self, sample: impl Into<Sample>) {
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
        self.signal.push(line);
        self.value =
            self.signal.value().map(|signal| MacdValue { line, signal, histogram: line - signal });
    }

    /// Line, signal and histogram; `None` until the signal has its first value.
    pub const fn value(&self) -> Option<MacdValue> {
        self.value
    }

    /// Turns the samples so far into what they would be after a split.
    pub fn rebase(&mut self, ratio: Ratio) {
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

    /// Forgets every sample.
    pub fn reset(&mut self) {
        self.fast.reset();
        self.slow.reset();
        self.signal.reset();
        self.skipped = 0;
        self.value = None;
    }
}
