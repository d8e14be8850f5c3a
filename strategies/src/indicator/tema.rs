//! Triple exponential moving average.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Ema, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "tema",
    summary: "Triple exponential moving average: still less lag than the double one.",
    params: &[period("20", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::price("tema")],
    source: "P. G. Mulloy, Stocks & Commodities, 1994; TA-Lib TEMA",
    build: |params| Ok(AnyIndicator::new(Tema::new(params.period("period")?))),
};

/// Three times the exponential average, less three times its own average, and the average of that,
/// in the unit of the samples.
///
/// First value after `3 period - 2` samples.
#[derive(Debug, Clone)]
pub struct Tema {
    averages: [Ema; 3],
    value: Option<f64>,
}

impl Tema {
    /// With the weights of so many samples.
    pub fn new(period: Period) -> Self {
        let average = Ema::new(period);
        Self { averages: [average.clone(), average.clone(), average], value: None }
    }

    fn next(&mut self, sample: f64) -> Option<f64> {
        let [first, second, third] = &mut self.averages;
        let one = first.next(sample)?;
        let two = second.next(one)?;
        Some(3.0 * (one - two) + third.next(two)?)
    }
}

impl Indicator for Tema {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        self.value = self.next(sample.into().get());
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.averages.iter().map(|average| average.warmup() - 1).sum::<usize>() + 1
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.averages.iter_mut().for_each(|average| average.rebase(ratio));
        self.value = self.value.map(|value| value * price_factor(ratio));
    }

    fn reset(&mut self) {
        self.averages.iter_mut().for_each(Ema::reset);
        self.value = None;
    }
}
