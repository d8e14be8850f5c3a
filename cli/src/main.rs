//! The `tradewind` command: parse, check, call, print.
#![deny(clippy::print_stdout, reason = "it panics when the reader has left: use print_text")]

mod args;
mod assemble;
mod commands;
mod config;
mod exit;
mod expectation;
mod fallback;
mod figures;
mod kafka;
mod logging;
mod models;
mod order_text;
mod resolve;
mod retrain;
mod shell;
mod silent;
mod stress;
mod venue;
mod view;

use args::{BenchCommand, Cli, Command};
use clap::Parser;
use exit::{Exit, Failure};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("tradewind: {failure}");
            failure.exit.into()
        }
    }
}

/// Help and version are no mistakes; anything else that cannot be parsed is.
fn usage(error: &clap::Error) -> ExitCode {
    // When standard output is gone there is nobody left to tell.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Paper(args) => commands::session::paper(&args),
        Command::Live(args) => commands::session::live(&args),
        Command::Exchange(args) => commands::exchange::run(&args),
        Command::Backtest(args) => commands::backtest::run(&args),
        Command::Sweep(args) => commands::sweep::run(&args),
        Command::WalkForward(args) => commands::walk::run(&args),
        Command::Lookahead(args) => commands::lookahead::run(&args),
        Command::Compare(args) => commands::runs::compare(&args),
        Command::Bootstrap(args) => commands::runs::bootstrap(&args),
        Command::Data(command) => commands::data::run(&command),
        Command::Journal(command) => commands::journal::run(&command),
        Command::Stress(args) => commands::stress::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Replay(args) => commands::replay::run(&args),
        Command::Status(args) => commands::control::status(&args),
        Command::Accounts(args) => commands::accounts::run(&args),
        Command::Halt(args) => commands::control::halt(&args),
        Command::Resume(args) => commands::control::say("resume", &args),
        Command::Flatten(args) => commands::control::flatten(&args),
        Command::CancelAll(args) => commands::control::cancel_all(&args.say, args.wait),
        Command::Risk(args) => commands::risk::run(&args),
        Command::Strategies(args) => commands::strategies::run(&args),
        Command::Indicators(args) => commands::indicators::run(&args),
        Command::Indicator(args) => commands::indicator::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Model(command) => commands::model::run(&command),
        Command::Bench(BenchCommand::Backtest(args)) => commands::bench::run(&args),
        Command::NewStrategy(args) => commands::new_strategy::run(&args),
        Command::Config(command) => commands::config::run(&command),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Completions { shell } => commands::completions(shell),
    }
}
