//! How far the indicators are from TA-Lib on real minute bars, and what an update of each costs.

use super::{cargo, cargo_command, date, machine, section};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPT: &str = "strategies/tests/golden/make.py";
const REQUIREMENTS: [&str; 2] = ["TA-Lib==0.8.2", "numpy==2.4.6"];

/// How the outputs of an indicator compared, in all files.
#[derive(Default)]
struct Compared {
    values: u64,
    worst: f64,
}

pub fn run(root: &Path) -> Result<(), String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let goldens = goldens(root, &target)?;
    let said = compare(root, &goldens)?;
    let compared = table(&said);
    let costs = costs(root, &target)?;
    let files = fs::read_dir(&goldens).map_err(|error| error.to_string())?.count();
    let rows: String = compared.iter().map(|(name, row)| line(name, row, &costs)).collect();
    let text = format!(
        "Written by `cargo xtask acceptance indicators` on {}, on {}: the first 10,000 bars of each of {files} files\n\
         of minute bars, against {} (or, where it lacks one, against its parts and numpy, in `{SCRIPT}`). No value differs by more\n\
         than 1e-9 of itself or of its scale, and each is there exactly where TA-Lib has one. The scale is the mean price, the mean\n\
         volume, the bound of what has one, else 100. The cost is that of one update and one look, in nanoseconds, with every\n\
         window at 10 and at 1000 bars.\n\n\
         | indicator | values compared | largest difference | cost at 10 | at 1000 |\n\
         | --- | ---: | ---: | ---: | ---: |\n{rows}",
        date()?,
        machine(),
        REQUIREMENTS.join(", "),
    );
    println!("{text}");
    section::replace(&root.join("docs/INDICATORS.md"), "How close, and how fast", &text)?;
    let growing = growing(&costs);
    if growing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "an update costs more than {MOST} times as much at 1000 bars: {}",
        growing.join(", ")
    ))
}

/// How much more an update may cost at 1000 bars than at 10: what is read of a longer window lies farther
/// away, and a machine is never quiet. One that looks through its window costs many times as much.
const MOST: f64 = 1.6;
/// Its cost grows with the logarithm of the window, and docs/INDICATORS.md says so.
const LOGARITHMIC: &str = "cci";

/// The indicators whose cost grows with their window.
fn growing(costs: &BTreeMap<(String, String), f64>) -> Vec<String> {
    let names = costs.keys().map(|(name, _)| name).filter(|name| **name != LOGARITHMIC);
    let cost = |name: &String, window: &str| costs.get(&(name.clone(), window.to_owned())).copied();
    let grows = |name: &&String| {
        let both = cost(name, "10").zip(cost(name, "1000"));
        both.is_some_and(|(short, long)| long > MOST * short)
    };
    let found: std::collections::BTreeSet<&String> = names.filter(grows).collect();
    found.into_iter().cloned().collect()
}

/// Has TA-Lib say what it thinks of every minute file; the folder of its answers.
fn goldens(root: &Path, target: &Path) -> Result<PathBuf, String> {
    let data = std::env::var_os("TRADEWIND_TEST_DATA")
        .ok_or("TRADEWIND_TEST_DATA names no folder with market data")?;
    let python = environment(&target.join("talib"))?;
    let goldens = target.join("talib/goldens");
    let _ = fs::remove_dir_all(&goldens);
    fs::create_dir_all(&goldens).map_err(|error| format!("{}: {error}", goldens.display()))?;
    let minutes = Path::new(&data).join("bars/1Min");
    let listed = fs::read_dir(&minutes).map_err(|error| format!("{}: {error}", minutes.display()));
    let mut files: Vec<PathBuf> = listed?.filter_map(|file| Some(file.ok()?.path())).collect();
    files.sort();
    told(Command::new(python).arg(root.join(SCRIPT)).arg(&goldens).args(files))?;
    Ok(goldens)
}

/// A Python with TA-Lib, in a folder of its own.
fn environment(folder: &Path) -> Result<PathBuf, String> {
    let python = folder.join("bin/python");
    if !python.exists() {
        told(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    }
    told(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(REQUIREMENTS))?;
    Ok(python)
}

fn told(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} has failed")) }
}

fn compare(root: &Path, goldens: &Path) -> Result<String, String> {
    let arguments = ["test", "--workspace", "--release", "--locked", "--test", "talib"];
    let output = cargo_command(root)
        .args(arguments)
        .args(["--", "--ignored", "--nocapture"])
        .env("TRADEWIND_TALIB_GOLDENS", goldens)
        .output()
        .map_err(|error| format!("the comparison cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let said: Vec<&str> = said.lines().filter(|line| !line.starts_with("row,")).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{}\n{errors}\nvalues differ, so docs/INDICATORS.md stays as it is",
        said.join("\n")
    ))
}

/// Each indicator with its worst, from rows `row,FILE,NAME(PARAMS).OUTPUT,VALUES,WORST,WRONG`.
fn table(said: &str) -> BTreeMap<String, Compared> {
    let mut table: BTreeMap<String, Compared> = BTreeMap::new();
    for line in said.lines().filter_map(|line| line.strip_prefix("row,")) {
        let cells: Vec<&str> = line.split(',').collect();
        let [_, title, values, worst, _] = cells[..] else { continue };
        let name = title.split('(').next().unwrap_or(title);
        let row = table.entry(name.to_owned()).or_default();
        row.values += values.parse::<u64>().unwrap_or(0);
        row.worst = row.worst.max(worst.parse().unwrap_or(f64::INFINITY));
    }
    table
}

/// Nanoseconds an update, by indicator and window, from the benchmark.
fn costs(root: &Path, target: &Path) -> Result<BTreeMap<(String, String), f64>, String> {
    let bench =
        ["bench", "--profile", "release", "--workspace", "--locked", "--bench", "indicators"];
    let briefly = ["--", "--noplot", "--warm-up-time", "0.5", "--measurement-time", "1"];
    let (said, content) = cargo(root, &[&bench[..], &briefly].concat())?;
    if !content {
        return Err(format!("{said}\nthe benchmark has failed"));
    }
    let mut costs = BTreeMap::new();
    let folder = target.join("criterion");
    for name in fs::read_dir(&folder).map_err(|error| error.to_string())?.flatten() {
        for window in ["10", "1000"] {
            let Ok(text) = fs::read(name.path().join(window).join("new/estimates.json")) else {
                continue;
            };
            let estimates: Value =
                serde_json::from_slice(&text).map_err(|error| error.to_string())?;
            let mean = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
            let name = name.file_name().to_string_lossy().into_owned();
            costs.extend(mean.map(|mean| ((name, window.to_owned()), mean / UPDATES)));
        }
    }
    Ok(costs)
}

/// Updates between two looks of the benchmark at the clock.
const UPDATES: f64 = 4096.0;

fn line(name: &str, row: &Compared, costs: &BTreeMap<(String, String), f64>) -> String {
    let cost = |window: &str| {
        let cost = costs.get(&(name.to_owned(), window.to_owned()));
        cost.map_or_else(|| "-".to_owned(), |cost| format!("{cost:.1}"))
    };
    format!("| {name} | {} | {:.0e} | {} | {} |\n", row.values, row.worst, cost("10"), cost("1000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_through_its_window_is_found() {
        let costs = [
            ("sma", "10", 15.0),
            ("sma", "1000", 17.0),
            ("searched", "10", 15.0),
            ("searched", "1000", 800.0),
            ("cci", "10", 380.0),
            ("cci", "1000", 980.0),
            ("single", "10", 16.0),
        ];
        let costs = costs.map(|(name, window, cost)| ((name.into(), window.into()), cost));
        assert_eq!(growing(&costs.into()), ["searched"]);
    }
}
