//! `tradewind risk`.

use super::{AskArgs, PlaceArgs};
use clap::{Args, Subcommand};

pub const EXAMPLES: &str = "\
Examples:
  tradewind risk                                                          every limit with its use
  tradewind risk set max_orders_per_minute 30 \"too many of them\"         of the account
  tradewind risk set symbols.SPY.max_order_notional_usd 5000 \"earnings\"  of one symbol, where it is tighter
  tradewind risk set total_drawdown_percent off \"by decision of the desk\"

A change is journalled and holds for this session; no file is changed. docs/RISK.md has every limit.";

/// The limits of the running session.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RiskArgs {
    #[command(subcommand)]
    pub command: Option<RiskCommand>,
    #[command(flatten)]
    pub ask: AskArgs,
}

/// What can be done with limits beside being shown.
#[derive(Debug, Clone, Subcommand)]
pub enum RiskCommand {
    /// Change a limit of the running session.
    Set(SetArgs),
}

/// A limit and what it is from now on.
#[derive(Debug, Clone, Args)]
pub struct SetArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Its key as in docs/RISK.md; with strategies.NAME. or symbols.SYM. before it, of one of them.
    pub key: String,
    /// A number in the unit of the key, or off.
    #[arg(allow_negative_numbers = true)]
    pub value: String,
    /// Why, in quotation marks; it is journalled.
    #[arg(value_name = "REASON", default_value = "", hide_default_value = true)]
    pub reason: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
