//! The bundled exchange: alone, and as what a strategy is drilled against.

use super::{ConfigArgs, pair};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// The exchange alone.
#[derive(Debug, Clone, Args)]
pub struct ExchangeArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Address to listen on, loopback only; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: std::net::SocketAddr,
    /// Files of market data to replay; without any it is generated, and called synthetic.
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub data: Vec<PathBuf>,
    /// Symbols to generate, separated by commas.
    #[arg(long, value_name = "A,B")]
    pub symbols: Option<String>,
    /// Venue seconds per second, or max for lock step.
    #[arg(long, value_name = "SPEED")]
    pub speed: Option<String>,
    /// Seed of generated data and of ids.
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
    /// Folder of the exchange's own log; with it, the exchange continues after a crash.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub state: Option<PathBuf>,
    /// Script of faults to inject: docs/FAULTS.md.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub faults: Option<String>,
    /// File with news, time,symbol,headline.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub news: Option<String>,
    /// Key id that clients must show; generated when not given.
    #[arg(long, value_name = "KEY", requires = "secret")]
    pub key: Option<String>,
    /// Secret that clients must show.
    #[arg(long, value_name = "SECRET", requires = "key")]
    pub secret: Option<String>,
}

/// A stress test.
#[derive(Debug, Clone, Args)]
pub struct StressArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The strategy; one that uses every kind of order when not given.
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<String>,
    /// A parameter of the strategy; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "strategy")]
    pub param: Vec<(String, String)>,
    /// A scenario by name, or a file of your own; may be repeated. All of them when not given.
    #[arg(long, value_name = "NAME")]
    pub scenario: Vec<String>,
    /// List the scenarios with the outcome that is right.
    #[arg(long)]
    pub list: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn address(text: &str) -> Result<std::net::SocketAddr, String> {
    text.parse().map_err(|_| "expected an address with its port, such as 127.0.0.1:8080".into())
}
