//! The crash matrix: `cli/tests/crashes` in full, and its table.

use super::{cargo_command, date, machine, section};
use std::path::Path;
use std::process::Stdio;

/// A part of the kills, with a section of its own.
pub enum Part {
    /// Each kind of order, at each place.
    Trading,
    /// The same on the way back after a kill.
    ComingBack,
    /// The same as the first at a pace.
    Paced,
    /// What an operator's commands lead to.
    Operated,
}

/// Strikes every kill and writes the tables.
pub fn run(root: &Path) -> Result<(), String> {
    let all = [Part::Trading, Part::ComingBack, Part::Paced, Part::Operated];
    all.iter().try_for_each(|part| run_part(root, part))
}

/// Strikes a part of the kills and writes its table.
pub fn run_part(root: &Path, part: &Part) -> Result<(), String> {
    let (heading, arguments, what): (&str, &[&str], &str) = match part {
        Part::Trading => ("Killed at every place", &[], WHAT),
        Part::ComingBack => ("Killed again on the way back", &["--coming-back"], COMING_BACK),
        Part::Paced => ("Killed at a pace", &["--venue", "paced", "--kills", "2"], PACED),
        Part::Operated => {
            ("Killed after an operator's word", &["--operator", "--kills", "4"], OPERATED)
        }
    };
    let (date, machine) = (date()?, machine());
    let table = tables(root, arguments)?;
    let text = format!(
        "Written by `cargo xtask acceptance crash-matrix` on {date}, on {machine}.\n\n{what}\n{table}"
    );
    section::replace(&root.join("docs/CRASHES.md"), heading, &text)
}

/// Strikes a part of the kills, and gives its table.
fn tables(root: &Path, part: &[&str]) -> Result<String, String> {
    let tests = ["test", "--release", "--locked", "--package", "tradewind", "--test", "crashes"];
    let output = cargo_command(root)
        .args(tests)
        .args(["--features", "failpoints", "--", "--whole"])
        .args(part)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("the crash matrix cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("{said}\na session did not survive, so the document stays as it is"));
    }
    println!("{said}");
    Ok(said.into_owned())
}

const WHAT: &str = "\
A scripted session (`strategies/src/strategy/every_kind.rs`) takes one order of each kind from its first to its last step,
while a bracket and a stop stand in two other symbols. The release binary, built with the feature `failpoints`, stands still
at a place and its parent kills it with SIGKILL; it is started again without a word and runs to its end. Each number is how
many kills the cell had: one for each time the place is passed on behalf of the order, with the exchange embedded and with
`tradewind exchange` as a process of its own.

After each kill the exchange's own record is judged, by the checkers of `exchange::check` and against an undisturbed session:
no order twice, none missing, each ended as it should, cash and positions those of the books; the stop filled, the bracket
took its profit and the other leg was cancelled. `journal verify` and `replay --verify` must answer yes as well.

`append` is a record taken in, `write` the records of a decision handed to the system, `fsync` the same on disk, `send` a
request of the client's (new order, replacement, cancel), `answer` its answer fed to the books, `report` a message of the
order stream. What the exchange did and the session has not heard of lies between `send.before` and `send.after`: for the
journal, which is all that is left, that is one place.
";

const COMING_BACK: &str = "\
The kills of the first table where the session had been killed once before, between an order and its answer, and is killed again on its way back,
from the restart to the first market data after it. A dash is a place that is not passed there: nothing is sent on the way back,
orders are looked up, and where nothing has happened meanwhile there is no report.
";

const PACED: &str = "\
The kills of the first table at a pace (600 venue seconds in a second), where requests are under way while other things happen; up to
two kills in a cell, since no two such sessions pass the same places. What is about an order is counted by its number. A dash
is a cell whose place the sessions to be killed did not come to again.
";

const OPERATED: &str = "\
An operator's commands, at a pace, up to four kills in a cell: over the control socket, when a bracket's exits and two stops
stand. `halt` is the kill switch, `close` is `flatten` with a symbol. A command that was answered before the kill is not given again; one
that was not is, as an operator would. Afterwards what filled and what stands must be as without the kill: what was to be closed is closed once, and what was
halted still is. A dash is a place that the command does not lead to.
";
