//! A sum that numbers are added to and taken from for ever.

/// A running sum in two floats, the second holding what the first rounded away.
///
/// One addition errs by less than 2^-104 of the largest sum so far, so that a thousand million of
/// them err by less than the last bit of a float: there is no drift to speak of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    pub(super) const ZERO: Self = Self { high: 0.0, low: 0.0 };

    /// By Knuth's exact addition of two floats, and Dekker's of the rest.
    #[inline]
    pub(super) fn add(&mut self, number: f64) {
        let sum = self.high + number;
        let part = sum - self.high;
        let low = self.low + ((self.high - (sum - part)) + (number - part));
        self.high = sum + low;
        self.low = low - (self.high - sum);
    }

    /// Adds a number so many times. Both halves of the number have bits to spare, so that neither
    /// product is rounded (Veltkamp).
    #[inline]
    pub(super) fn add_times(&mut self, times: usize, number: f64) {
        const SPLITTER: f64 = 134_217_729.0; // 2^27 + 1
        let wide = number * SPLITTER;
        let upper = wide - (wide - number);
        self.add(times as f64 * upper);
        self.add(times as f64 * (number - upper));
    }

    #[inline]
    pub(super) fn subtract(&mut self, other: Self) {
        self.add(-other.high);
        self.add(-other.low);
    }

    #[inline]
    pub(super) const fn get(self) -> f64 {
        self.high + self.low
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.high *= factor;
        self.low *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn what_was_added_and_taken_away_again_leaves_nothing() {
        let mut sum = Sum::ZERO;
        let numbers: Vec<f64> = (1..50_000).map(|place| 1e5 / f64::from(place)).collect();
        sum.add(0.1);
        numbers.iter().for_each(|number| sum.add(*number));
        numbers.iter().for_each(|number| sum.add(-number));
        assert_eq!(sum.get(), 0.1);
    }

    #[test]
    fn a_product_is_not_rounded() {
        let mut sum = Sum::ZERO;
        sum.add_times(99_999, 0.1);
        (0..99_999).for_each(|_| sum.add(-0.1));
        assert!(sum.get().abs() < 1e-25, "{sum:?}");
    }
}
