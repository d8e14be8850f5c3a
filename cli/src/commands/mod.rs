//! One file per command.

pub mod accounts;
pub mod backtest;
pub mod bench;
mod checks;
pub mod config;
mod conformance;
pub mod control;
pub mod data;
pub mod doctor;
mod drift;
pub mod exchange;
pub mod explain;
pub mod indicator;
pub mod indicators;
pub mod journal;
mod live;
pub mod lookahead;
pub mod model;
pub mod new_strategy;
pub mod replay;
pub mod research;
pub mod risk;
pub mod runs;
mod series;
pub mod session;
pub mod strategies;
pub mod stress;
mod summary;
pub mod sweep;
pub mod train;
pub mod walk;

use crate::exit::Failure;
use clap::CommandFactory;
use std::io::Write;

/// Prints one JSON object on standard output.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::other)?;
    print_text(&(text + "\n"))
}

/// Prints a text on standard output. A reader who has seen enough and left is no failure.
pub fn print_text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::other(format!("standard output cannot be written: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let (mut command, mut script) = (crate::args::Cli::command(), Vec::new());
    clap_complete::generate(shell, &mut command, "tradewind", &mut script);
    print_text(&String::from_utf8_lossy(&script))
}

/// A runtime for commands that wait.
pub fn tokio_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::other)
}
