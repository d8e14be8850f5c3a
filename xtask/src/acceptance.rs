//! The long proofs: each runs to its end and writes its table into `docs/`, with the date and the class
//! of the machine.

mod backtest_process;
mod backtest_speed;
mod beside;
mod crash_matrix;
mod fill_path;
mod flat_memory;
mod indicators;
mod lstm;
mod planted;
mod recovery;
mod risk_checks;
mod section;
mod soak;
mod stress;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Seeds that the simulation must keep every law in.
const SEEDS: &str = "10000";

/// Runs a proof by its name; of planted bugs those that are named.
pub fn run(root: &Path, name: &str, parts: &[&str]) -> Result<(), String> {
    if name == "planted-bugs" {
        return planted::run(root, parts);
    }
    if !parts.is_empty() {
        return Err(format!("{name} has no parts to choose from"));
    }
    match name {
        "simulation" => simulation(root),
        "backtest-process" => backtest_process::run(root),
        "backtest-speed" => backtest_speed::run(root),
        "crash-matrix" => crash_matrix::run(root),
        "crash-matrix-paced" => crash_matrix::run_part(root, &crash_matrix::Part::Paced),
        "crash-matrix-operator" => crash_matrix::run_part(root, &crash_matrix::Part::Operated),
        "fill-path" => fill_path::run(root),
        "flat-memory" => flat_memory::run(root),
        "indicators" => indicators::run(root),
        "lstm" => lstm::run(root),
        "recovery" => recovery::run(root),
        "risk-checks" => risk_checks::run(root),
        "soak" => soak::run(root),
        "stress" => stress::run(root),
        "sweep-beside-session" => beside::run(root),
        _ => Err(format!(
            "there is no proof called {name}: backtest-process, backtest-speed, crash-matrix, crash-matrix-paced, \
             crash-matrix-operator, fill-path, flat-memory, indicators, lstm, planted-bugs, recovery, risk-checks, simulation, soak, stress \
             and sweep-beside-session are"
        )),
    }
}

/// Runs cargo with arguments; gives what the program said, and whether it was content.
fn cargo(root: &Path, arguments: &[&str]) -> Result<(String, bool), String> {
    let output = cargo_command(root)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo {} cannot be run: {error}", arguments.join(" ")))?;
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success()))
}

fn simulation(root: &Path) -> Result<(), String> {
    let arguments =
        ["run", "--release", "--locked", "-p", "tradewind-simulation", "--", "--seeds", SEEDS];
    let (said, holds) = cargo(root, &arguments)?;
    if !holds {
        return Err(format!("{said}\na law was broken, so docs/SIMULATION.md stays as it is"));
    }
    if said.contains("never met: ") {
        return Err(format!(
            "{said}\na fault never met a kind of order: run more seeds, or draw more"
        ));
    }
    let (table, rest) = said.split_once("\n\n").unwrap_or((&said, ""));
    let facts: String = rest.lines().map(|line| format!("- {line}\n")).collect();
    let text = format!(
        "Written by `cargo xtask acceptance simulation` on {}, on {}. How often each fault met each\n\
         kind of order:\n\n{table}\n\n{facts}",
        date()?,
        machine()
    );
    section::replace(&root.join("docs/SIMULATION.md"), "Faults and orders", &text)
}

/// Cargo in the repository, without what the cargo that runs this process has told it of its package:
/// build scripts that look at it would run again, and all that depends on them would be built anew.
fn cargo_command(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    let of_package =
        |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| of_package(name)) {
        command.env_remove(name);
    }
    command.current_dir(root);
    command
}

/// Today's date in UTC.
fn date() -> Result<String, String> {
    let output = Command::new("date").args(["-u", "+%F"]).output();
    let output = output.map_err(|error| format!("date cannot be run: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().into())
}

/// The class of this machine: cores, memory, system.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?.to_owned();
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    match memory {
        Some(kib) => format!("{cores} cores, {} GiB, {os} {arch}", kib.div_ceil(1 << 20)),
        None => format!("{cores} cores, {os} {arch}"),
    }
}
