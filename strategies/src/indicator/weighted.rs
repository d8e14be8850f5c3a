//! The newest numbers, weighted by how new they are.

use super::ring::Ring;
use super::sum::Sum;

/// The sum of the last `window` numbers, and their sum with weights 1 for the oldest to `window`
/// for the newest.
#[derive(Debug, Clone)]
pub(super) struct Weighted {
    numbers: Ring,
    seen: usize,
    plain: Sum,
    weighted: Sum,
}

impl Weighted {
    pub(super) fn new(window: usize) -> Self {
        Self { numbers: Ring::new(window), seen: 0, plain: Sum::ZERO, weighted: Sum::ZERO }
    }

    #[inline]
    pub(super) fn push(&mut self, number: f64) {
        if let Some(oldest) = self.numbers.push(number) {
            // Every weight falls by one, the oldest number's to nothing.
            self.weighted.subtract(self.plain);
            self.plain.add(-oldest);
        } else {
            self.seen += 1;
        }
        self.weighted.add_times(self.seen, number);
        self.plain.add(number);
    }

    /// Both sums, the plain one first; `None` until the window is full.
    #[inline]
    pub(super) fn get(&self) -> Option<(f64, f64)> {
        self.numbers.is_full().then(|| (self.plain.get(), self.weighted.get()))
    }

    /// Mean of the numbers, and slope of their straight line of least squares, by number; `None`
    /// until the window is full, and for a window of one.
    #[inline]
    pub(super) fn line(&self) -> Option<(f64, f64)> {
        let n = self.numbers.capacity() as f64;
        let (plain, weighted) = self.get().filter(|_| n > 1.0)?;
        let slope = 12.0 * (weighted - plain * (n + 1.0) / 2.0) / (n * (n * n - 1.0));
        Some((plain / n, slope))
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.numbers.scale(factor);
        self.plain.scale(factor);
        self.weighted.scale(factor);
    }
}
