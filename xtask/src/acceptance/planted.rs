//! Planted bugs: each is put into a copy of the tree, which must then break a law of the simulation.

use super::{date, machine, section};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const LIST: &str = "engine/simulation/planted.toml";
const HEADING: &str = "Planted bugs";
/// Seeds that a bug may take to be caught.
const SEEDS: &str = "3000";
/// The same where the checkers of the exchange's record judge alone: not every bug leaves a trace there,
/// since a session repairs its books.
const SEEDS_BY_RECORD: &str = "300";
/// So many bugs must be caught by them alone.
const LEAST_BY_RECORD: usize = 10;

/// A bug, as a patch.
struct Bug {
    name: String,
    file: String,
    find: String,
    replace: String,
    /// Words of the violation that should catch it.
    law: String,
}

/// Plants each bug, runs seeds until one breaks a law, and writes the table.
pub fn run(root: &Path) -> Result<(), String> {
    let bugs = bugs(root)?;
    let place = root.join("target/planted");
    let copy = copy(root, &place)?;
    let mut table = "| bug | caught by | who caught it | at seed | by the exchange's record alone | at seed |\n\
                     | --- | --- | --- | ---: | --- | ---: |\n"
        .to_owned();
    let (mut missed, mut by_record) = (Vec::new(), 0);
    for bug in &bugs {
        let path = copy.join(&bug.file);
        let sound = read(&path)?;
        write(&path, &planted(bug, &sound)?)?;
        let said = simulate(&copy, &place, &["--seeds", SEEDS]);
        let recorded = simulate(&copy, &place, &["--seeds", SEEDS_BY_RECORD, "--by-record"]);
        write(&path, &sound)?;
        let Caught { seed, law, by } = caught(&said?).unwrap_or_default();
        eprintln!("{}: seed {seed}: {law}", bug.name);
        if !law.contains(&bug.law) {
            missed.push(format!("{}: \"{}\" expected, \"{law}\" found", bug.name, bug.law));
        }
        let _ = write!(table, "| {} | {} | {by} | {seed} |", bug.name, bug.law);
        let recorded = caught(&recorded?).filter(|it| it.by.contains("SessionRecord"));
        by_record += usize::from(recorded.is_some());
        let _ = match recorded {
            Some(Caught { seed, law, .. }) => writeln!(table, " {law} | {seed} |"),
            None => writeln!(table, " – | – |"),
        };
    }
    if !missed.is_empty() {
        return Err(format!("not caught as they should be:\n{}", missed.join("\n")));
    }
    if by_record < LEAST_BY_RECORD {
        return Err(format!(
            "{by_record} bugs are caught by the exchange's record alone:\n{table}"
        ));
    }
    let text = format!(
        "Written by `cargo xtask acceptance planted-bugs` on {}, on {}. Each of {} bugs\n\
         (`{LIST}`) was put into a copy of the tree, and seeds were run from the first one until\n\
         a law was broken. Some checkers watch inside the simulation; those that judge by the exchange's record\n\
         (`exchange::check`) are those of `tradewind stress`: the last columns show what they say where nobody else\n\
         judges, within {SEEDS_BY_RECORD} seeds. They catch {by_record}; a dash is a bug that leaves no trace there, since the session\n\
         repaired its books or nobody but the kernel could know.\n\n{table}",
        date()?,
        machine(),
        bugs.len()
    );
    section::replace(&root.join("docs/SIMULATION.md"), HEADING, &text)
}

fn bugs(root: &Path) -> Result<Vec<Bug>, String> {
    let text = read(&root.join(LIST))?;
    let list: toml::Table = text.parse().map_err(|error| format!("{LIST}: {error}"))?;
    let list = list.get("bug").and_then(toml::Value::as_array);
    let list = list.ok_or_else(|| format!("{LIST} has no [[bug]]"))?;
    let field = |bug: &toml::Value, name: &str| {
        let value = bug.get(name).and_then(toml::Value::as_str);
        value.map(ToOwned::to_owned).ok_or_else(|| format!("{LIST}: a bug has no {name}"))
    };
    let bug = |bug: &toml::Value| {
        Ok(Bug {
            name: field(bug, "name")?,
            file: field(bug, "file")?,
            find: field(bug, "find")?,
            replace: field(bug, "replace")?,
            law: field(bug, "law")?,
        })
    };
    list.iter().map(bug).collect()
}

/// A source with a bug in it.
fn planted(bug: &Bug, sound: &str) -> Result<String, String> {
    match sound.matches(&*bug.find).count() {
        1 => Ok(sound.replacen(&*bug.find, &bug.replace, 1)),
        count => Err(format!(
            "{}: what it replaces occurs {count} times in {}, and should once",
            bug.name, bug.file
        )),
    }
}

/// Copies what is under version control.
fn copy(root: &Path, place: &Path) -> Result<PathBuf, String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output();
    let listed = listed.map_err(|error| format!("git cannot be run: {error}"))?;
    let copy = place.join("tree");
    for name in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        let (from, to) = (root.join(name), copy.join(name));
        let told = |error| format!("{} cannot be copied: {error}", from.display());
        fs::create_dir_all(to.parent().unwrap_or(&copy)).map_err(told)?;
        // What has not changed keeps its time, so that it is not built again.
        if fs::read(&from).ok() != fs::read(&to).ok() {
            fs::copy(&from, &to).map_err(told)?;
        }
    }
    Ok(copy)
}

/// Builds the copy and runs it; what it says.
fn simulate(copy: &Path, place: &Path, seeds: &[&str]) -> Result<String, String> {
    let arguments = ["run", "--release", "--locked", "--quiet", "-p", "tradewind-simulation"];
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(arguments)
        .args(["--", "--first"])
        .args(seeds)
        .env("CARGO_TARGET_DIR", place.join("target"))
        // A bug is caught or not, however fast; what counts is the time to build.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_INCREMENTAL", "1")
        .current_dir(copy)
        .output()
        .map_err(|error| format!("the simulation cannot be run: {error}"))?;
    match output.status.code() {
        Some(0 | 5) => Ok(String::from_utf8_lossy(&output.stdout).into()),
        _ => Err(format!("it does not build:\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// The first seed that broke a law, how, and who found it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Caught {
    seed: String,
    law: String,
    by: String,
}

fn caught(said: &str) -> Option<Caught> {
    let broken = said.lines().find_map(|line| line.strip_prefix("seed "))?;
    let (seed, rest) = broken.split_once(": ")?;
    let rest = rest.rsplit_once("; again: ").map_or(rest, |(rest, _)| rest);
    let (law, by) = rest.rsplit_once("; by ").unwrap_or((rest, ""));
    Some(Caught { seed: seed.to_owned(), law: law.to_owned(), by: by.to_owned() })
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_planted_bug_still_finds_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let bugs = bugs(root).unwrap();
        assert!(bugs.len() >= 10);
        for bug in bugs {
            let sound = read(&root.join(&bug.file)).unwrap();
            assert_ne!(planted(&bug, &sound).unwrap(), sound, "{}", bug.name);
        }
    }

    #[test]
    fn the_first_broken_law_is_read_off() {
        let said =
            "| table |\n\n2 seeds\nseed 7: cash is gone; by a checker; again: simulate --seed 7\n";
        let expected =
            Caught { seed: "7".into(), law: "cash is gone".into(), by: "a checker".into() };
        assert_eq!(caught(said), Some(expected));
        assert_eq!(caught("2 seeds\n0 seeds broke a law"), None);
    }
}
