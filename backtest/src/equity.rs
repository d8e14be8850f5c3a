//! The equity after each step, and how far it fell from its highest.

use kernel::{Cash, Timestamp};

/// The equity at one instant: cash and positions at the last prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EquityPoint {
    /// When.
    pub time: Timestamp,
    /// How much.
    pub equity: Cash,
}

/// What is remembered of the equity.
pub(crate) struct Equity {
    start: Cash,
    last: Cash,
    highest: Cash,
    worst_fall: f64,
    points: Option<Vec<EquityPoint>>,
}

impl Equity {
    /// From the equity before the first step; each point is kept if wanted.
    pub(crate) fn new(start: Cash, keep: bool) -> Self {
        let points = keep.then(Vec::new);
        Self { start, last: start, highest: start, worst_fall: 0.0, points }
    }

    /// Takes the last point back and marks the instant anew: fees of the end came after it.
    pub(crate) fn mark_again(&mut self, time: Timestamp, equity: Cash) {
        if let Some(points) = &mut self.points {
            points.pop();
        }
        self.mark(time, equity);
    }

    pub(crate) fn mark(&mut self, time: Timestamp, equity: Cash) {
        self.last = equity;
        if let Some(points) = &mut self.points {
            points.push(EquityPoint { time, equity });
        }
        if equity >= self.highest {
            self.highest = equity;
            return;
        }
        // Multiplied first: a division is only needed when the fall is a new worst.
        let fall = (self.highest.nanos() - equity.nanos()) as f64;
        let from = self.highest.nanos() as f64;
        if fall > self.worst_fall * from {
            self.worst_fall = fall / from;
        }
    }

    /// Equity at the end.
    pub(crate) const fn last(&self) -> Cash {
        self.last
    }

    /// The deepest fall from a highest equity before it, as a share of that; `None` when the
    /// account held nothing.
    pub(crate) fn max_drawdown(&self) -> Option<f64> {
        self.highest.is_positive().then_some(self.worst_fall)
    }

    /// What the equity grew by, as a share of what it was; `None` when it was nothing.
    pub(crate) fn total_return(&self) -> Option<f64> {
        let grown = self.last.checked_sub(self.start)?;
        self.start.is_positive().then(|| grown.to_f64() / self.start.to_f64())
    }

    pub(crate) fn into_points(self) -> Vec<EquityPoint> {
        self.points.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equity(points: &[i64]) -> Equity {
        let usd = |whole| Cash::from_whole(whole).unwrap();
        let mut equity = Equity::new(usd(points[0]), true);
        for (second, point) in (0..).zip(points) {
            equity.mark(Timestamp::from_secs(second), usd(*point));
        }
        equity
    }

    #[test]
    fn the_deepest_fall_counts_from_the_highest_before_it() {
        assert_eq!(equity(&[100, 120, 90, 200, 160]).max_drawdown(), Some(0.25));
        assert_eq!(equity(&[100, 101, 102]).max_drawdown(), Some(0.0));
        assert_eq!(equity(&[0, 0]).max_drawdown(), None);
    }

    #[test]
    fn the_return_is_a_share_of_the_start() {
        assert_eq!(equity(&[100, 50, 150]).total_return(), Some(0.5));
        assert_eq!(equity(&[0, 10]).total_return(), None);
        assert_eq!(equity(&[100, 50, 150]).into_points().len(), 3);
    }
}
