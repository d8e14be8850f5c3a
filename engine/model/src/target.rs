//! What a network is asked: where the price goes after a bar.

use kernel::Bar;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which way, as classes are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// It falls by more than the band.
    Down,
    /// It stays within the band, or nobody can say.
    Flat,
    /// It rises by more than the band.
    Up,
}

/// Every class, by its number.
pub const TRENDS: [Trend; 3] = [Trend::Down, Trend::Flat, Trend::Up];

/// What is asked of the bars that follow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
    /// Whether the close so many bars later is above, within or below a band around this one.
    Direction {
        /// Bars ahead.
        horizon: u16,
        /// Half the width of the band within which nothing is worth trading, in per cent.
        #[serde(default)]
        band_percent: f64,
    },
    /// The logarithm of the close so many bars later over this one.
    Return {
        /// Bars ahead.
        horizon: u16,
        /// As for direction, once the network has said a number.
        #[serde(default)]
        band_percent: f64,
    },
    /// Which barrier is touched first: one above, one below, or the end of time. A bar that touches
    /// both counts as neither, since nobody knows which came first.
    ///
    /// Source: M. Lopez de Prado, "Advances in Financial Machine Learning", 2018, 3.4.
    TripleBarrier {
        /// Bars until the end of time.
        horizon: u16,
        /// The upper barrier over the close, in per cent.
        up_percent: f64,
        /// The lower barrier under the close, in per cent.
        down_percent: f64,
    },
}

/// What came true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The class.
    pub trend: Trend,
    /// The logarithm of the close at the horizon over the close asked about.
    pub moved: f64,
}

impl fmt::Display for Question {
    /// For a card: what is asked, in bars and per cent.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direction { horizon, band_percent } => write!(
                formatter,
                "direction of the close {horizon} bars ahead, flat within {band_percent} %"
            ),
            Self::Return { horizon, band_percent } => write!(
                formatter,
                "return of the close {horizon} bars ahead, flat within {band_percent} %"
            ),
            Self::TripleBarrier { horizon, up_percent, down_percent } => write!(
                formatter,
                "which barrier is touched first within {horizon} bars: {up_percent} % above or {down_percent} % below"
            ),
        }
    }
}

impl Trend {
    /// Its class.
    pub const fn class(self) -> usize {
        self as usize
    }

    /// Of a class.
    pub fn of_class(class: usize) -> Self {
        TRENDS.get(class).copied().unwrap_or(Self::Flat)
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> f64 {
        self.class() as f64 - 1.0
    }
}

impl Question {
    /// Bars that the answer looks at.
    pub fn horizon(&self) -> usize {
        match self {
            Self::Direction { horizon, .. }
            | Self::Return { horizon, .. }
            | Self::TripleBarrier { horizon, .. } => usize::from(*horizon),
        }
    }

    /// Half the width of the band, as a logarithm.
    pub fn band(&self) -> f64 {
        match self {
            Self::Direction { band_percent, .. } | Self::Return { band_percent, .. } => {
                (band_percent / 100.0).ln_1p()
            }
            Self::TripleBarrier { .. } => 0.0,
        }
    }

    /// Whether the network says a number instead of classes.
    pub const fn is_value(&self) -> bool {
        matches!(self, Self::Return { .. })
    }

    /// Which way a logarithm of prices goes.
    pub fn trend_of(&self, moved: f64) -> Trend {
        let band = self.band();
        if moved > band {
            Trend::Up
        } else if moved < -band {
            Trend::Down
        } else {
            Trend::Flat
        }
    }

    /// The answer for a bar from those after it; none when there are too few of them.
    pub fn answer(&self, bar: &Bar, after: &[Bar]) -> Option<Answer> {
        let after = after.get(..self.horizon())?;
        let close = bar.close.to_f64();
        let moved = (after.last()?.close.to_f64() / close).ln();
        let trend = match self {
            Self::Direction { .. } | Self::Return { .. } => self.trend_of(moved),
            Self::TripleBarrier { up_percent, down_percent, .. } => {
                let upper = close * (1.0 + up_percent / 100.0);
                let lower = close * (1.0 - down_percent / 100.0);
                let touched =
                    after.iter().map(|bar| (bar.high.to_f64() >= upper, bar.low.to_f64() <= lower));
                match touched.into_iter().find(|(up, down)| *up || *down) {
                    Some((true, false)) => Trend::Up,
                    Some((false, true)) => Trend::Down,
                    _ => Trend::Flat,
                }
            }
        };
        Some(Answer { trend, moved })
    }

    /// What is wrong with it, as a sentence.
    pub fn mistake(&self) -> Option<String> {
        let out = |key: &str, value: f64| {
            Some(format!(
                "target.{key} = {value} is out of range: give more than 0 and less than 50 %"
            ))
        };
        let inside = |percent: f64| percent > 0.0 && percent < 50.0;
        if self.horizon() == 0 {
            return Some("target.horizon = 0 looks at no bar: give at least 1".into());
        }
        match *self {
            Self::Direction { band_percent, .. } | Self::Return { band_percent, .. } => {
                (band_percent != 0.0 && !inside(band_percent))
                    .then(|| out("band_percent", band_percent))
                    .flatten()
            }
            Self::TripleBarrier { up_percent, .. } if !inside(up_percent) => {
                out("up_percent", up_percent)
            }
            Self::TripleBarrier { down_percent, .. } if !inside(down_percent) => {
                out("down_percent", down_percent)
            }
            Self::TripleBarrier { .. } => None,
        }
    }
}
