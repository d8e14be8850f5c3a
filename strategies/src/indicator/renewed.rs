//! Window indicators of `ta` whose running sums are begun anew now and then.

use super::{Period, Sample};
use ta::{Next, Reset};

/// Samples after which the running sums are begun anew, at least.
///
/// `ta` adds the newest sample to a sum and takes the oldest away, so rounding errors pile up:
/// after ten million prices around 50,000 a standard deviation of a constant reads 0.02.
const INTERVAL: usize = 1024;

/// A window indicator and a spare. The spare fills its window beside it at fixed intervals and
/// then takes its place, so an error is never older than the interval and two windows, and no
/// sample costs more than two updates.
#[derive(Debug, Clone)]
pub(super) struct Renewed<I> {
    current: I,
    spare: I,
    period: usize,
    /// Samples that `current` has taken in.
    age: usize,
}

impl<I: Next<f64> + Reset + Clone> Renewed<I> {
    /// Around an indicator that is new and looks back on `period` samples.
    pub(super) fn new(indicator: I, period: Period) -> Self {
        Self { spare: indicator.clone(), current: indicator, period: period.get(), age: 0 }
    }

    /// Takes in a sample; the indicator's value once the window is full.
    #[inline]
    pub(super) fn update(&mut self, sample: Sample) -> Option<I::Output> {
        self.age += 1;
        let value = self.current.next(sample.get());
        let begin = INTERVAL.max(self.period);
        if self.age > begin {
            self.spare.next(sample.get());
            if self.age == begin + self.period {
                std::mem::swap(&mut self.current, &mut self.spare);
                self.spare.reset();
                self.age = self.period;
            }
        }
        (self.age >= self.period).then_some(value)
    }

    pub(super) fn reset(&mut self) {
        self.current.reset();
        self.spare.reset();
        self.age = 0;
    }
}
