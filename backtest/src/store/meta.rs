//! What a series of market data is, and what the store knows of it.

use super::StoreError;
use kernel::{Span, Timestamp};
use marketdata::content::Kind;
use marketdata::resolution;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// How prices were adjusted for what companies do to their shares.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// Not at all: prices and volumes as they were.
    #[default]
    Raw,
    /// For splits.
    Split,
    /// For splits and cash dividends.
    All,
}

impl Adjustment {
    /// `raw`, `split` or `all`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Adjustment::Raw => "raw",
            Adjustment::Split => "split",
            Adjustment::All => "all",
        }
    }
}

impl FromStr for Adjustment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Adjustment::Raw, Adjustment::Split, Adjustment::All];
        let found = known.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no adjustment; expected raw, split or all"))
    }
}

/// Which series of market data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// How its prices are adjusted.
    pub adjustment: Adjustment,
    /// Of what.
    pub kind: Kind,
    /// How long its bars last; zero for quotes and trades.
    pub length: Span,
    /// Whose.
    pub symbol: Box<str>,
}

impl Series {
    /// Its folder in a store.
    pub(super) fn place(&self) -> PathBuf {
        let mut place = PathBuf::from(self.adjustment.as_str());
        place.push(self.kind.as_str());
        if self.kind == Kind::Bars {
            place.push(resolution::name(self.length));
        }
        // A symbol such as BTC/USD is no two folders.
        place.push(self.symbol.replace('/', "%2F"));
        place
    }

    /// Whether its folder and its description can be read again.
    ///
    /// # Errors
    /// When its bars are of a length that no name says.
    pub(super) fn check_name(&self) -> Result<(), StoreError> {
        let length = resolution::name(self.length);
        if self.kind == Kind::Bars && resolution::parse(&length) != Some(self.length) {
            return Err(StoreError::NoName { symbol: self.symbol.clone(), length });
        }
        Ok(())
    }

    /// As a sentence names it: `1Min bars of AAPL, raw`.
    pub fn words(&self) -> String {
        let length = match self.kind {
            Kind::Bars => resolution::name(self.length) + " ",
            Kind::Quotes | Kind::Trades => String::new(),
        };
        let (kind, adjustment) = (self.kind.as_str(), self.adjustment.as_str());
        format!("{length}{kind} of {}, {adjustment}", self.symbol)
    }
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// A file's name, or the service they were loaded from.
    pub source: String,
    /// Which feed: `iex`, `sip`, `file`, `synthetic`.
    pub feed: String,
    /// What the source's time stamps of bars named: `open` or `end`. In the store it is the open.
    pub stamps: String,
    /// When they came, as RFC 3339.
    pub imported: String,
}

/// The rows of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The file, beside `meta.json`.
    pub file: String,
    /// How many.
    pub rows: u64,
    /// The time of the first: of bars, its open.
    pub first: Timestamp,
    /// The time of the last.
    pub last: Timestamp,
    /// SHA-256 over the rows, in hexadecimal digits.
    pub hash: String,
    /// The file's size.
    pub bytes: u64,
}

/// What the store knows of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Which.
    pub series: Series,
    /// Where its last rows come from; older ones have the same feed.
    pub origin: Origin,
    /// Its rows by year.
    pub partitions: BTreeMap<i16, Partition>,
}

impl Meta {
    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.partitions.values().map(|partition| partition.rows).sum()
    }

    /// The times of the first and the last row.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.partitions.values().next()?.first;
        Some((first, self.partitions.values().next_back()?.last))
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let series = &self.series;
        let span = self.span();
        let mut text = serde_json::to_vec_pretty(&Written {
            format: FORMAT,
            symbol: series.symbol.clone(),
            kind: series.kind.as_str().into(),
            resolution: (series.kind == Kind::Bars).then(|| resolution::name(series.length)),
            adjustment: series.adjustment,
            origin: self.origin.clone(),
            rows: self.rows(),
            first: span.map(|span| span.0),
            last: span.map(|span| span.1),
            partitions: self.partitions.clone(),
        })?;
        text.push(b'\n');
        Ok(text)
    }
}

const FORMAT: u32 = 1;

/// `meta.json`.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    symbol: Box<str>,
    kind: String,
    resolution: Option<String>,
    adjustment: Adjustment,
    #[serde(flatten)]
    origin: Origin,
    rows: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    partitions: BTreeMap<i16, Partition>,
}

pub(super) fn read(path: &Path) -> Result<Meta, StoreError> {
    let text = std::fs::read(path).map_err(|error| StoreError::io("read", path, error))?;
    let bad = |reason: String| StoreError::Meta { path: path.into(), reason };
    let written: Written = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    if written.format != FORMAT {
        return Err(bad(format!("its format is {}, not {FORMAT}", written.format)));
    }
    let kinds = [Kind::Bars, Kind::Quotes, Kind::Trades];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == written.kind);
    let kind = kind.ok_or_else(|| bad(format!("`{}` is no kind", written.kind)))?;
    let length = match &written.resolution {
        Some(name) => {
            resolution::parse(name).ok_or_else(|| bad(format!("`{name}` is no resolution")))?
        }
        None => Span::ZERO,
    };
    let series = Series { adjustment: written.adjustment, kind, length, symbol: written.symbol };
    Ok(Meta { series, origin: written.origin, partitions: written.partitions })
}
