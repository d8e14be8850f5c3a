//! A sweep on all cores beside a session: what it does to the time from a market data frame to the
//! order request on the wire. Quiet rounds and rounds beside a sweep take turns, so that what else
//! the machine does falls on both.

use super::{cargo_command, date, machine, section};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Rounds of each kind.
const ROUNDS: usize = 7;
/// What the median may move by.
const BUDGET: f64 = 0.05;
/// Parameters of so many trials that the sweep outlasts a round.
const GRID: [&str; 4] = ["--grid", "fast=2..400", "--grid", "slow=500..900"];

/// Median times in microseconds: to the request without fsync, and with it.
type Medians = [f64; 2];

pub fn run(root: &Path) -> Result<(), String> {
    let cargo = || cargo_command(root);
    let bench = ["bench", "-p", "tradewind-runtime", "--bench", "order_path"];
    succeed(cargo().args(["build", "--release", "-p", "tradewind"]))?;
    succeed(cargo().args(bench).arg("--no-run"))?;
    let place = std::env::temp_dir().join(format!("tradewind-beside-{}", std::process::id()));
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    let result = measure(&program(root), &place, || {
        // The name of no benchmark: only the medians at the end are wanted.
        let output = cargo().args(bench).args(["--", "medians alone"]).output();
        medians(&String::from_utf8_lossy(&output.map_err(|error| error.to_string())?.stdout))
    });
    let removed = std::fs::remove_dir_all(&place).map_err(|error| error.to_string());
    let (quiet, beside) = result?;
    removed?;
    write(root, &quiet, &beside)
}

/// The built program.
fn program(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    target.join("release/tradewind")
}

fn measure(
    program: &Path,
    place: &Path,
    round: impl Fn() -> Result<Medians, String>,
) -> Result<(Vec<Medians>, Vec<Medians>), String> {
    let file = place.join("SYN.csv");
    let generate = ["data", "generate", "--symbols", "SYN", "--bars", "100000", "--out"];
    succeed(Command::new(program).args(generate).arg(&file))?;
    let (mut quiet, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        quiet.push(round()?);
        let sweep = Command::new(program)
            .args(["sweep", "--no-keep", "--strategy", "sma-crossover"])
            .args(GRID)
            .arg("--data")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the sweep cannot be started: {error}"))?;
        let mut sweep = Ended(sweep);
        let measured = round();
        if sweep.0.try_wait().map_err(|error| error.to_string())?.is_some() {
            return Err("the sweep ended before the round did".into());
        }
        drop(sweep);
        beside.push(measured?);
    }
    Ok((quiet, beside))
}

/// A process that ends with what started it.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.stdout(Stdio::null()).status();
    match status.map_err(|error| format!("{command:?}: {error}"))? {
        status if status.success() => Ok(()),
        status => Err(format!("{command:?}: {status}")),
    }
}

/// The medians that the benchmark prints.
fn medians(said: &str) -> Result<Medians, String> {
    let find = |name: &str| {
        let begins = format!("frame to request {name}: median ");
        let rest = said.lines().find_map(|line| line.strip_prefix(&begins))?;
        micros(rest.split(' ').next()?)
    };
    let both = find("without fsync").zip(find("with fsync"));
    both.map(|(without, with)| [without, with])
        .ok_or_else(|| format!("{said}\nthe benchmark printed no medians"))
}

/// Microseconds of a time as `Duration` is printed.
fn micros(text: &str) -> Option<f64> {
    let units = [("ns", 1e-3), ("\u{b5}s", 1.0), ("ms", 1e3), ("s", 1e6)];
    units.iter().find_map(|(unit, factor)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(number * factor)
    })
}

fn middle(all: &[Medians], which: usize) -> f64 {
    let mut values: Vec<f64> =
        all.iter().filter_map(|medians| medians.get(which)).copied().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn write(root: &Path, quiet: &[Medians], beside: &[Medians]) -> Result<(), String> {
    let mut rows = String::new();
    let mut worst = f64::MIN;
    for (which, name) in ["without fsync", "with fsync"].into_iter().enumerate() {
        let (alone, with) = (middle(quiet, which), middle(beside, which));
        let moved = with / alone - 1.0;
        worst = worst.max(moved);
        rows.push_str(&format!("| {name} | {alone:.1} | {with:.1} | {:+.1} % |\n", moved * 100.0));
    }
    let met = if worst < BUDGET { "met" } else { "not met" };
    let text = format!(
        "Written by `cargo xtask acceptance sweep-beside-session` on {}, on {}. Median time from a market\n\
         data frame to the order request on the wire, in microseconds, over {ROUNDS} rounds alone and as many beside a\n\
         sweep on all cores at its default priority. The budget is 5 %: {met}.\n\n\
         | order path | alone | beside a sweep | moved |\n| --- | ---: | ---: | ---: |\n{rows}",
        date()?,
        machine()
    );
    section::replace(&root.join("docs/SWEEPS.md"), "Beside a session", &text)?;
    if worst < BUDGET { Ok(()) } else { Err(format!("the median moved by {:.1} %", worst * 100.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_read_as_they_are_printed() {
        let said = "noise\nframe to request without fsync: median 41.5\u{b5}s (budget 50\u{b5}s); decided\n\
                    frame to request with fsync: median 1.25ms (no budget); decided after\n";
        assert_eq!(medians(said), Ok([41.5, 1250.0]));
        assert!(medians("nothing").is_err());
    }

    #[test]
    fn the_middle_of_the_rounds_is_taken() {
        assert_eq!(middle(&[[3.0, 1.0], [1.0, 2.0], [9.0, 3.0]], 0), 3.0);
    }
}
