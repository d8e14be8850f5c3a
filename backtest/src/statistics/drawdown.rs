//! Falls from a highest value before.

use super::measure::{Measure, ratio};

/// A fall from a peak until it is reached again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// The deepest fall as a share of the peak.
    pub depth: f64,
    /// Place of the peak, the last one of equal height.
    pub peak: usize,
    /// Place of the deepest value.
    pub trough: usize,
    /// Place where the peak was reached again; `None` while it is not.
    pub recovery: Option<usize>,
}

/// The share by which each value lies below the highest so far, 0 at a peak. The first value is
/// the first peak.
pub fn depths(values: &[f64]) -> Vec<f64> {
    let mut highest = f64::NEG_INFINITY;
    let depth = |value: &f64| {
        highest = highest.max(*value);
        if *value < highest { 1.0 - value / highest } else { 0.0 }
    };
    values.iter().map(depth).collect()
}

/// The deepest fall as a share of the peak before it, at least 0.
pub fn max_drawdown(values: &[f64]) -> f64 {
    depths(values).into_iter().fold(0.0, f64::max)
}

/// Every drawdown, in order of time.
pub fn drawdowns(values: &[f64]) -> Vec<Drawdown> {
    let (mut all, mut peak) = (Vec::new(), 0);
    let mut falling: Option<Drawdown> = None;
    for (place, depth) in depths(values).into_iter().enumerate() {
        if depth > 0.0 {
            let current =
                falling.get_or_insert(Drawdown { depth, peak, trough: place, recovery: None });
            if depth > current.depth {
                (current.depth, current.trough) = (depth, place);
            }
            continue;
        }
        peak = place;
        all.extend(falling.take().map(|ended| Drawdown { recovery: Some(place), ..ended }));
    }
    all.extend(falling);
    all
}

/// How the Ulcer index counts sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ulcer;

impl Ulcer {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        "sqrt(sum(drawdown^2) / (n - 1)) over the sessions"
    }

    /// The root mean square of the drawdown, over one less than the returns.
    ///
    /// # Errors
    /// Undefined for fewer than two returns.
    pub fn of(self, values: &[f64]) -> Measure {
        let squares: f64 = depths(values).iter().map(|depth| depth * depth).sum();
        let count = values.len().saturating_sub(2) as f64;
        Ok(ratio(squares, count, "it takes at least two returns")?.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawdown_lasts_from_its_peak_to_the_same_height() {
        let all = drawdowns(&[100.0, 120.0, 90.0, 96.0, 120.0, 130.0, 117.0]);
        let first = Drawdown { depth: 0.25, peak: 1, trough: 2, recovery: Some(4) };
        assert_eq!(all[0], first);
        let open = all[1];
        assert_eq!((open.peak, open.trough, open.recovery), (5, 6, None));
        assert!((open.depth - 0.1).abs() < 1e-15);
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn the_start_is_the_first_peak() {
        assert!((max_drawdown(&[100.0, 80.0, 90.0]) - 0.2).abs() < 1e-15);
        assert_eq!(max_drawdown(&[100.0, 101.0]), 0.0);
        assert!(drawdowns(&[100.0, 101.0, 102.0]).is_empty());
    }
}
