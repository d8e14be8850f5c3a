//! Runs that are kept: a folder for each, named after the run.

use crate::{BacktestReport, write_daily, write_trades};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Characters of an id that a name must have at least.
const SHORTEST: usize = 4;

/// A kept run could not be found or read.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nothing of this name.
    #[error(
        "there is no run {name}: give a folder, or the first {SHORTEST} or more characters of the id \
         of a run in {folder}"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// Where it was sought.
        folder: String,
    },
    /// More than one of this name.
    #[error("{name} may be any of {count} runs: give more of its id")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// How many begin so.
        count: usize,
    },
    /// Its files cannot be read.
    #[error("{path} cannot be read: {source}")]
    Io {
        /// Which.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is not what a run writes.
    #[error("{path} is no result of a backtest: {problem}")]
    Content {
        /// Which.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The folder of the runs in a data directory.
pub fn runs_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("runs")
}

/// Keeps a run: `result.json`, `trades.csv`, `equity.csv` by the session and `report.html`. The
/// same run again replaces it. Returns the folder.
///
/// # Errors
/// What the system says.
pub fn keep_run(
    runs: &Path,
    report: &BacktestReport,
    benchmark: &[f64],
    html: &str,
) -> io::Result<PathBuf> {
    let folder = runs.join(&report.run);
    std::fs::create_dir_all(&folder)?;
    write_whole(&folder.join("result.json"), |out| {
        serde_json::to_writer_pretty(&mut *out, report)?;
        out.write_all(b"\n")
    })?;
    write_whole(&folder.join("trades.csv"), |out| write_trades(report, out))?;
    write_whole(&folder.join("equity.csv"), |out| write_daily(report, benchmark, out))?;
    write_whole(&folder.join("report.html"), |out| out.write_all(html.as_bytes()))?;
    Ok(folder)
}

/// Writes a file wholly or not at all: beside its place first, then moved there.
///
/// # Errors
/// What the system says.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut out = BufWriter::new(File::create(&beside)?);
    write(&mut out)?;
    out.flush()?;
    std::fs::rename(&beside, path)
}

/// The folder of a run, by its path, the path of its `result.json`, or the beginning of its id.
///
/// # Errors
/// When there is none, or more than one.
pub fn find_run(runs: &Path, name: &str) -> Result<PathBuf, RunError> {
    let path = Path::new(name);
    if path.join("result.json").is_file() {
        return Ok(path.to_owned());
    }
    if path.is_file() {
        return Ok(path.parent().unwrap_or(Path::new("")).to_owned());
    }
    let all = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let named = all.filter(|entry| entry.file_name().to_string_lossy().starts_with(name));
    let found: Vec<PathBuf> = named.map(|entry| entry.path()).collect();
    match found.as_slice() {
        [only] if name.len() >= SHORTEST => Ok(only.clone()),
        [_, _, ..] if name.len() >= SHORTEST => {
            Err(RunError::Ambiguous { name: name.into(), count: found.len() })
        }
        _ => Err(RunError::Unknown { name: name.into(), folder: runs.display().to_string() }),
    }
}

/// The result of a kept run.
///
/// # Errors
/// When it cannot be read or is no result.
pub fn read_run(folder: &Path) -> Result<BacktestReport, RunError> {
    let path = folder.join("result.json");
    let place = path.display().to_string();
    let text = std::fs::read_to_string(&path)
        .map_err(|source| RunError::Io { path: place.clone(), source })?;
    serde_json::from_str(&text)
        .map_err(|error| RunError::Content { path: place, problem: error.to_string() })
}

/// The equity of a kept run by the session, the start first.
///
/// # Errors
/// When it cannot be read or is no equity.
pub fn read_equity(folder: &Path) -> Result<Vec<f64>, RunError> {
    let path = folder.join("equity.csv");
    let place = path.display().to_string();
    let text = std::fs::read_to_string(&path)
        .map_err(|source| RunError::Io { path: place.clone(), source })?;
    let value = |(line, text): (usize, &str)| {
        let cell = text.split(',').nth(2).and_then(|cell| cell.parse::<f64>().ok());
        cell.ok_or_else(|| RunError::Content {
            path: place.clone(),
            problem: format!("line {}: column equity is no number", line + 1),
        })
    };
    text.lines().enumerate().skip(1).map(value).collect()
}
