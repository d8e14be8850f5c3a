//! One file per command.

pub mod backtest;
pub mod config;
pub mod control;
pub mod doctor;
pub mod exchange;
pub mod journal;
pub mod replay;
pub mod session;
pub mod strategies;
mod summary;

use crate::exit::Failure;
use clap::CommandFactory;
use std::io::Write;

/// Prints one JSON object on standard output.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::other)?;
    writeln!(std::io::stdout(), "{text}").map_err(Failure::other)
}

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell) {
    let mut command = crate::args::Cli::command();
    clap_complete::generate(shell, &mut command, "tradewind", &mut std::io::stdout());
}

/// A runtime for commands that wait.
pub fn tokio_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::other)
}
