//! One bar, as indicators see it.

use super::Sample;
use kernel::{Bar, SCALE, Timestamp};

/// The part of a bar that indicators look at, in floats that are none of NaN and infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// When it opened.
    pub open_time: Timestamp,
    /// Highest trade.
    pub high: Sample,
    /// Lowest trade.
    pub low: Sample,
    /// Last trade.
    pub close: Sample,
    /// Shares traded; zero where none were, or nobody knows.
    pub volume: Sample,
}

impl Candle {
    /// The mean of high, low and close.
    pub(super) fn typical(&self) -> f64 {
        (self.high.get() + self.low.get() + self.close.get()) / 3.0
    }

    /// The volume with the sign and size of the close's place between low and high, from -1 to 1
    /// times the volume; nothing where high and low are the same.
    pub(super) fn signed_volume(&self) -> f64 {
        let (high, low, close) = (self.high.get(), self.low.get(), self.close.get());
        let range = high - low;
        if range <= 0.0 {
            return 0.0;
        }
        ((close - low) - (high - close)) / range * self.volume.get()
    }
}

impl From<&Bar> for Candle {
    fn from(bar: &Bar) -> Self {
        Self {
            open_time: bar.open_time,
            high: bar.high.into(),
            low: bar.low.into(),
            close: bar.close.into(),
            volume: Sample::computed(bar.volume.nanos() as f64 / SCALE as f64),
        }
    }
}

impl From<&Self> for Candle {
    fn from(candle: &Self) -> Self {
        *candle
    }
}

/// An indicator of one series sees the closes.
impl From<&Candle> for Sample {
    fn from(candle: &Candle) -> Self {
        candle.close
    }
}
