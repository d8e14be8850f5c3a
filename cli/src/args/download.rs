//! What can be typed of `tradewind data download`.

use super::{ConfigArgs, StoreArgs};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// What follows the help.
pub const EXAMPLES: &str = "\
Examples:
  tradewind data download --symbols AAPL,MSFT --from 2024-01-01 --feed sip
  tradewind data download --symbols SPY --from 2020-01-01 --resolution 1Day --adjustment all --out SPY.csv
  tradewind data download --symbols SPY --from 2024-01-03 --to 2024-01-04 --kind trades --out SPY.csv.gz
  tradewind data download --symbols GE,F --from 2015-01-01 --kind corporate-actions --out actions.csv
  tradewind data download --symbols IBM --from 2024-01-01 --provider alpha-vantage --out IBM.csv

Keys come from APCA_API_KEY_ID and APCA_API_SECRET_KEY, or from ALPHA_VANTAGE_KEY. A download that was
stopped goes on when the same command is given again.";

/// History from a service.
#[derive(Debug, Clone, Args)]
pub struct DownloadArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Whose.
    #[arg(long, value_name = "A,B", value_delimiter = ',', required = true)]
    pub symbols: Vec<String>,
    /// From this date or time on.
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// Before this date or time; the beginning of today in New York when not given.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// What of it.
    #[arg(long, value_name = "KIND", default_value = "bars", value_parser = ["bars", "quotes", "trades", "corporate-actions"])]
    pub kind: String,
    /// How long bars last: 1Min to 59Min, 1Hour to 23Hour, 1Day.
    #[arg(long, value_name = "LENGTH", default_value = "1Min")]
    pub resolution: String,
    /// How prices are adjusted: raw, split (for splits) or all (for splits and dividends).
    #[arg(long, value_name = "HOW", default_value = "raw", value_parser = ["raw", "split", "all"])]
    pub adjustment: String,
    /// Alpaca's feed: iex, sip, otc, ...; alpaca.feed when not given.
    #[arg(long, value_name = "NAME")]
    pub feed: Option<String>,
    /// Who is asked.
    #[arg(long, value_name = "NAME", default_value = "alpaca", value_parser = ["alpaca", "alpha-vantage"])]
    pub provider: String,
    /// The file to write (.csv, .csv.gz or .parquet), or a folder for a file per symbol; the store when not given.
    #[arg(long, value_name = "PATH", conflicts_with = "store", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Let the new rows take the place of what the store has at their times.
    #[arg(long)]
    pub replace: bool,
    /// Forget what an earlier call of the same command has loaded.
    #[arg(long)]
    pub restart: bool,
    /// Rows that are asked for at a time, at most 10000.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub page_rows: u16,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
