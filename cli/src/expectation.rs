//! What is expected of a session: the band of a backtest's bootstrap, from `tradewind bootstrap
//! --expected` to the kernel's limits.

use crate::config::Settings;
use crate::exit::Failure;
use backtest::statistics::ExpectedReturn;
use kernel::BasisPoints;
use kernel::risk::Expected;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The band, as it is in its file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The backtest whose returns were resampled.
    pub run: String,
    /// What chance was seeded with.
    pub seed: u64,
    /// From the first trading day on.
    pub returns: Vec<ExpectedReturn>,
}

/// A quantile of a row.
type Quantile = fn(&ExpectedReturn) -> f64;

impl Expectation {
    /// Writes it, one trading day to a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), Failure> {
        let rows: Vec<String> = self
            .returns
            .iter()
            .map(|row| serde_json::to_string(row).map(|row| format!("    {row}")))
            .collect::<Result<_, _>>()
            .map_err(Failure::other)?;
        let run = serde_json::to_string(&self.run).map_err(Failure::other)?;
        let text = format!(
            "{{\n  \"run\": {run},\n  \"seed\": {},\n  \"returns\": [\n{}\n  ]\n}}\n",
            self.seed,
            rows.join(",\n")
        );
        let part = file.with_extension("part");
        let written = fs::write(&part, text).and_then(|()| fs::rename(&part, file));
        written.map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", file.display()))
        })
    }

    fn read(file: &Path) -> Result<Self, Failure> {
        let wrong = |what: String| {
            Failure::usage(format!(
                "risk.expected: {}: {what}; `tradewind bootstrap RUN --expected FILE` writes such a file",
                file.display()
            ))
        };
        let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let read: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let numbered = (1..).zip(&read.returns);
        for (session, row) in numbered {
            let edges = [row.p1, row.p5, row.p25, row.p50, row.p75, row.p95, row.p99];
            if row.session != session {
                return Err(wrong(format!("row {session} is of session {}", row.session)));
            }
            if !edges.is_sorted() || edges.iter().any(|edge| !edge.is_finite() || *edge < -1.0) {
                return Err(wrong(format!(
                    "the quantiles of session {session} do not rise from -1"
                )));
            }
        }
        if read.returns.is_empty() { Err(wrong("it holds no session".into())) } else { Ok(read) }
    }
}

/// What the settings expect of a session; nothing where they name no file.
///
/// # Errors
/// When the file cannot be read or is no band.
pub fn of(settings: &Settings) -> Result<Vec<Expected>, Failure> {
    let file = settings.text("risk.expected");
    if file.is_empty() {
        return Ok(Vec::new());
    }
    let quantile = |key: &str| -> Option<Quantile> {
        match settings.text(key) {
            "p1" => Some(|row| row.p1),
            "p5" => Some(|row| row.p5),
            "p25" => Some(|row| row.p25),
            _ => None,
        }
    };
    let (reduce, halt) = (quantile("risk.expected_reduce"), quantile("risk.expected_halt"));
    let band = Expectation::read(Path::new(file))?;
    let row = |row: &ExpectedReturn| Expected {
        reduce_below: reduce.map(|edge| points(edge(row))),
        halt_below: halt.map(|edge| points(edge(row))),
        tell_above: Some(points(row.p95)),
    };
    Ok(band.returns.iter().map(row).collect())
}

/// A return in basis points, rounded down.
fn points(part: f64) -> BasisPoints {
    // From -1 on, and what is beyond an i32 no session returns.
    BasisPoints::new((part * 10_000.0).floor().clamp(-10_000.0, f64::from(i32::MAX)) as i32)
}
