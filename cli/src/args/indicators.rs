//! `tradewind indicators` and `tradewind indicator …`.

use super::FormatArgs;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// What follows the help of `tradewind indicators`.
pub const LIST_EXAMPLES: &str = "\
Examples:
  tradewind indicators                 all of them
  tradewind indicators supertrend      one, with its parameters and the source of its formula";

/// What follows the help of `tradewind indicator`.
pub const EXAMPLES: &str = "\
Examples:
  tradewind indicator rsi --period 14 --data AAA.csv              every bar, as CSV
  tradewind indicator macd --param fast=8 --param slow=21 --data AAA.csv --last 20
  tradewind indicator bollinger --data AAA.csv --plot             drawn in the terminal
  tradewind indicator atr --data AAA.csv --json > atr.json

A value is empty (null) until the indicator has seen enough bars, and where its formula has none.
`tradewind indicators` lists what there is.";

/// A list of indicators.
#[derive(Debug, Clone, Args)]
pub struct IndicatorsArgs {
    /// One indicator to explain.
    pub name: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// One indicator over a file of bars.
#[derive(Debug, Clone, Args)]
pub struct IndicatorArgs {
    /// Which; `tradewind indicators` lists them.
    pub name: String,
    /// A file of bars: CSV, gzipped or not.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub data: PathBuf,
    /// Bars it looks back on: --param period=N.
    #[arg(long, value_name = "BARS")]
    pub period: Option<String>,
    /// A parameter; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::pair)]
    pub param: Vec<(String, String)>,
    /// Of which symbol, where the file has several.
    #[arg(long, value_name = "SYMBOL")]
    pub symbols: Option<String>,
    /// Only the last so many bars; the ones before are computed all the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub last: Option<u32>,
    /// Draw it under the closes instead of printing numbers.
    #[arg(long, conflicts_with = "json")]
    pub plot: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// How the file is to be understood.
    #[command(flatten)]
    pub format: FormatArgs,
}
