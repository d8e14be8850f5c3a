//! What can be typed. Parsing does no work and knows no rules between options.

pub mod accounts;
pub mod backtest;
pub mod data;
pub mod download;
pub mod exchange;
pub mod explain;
pub mod indicators;
pub mod models;
pub mod replay;
pub mod research;
pub mod risk;
pub mod run;

pub use accounts::{AccountsArgs, AccountsCommand, MoveArgs};
pub use backtest::{BacktestArgs, BenchArgs, BenchCommand, BootstrapArgs, CompareArgs, Facts};
pub use data::{
    CheckArgs, ConvertArgs, DataCommand, FormatArgs, GenerateArgs, PartArgs, StoreArgs,
};

pub use exchange::{ExchangeArgs, StressArgs};
pub use explain::ExplainArgs;
pub use indicators::{IndicatorArgs, IndicatorsArgs};
pub use models::{ModelCommand, TrainArgs};
pub use risk::{RiskArgs, RiskCheckArgs, RiskCommand, SetArgs};

pub use replay::ReplayArgs;
pub use research::{LookaheadArgs, Priority, SpaceArgs, SweepArgs, WalkArgs};
pub use run::RunArgs;

use clap::{Args, Parser, Subcommand, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

/// Event-driven algorithmic trading: backtest, paper and live with one and the same engine.
#[derive(Debug, Parser)]
#[command(
    name = "tradewind",
    version,
    after_help = "Start here:\n  tradewind paper --for 60s              a paper session on the embedded exchange, no account needed\n  tradewind strategies                   what can trade, with every parameter\n  tradewind backtest --data FILE...      the same engine over a file\n  tradewind doctor                       keys, clock, disk, addresses, configuration\n\nExit codes: 0 done, 1 other, 2 usage or data, 3 broker refused, 4 ended halted, 5 check failed, 6 no session."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const PAPER_EXAMPLES: &str = "\
Examples:
  tradewind paper --for 60s                                   synthetic data, no account needed
  tradewind paper --data AAA.csv --speed max --until-end      a file, in lock step
  tradewind paper --strategy macd-trend --symbols SPY,AAPL    with Alpaca keys set: Alpaca paper

While it runs: tradewind status, halt, resume, cancel-all, flatten. q or Ctrl-C ends it in order.";

const LIVE_NOTE: &str = "\
Keys come from APCA_API_KEY_ID and APCA_API_SECRET_KEY. Before anything is traded the account and
the limits in force are printed. Try the same configuration with `tradewind paper` first.";

const FLATTEN_EXAMPLES: &str = "\
Examples:
  tradewind flatten                          everything; trading is halted
  tradewind flatten \"done for today\"       the same, with the reason
  tradewind flatten SPY \"too much of it\"    one symbol; the rest trades on";

const STRESS_EXAMPLES: &str = "\
Examples:
  tradewind stress                                       every scenario, with a strategy that uses every kind of order
  tradewind stress --strategy macd-trend --param fast=5  your own strategy
  tradewind stress --list                                the scenarios
  tradewind stress --scenario answer-504 --json          one of them
  tradewind stress --scenario mine.toml                  one of your own: docs/FAULTS.md

A strategy that can do nothing without a model is refused: here is none to hear.

Exit code 5 when a scenario fails.";

const COMPLETIONS_NOTE: &str = "\
  bash: tradewind completions bash > ~/.local/share/bash-completion/completions/tradewind
  zsh:  tradewind completions zsh > a file named _tradewind in a folder of $fpath
  fish: tradewind completions fish > ~/.config/fish/completions/tradewind.fish";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a paper session: on the embedded exchange, or on Alpaca paper when keys are set.
    #[command(after_help = PAPER_EXAMPLES)]
    Paper(SessionArgs),
    /// Run a live session on Alpaca: real money, after an explicit confirmation.
    #[command(after_help = LIVE_NOTE)]
    Live(LiveArgs),
    /// Run the exchange alone: a server that speaks Alpaca's protocols.
    Exchange(ExchangeArgs),
    /// Run a strategy over files of bars, with the same kernel and exchange.
    #[command(after_help = backtest::EXAMPLES)]
    Backtest(BacktestArgs),
    /// Try many parameters of a strategy, and say how much of the best is luck.
    #[command(after_help = research::SWEEP_EXAMPLES)]
    Sweep(SweepArgs),
    /// Choose parameters in one stretch of the data and hold them in the next, again and again.
    #[command(after_help = research::WALK_EXAMPLES)]
    WalkForward(WalkArgs),
    /// Find out whether a strategy's decisions depend on what comes after them. Exit code 5 if so.
    #[command(after_help = research::LOOKAHEAD_EXAMPLES)]
    Lookahead(LookaheadArgs),
    /// Show two backtests side by side, or a session and its simulation with each cent explained.
    #[command(after_help = backtest::COMPARE_EXAMPLES)]
    Compare(CompareArgs),
    /// Resample a backtest's returns and trades: bands of what might have been.
    Bootstrap(BootstrapArgs),
    /// Import, list, check, convert and generate market data.
    #[command(subcommand)]
    Data(DataCommand),
    /// Look into a session's journal.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Run a strategy through every fault of the collection, each with a verdict.
    #[command(after_help = STRESS_EXAMPLES)]
    Stress(StressArgs),
    /// Say why an order was made, or was not: signal, checks with their margins, broker, cost.
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArgs),
    /// Run the journalled inputs through the kernel again.
    Replay(ReplayArgs),
    /// Show the running session.
    Status(AskArgs),
    /// Show what each strategy of the running session and the house hold, or move something between them.
    #[command(after_help = accounts::EXAMPLES)]
    Accounts(AccountsArgs),
    /// Stop asking a running session's strategies; cancel-all, flatten and resume still work.
    Halt(HaltArgs),
    /// Let a halted session trade again.
    Resume(ReasonArgs),
    /// Cancel every order of the running session and close every position; or those of one symbol.
    #[command(after_help = FLATTEN_EXAMPLES)]
    Flatten(FlattenArgs),
    /// Cancel every order of the running session, and wait until the broker lists none of them.
    CancelAll(CancelAllArgs),
    /// Show the limits of the running session with their use, or change one.
    #[command(after_help = risk::EXAMPLES)]
    Risk(RiskArgs),
    /// List the strategies, or explain one with its parameters.
    Strategies(StrategiesArgs),
    /// List the indicators with parameters, warm-up and range, or explain one.
    #[command(after_help = indicators::LIST_EXAMPLES)]
    Indicators(IndicatorsArgs),
    /// Compute one indicator over a file of bars: as CSV, as JSON, or drawn.
    #[command(after_help = indicators::EXAMPLES)]
    Indicator(IndicatorArgs),
    /// Train a network on bars, and judge it by what it has not seen.
    #[command(after_help = models::TRAIN_EXAMPLES)]
    Train(TrainArgs),
    /// List, show, compare, promote, retire and verify models.
    #[command(subcommand, after_help = models::MODEL_EXAMPLES)]
    Model(ModelCommand),
    /// Measure how fast this machine is.
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Write a strategy that works, as a script or in Rust, to change.
    NewStrategy(NewStrategyArgs),
    /// Check, show or explain the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Examine keys, clock, reachability, disk, configuration, versions and addresses.
    Doctor(DoctorArgs),
    /// Print a completion script for a shell.
    #[command(after_help = COMPLETIONS_NOTE)]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// A configuration file; may be repeated, later ones win.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Vec<PathBuf>,
    /// A built-in profile: dev, test, prod or tuned.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Any key of the configuration, as section.key=value; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
}

/// Which session's folder.
#[derive(Debug, Clone, Default, Args)]
pub struct DataDirArgs {
    /// Folder of the session; selects which session is meant.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
}

/// Which session a command means, where the folder may stand in a configuration file.
#[derive(Debug, Clone, Default, Args)]
pub struct PlaceArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub dir: DataDirArgs,
}

/// What is traded and how.
#[derive(Debug, Clone, Default, Args)]
pub struct TradeArgs {
    /// Symbols, separated by commas.
    #[arg(long, value_name = "A,B")]
    pub symbols: Option<String>,
    /// The strategy; `tradewind strategies` lists them. Repeated, several trade in one account.
    #[arg(long, value_name = "[LABEL=]NAME")]
    pub strategy: Vec<String>,
    /// A parameter of the strategy; of one of several LABEL.KEY, its symbols LABEL.symbols=A,B.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// When positions may grow: regular or extended.
    #[arg(long, value_name = "HOURS")]
    pub session: Option<String>,
    /// Files of market data to replay; the symbol is the file's stem up to the first `_`.
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub data: Vec<PathBuf>,
    /// Seed of the embedded exchange.
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
}

/// A paper session.
#[derive(Debug, Clone, Args)]
pub struct SessionArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub place: DataDirArgs,
    #[command(flatten)]
    pub trade: TradeArgs,
    /// Venue seconds per second, or max for lock step (embedded exchange only).
    #[arg(long, value_name = "SPEED")]
    pub speed: Option<String>,
    /// End after this much wall time: 90s, 15m, 6h.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub run_for: Option<Duration>,
    /// End with the last input of the data.
    #[arg(long)]
    pub until_end: bool,
    /// What happens at the end: leave, cancel-entries or flatten.
    #[arg(long, value_name = "POLICY")]
    pub shutdown: Option<String>,
    /// Print the summary as one JSON object; logs go to stderr.
    #[arg(long)]
    pub json: bool,
    /// Plain log lines instead of the live view.
    #[arg(long)]
    pub no_view: bool,
    /// End in order when standard input is closed: for a program that runs this one.
    #[arg(long, hide = true)]
    pub while_stdin_is_open: bool,
}

/// A live session. What belongs to the embedded exchange is not shown; giving it is answered with
/// what to use instead.
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("data", |arg| arg.hide(true)),
    mut_arg("seed", |arg| arg.hide(true)),
    mut_arg("speed", |arg| arg.hide(true)),
    mut_arg("until_end", |arg| arg.hide(true))
)]
pub struct LiveArgs {
    #[command(flatten)]
    pub session: SessionArgs,
    /// The confirmation without which nothing is traded.
    #[arg(long)]
    pub i_understand_this_trades_real_money: bool,
}

/// Looking into a journal.
#[derive(Debug, Clone, Subcommand)]
pub enum JournalCommand {
    /// Summarise: what ran, when, how it ended, orders, equity, alerts and halts.
    Show {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print every record as a line of JSON, in the form in which it is published.
    Dump {
        #[command(flatten)]
        place: PlaceArgs,
        /// Start at this record.
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: u64,
        /// Leave out inputs.
        #[arg(long)]
        events: bool,
    },
    /// Check every checksum and that the records follow from each other. Exit code 5 if not.
    Verify {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// A question to the running session.
#[derive(Debug, Clone, Args)]
pub struct AskArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A word to the running session, with its reason.
#[derive(Debug, Clone, Args)]
pub struct ReasonArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Why, in quotation marks; it is journalled.
    #[arg(value_name = "REASON", default_value = "", hide_default_value = true)]
    pub reason: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A halt, and what becomes of the orders.
#[derive(Debug, Clone, Args)]
pub struct HaltArgs {
    #[command(flatten)]
    pub say: ReasonArgs,
    /// Cancel every open order too, stops that protect positions included; positions stay.
    #[arg(long)]
    pub cancel: bool,
    /// How long to wait until the broker lists none of the orders; 0s does not wait.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration_or_none, requires = "cancel")]
    pub wait: Duration,
}

/// The cancelling of everything, and why.
#[derive(Debug, Clone, Args)]
pub struct CancelAllArgs {
    #[command(flatten)]
    pub say: ReasonArgs,
    /// How long to wait until the broker lists none of the orders; 0s does not wait.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration_or_none)]
    pub wait: Duration,
}

/// What is closed, and why.
#[derive(Debug, Clone, Args)]
pub struct FlattenArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// What is closed; everything without it. A word in capital letters is a symbol.
    #[arg(value_name = "SYMBOL")]
    pub symbol: Option<String>,
    /// Why, in quotation marks; it is journalled.
    #[arg(value_name = "REASON", default_value = "", hide_default_value = true)]
    pub reason: String,
    /// How long to wait until the broker confirms that everything is closed; 0s does not wait. The
    /// closing of one symbol is not waited for.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration_or_none)]
    pub wait: Duration,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The strategies.
#[derive(Debug, Clone, Args)]
pub struct StrategiesArgs {
    /// One strategy to explain.
    pub name: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A new strategy.
#[derive(Debug, Clone, Args)]
pub struct NewStrategyArgs {
    /// Its name, in words such as steady-climb.
    pub name: String,
    /// Write it in Rust, into the source tree in this folder, instead of as a script.
    #[arg(long)]
    pub rust: bool,
}

/// The configuration.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the configuration is good, or list every mistake.
    Check {
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Print what is in force and where each value came from; secrets as stars.
    Show {
        #[command(flatten)]
        config: ConfigArgs,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print every key with its meaning, unit and range.
    Schema {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// An examination.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub place: DataDirArgs,
    /// With paper keys: run the read-only checks of the protocol against Alpaca.
    #[arg(long)]
    pub conformance: bool,
    /// With --conformance: also place one far-off limit order and cancel it.
    #[arg(long, requires = "conformance")]
    pub place_order: bool,
    /// Write the report of --conformance to this file.
    #[arg(long, value_name = "FILE", requires = "conformance")]
    pub report: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().into(), value.trim().into()))
        }
        _ => Err("expected KEY=VALUE".into()),
    }
}

fn duration_or_none(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s") { Ok(Duration::ZERO) } else { duration(text) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let count: u64 =
        digits.parse().map_err(|_| "expected a time such as 90s, 15m or 6h".to_owned())?;
    let seconds = match unit {
        "" | "s" => Some(count),
        "m" => count.checked_mul(60),
        "h" => count.checked_mul(3600),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| *seconds > 0 && *seconds <= 366 * 86_400);
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a time such as 90s, 15m or 6h".into())
}
