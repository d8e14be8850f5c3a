//! The rules of the repository that a program can check.

mod attributes;
mod dependencies;
mod determinism;
mod links;
mod metrics;
mod repository;
mod sizes;
mod tokens;
mod vendor;
mod words;

use repository::Repository;
use std::fmt;
use std::path::Path;

/// A broken rule: where, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.message)
    }
}

type Check = fn(&Repository) -> Result<Vec<Finding>, String>;

const CHECKS: [(&str, Check); 9] = [
    ("dependency directions", dependencies::check),
    ("the exchange's own arithmetic", vendor::check_exchange),
    ("floats, hashes and clocks", determinism::check),
    ("Alpaca's names at the rim", vendor::check_alpaca),
    ("words", words::check),
    ("sizes of files and functions", sizes::check),
    ("reasons of allow attributes", attributes::check),
    ("links in documents", links::check),
    ("metrics in dashboards", metrics::check),
];

/// Runs every check and prints what it finds.
pub fn run(root: &Path) -> Result<(), String> {
    let repository = Repository::open(root)?;
    let mut count = 0;
    for (name, check) in CHECKS {
        let findings = check(&repository).map_err(|error| format!("{name}: {error}"))?;
        for finding in &findings {
            println!("{finding}");
        }
        count += findings.len();
    }
    match count {
        0 => {
            println!(
                "tidy: {} files, {} checks, nothing found",
                repository.files.len(),
                CHECKS.len()
            );
            Ok(())
        }
        1 => Err("tidy: 1 thing to mend".into()),
        _ => Err(format!("tidy: {count} things to mend")),
    }
}
