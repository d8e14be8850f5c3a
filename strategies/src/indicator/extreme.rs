//! The highest or lowest of the newest numbers.

use std::collections::VecDeque;

/// The highest or lowest of the last `window` numbers, and how long ago it was.
///
/// It keeps the numbers that can still become the extreme, in order. Each goes in once and out
/// once, so an update costs the same however long the window is, on average over the updates.
#[derive(Debug, Clone)]
pub(super) struct Extreme {
    window: usize,
    /// 1 for the highest; -1 for the lowest, which is the highest of the negated.
    sign: f64,
    /// Numbers taken in.
    seen: usize,
    /// Falling from the extreme on, each with its place in the series.
    candidates: VecDeque<(usize, f64)>,
}

impl Extreme {
    pub(super) fn highest(window: usize) -> Self {
        Self { window, sign: 1.0, seen: 0, candidates: VecDeque::new() }
    }

    pub(super) fn lowest(window: usize) -> Self {
        Self { sign: -1.0, ..Self::highest(window) }
    }

    #[inline]
    pub(super) fn push(&mut self, number: f64) {
        let number = number * self.sign;
        while self.candidates.back().is_some_and(|(_, last)| *last <= number) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.seen, number));
        if self.candidates.front().is_some_and(|(place, _)| place + self.window <= self.seen) {
            self.candidates.pop_front();
        }
        self.seen += 1;
    }

    /// The extreme and how many numbers came after it, the newest of equals; `None` until the
    /// window is full.
    #[inline]
    pub(super) fn get(&self) -> Option<(f64, usize)> {
        let (place, number) = self.candidates.front().filter(|_| self.seen >= self.window)?;
        Some((number * self.sign, self.seen - 1 - place))
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.candidates.iter_mut().for_each(|(_, number)| *number *= factor);
    }
}
