//! What a whole backtest costs, from the Parquet file to what is written, by processor time: the wall
//! clock of a machine that does other things as well says little.

use super::{cargo_command, date, machine, section};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const RUNS: usize = 9;

/// One budget: how many bars, whether the report is written, seconds, and megabytes if they are
/// bounded.
struct Budget {
    bars: u64,
    what: &'static str,
    writes_report: bool,
    seconds: f64,
    megabytes: Option<f64>,
}

const BUDGETS: [Budget; 2] = [
    Budget {
        bars: 60_000,
        what: "to the finished HTML report",
        writes_report: true,
        seconds: 1.0,
        megabytes: None,
    },
    Budget {
        bars: 1_000_000,
        what: "to the printed summary",
        writes_report: false,
        seconds: 0.3,
        megabytes: Some(150.0),
    },
];

pub fn run(root: &Path) -> Result<(), String> {
    let build = ["build", "--release", "--locked", "--workspace", "--bin", "tradewind"];
    let built = cargo_command(root).args(build).args(["--features", "tradewind/parquet"]).status();
    if !built.map_err(|error| error.to_string())?.success() {
        return Err("the program cannot be built".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let place = target.join("backtest-process");
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    let program = target.join("release/tradewind");
    let rows = BUDGETS.iter().map(|budget| measure(&program, &place, budget));
    let rows = rows.collect::<Result<Vec<String>, String>>()?;
    let text = format!(
        "Written by `cargo xtask acceptance backtest-process` on {}, on {}, built with `--release --features parquet`:\n\
         minute bars of one symbol from a Parquet file, SMA crossover with the default rules, the whole process, the median of\n\
         {RUNS} runs. Seconds are of processor time, user and system.\n\n\
         | bars | from the file | seconds | budget | on the wall | peak memory |\n\
         | ---: | --- | ---: | ---: | ---: | ---: |\n{}",
        date()?,
        machine(),
        rows.concat()
    );
    println!("{text}");
    section::replace(&root.join("docs/BACKTESTS.md"), "A whole process", &text)
}

fn measure(program: &Path, place: &Path, budget: &Budget) -> Result<String, String> {
    let Budget { bars, what, writes_report, seconds, megabytes } = budget;
    let table = place.join(format!("SYNA_{bars}.csv"));
    let file = place.join(format!("SYNA_{bars}.parquet"));
    let (table, file) = (table.display().to_string(), file.display().to_string());
    said(program, place, &["data", "generate", "--bars", &bars.to_string(), "--out", &table])?;
    said(program, place, &["data", "convert", &table, "--out", &file])?;
    let mut run = vec!["backtest", "--no-keep", "--data", file.as_str()];
    if *writes_report {
        run.extend(["--report", "report.html"]);
    }
    let mut measured = Vec::new();
    for _ in 0..RUNS {
        measured.push(timed(program, place, &run)?);
    }
    let middle = |pick: fn(&(f64, f64)) -> f64| {
        let mut all: Vec<f64> = measured.iter().map(pick).collect();
        all.sort_by(f64::total_cmp);
        all.get(RUNS / 2).copied().unwrap_or(f64::NAN)
    };
    let (cpu, wall) = (middle(|run| run.0), middle(|run| run.1));
    run.push("--json");
    let result: Value =
        serde_json::from_str(&said(program, place, &run)?).map_err(|error| error.to_string())?;
    let peak = result.get("peak_memory_bytes").and_then(Value::as_f64).unwrap_or(f64::NAN) / 1e6;
    let bound = megabytes.map_or(String::new(), |most| format!(", {most:.0} MB"));
    let met = cpu < *seconds && megabytes.is_none_or(|most| peak < most);
    let met = if met { "met" } else { "not met" };
    Ok(format!(
        "| {bars} | {what} | {cpu:.2} | {seconds} s{bound}: {met} | {wall:.2} s | {peak:.0} MB |\n"
    ))
}

/// What a run of the program says.
pub(super) fn said(program: &Path, place: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(args).current_dir(place).output();
    let output = output.map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Seconds of processor time of a run, and of the wall clock: the shell's own count.
fn timed(program: &Path, place: &Path, args: &[&str]) -> Result<(f64, f64), String> {
    let script = "TIMEFORMAT='%R %U %S'; time \"$@\" > /dev/null";
    let output = Command::new("bash")
        .args(["-c", script, "bash"])
        .arg(program)
        .args(args)
        .current_dir(place)
        .output();
    let output = output.map_err(|error| format!("bash cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = text.lines().last().unwrap_or_default();
    let numbers: Vec<f64> = last.split(' ').filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [wall, user, system] if output.status.success() => Ok((user + system, *wall)),
        _ => Err(text),
    }
}
