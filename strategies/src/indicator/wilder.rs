//! Wilder's smoothing.

/// The mean of the first `period` numbers, which each new one then enters with weight `1 / period`.
#[derive(Debug, Clone)]
pub(super) struct Wilder {
    period: usize,
    seen: usize,
    /// The sum of the numbers until there are enough, then the mean.
    level: f64,
}

impl Wilder {
    pub(super) const fn new(period: usize) -> Self {
        Self { period, seen: 0, level: 0.0 }
    }

    #[inline]
    pub(super) fn push(&mut self, number: f64) {
        if self.seen >= self.period {
            // In TA-Lib's order of operations, so that what is rounded is rounded alike.
            let period = self.period as f64;
            self.level = (self.level * (period - 1.0) + number) / period;
            return;
        }
        self.level += number;
        self.seen += 1;
        if self.seen == self.period {
            self.level /= self.period as f64;
        }
    }

    /// The mean; `None` until `period` numbers were seen.
    #[inline]
    pub(super) fn get(&self) -> Option<f64> {
        (self.seen >= self.period).then_some(self.level)
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.level *= factor;
    }
}
