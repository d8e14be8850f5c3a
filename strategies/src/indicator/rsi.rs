//! Relative strength index.

use super::{Period, Sample, price_factor};
use kernel::Ratio;

/// The share of gains in all movement, from 0 to 100 without a unit, by Wilder's smoothing: the
/// means of the first `period` gains and losses, then each new one with weight `1 / period`.
///
/// First value after `period + 1` samples.
///
/// Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978. Where nothing has
/// moved at all there is no value; TA-Lib says 0 there, which would read as oversold.
#[derive(Debug, Clone)]
pub struct Rsi {
    period: usize,
    last: Option<f64>,
    changes: usize,
    gain: f64,
    loss: f64,
}

impl Rsi {
    /// Over so many changes.
    pub fn new(period: Period) -> Self {
        Self { period: period.get(), last: None, changes: 0, gain: 0.0, loss: 0.0 }
    }

    /// Takes in the next sample.
    pub fn update(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into().get();
        let Some(last) = self.last.replace(sample) else {
            return;
        };
        let (gain, loss) = ((sample - last).max(0.0), (last - sample).max(0.0));
        let period = self.period as f64;
        if self.changes >= self.period {
            self.gain += (gain - self.gain) / period;
            self.loss += (loss - self.loss) / period;
            return;
        }
        self.gain += gain;
        self.loss += loss;
        self.changes += 1;
        if self.changes == self.period {
            self.gain /= period;
            self.loss /= period;
        }
    }

    /// The index; `None` until `period` changes were seen, and where nothing has moved.
    pub fn value(&self) -> Option<f64> {
        let moved = self.gain + self.loss;
        (self.changes >= self.period && moved > 0.0).then(|| 100.0 * self.gain / moved)
    }

    /// Turns the samples so far into what they would be after a split.
    pub fn rebase(&mut self, ratio: Ratio) {
        let factor = price_factor(ratio);
        self.last = self.last.map(|last| last * factor);
        self.gain *= factor;
        self.loss *= factor;
    }

    /// Forgets every sample.
    pub fn reset(&mut self) {
        (self.last, self.changes) = (None, 0);
        (self.gain, self.loss) = (0.0, 0.0);
    }
}
