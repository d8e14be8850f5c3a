//! Indicators whose kind is known when the program runs.

use super::{Candle, Indicator};
use kernel::Ratio;
use std::fmt;

/// What an indicator says, as numbers in the order of its outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    numbers: [f64; 3],
    count: usize,
}

impl Values {
    /// The numbers.
    pub fn as_slice(&self) -> &[f64] {
        self.numbers.get(..self.count).unwrap_or_default()
    }
}

impl From<f64> for Values {
    fn from(number: f64) -> Self {
        Self { numbers: [number, 0.0, 0.0], count: 1 }
    }
}

impl From<[f64; 2]> for Values {
    fn from([first, second]: [f64; 2]) -> Self {
        Self { numbers: [first, second, 0.0], count: 2 }
    }
}

impl From<[f64; 3]> for Values {
    fn from(numbers: [f64; 3]) -> Self {
        Self { numbers, count: 3 }
    }
}

/// Any indicator, fed with bars. One of a single series sees the closes.
#[derive(Debug)]
pub struct AnyIndicator(Box<dyn Erased>);

impl AnyIndicator {
    /// Around an indicator.
    pub(super) fn new<I>(indicator: I) -> Self
    where
        I: Indicator + Clone + fmt::Debug + Send + Sync + 'static,
        I::Input: for<'a> From<&'a Candle>,
        I::Value: Into<Values>,
    {
        Self(Box::new(indicator))
    }

    /// Takes in the next bar.
    pub fn update(&mut self, candle: &Candle) {
        self.0.observe(candle);
    }

    /// What it says now; `None` until it has seen enough, and where its formula has no value.
    pub fn values(&self) -> Option<Values> {
        self.0.values()
    }

    /// How many bars it takes until the first value.
    pub fn warmup(&self) -> usize {
        self.0.bars()
    }

    /// Turns what it has seen so far into what it would be after a split.
    pub fn rebase(&mut self, ratio: Ratio) {
        self.0.split(ratio);
    }

    /// Forgets everything, as if just made.
    pub fn reset(&mut self) {
        self.0.forget();
    }
}

impl Clone for AnyIndicator {
    fn clone(&self) -> Self {
        Self(self.0.copy())
    }
}

/// [`Indicator`], of which there can be a `dyn`.
trait Erased: fmt::Debug + Send + Sync {
    fn observe(&mut self, candle: &Candle);
    fn values(&self) -> Option<Values>;
    fn bars(&self) -> usize;
    fn split(&mut self, ratio: Ratio);
    fn forget(&mut self);
    fn copy(&self) -> Box<dyn Erased>;
}

impl<I> Erased for I
where
    I: Indicator + Clone + fmt::Debug + Send + Sync + 'static,
    I::Input: for<'a> From<&'a Candle>,
    I::Value: Into<Values>,
{
    fn observe(&mut self, candle: &Candle) {
        self.update(candle);
    }

    fn values(&self) -> Option<Values> {
        self.value().map(Into::into)
    }

    fn bars(&self) -> usize {
        self.warmup()
    }

    fn split(&mut self, ratio: Ratio) {
        self.rebase(ratio);
    }

    fn forget(&mut self) {
        self.reset();
    }

    fn copy(&self) -> Box<dyn Erased> {
        Box::new(self.clone())
    }
}
