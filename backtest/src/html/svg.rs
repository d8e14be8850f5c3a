//! Scales, ticks and paths. A drawing fills whatever width there is: lines are stretched, and what
//! must not be (texts, strokes, dots) is text beside the drawing or a stroke that does not scale.

use std::fmt::Write;

/// The width of a drawing in its own units.
pub(super) const WIDTH: f64 = 1000.0;

/// From values to heights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    height: f64,
    is_log: bool,
}

impl Scale {
    /// Of the values between two bounds, with some air around them.
    pub(super) fn new(low: f64, high: f64, height: f64) -> Self {
        let air = if high > low { (high - low) * 0.06 } else { high.abs().max(1.0) * 0.05 };
        Self { low: low - air, high: high + air, height, is_log: false }
    }

    /// With a bound that is no value of its own, such as zero, exactly at the edge.
    pub(super) fn exact(low: f64, high: f64, height: f64) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, height, is_log: false }
    }

    /// By the logarithm where values differ so much that the early ones could not be seen.
    pub(super) fn wide(low: f64, high: f64, height: f64) -> Self {
        if low <= 0.0 || high / low < 6.0 {
            return Self::new(low, high, height);
        }
        Self { low: low * 0.9, high: high * 1.1, height, is_log: true }
    }

    pub(super) const fn is_log(&self) -> bool {
        self.is_log
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let of = |value: f64| if self.is_log { value.max(1e-12).ln() } else { value };
        let share = (of(value) - of(self.low)) / (of(self.high) - of(self.low));
        self.height * (1.0 - share.clamp(0.0, 1.0))
    }

    /// The height as a share from the top.
    pub(super) fn share(&self, value: f64) -> f64 {
        self.y(value) / self.height
    }

    /// Round values to label.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let decades = -12..=12;
            let all = decades.flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(power)));
            return all.filter(|tick| (self.low..=self.high).contains(tick)).collect();
        }
        let step = nice_step((self.high - self.low) / (self.height / 52.0).max(2.0));
        let first = (self.low / step).ceil();
        let ticks = (0..40).map(|n| (first + f64::from(n)) * step);
        ticks.take_while(|tick| *tick <= self.high).map(|tick| tick + 0.0).collect()
    }
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below.
pub(super) fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 2.5, 5.0, 10.0];
    times.into_iter().map(|m| m * power).find(|step| *step >= least * 0.999).unwrap_or(power)
}

/// A line through points.
pub(super) fn line(points: &[(f64, f64)]) -> String {
    let mut path = String::with_capacity(points.len() * 12);
    for (place, (x, y)) in points.iter().enumerate() {
        let verb = if place == 0 { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{verb}{x:.1} {y:.1}");
    }
    path
}

/// The area between points and a height.
pub(super) fn area(points: &[(f64, f64)], base: f64) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    format!("{}L{:.1} {base:.1}L{:.1} {base:.1}Z", line(points), last.0, first.0)
}

/// Dots: strokes without length and with round ends, which no stretching bends.
pub(super) fn dots(points: &[(f64, f64)]) -> String {
    points.iter().fold(String::new(), |mut path, (x, y)| {
        let _ = write!(path, "M{x:.1} {y:.1}h0");
        path
    })
}

/// A path element of a class.
pub(super) fn path(class: &str, d: &str) -> String {
    format!("<path class=\"{class}\" d=\"{d}\"/>")
}

/// A horizontal line across.
pub(super) fn rule(class: &str, y: f64) -> String {
    path(class, &format!("M0 {y:.1}H{WIDTH}"))
}

/// A vertical line.
pub(super) fn upright(class: &str, x: f64, height: f64) -> String {
    path(class, &format!("M{x:.1} 0V{height:.1}"))
}

/// Few points in place of many: of each stretch the first, the lowest, the highest and the last,
/// in their order.
pub(super) fn thin(points: Vec<(f64, f64)>, most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points;
    }
    let stretch = points.len().div_ceil((most / 4).max(1));
    let keep = |part: &[(f64, f64)]| {
        let by = |pick: fn(std::cmp::Ordering) -> bool| {
            let start = (0, f64::NAN);
            part.iter().enumerate().fold(start, |best, (place, (_, y))| {
                if best.1.is_nan() || pick(y.total_cmp(&best.1)) { (place, *y) } else { best }
            })
        };
        let (low, high) = (by(std::cmp::Ordering::is_lt).0, by(std::cmp::Ordering::is_gt).0);
        let mut places = vec![0, low, high, part.len() - 1];
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| part.get(place).copied()).collect::<Vec<_>>()
    };
    points.chunks(stretch).flat_map(keep).collect()
}

/// A text in which nothing is markup.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, step) in [(0.9, 1.0), (1.1, 2.0), (2.2, 2.5), (3.0, 5.0), (70.0, 100.0)] {
            assert!((nice_step(least) - step).abs() < 1e-9, "{least}: {}", nice_step(least));
        }
        assert_eq!(Scale::new(0.0, 100.0, 200.0).ticks(), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn thinning_keeps_every_extreme() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|n| (f64::from(n), 0.0)).collect();
        points[5_001].1 = 7.0;
        points[5_002].1 = -7.0;
        let thinned = thin(points, 1_000);
        assert!(thinned.len() <= 1_004, "{}", thinned.len());
        assert!(thinned.contains(&(5_001.0, 7.0)) && thinned.contains(&(5_002.0, -7.0)));
        assert!(thinned.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
