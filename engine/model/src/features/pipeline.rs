//! A list of features, checked and ready to be computed.

use super::column::Feature;
use super::declared::{Declared, Mistake};
use kernel::{Bar, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The most columns that a row may have.
pub(super) const MOST: usize = 512;

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

    /// For a symbol of which no bar has been seen.
    pub fn stream(&self) -> Stream {
        Stream {
            features: self.features.clone(),
            row: Vec::with_capacity(self.columns.len()),
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
        let mut is_whole = true;
        for feature in &mut self.features {
            // Every feature sees every bar, whether or not the others have a value.
            is_whole &= feature.push(bar, &mut self.row);
        }
        if !is_whole {
            return Ok(None);
        }
        match self.row.iter().zip(&self.columns).find(|(value, _)| !value.is_finite()) {
            Some((value, column)) => {
                Err(NotFinite { column: column.clone(), value: *value, time: bar.open_time })
            }
            None => Ok(Some(&self.row)),
        }
    }
}
