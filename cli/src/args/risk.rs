//! `tradewind risk`.

use super::{AskArgs, PlaceArgs};
use clap::{Args, Subcommand};

pub const EXAMPLES: &str = "\
Examples:
  tradewind risk                                                          every limit with its use
  tradewind risk set max_orders_per_minute 30 \"too many of them\"         of the account
  tradewind risk set symbols.SPY.max_order_notional_usd 5000 \"earnings\"  of one symbol, where it is tighter
  tradewind risk set total_drawdown_percent off \"by decision of the desk\"
  tradewind risk check --order \"buy 10 SPY limit 512.30\"                  what every check would say; nothing is sent

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
    #[command(after_help = SET_EXAMPLES)]
    Set(SetArgs),
    /// Say what every check would say of an order. Nothing is sent. Exit code 5 if it would be denied.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(RiskCheckArgs),
}

const CHECK_EXAMPLES: &str = "\
An order is written as: buy|sell QUANTITY SYMBOL [KIND] [TIME IN FORCE] [extended]
  QUANTITY        10, 0.5, or dollars: 2500usd
  KIND            market; limit 512.30; stop 500; stop-limit 500 499.50; trail 2.50; trail 1.5%
  TIME IN FORCE   day, gtc, opg, cls, ioc, fok

Examples:
  tradewind risk check --order \"buy 10 SPY\"
  tradewind risk check --order \"sell 5 SPY stop-limit 500 499.50 gtc\" --strategy sma-crossover

The account is the one of the journal's last record, of a running session or an ended one.";

const SET_EXAMPLES: &str = "\
Examples:
  tradewind risk set max_orders_per_minute 30 \"too many\"
  tradewind risk set strategies.sma-crossover.max_gross_exposure_percent 40 \"less of it\"
  tradewind risk set long_only true \"no shorts over the weekend\"
  tradewind risk set restricted_symbols \"TSLA GME\" \"earnings tonight\"
  tradewind risk set trading_windows \"09:45-12:00 13:00-15:30\" \"quiet at lunch\"
  tradewind risk set sectors.tech \"AAPL MSFT\" \"they fall together\"

It holds for orders from now on and for the rest of this session, restarts included. Orders that are open stay as they
are, and no file is changed. A list is replaced as a whole; off empties it.";

/// An order to be judged and not sent.
#[derive(Debug, Clone, Args)]
pub struct RiskCheckArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The order.
    #[arg(long, value_name = "ORDER")]
    pub order: String,
    /// Whose order it would be; without it the operator's.
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A limit and what it is from now on.
#[derive(Debug, Clone, Args)]
pub struct SetArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Its key as in docs/RISK.md; with strategies.NAME. or symbols.SYM. before it, of one of them.
    pub key: String,
    /// A number in the unit of the key, true or false, a list in quotation marks, or off.
    #[arg(allow_negative_numbers = true)]
    pub value: String,
    /// Why, in quotation marks; it is journalled.
    #[arg(value_name = "REASON", default_value = "", hide_default_value = true)]
    pub reason: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
