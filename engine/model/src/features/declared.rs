//! Features as they stand in a configuration.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One feature: `{ name = "rsi", params = { period = 14 }, resolution = "5Min", lags = [0, 1] }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// An indicator, or one of the features that are no indicators.
    pub name: String,
    /// Its parameters; the others have their defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Number>,
    /// Of longer bars, counted from midnight UTC, as of the last one that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// How many bars ago; now when not given.
    #[serde(default = "now", skip_serializing_if = "is_now")]
    pub lags: Vec<u16>,
}

/// The value of a parameter: a number, or a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// A whole number.
    Whole(i64),
    /// A decimal number or a word, as text.
    Text(String),
}

/// What is wrong with a list of features.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Mistake {
    /// There is none.
    #[error("features: the list is empty: name at least one, such as {{ name = \"return\" }}")]
    Empty,
    /// The name is that of nothing.
    #[error("features: there is no feature {name:?}: choose one of {known}")]
    Unknown {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Its parameters are wrong.
    #[error("features: {0}")]
    Params(String),
    /// It counts shares without end.
    #[error(
        "features: {0} counts shares from the beginning of the data, so its size says when that was: \
         use mfi, cmf or volume"
    )]
    WithoutBounds(String),
    /// The resolution is none.
    #[error(
        "features: {name}: {resolution:?} is no length of bars: write one such as 5Min, 1Hour or 1Day"
    )]
    Resolution {
        /// The feature.
        name: String,
        /// The text given.
        resolution: String,
    },
    /// A lag list without lags.
    #[error("features: {0}: lags is empty: leave it out, or name at least one number of bars")]
    NoLag(String),
    /// The same column twice.
    #[error("features: {0} is there twice: leave one of them out")]
    Twice(String),
    /// More than a network takes.
    #[error("features: {0} columns are more than the {most} that a network takes: leave some out", most = super::pipeline::MOST)]
    TooMany(usize),
}

impl Declared {
    /// A feature with its defaults.
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), params: BTreeMap::new(), resolution: None, lags: now() }
    }

    /// The same with a parameter.
    #[must_use]
    pub fn with(mut self, param: &str, value: i64) -> Self {
        self.params.insert(param.into(), Number::Whole(value));
        self
    }

    pub(super) fn texts(&self) -> BTreeMap<String, String> {
        let text = |value: &Number| match value {
            Number::Whole(number) => number.to_string(),
            Number::Text(text) => text.clone(),
        };
        self.params.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}

fn now() -> Vec<u16> {
    vec![0]
}

fn is_now(lags: &[u16]) -> bool {
    lags == [0]
}
