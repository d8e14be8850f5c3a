//! `tradewind data …`.

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

const IMPORT_EXAMPLES: &str = "\
Examples:
  tradewind data import AAA.csv
  tradewind data import prices.csv --symbol SPY --columns timestamp=When,close=Last --time-zone America/New_York --stamp end
  tradewind data import --session ~/.local/share/tradewind/default      record today, backtest tonight";

const CHECK_EXAMPLES: &str = "\
Examples:
  tradewind data check AAA.csv
  tradewind data check --store DIR --symbols AAPL --json

Exit code 5 when something is found.";

/// Market data: files in, files out, and what is wrong with them.
#[derive(Debug, Clone, Subcommand)]
pub enum DataCommand {
    /// Bring files (CSV, gzipped CSV, Parquet) or a recorded session into the store.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Load market data of the past from Alpaca or Alpha Vantage.
    #[command(after_help = super::download::EXAMPLES)]
    Download(super::download::DownloadArgs),
    /// List what the store holds.
    List(ListArgs),
    /// Look for gaps, bad ticks, unadjusted splits and shifted clocks.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Write data in another form: CSV or Parquet, or bars of a longer resolution.
    Convert(ConvertArgs),
    /// Make synthetic minute bars from a seed.
    Generate(GenerateArgs),
}

/// Which store.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Folder of the store; by default one in the user's data directory.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub store: Option<PathBuf>,
}

/// How files of others are to be understood.
#[derive(Debug, Clone, Default, Args)]
pub struct FormatArgs {
    /// The file's columns by our names: timestamp=Date,open=Open; common names are recognised.
    #[arg(long, value_name = "OURS=THEIRS,...", value_delimiter = ',', value_parser = super::pair)]
    pub columns: Vec<(String, String)>,
    /// Zone of times that name none, such as America/New_York or UTC.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Which end of a bar its time names: open or end.
    #[arg(long, value_name = "END", default_value = "open", value_parser = ["open", "end"])]
    pub stamp: String,
    /// How times are written: auto, s, ms, us, ns (since 1970), or a pattern such as %m/%d/%Y %H:%M.
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub time_format: String,
    /// How long bars last: 1Min, 5Min, 1Hour, 1Day; found out when not said.
    #[arg(long, value_name = "LENGTH")]
    pub resolution: Option<String>,
    /// Whose rows they are, when neither a column nor the file's name says so.
    #[arg(long, value_name = "SYMBOL")]
    pub symbol: Option<String>,
    /// Round numbers to nine digits after the point instead of refusing more.
    #[arg(long)]
    pub round: bool,
}

/// Which part of the store.
#[derive(Debug, Clone, Default, Args)]
pub struct PartArgs {
    /// How prices are adjusted: raw, split or all.
    #[arg(long, value_name = "HOW", default_value = "raw")]
    pub adjustment: String,
    /// From this date or time on.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before this date or time.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
}

/// Into the store.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The files.
    #[arg(value_name = "FILE", required_unless_present = "session", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Data directory of a session whose market data is taken from its journal.
    #[arg(long, value_name = "DIR", conflicts_with = "files", value_hint = ValueHint::DirPath)]
    pub session: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    /// How the prices are adjusted: raw, split (for splits) or all (for splits and dividends).
    #[arg(long, value_name = "HOW", default_value = "raw")]
    pub adjustment: String,
    /// Which feed the data is of: iex, sip, ...
    #[arg(long, value_name = "NAME", default_value = "file")]
    pub feed: String,
    /// Let the new rows take the place of what the store has at their times.
    #[arg(long)]
    pub replace: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What the store holds.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What is wrong with data.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// The files; the store when none are named.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Of the store: these symbols alone.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<String>,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub part: PartArgs,
    /// Splits and dividends: symbol,ex_date,type,ratio_or_cash.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub corporate_actions: Option<PathBuf>,
    /// Sessions to expect: us_equities, always (a venue that never closes), or none.
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = ["auto", "us_equities", "always", "none"])]
    pub calendar: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Data in another form.
#[derive(Debug, Clone, Args)]
pub struct ConvertArgs {
    /// The files; the store when none are named.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Of the store: these symbols alone.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<String>,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub part: PartArgs,
    /// Make bars of this length out of shorter ones.
    #[arg(long, value_name = "LENGTH")]
    pub resample: Option<String>,
    /// Sessions that bars do not cross: us_equities, or always (a venue that never closes).
    #[arg(long, value_name = "NAME", default_value = "us_equities", value_parser = ["us_equities", "always"])]
    pub calendar: String,
    /// Of the data, the regular session alone.
    #[arg(long)]
    pub regular: bool,
    /// The file to write (.csv, .csv.gz or .parquet), or a folder for a file per symbol.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub out: PathBuf,
}

/// Synthetic data.
#[derive(Debug, Clone, Args)]
pub struct GenerateArgs {
    /// Symbols, separated by commas.
    #[arg(long, value_name = "A,B", value_delimiter = ',', default_value = "SYNA")]
    pub symbols: Vec<String>,
    /// The seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The first date.
    #[arg(long, value_name = "DATE", default_value = "2024-01-02")]
    pub start: String,
    /// Bars of each symbol.
    #[arg(long, value_name = "N", default_value_t = 3_900)]
    pub bars: u64,
    /// With bars before and after the regular session.
    #[arg(long)]
    pub extended: bool,
    /// The CSV file to write (.csv or .csv.gz).
    #[arg(long, value_name = "FILE", conflicts_with = "store", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
}
