//! What the registry says of an indicator.

use super::AnyIndicator;
use crate::param::{did_you_mean, nearest};
use crate::{Mistake, ParamSpec, Params};
use std::collections::BTreeMap;
use std::fmt;

/// The longest window, as in TA-Lib.
const LONGEST: i64 = 100_000;

/// An indicator as the registry knows it.
pub struct Entry {
    /// The name it is chosen by.
    pub name: &'static str,
    /// One sentence for the trader.
    pub summary: &'static str,
    /// Every parameter it has.
    pub params: &'static [ParamSpec],
    /// What of a bar it looks at.
    pub inputs: &'static [Field],
    /// What it says, in the order of [`Values`](super::Values).
    pub outputs: &'static [Output],
    /// Where its formula stands, and where this one departs from it.
    pub source: &'static str,
    /// Makes one from parameters of the kinds and in the ranges declared.
    pub build: fn(&Params) -> Result<AnyIndicator, Mistake>,
}

/// A part of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// When it opened.
    Time,
    /// Its highest trade.
    High,
    /// Its lowest trade.
    Low,
    /// Its last trade.
    Close,
    /// The shares traded.
    Volume,
}

/// One number that an indicator says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Its bounds, where it has some.
    pub range: Option<(f64, f64)>,
}

/// What an output is counted in, which is also what a split does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// As the samples.
    Price,
    /// In shares.
    Shares,
    /// In per cent.
    Percent,
    /// Without one.
    Plain,
}

/// Why an indicator could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum IndicatorError {
    /// None has this name.
    #[error("there is no indicator {name:?}{}: choose one of {known}", did_you_mean(*nearest))]
    Unknown {
        /// The name given.
        name: String,
        /// The name that looks most like it.
        nearest: Option<&'static str>,
        /// The names there are.
        known: String,
    },
    /// Its parameters are wrong.
    #[error("{}", sentences(name, mistakes))]
    Params {
        /// The indicator.
        name: &'static str,
        /// Every mistake there is.
        mistakes: Vec<Mistake>,
    },
}

impl Entry {
    /// Makes this indicator from parameters as texts, with defaults for what is not given.
    ///
    /// # Errors
    /// With every mistake in the parameters.
    pub fn create(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<(AnyIndicator, Params), IndicatorError> {
        let wrong = |mistakes| IndicatorError::Params { name: self.name, mistakes };
        let params = Params::resolve(self.params, given).map_err(wrong)?;
        let made = (self.build)(&params).map_err(|mistake| wrong(vec![mistake]))?;
        Ok((made, params))
    }
}

impl IndicatorError {
    pub(super) fn unknown(name: &str, entries: &[&'static Entry]) -> Self {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
        let nearest = nearest(name, entries.iter().map(|entry| entry.name));
        Self::Unknown { name: name.into(), nearest, known: names.join(", ") }
    }
}

impl Output {
    /// In the unit of prices.
    pub(super) const fn price(name: &'static str) -> Self {
        Self { name, unit: Unit::Price, range: None }
    }

    /// In shares.
    pub(super) const fn shares(name: &'static str) -> Self {
        Self { name, unit: Unit::Shares, range: None }
    }

    /// In per cent.
    pub(super) const fn percent(name: &'static str) -> Self {
        Self { name, unit: Unit::Percent, range: None }
    }

    /// Without a unit or bounds.
    pub(super) const fn plain(name: &'static str) -> Self {
        Self { name, unit: Unit::Plain, range: None }
    }

    /// With bounds.
    pub(super) const fn within(self, least: f64, most: f64) -> Self {
        Self { range: Some((least, most)), ..self }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Field::Time => "time",
            Field::High => "high",
            Field::Low => "low",
            Field::Close => "close",
            Field::Volume => "volume",
        })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Unit::Price => "price",
            Unit::Shares => "shares",
            Unit::Percent => "%",
            Unit::Plain => "no unit",
        })
    }
}

/// A window of bars under the name `period`, at least so long.
pub(super) const fn period(default: &'static str, least: i64) -> ParamSpec {
    window("period", default, least, "Bars it looks back on.")
}

/// A window of bars under another name.
pub(super) const fn window(
    name: &'static str,
    default: &'static str,
    least: i64,
    doc: &'static str,
) -> ParamSpec {
    ParamSpec::integer(name, default, (least, LONGEST), "bars", doc)
}

fn sentences(name: &str, mistakes: &[Mistake]) -> String {
    let lines: Vec<String> =
        mistakes.iter().map(|mistake| format!("indicator {name}: {mistake}")).collect();
    lines.join("\n")
}
