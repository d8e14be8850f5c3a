//! How many returns lie where.

/// Bars of a histogram: an odd number, so that zero lies in the middle of one.
const BARS: usize = 41;

/// One bar: so many returns from one value to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// From this return on.
    pub from: f64,
    /// Up to this one.
    pub to: f64,
    /// How many.
    pub count: u32,
}

/// Returns in bars of one width around zero, up to the widest on both sides; `None` when none moves.
pub fn histogram(returns: &[f64]) -> Option<Vec<Bin>> {
    let widest = returns.iter().map(|value| value.abs()).fold(0.0, f64::max);
    if widest == 0.0 {
        return None;
    }
    let step = 2.0 * widest / BARS as f64;
    let bin = |place: usize| {
        let from = -widest + place as f64 * step;
        Bin { from, to: from + step, count: 0 }
    };
    let mut bins: Vec<Bin> = (0..BARS).map(bin).collect();
    for value in returns {
        let place = (((value + widest) / step) as usize).min(BARS - 1);
        if let Some(bin) = bins.get_mut(place) {
            bin.count += 1;
        }
    }
    Some(bins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_return_is_counted_once_and_zero_lies_in_the_middle() {
        let bins = histogram(&[-0.02, 0.0, 0.001, 0.02, 0.0199]).unwrap();
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<u32>(), 5);
        assert_eq!((bins[0].count, bins[20].count, bins[40].count), (1, 1, 2));
        assert!(bins[20].from < 0.0 && bins[20].to > 0.0);
        assert_eq!(histogram(&[0.0, 0.0]), None);
        assert_eq!(histogram(&[]), None);
    }
}
