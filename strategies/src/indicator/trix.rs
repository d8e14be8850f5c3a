//! Rate of change of a triple average.

use super::entry::{Entry, Field, Output, period};
use super::{AnyIndicator, Ema, Indicator, Period, Sample, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "trix",
    summary: "Change from bar to bar of a three times smoothed average.",
    params: &[period("30", 1)],
    inputs: &[Field::Close],
    outputs: &[Output::percent("trix")],
    source: "J. K. Hutson, Stocks & Commodities, July 1983; TA-Lib TRIX",
    build: |params| Ok(AnyIndicator::new(Trix::new(params.period("period")?))),
};

/// By how many per cent an exponential average of an exponential average of an exponential average
/// has changed since the last sample.
///
/// First value after `3 period - 1` samples. No value where the average was zero.
#[derive(Debug, Clone)]
pub struct Trix {
    averages: [Ema; 3],
    last: Option<f64>,
    value: Option<f64>,
}

impl Trix {
    /// With the weights of so many samples.
    pub fn new(period: Period) -> Self {
        let average = Ema::new(period);
        Self { averages: [average.clone(), average.clone(), average], last: None, value: None }
    }

    fn smoothed(&mut self, sample: f64) -> Option<f64> {
        let [first, second, third] = &mut self.averages;
        let one = first.next(sample)?;
        let two = second.next(one)?;
        third.next(two)
    }
}

impl Indicator for Trix {
    type Input = Sample;
    type Value = f64;

    #[inline]
    fn update(&mut self, sample: impl Into<Sample>) {
        let Some(level) = self.smoothed(sample.into().get()) else { return };
        let last = self.last.replace(level).filter(|last| *last != 0.0);
        self.value = last.map(|last| (level / last - 1.0) * 100.0);
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        self.value
    }

    fn warmup(&self) -> usize {
        self.averages.iter().map(|average| average.warmup() - 1).sum::<usize>() + 2
    }

    fn rebase(&mut self, ratio: Ratio) {
        self.averages.iter_mut().for_each(|average| average.rebase(ratio));
        self.last = self.last.map(|last| last * price_factor(ratio));
    }

    fn reset(&mut self) {
        self.averages.iter_mut().for_each(Ema::reset);
        (self.last, self.value) = (None, None);
    }
}
