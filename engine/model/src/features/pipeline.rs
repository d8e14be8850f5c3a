//! A list of features, checked and ready to be computed.

use super::column::Feature;
use super::declared::{Declared, Mistake};
use kernel::{Bar, Price, Span, Symbols, Timestamp, Volume};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The most columns that a row may have.
pub(super) const MOST: usize = 512;

/// The most bars that are tried out; a session would hardly get more to warm up with.
const MOST_BARS: u32 = 20_000;

/// Rises whenever a feature is computed in another way, so that a model trained on the old numbers is
/// not fed with new ones.
const VERSION: u32 = 1;

/// A list of features that has been checked.
#[derive(Debug, Clone)]
pub struct Pipeline {
    declared: Vec<Declared>,
    features: Vec<Feature>,
    columns: Vec<String>,
}

/// The features of one symbol as its bars come in.
#[derive(Debug, Clone)]
pub struct Stream {
    features: Vec<Feature>,
    row: Vec<f64>,
    /// Whether every feature had a value at the last bar.
    is_whole: bool,
    columns: Vec<String>,
}

/// A feature has a value that is no number.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "feature {column} is {value} at the bar of {time}: its price or volume is outside of what features can hold"
)]
pub struct NotFinite {
    /// The column.
    pub column: String,
    /// Its value.
    pub value: f64,
    /// When the bar opened.
    pub time: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Hashed<'a> {
    version: u32,
    columns: std::borrow::Cow<'a, [String]>,
}

impl Pipeline {
    /// From a list of features.
    ///
    /// # Errors
    /// With the first mistake in it.
    pub fn new(declared: &[Declared]) -> Result<Self, Mistake> {
        let (mut features, mut columns) = (Vec::new(), Vec::new());
        for one in declared {
            let (feature, names) = Feature::new(one)?;
            features.push(feature);
            columns.extend(names);
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(Mistake::Twice(twice.clone()));
        }
        match columns.len() {
            0 => Err(Mistake::Empty),
            count if count > MOST => Err(Mistake::TooMany(count)),
            _ => Ok(Self { declared: declared.to_vec(), features, columns }),
        }
    }

    /// What it was made of.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The name of each column, parameters and resolutions included.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The SHA-256, in hexadecimal, of everything that decides what stands in a row.
    pub fn hash(&self) -> String {
        let hashed = Hashed { version: VERSION, columns: self.columns.as_slice().into() };
        // A list of texts always has a JSON form.
        let text = serde_json::to_string(&hashed).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }

    /// How many bars of a length it takes until there is a row: tried out, on bars of a price that
    /// rises and falls; a row that takes longer than 20,000 of them is not waited for.
    pub fn warmup_bars(&self, length: Span) -> usize {
        // A name that every table of symbols takes.
        let symbols = Symbols::new(["A"]).unwrap_or_default();
        let Some(symbol) = symbols.ids().next() else { return MOST_BARS as usize };
        let mut stream = self.stream();
        let mut has_row = |place: i64| {
            let price = Price::from_nanos(100_000_000_000 + place * place % 13 * 200_000_000);
            let bar = Bar {
                symbol,
                open_time: Timestamp::from_nanos(place.saturating_mul(length.nanos())),
                length,
                open: price,
                high: price.max(Price::from_nanos(101_000_000_000)),
                low: Price::from_nanos(99_000_000_000),
                close: price,
                volume: Volume::from_nanos(1_000_000_000_000),
            };
            matches!(stream.push(&bar), Ok(Some(_)))
        };
        let seen = (0..MOST_BARS).position(|place| has_row(i64::from(place)));
        seen.map_or(MOST_BARS as usize, |place| place + 1)
    }

    /// For a symbol of which no bar has been seen.
    pub fn stream(&self) -> Stream {
        Stream {
            features: self.features.clone(),
            row: Vec::with_capacity(self.columns.len()),
            is_whole: false,
            columns: self.columns.clone(),
        }
    }
}

impl Stream {
    /// Takes the symbol's next bar, and gives its row; none while a feature has no value.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn push(&mut self, bar: &Bar) -> Result<Option<&[f64]>, NotFinite> {
        self.row.clear();
        self.is_whole = true;
        for feature in &mut self.features {
            // Every feature sees every bar, whether or not the others have a value.
            self.is_whole &= feature.push(bar, &mut self.row);
        }
        if !self.is_whole {
            return Ok(None);
        }
        match self.row.iter().zip(&self.columns).find(|(value, _)| !value.is_finite()) {
            Some((value, column)) => {
                Err(NotFinite { column: column.clone(), value: *value, time: bar.open_time })
            }
            None => Ok(Some(&self.row)),
        }
    }

    /// The row of the last bar; none while a feature has no value.
    pub fn row(&self) -> Option<&[f64]> {
        self.is_whole.then_some(self.row.as_slice())
    }
}
