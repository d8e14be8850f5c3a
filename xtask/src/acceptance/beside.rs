//! A sweep on all cores beside a session: what it does to the time from a market data frame to the
//! order request on the wire. Rounds alone, beside idlers and beside a sweep take turns, so that what
//! else the machine does falls on all of them. The idlers do nothing at the lowest priority: alone, a
//! core sleeps between frames and has to be woken, which hides what a sweep costs.

use super::{cargo_command, date, machine, section};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Rounds of each kind.
const ROUNDS: usize = 9;
/// What the median may move by.
const BUDGET: f64 = 0.05;
/// Parameters of so many trials that the sweep outlasts a round.
const GRID: [&str; 4] = ["--grid", "fast=2..400", "--grid", "slow=500..900"];

/// Median times in microseconds: to the request without fsync, and with it.
type Medians = [f64; 2];

pub fn run(root: &Path) -> Result<(), String> {
    let cargo = || cargo_command(root);
    let build = ["build", "--release", "--locked", "--workspace", "--bin", "tradewind"];
    let bench = ["--profile", "release", "--locked", "--workspace", "--bench", "order_path"];
    let bench = [&["bench"], &bench[..]].concat();
    succeed(cargo().args(build))?;
    succeed(cargo().args(&bench).arg("--no-run"))?;
    let place = std::env::temp_dir().join(format!("tradewind-beside-{}", std::process::id()));
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    let result = measure(&program(root), &place, || {
        // The name of no benchmark: only the medians at the end are wanted.
        let output = cargo().args(&bench).args(["--", "medians alone"]).output();
        medians(&String::from_utf8_lossy(&output.map_err(|error| error.to_string())?.stdout))
    });
    let removed = std::fs::remove_dir_all(&place).map_err(|error| error.to_string());
    let rounds = result?;
    removed?;
    write(root, &rounds)
}

/// The built program.
fn program(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    target.join("release/tradewind")
}

/// The rounds of each kind.
#[derive(Default)]
struct Rounds {
    alone: Vec<Medians>,
    beside_idlers: Vec<Medians>,
    beside_sweep: Vec<Medians>,
}

fn measure(
    program: &Path,
    place: &Path,
    round: impl Fn() -> Result<Medians, String>,
) -> Result<Rounds, String> {
    let file = place.join("SYN.csv");
    let generate = ["data", "generate", "--symbols", "SYN", "--bars", "100000", "--out"];
    succeed(Command::new(program).args(generate).arg(&file))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.alone.push(round()?);
        let idlers: Vec<Ended> = (0..cores).map(|_| idler()).collect::<Result<_, _>>()?;
        let measured = round();
        drop(idlers);
        rounds.beside_idlers.push(measured?);
        let mut sweep = sweep(program, &file)?;
        let measured = round();
        if sweep.0.try_wait().map_err(|error| error.to_string())?.is_some() {
            return Err("the sweep ended before the round did".into());
        }
        drop(sweep);
        rounds.beside_sweep.push(measured?);
    }
    Ok(rounds)
}

fn idler() -> Result<Ended, String> {
    let mut idler = Command::new("nice");
    idler.args(["-n", "19", "sh", "-c", "while :; do :; done"]);
    idler.spawn().map(Ended).map_err(|error| format!("an idler cannot be started: {error}"))
}

fn sweep(program: &Path, file: &Path) -> Result<Ended, String> {
    let mut sweep = Command::new(program);
    sweep.args(["sweep", "--no-keep", "--strategy", "sma-crossover"]).args(GRID);
    sweep.arg("--data").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    sweep.spawn().map(Ended).map_err(|error| format!("the sweep cannot be started: {error}"))
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
pub(super) fn micros(text: &str) -> Option<f64> {
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

fn write(root: &Path, rounds: &Rounds) -> Result<(), String> {
    let mut rows = String::new();
    let mut worst = f64::MIN;
    for (which, name) in ["without fsync", "with fsync"].into_iter().enumerate() {
        let alone = middle(&rounds.alone, which);
        let idlers = middle(&rounds.beside_idlers, which);
        let sweep = middle(&rounds.beside_sweep, which);
        let moved = sweep / alone.min(idlers) - 1.0;
        worst = worst.max(moved);
        let percent = moved * 100.0;
        rows.push_str(&format!(
            "| {name} | {alone:.1} | {idlers:.1} | {sweep:.1} | {percent:+.1} % |\n"
        ));
    }
    let met = if worst < BUDGET { "met" } else { "not met" };
    let text = format!(
        "Written by `cargo xtask acceptance sweep-beside-session` on {}, on {}. Median time from a market\n\
         data frame to the order request on the wire, in microseconds; the middle of {ROUNDS} rounds of each kind. A\n\
         machine that does nothing else puts its cores to sleep, and waking them takes longer than the work: so the\n\
         sweep, on all cores at its default priority, is compared with the quicker of a machine left alone and one\n\
         that is kept awake by processes which do nothing at the same priority. The budget is 5 %: {met}.\n\n\
         | order path | alone | kept awake | beside a sweep | moved |\n| --- | ---: | ---: | ---: | ---: |\n{rows}",
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
