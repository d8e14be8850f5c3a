//! `tradewind accounts`.

use super::{AskArgs, PlaceArgs};
use clap::{Args, Subcommand};

pub const EXAMPLES: &str = "\
Examples:
  tradewind accounts                                                                   what each strategy and the house hold
  tradewind accounts move --from house --to quick --usd 5000 \"more for it\"             capital
  tradewind accounts move --from house --to quick --qty 40 --symbol SPY \"found at start\" shares, at the last price

What is moved is journalled with its reason. Nothing is sent: the broker's account stays as it is.";

/// The virtual accounts of the running session.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AccountsArgs {
    #[command(subcommand)]
    pub command: Option<AccountsCommand>,
    #[command(flatten)]
    pub ask: AskArgs,
}

/// What can be done with accounts beside being shown.
#[derive(Debug, Clone, Subcommand)]
pub enum AccountsCommand {
    /// Move capital, or shares of a position, from one account to another; nothing is sent.
    Move(MoveArgs),
}

/// What goes from whom to whom.
#[derive(Debug, Clone, Args)]
pub struct MoveArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Whose it is: house, or a strategy's label.
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Whose it will be.
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
    /// So much capital.
    #[arg(long, value_name = "USD", required_unless_present = "qty", conflicts_with = "qty")]
    pub usd: Option<String>,
    /// So many shares of a position, long or short: the receiver takes them over at the last price.
    #[arg(long, value_name = "SHARES", requires = "symbol")]
    pub qty: Option<String>,
    /// Of which symbol.
    #[arg(long, requires = "qty")]
    pub symbol: Option<String>,
    /// Why, in quotation marks; it is journalled.
    #[arg(value_name = "REASON", default_value = "", hide_default_value = true)]
    pub reason: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
