//! What can be typed of sweeps, walk-forward and the search for look-ahead.

use super::RunArgs;
use backtest::sweep::{Axis, Objective};
use backtest::walk::Length;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// What follows the help of `tradewind sweep`.
pub const SWEEP_EXAMPLES: &str = "\
Examples:
  tradewind sweep --data AAA.csv --strategy sma-crossover --grid fast=5..50:5 --grid slow=20..200:20
  tradewind sweep --data AAA.csv --strategy sma-crossover --grid fast=1..100 --grid slow=2..300 --random 200
  tradewind sweep --data AAA.csv --strategy rsi-mean-reversion --space space.toml --by calmar

A file for --space:
  random = 200            # leave it out to try every combination
  seed = 1
  [grid]
  fast = \"5..50:5\"
  slow = [20, 50, 100]

Every try is written into the ledger under runs/trials/ in the data directory, and every report
counts all of its strategy and symbols, whatever the dates. Killed and started again, a sweep goes on with what is missing.";

/// What follows the help of `tradewind walk-forward`.
pub const WALK_EXAMPLES: &str = "\
Examples:
  tradewind walk-forward --data AAA.csv --strategy sma-crossover --grid fast=5..20:5 --grid slow=30..60:10 --train 252 --test 63
  tradewind walk-forward --data AAA.csv --strategy sma-crossover --grid fast=5..20:5 --train 252 --test 63 --anchored --purge 2 --embargo 5
  tradewind walk-forward --data AAA.csv --strategy sma-crossover --grid fast=5,10 --train 2000b --test 500b

Lengths are sessions, or bars with a b behind: 252, 2000b.";

/// What follows the help of `tradewind lookahead`.
pub const LOOKAHEAD_EXAMPLES: &str = "\
Examples:
  tradewind lookahead --data AAA.csv --strategy sma-crossover
  tradewind lookahead --data AAA.csv --strategy macd-trend --cuts 20 --json

Exit code 5 when a decision depends on what came after it, or when no decision was made.";

/// What is varied, and how it is tried.
#[derive(Debug, Clone, Args)]
pub struct SpaceArgs {
    /// A parameter with its values: fast=5..50:5 (both ends), or kind=a,b; may be repeated.
    #[arg(long, value_name = "NAME=VALUES")]
    pub grid: Vec<Axis>,
    /// A file with the parameters; flags win.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub space: Option<PathBuf>,
    /// Draw so many of the combinations instead of trying all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub random: Option<u32>,
    /// Seed of the draw.
    #[arg(long, value_name = "N")]
    pub draw_seed: Option<u64>,
    /// The figure by which the best is chosen.
    #[arg(long, value_name = "FIGURE", default_value = "sharpe")]
    pub by: By,
    /// Threads; by default one for each core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// How much the system prefers other programs: low gives way to a session beside it.
    #[arg(long, value_name = "HOW", default_value = "low")]
    pub priority: Priority,
    /// Keep nothing: no ledger, no report. Earlier tries in the ledger still count.
    #[arg(long)]
    pub no_keep: bool,
    /// Write the report to this HTML file as well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A sweep.
#[derive(Debug, Clone, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub space: SpaceArgs,
}

/// The figure by which the best is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The Sharpe ratio.
    Sharpe,
    /// The total return.
    Return,
    /// The annual return over the deepest drawdown.
    Calmar,
}

impl From<By> for Objective {
    fn from(by: By) -> Self {
        match by {
            By::Sharpe => Self::Sharpe,
            By::Return => Self::Return,
            By::Calmar => Self::Calmar,
        }
    }
}

/// How much the system prefers other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Priority {
    /// Every other program comes first: niceness 19.
    Low,
    /// As any other program.
    Normal,
}

/// A walk forward.
#[derive(Debug, Clone, Args)]
pub struct WalkArgs {
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub space: SpaceArgs,
    /// How long each sample is in which the best is chosen: sessions, or bars as 2000b.
    #[arg(long, value_name = "LENGTH", default_value = "252")]
    pub train: Length,
    /// How long each stretch after it is in which the choice is held.
    #[arg(long, value_name = "LENGTH", default_value = "63")]
    pub test: Length,
    /// Let every sample begin with the data instead of moving on.
    #[arg(long)]
    pub anchored: bool,
    /// Leave so much away at the end of each sample, before its test.
    #[arg(long, value_name = "LENGTH", default_value = "0")]
    pub purge: Length,
    /// Leave so much away of what follows a test in every later sample.
    #[arg(long, value_name = "LENGTH", default_value = "0")]
    pub embargo: Length,
}

/// A search for look-ahead.
#[derive(Debug, Clone, Args)]
pub struct LookaheadArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Instants at which the future is changed, beside some between.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub cuts: u16,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}
