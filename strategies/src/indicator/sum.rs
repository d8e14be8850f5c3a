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

    /// Adds a number so many times, without rounding the product.
    #[inline]
    pub(super) fn add_times(&mut self, times: usize, number: f64) {
        let (upper, lower) = halves(number);
        self.add(times as f64 * upper);
        self.add(times as f64 * lower);
    }

    /// Adds the square of a number, without rounding it.
    #[inline]
    pub(super) fn add_square(&mut self, number: f64) {
        self.add_product(number, 1.0);
    }

    /// Takes the square of a number away, without rounding it.
    #[inline]
    pub(super) fn subtract_square(&mut self, number: f64) {
        self.add_product(number, -1.0);
    }

    #[inline]
    fn add_product(&mut self, number: f64, sign: f64) {
        let (upper, lower) = halves(number);
        self.add(sign * upper * upper);
        self.add(sign * 2.0 * upper * lower);
        self.add(sign * lower * lower);
    }

    /// The population variance of so many numbers, from their sum and that of their squares: with
    /// no more than either rounded, so that the numbers' common size is no loss.
    #[inline]
    pub(super) fn variance(plain: Self, squares: Self, count: usize) -> f64 {
        let mut spread = Self::ZERO;
        spread.add_times(count, squares.high);
        spread.add_times(count, squares.low);
        spread.subtract_square(plain.high);
        spread.add(-2.0 * plain.high * plain.low);
        let count = count as f64;
        (spread.get() / (count * count)).max(0.0)
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

/// A number as the sum of two that have half of its bits each, so that their products are not
/// rounded (Veltkamp).
#[inline]
const fn halves(number: f64) -> (f64, f64) {
    const SPLITTER: f64 = 134_217_729.0; // 2^27 + 1
    let wide = number * SPLITTER;
    let upper = wide - (wide - number);
    (upper, number - upper)
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
    fn equal_numbers_have_no_variance() {
        let (mut plain, mut squares) = (Sum::ZERO, Sum::ZERO);
        for _ in 0..20 {
            plain.add(47_123.7);
            squares.add_square(47_123.7);
        }
        assert!(Sum::variance(plain, squares, 20) < 1e-20);
    }

    #[test]
    fn a_product_is_not_rounded() {
        let mut sum = Sum::ZERO;
        sum.add_times(99_999, 0.1);
        (0..99_999).for_each(|_| sum.add(-0.1));
        assert!(sum.get().abs() < 1e-25, "{sum:?}");
    }
}
