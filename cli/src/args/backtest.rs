//! What can be typed of backtests and of runs that are kept.

use super::{PlaceArgs, RunArgs};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// What follows the help of `tradewind backtest`.
pub const EXAMPLES: &str = "\
Examples:
  tradewind backtest --data AAA.csv --strategy sma-crossover --param fast=5 --param slow=20
  tradewind backtest --data AAA.csv BBB.csv --trades trades.csv --equity equity.csv
  tradewind backtest --data AAA.csv SPY.csv --symbols AAA --benchmark SPY --report aaa.html
  tradewind backtest --data GE.csv --corporate-actions actions.csv --dividends reinvest
  tradewind backtest --data AAA.csv --facts aaa --facts-format json
  tradewind backtest --data AAA.csv --detail AAA_quotes.csv     bars for the strategy, quotes for the fills
  tradewind backtest --from 3f2a --param slow=30 --json       an earlier run, with one thing changed

Each run is kept under runs/ in the data directory with its report: see `tradewind compare`.

A file has the columns timestamp,open,high,low,close,volume: bar-open times in UTC.";

const FROM: &str = "From this date or time on; or an earlier run, by its folder or the beginning of its id, to run it again";

/// What follows the help of `tradewind compare`.
pub const COMPARE_EXAMPLES: &str = "\
Examples:
  tradewind compare 3f2a 9c01                      two backtests
  tradewind compare --live                         the session of the data directory and its simulation
  tradewind compare --live monday                  the one in the folder monday
  tradewind compare --live 5d1e --set exchange.slippage_bps=2
                                                   one by its id, simulated with slippage";

/// A backtest.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("from", |arg| arg.value_name("TIME|RUN").help(FROM)))]
pub struct BacktestArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// What it is compared with: a symbol of the data or of the store, a file, buy-and-hold or none.
    #[arg(long, value_name = "NAME", default_value = "buy-and-hold")]
    pub benchmark: String,
    /// By whose definitions statistics are computed: docs/STATISTICS.md.
    #[arg(long, value_name = "NAME", default_value = "tradewind", value_parser = convention)]
    pub convention: &'static ::backtest::statistics::Convention,
    /// The risk-free rate in percent a year.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub risk_free: Option<f64>,
    /// Write the report to this HTML file as well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
    /// Do not keep the run in the data directory.
    #[arg(long)]
    pub no_keep: bool,
    /// Write the trades to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub trades: Option<PathBuf>,
    /// Write the equity curve to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub equity: Option<PathBuf>,
    /// Write every fact of the report into this folder, as tables for other programs.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub facts: Option<PathBuf>,
    /// In what form.
    #[arg(long, value_name = "FORMAT", default_value = "csv", requires = "facts")]
    pub facts_format: Facts,
    /// Read CSV files in chunks instead of into memory.
    #[arg(long)]
    pub stream: bool,
    /// Keep the records of the run as a journal in this folder.
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The form of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Facts {
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
    /// Parquet.
    Parquet,
}

/// What can be measured.
#[derive(Debug, Clone, Subcommand)]
pub enum BenchCommand {
    /// Run a crossover of averages over synthetic minute bars, and say how many bars a second.
    Backtest(BenchArgs),
}

/// The speed of backtests.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// How many bars, separated by commas.
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1000000", value_parser = bars)]
    pub bars: Vec<usize>,
    /// How many runs; the median and the best are told.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = runs)]
    pub runs: usize,
    /// Tell where the time goes as well, bar by bar.
    #[arg(long)]
    pub parts: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn bars(text: &str) -> Result<usize, String> {
    within(text, 1_000, 20_000_000)
}

fn runs(text: &str) -> Result<usize, String> {
    within(text, 1, 1_000)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

/// Two runs, or a session.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The first run: its folder, or the beginning of its id.
    #[arg(required_unless_present = "live")]
    pub one: Option<String>,
    /// The other.
    #[arg(required_unless_present = "live")]
    pub other: Option<String>,
    /// Replay a paper or live session through the simulator and tell where each cent of the
    /// difference is from: that of the data directory, one by its folder, or by the beginning of its
    /// id.
    #[arg(long, value_name = "SESSION", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["one", "other"])]
    pub live: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Resampling a run.
#[derive(Debug, Clone, Args)]
pub struct BootstrapArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The run: its folder, or the beginning of its id.
    pub run: String,
    /// How many resamples.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub resamples: u32,
    /// The mean length of a block, in sessions or trades; by default the cube root of the sessions, and 1 trade.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub block: Option<u32>,
    /// Seed of the resampling.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the band that a session of this strategy should stay in, trading day by trading day, to a
    /// file that `risk.expected` names.
    #[arg(long, value_name = "FILE")]
    pub expected: Option<PathBuf>,
    /// How many trading days that band is for; later ones are held to the last.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub days: u32,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn convention(text: &str) -> Result<&'static ::backtest::statistics::Convention, String> {
    use ::backtest::statistics::{CONVENTIONS, Convention};
    Convention::named(text).ok_or_else(|| {
        let names: Vec<&str> = CONVENTIONS.iter().map(|known| known.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    let percent = number.parse::<f64>().ok().filter(|rate| (-50.0..=100.0).contains(rate));
    percent.map(|rate| rate / 100.0).ok_or_else(|| "expected percent a year, such as 4.5".into())
}
