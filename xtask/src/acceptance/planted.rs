//! Planted bugs: each is put into a copy of the tree, which must then break a law of the simulation, or
//! fail in the scenarios of the drill that it names.

mod kept;

use super::{date, machine, section};
use kept::Kept;
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
    /// Words of the violations that may catch it: which of them comes first depends on the seed.
    laws: Vec<String>,
    /// What the drill goes through, for bugs in what the simulation does not have.
    scenarios: Vec<String>,
}

/// Plants each bug, judges it, and writes the table; with names only those bugs, and no table.
pub fn run(root: &Path, names: &[&str]) -> Result<(), String> {
    let mut bugs = bugs(root)?;
    if let Some(name) = names.iter().find(|name| bugs.iter().all(|bug| bug.name != **name)) {
        return Err(format!("{LIST} has no bug called \"{name}\""));
    }
    bugs.retain(|bug| names.is_empty() || names.contains(&bug.name.as_str()));
    let place = root.join("target/planted");
    let copy = copy(root, &place)?;
    let kept = Kept::of(&copy, &place)?;
    let mut table = "| bug | caught by | who caught it | at seed | by the exchange's record alone | at seed |\n\
                     | --- | --- | --- | ---: | --- | ---: |\n"
        .to_owned();
    let (mut missed, mut by_record) = (Vec::new(), 0);
    for bug in &bugs {
        let judged = match kept.judged(bug) {
            Some(judged) => Ok(judged),
            None => plant(bug, &copy, &place).and_then(|judged| kept.keep(bug, judged)),
        };
        let (Caught { seed, law, by }, recorded) = match judged {
            Ok(judged) => judged,
            // The others are judged all the same: each takes a minute.
            Err(error) => {
                eprintln!("{}: {error}", bug.name);
                missed.push(format!("{}: {error}", bug.name));
                continue;
            }
        };
        eprintln!("{}: seed {seed}: {law}; by {by}", bug.name);
        let Some(words) = bug.laws.iter().find(|words| law.contains(*words)) else {
            missed.push(format!("{}: {:?} expected, \"{law}\" found", bug.name, bug.laws));
            continue;
        };
        let _ = write!(table, "| {} | {words} | {by} | {seed} |", bug.name);
        by_record += usize::from(recorded.is_some());
        let _ = match recorded {
            Some(Caught { seed, law, .. }) => writeln!(table, " {law} | {seed} |"),
            None => writeln!(table, " – | – |"),
        };
    }
    if !missed.is_empty() {
        return Err(format!("not caught as they should be:\n{}", missed.join("\n")));
    }
    if !names.is_empty() {
        println!("{table}");
        return Ok(());
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
         repaired its books or nobody but the kernel could know. The simulation has no courier: its bugs are judged\n\
         by the scenarios of `tradewind stress` that their rows name.\n\n{table}",
        date()?,
        machine(),
        bugs.len()
    );
    section::replace(&root.join("docs/SIMULATION.md"), HEADING, &text)
}

/// Plants a bug and judges it.
fn plant(bug: &Bug, copy: &Path, place: &Path) -> Result<Judged, String> {
    let path = copy.join(&bug.file);
    let sound = read(&path)?;
    write(&path, &planted(bug, &sound)?)?;
    let judged = match bug.scenarios.is_empty() {
        true => by_seeds(copy, place),
        false => by_scenarios(bug, copy, place),
    };
    write(&path, &sound)?;
    judged
}

/// What catches a bug of the kernel, and what the exchange's record says of it alone.
fn by_seeds(copy: &Path, place: &Path) -> Result<Judged, String> {
    let simulate = |seeds: &[&str]| {
        let simulate = ["-p", "tradewind-simulation", "--", "--first"];
        said(copy, place, &[&simulate[..], seeds].concat())
    };
    let watched = caught(&simulate(&["--seeds", SEEDS])?).unwrap_or_default();
    let recorded = caught(&simulate(&["--seeds", SEEDS_BY_RECORD, "--by-record"])?);
    Ok((watched, recorded.filter(|it| it.by.contains("SessionRecord"))))
}

/// What catches a bug of the courier: the drill judges by the exchange's record.
fn by_scenarios(bug: &Bug, copy: &Path, place: &Path) -> Result<Judged, String> {
    let drill = ["--bin", "tradewind", "--", "stress", "--json"];
    let scenarios = bug.scenarios.iter().flat_map(|name| ["--scenario", name]);
    let report = said(copy, place, &drill.into_iter().chain(scenarios).collect::<Vec<_>>())?;
    let failed = failed(&report, &bug.laws)?;
    let recorded = failed.as_ref().and_then(|failed| {
        let law = failed.law.strip_prefix(RECORD)?.to_owned();
        Some(Caught { law, ..failed.clone() })
    });
    Ok((failed.unwrap_or_default(), recorded))
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
            laws: named(bug, "law")?,
            scenarios: if bug.get("scenarios").is_some() {
                named(bug, "scenarios")?
            } else {
                Vec::new()
            },
        })
    };
    list.iter().map(bug).collect()
}

/// What a bug names under a key: one, or a list.
fn named(bug: &toml::Value, key: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("{LIST}: {key} must be a text or a list of texts");
    let text = |value: &toml::Value| value.as_str().map(ToOwned::to_owned).ok_or_else(wrong);
    match bug.get(key).ok_or_else(wrong)? {
        toml::Value::Array(list) if !list.is_empty() => list.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
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

/// Builds a program of the copy and runs it; what it says.
fn said(copy: &Path, place: &Path, program: &[&str]) -> Result<String, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["run", "--release", "--locked", "--quiet"])
        .args(program)
        .env("CARGO_TARGET_DIR", place.join("target"))
        // A bug is caught or not, however fast; what counts is the time to build.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_INCREMENTAL", "1")
        .current_dir(copy)
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    match output.status.code() {
        Some(0 | 5) => Ok(String::from_utf8_lossy(&output.stdout).into()),
        _ => Err(format!("it does not build:\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// What is said of a scenario by the exchange's record.
const RECORD: &str = "the exchange's record: ";

/// The first seed or scenario that broke a law, how, and who found it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Caught {
    seed: String,
    law: String,
    by: String,
}

/// What caught a bug, and what the exchange's record says of it alone.
type Judged = (Caught, Option<Caught>);

fn caught(said: &str) -> Option<Caught> {
    let broken = said.lines().find_map(|line| line.strip_prefix("seed "))?;
    let (seed, rest) = broken.split_once(": ")?;
    let rest = rest.rsplit_once("; again: ").map_or(rest, |(rest, _)| rest);
    let (law, by) = rest.rsplit_once("; by ").unwrap_or((rest, ""));
    Some(Caught { seed: seed.to_owned(), law: law.to_owned(), by: by.to_owned() })
}

/// The first scenario of a report that failed as it should, else the first that failed.
fn failed(report: &str, laws: &[String]) -> Result<Option<Caught>, String> {
    let told = |error| format!("the drill's report cannot be read: {error}");
    let report: serde_json::Value = serde_json::from_str(report).map_err(told)?;
    let scenarios = report.get("scenarios").and_then(serde_json::Value::as_array);
    let mut all = Vec::new();
    for scenario in scenarios.into_iter().flatten() {
        let name = scenario.get("name").and_then(serde_json::Value::as_str).unwrap_or_default();
        let why = scenario.get("why").and_then(serde_json::Value::as_array);
        let why = why.into_iter().flatten().filter_map(serde_json::Value::as_str);
        all.extend(why.map(|why| Caught {
            seed: "–".into(),
            law: why.into(),
            by: format!("`tradewind stress`, `{name}`"),
        }));
    }
    let as_expected = all.iter().position(|caught| laws.iter().any(|law| caught.law.contains(law)));
    Ok(all.into_iter().nth(as_expected.unwrap_or(0)))
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

    #[test]
    fn the_scenario_that_failed_as_it_should_is_read_off() {
        let report = r#"{"scenarios": [
            {"name": "a", "verdict": "passed", "why": []},
            {"name": "b", "verdict": "failed", "why": ["it hangs", "the exchange's record: sent of order 1"]}
        ]}"#;
        let laws = |words: &str| [words.to_owned()];
        let law = |words| failed(report, &laws(words)).unwrap().map(|caught| caught.law);
        assert_eq!(law("sent of"), Some("the exchange's record: sent of order 1".into()));
        assert_eq!(law("something else"), Some("it hangs".into()));
        let by = failed(report, &laws("sent of")).unwrap().unwrap().by;
        assert_eq!(by, "`tradewind stress`, `b`");
        assert_eq!(failed(r#"{"scenarios": []}"#, &laws("sent of")).unwrap(), None);
        assert!(failed("no report", &laws("sent of")).is_err());
    }
}
