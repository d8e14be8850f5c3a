//! Every fault that is known: the release program's own drill through each scenario.

use super::{cargo, date, machine, section};
use std::path::Path;

/// Runs every scenario and writes the table.
pub fn run(root: &Path) -> Result<(), String> {
    let words = ["run", "--release", "--locked", "--package", "tradewind", "--bin", "tradewind"];
    let (said, holds) = cargo(root, &[&words[..], &["--", "stress"]].concat())?;
    if !holds || !said.contains(", 0 not reached") {
        return Err(format!("{said}\nnot every scenario passed, so docs/FAULTS.md stays as it is"));
    }
    let table = said.trim_end();
    let text = format!(
        "Written by `cargo xtask acceptance stress` on {}, on {}:\n\n```text\n{table}\n```\n",
        date()?,
        machine()
    );
    section::replace(&root.join("docs/FAULTS.md"), "What the scenarios came to", &text)
}
