//! Whether memory stays flat when data grows: each command over a million bars and over four.

use super::backtest_process::said;
use super::{cargo_command, date, machine, section};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const BARS: [u64; 2] = [1_000_000, 4_000_000];
/// What the larger input may take more, in MiB: the memory of its further orders and days of a
/// backtest, and what an allocator does not give back.
const MORE: f64 = 12.0;

/// What is measured, with `{n}` for the count of bars.
const COMMANDS: [(&str, &str); 9] = [
    ("CSV to Parquet", "data convert SYNA_{n}.csv --out SYNA_{n}.parquet"),
    ("Parquet to CSV", "data convert SYNA_{n}.parquet --out back_{n}.csv"),
    ("CSV to hours", "data convert SYNA_{n}.csv --resample 1Hour --out hours_{n}.csv"),
    ("CSV into a store", "data import SYNA_{n}.csv --store store_{n}"),
    ("Parquet into a store", "data import SYNA_{n}.parquet --store again_{n}"),
    ("a store to CSV", "data convert --store store_{n} --out out_{n}.csv"),
    (
        "backtest of a store",
        "backtest --store store_{n} --no-keep --param fast=2000 --param slow=9000",
    ),
    (
        "backtest of a Parquet file",
        "backtest --data SYNA_{n}.parquet --stream --no-keep --param fast=2000 --param slow=9000",
    ),
    (
        "backtest of a CSV file",
        "backtest --data SYNA_{n}.csv --stream --no-keep --param fast=2000 --param slow=9000",
    ),
];

pub fn run(root: &Path) -> Result<(), String> {
    let build = ["build", "--release", "--locked", "--workspace", "--bin", "tradewind"];
    let built = cargo_command(root).args(build).args(["--features", "tradewind/parquet"]).status();
    if !built.map_err(|error| error.to_string())?.success() {
        return Err("the program cannot be built".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let (place, program) = (target.join("flat-memory"), target.join("release/tradewind"));
    // What an earlier run left would be known already.
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    for bars in BARS {
        let file = format!("SYNA_{bars}.csv");
        said(&program, &place, &["data", "generate", "--bars", &bars.to_string(), "--out", &file])?;
    }
    let (mut rows, mut grew) = (String::new(), Vec::new());
    for (what, words) in COMMANDS {
        let [small, large] = BARS.map(|bars| peak(&program, &place, words, bars));
        let (small, large) = (small?, large?);
        rows += &format!("| {what} | {small:.0} MiB | {large:.0} MiB |\n");
        if large > small + MORE {
            grew.push(what);
        }
    }
    let _ = fs::remove_dir_all(&place);
    let text = format!(
        "Written by `cargo xtask acceptance flat-memory` on {}, on {}: the most memory that a process had\n\
         (`VmHWM`), for minute bars of one symbol.\n\n\
         | what | 1 million bars | 4 million bars |\n| --- | ---: | ---: |\n{rows}\n\
         A backtest keeps its orders and trades, not quite 1 kB for each order: these here send some hundreds. `data check` keeps\n\
         eight bytes for each bar.\n",
        date()?,
        machine()
    );
    println!("{text}");
    if !grew.is_empty() {
        return Err(format!("memory grows with the data: {}", grew.join(", ")));
    }
    section::replace(&root.join("docs/DATA.md"), "Memory", &text)
}

/// The most memory of a run in MiB: the system's own count, which only rises, as it stood last.
fn peak(program: &Path, place: &Path, words: &str, bars: u64) -> Result<f64, String> {
    let words = words.replace("{n}", &bars.to_string());
    let failed = |error: std::io::Error| format!("{} cannot be run: {error}", program.display());
    let mut child = Command::new(program)
        .args(words.split(' '))
        .current_dir(place)
        .stdout(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0;
    loop {
        most = high_water(&status).unwrap_or(most);
        if let Some(ended) = child.try_wait().map_err(failed)? {
            let words = || format!("tradewind {words} failed");
            return if ended.success() { Ok(most) } else { Err(words()) };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn high_water(status: &str) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
