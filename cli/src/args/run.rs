//! What can be typed of every run over market data: backtests, sweeps, walk-forward, look-ahead.

use super::{ConfigArgs, DataDirArgs, PartArgs, StoreArgs, TradeArgs};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// What is run, over which data, by which rules.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub place: DataDirArgs,
    #[command(flatten)]
    pub trade: TradeArgs,
    /// Files of finer data, quotes, trades or shorter bars, on which orders are filled where there is
    /// any; of a store quotes, trades or a length such as 1Min.
    #[arg(long, value_name = "FILE|KIND", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub detail: Vec<PathBuf>,
    /// Whose rules the venue goes by: alpaca, or plain, which is no broker's.
    #[arg(long, value_name = "RULES")]
    pub rules: Option<String>,
    /// When the market is open: us_equities, or always (a venue that never closes).
    #[arg(long, value_name = "NAME")]
    pub calendar: Option<String>,
    /// CSV file of the splits and dividends that happen to raw prices.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub corporate_actions: Option<String>,
    /// What becomes of dividends: cash or reinvest.
    #[arg(long, value_name = "WHAT")]
    pub dividends: Option<String>,
    /// Read the data from a store instead of from files.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Of the store: bars of this length.
    #[arg(long, value_name = "LENGTH")]
    pub resolution: Option<String>,
    #[command(flatten)]
    pub part: PartArgs,
    /// Of the store: quotes or trades too, separated by commas.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = ["quotes", "trades"])]
    pub with: Vec<String>,
}
