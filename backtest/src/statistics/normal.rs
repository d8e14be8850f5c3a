//! The normal distribution.

use std::f64::consts::{PI, SQRT_2};

/// The share of a standard normal distribution below `z`, to the last digits in both tails.
pub fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The density of a standard normal distribution.
pub fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// The value below which a share of a standard normal distribution lies: infinite at 0 and 1.
///
/// A rational first guess (Abramowitz and Stegun, 26.2.23, error below 4.5e-4), then Halley's
/// method on [`cumulative`], which is exact to the last digits after three steps.
pub fn quantile(share: f64) -> f64 {
    if share <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if share > 0.5 {
        return -quantile(1.0 - share);
    }
    let t = (-2.0 * share.ln()).sqrt();
    let over = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let under = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = over / under - t;
    for _ in 0..3 {
        let step = (cumulative(z) - share) / density(z);
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    /// To 20 digits by arbitrary-precision arithmetic.
    const TABLE: [(f64, f64); 6] = [
        (-8.0, 6.220_960_574_271_784e-16),
        (-3.0, 1.349_898_031_630_094_5e-3),
        (-1.644_853_626_951_472_7, 0.05),
        (-0.5, 0.308_537_538_725_986_9),
        (0.0, 0.5),
        (2.0, 0.977_249_868_051_820_8),
    ];

    #[test]
    fn shares_are_exact_to_twelve_digits() {
        for (z, share) in TABLE {
            assert!((cumulative(z) / share - 1.0).abs() < 1e-12, "{z}: {}", cumulative(z));
            assert!((quantile(share) - z).abs() < 1e-12, "{share}: {}", quantile(share));
        }
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
    }

    #[test]
    fn quantile_and_share_are_each_others_inverse() {
        for step in 1..2_000 {
            let share = f64::from(step) / 2_000.0;
            assert!((cumulative(quantile(share)) - share).abs() < 1e-14, "{share}");
        }
    }
}
