//! What a model says of a symbol.
//!
//! Models run outside the kernel, in floating point and at their own speed; what they say comes in as an
//! input, is journalled with its model, bar and time, and is decided on like any other. So a replay needs no
//! model.

use crate::{Bar, Input, Ratio, Span, SymbolId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which way a price is expected to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Down.
    Down,
    /// Not far enough to trade on.
    Flat,
    /// Up.
    Up,
}

/// A probability in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Probability(u32);

/// What a model says after a bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// Of which symbol.
    pub symbol: SymbolId,
    /// The model's id.
    pub model: Box<str>,
    /// When the bar ended after which it is said.
    pub time: Timestamp,
    /// The likeliest way.
    pub trend: Trend,
    /// Its probability.
    pub confidence: Probability,
    /// Whether it is watched only: a challenger's, which nothing trades on.
    pub shadow: bool,
    /// The model that this one stands in for: until that has drifted, its word is watched only.
    pub stands_in_for: Option<Box<str>>,
    /// How long the model took; a measurement that no decision looks at.
    pub latency: Span,
}

/// A model that said nothing where it should have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedPrediction {
    /// Of which symbol.
    pub symbol: SymbolId,
    /// The model's id.
    pub model: Box<str>,
    /// When the bar ended.
    pub time: Timestamp,
    /// Why, in words.
    pub reason: Box<str>,
}

/// A model that is shown each bar, in the order of time, and may say something of its symbol.
///
/// It is driven by whoever drives the kernel, beside it: its words become inputs, so that the same bars and
/// the same words lead to the same decisions.
pub trait Forecaster: Send {
    /// The model's id.
    fn id(&self) -> &str;

    /// How many bars of a symbol it must see before it can say anything of it.
    fn warmup_bars(&self) -> usize;

    /// Takes a bar in; what comes of it is an [`Input::Prediction`], an [`Input::MissedPrediction`] or
    /// nothing, and before it that the model has drifted, if it has.
    fn observe(&mut self, bar: &Bar) -> Vec<Input>;

    /// Takes a bar in for its memory alone.
    fn remember(&mut self, bar: &Bar);

    /// The bars that follow are of new shares: what was seen is to be understood so.
    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio);
}

impl Trend {
    /// `down`, `flat` or `up`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Trend::Down => "down",
            Trend::Flat => "flat",
            Trend::Up => "up",
        }
    }
}

impl Probability {
    /// What is certain.
    pub const ONE: Self = Self(1_000_000);

    /// From millionths; `None` above a million.
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths <= Self::ONE.0 { Some(Self(millionths)) } else { None }
    }

    /// In millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Probability {
    /// In percent: `61.25%`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}%", self.0 / 10_000, self.0 % 10_000 / 100)
    }
}
