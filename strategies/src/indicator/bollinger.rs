//! Bollinger bands.

use super::renewed::Renewed;
use super::{Period, Sample, price_factor};
use kernel::Ratio;
use ta::indicators::BollingerBands;

/// A mean with a band on either side, in the unit of the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// The mean less the deviations.
    pub lower: f64,
    /// The mean of the window.
    pub middle: f64,
    /// The mean and the deviations.
    pub upper: f64,
}

/// The mean of the last `period` samples, and bands at so many population standard deviations
/// (divided by n, not n - 1) around it.
///
/// First value after `period` samples.
#[derive(Debug, Clone)]
pub struct Bollinger {
    window: Renewed<BollingerBands>,
    bands: Option<Bands>,
}

impl Bollinger {
    /// Over so many samples, at so many standard deviations.
    #[allow(clippy::expect_used, reason = "`ta` refuses only a period of zero, which none is")]
    pub fn new(period: Period, deviations: f64) -> Self {
        let bands =
            BollingerBands::new(period.get(), deviations).expect("a period is at least one");
        Self { window: Renewed::new(bands, period), bands: None }
    }

    /// Takes in the next sample.
    pub fn update(&mut self, sample: impl Into<Sample>) {
        let bands = self.window.update(sample.into());
        let factor = self.window.factor();
        self.bands = bands.map(|bands| Bands {
            lower: bands.lower * factor,
            middle: bands.average * factor,
            upper: bands.upper * factor,
        });
    }

    /// The bands; `None` until the window is full.
    pub const fn value(&self) -> Option<Bands> {
        self.bands
    }

    /// Turns the samples so far into what they would be after a split.
    pub fn rebase(&mut self, ratio: Ratio) {
        self.window.rebase(ratio);
        let factor = price_factor(ratio);
        self.bands = self.bands.map(|bands| Bands {
            lower: bands.lower * factor,
            middle: bands.middle * factor,
            upper: bands.upper * factor,
        });
    }

    /// Forgets every sample.
    pub fn reset(&mut self) {
        self.window.reset();
        self.bands = None;
    }
}
