//! The soak: the release program as exchange and as session, over three days at a hundred times their
//! speed.

use super::{cargo, date, machine};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds the program and its judge, runs them, and writes the table.
pub fn run(root: &Path) -> Result<(), String> {
    let of_program = ["--release", "--locked", "--package", "tradewind", "--example", "soak"];
    let (_, is_built) = cargo(root, &[&["build", "--bins"], &of_program[..]].concat())?;
    if !is_built {
        return Err("the program cannot be built".into());
    }
    let program = target(root).join("release/tradewind").display().to_string();
    let words = [&["run"], &of_program[..], &["--", &program, "days"]].concat();
    let (said, holds) = cargo(root, &words)?;
    if !holds {
        return Err(format!("{said}\nnot everything holds, so docs/SOAK.md stays as it is"));
    }
    let page = format!(
        "# Three days without a rest\n\n\
         Written by `cargo xtask acceptance soak` on {}, on {}. {WHAT}\n{said}",
        date()?,
        machine()
    );
    let path = root.join("docs/SOAK.md");
    fs::write(&path, page).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Where cargo builds.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

const WHAT: &str = "\
The release program serves its exchange in one process and trades on it in another: Wednesday 2025-11-26, Thanksgiving
without a session, Friday with its early close, a weekend, Monday, and the first minutes of Tuesday, in which the session
closes what it holds and ends. Meanwhile both streams are dropped and fall mute again and again.

Memory is that of the session, by the system's count, twice a second. It is warm in the last third, when as many orders have
ended as the kernel keeps for late reports (4,096). `cli/examples/soak` runs and judges it; its `weeks` are three weeks at
600 times their speed, in the same time.
";
