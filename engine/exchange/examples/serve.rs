//! The server alone, for trying a client against it: the flags of `tradewind exchange`.

use exchange::server::{Keys, ServerConfig, Source, Speed, Synthetic, start};
use std::error::Error;
use std::path::PathBuf;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut symbols = vec!["SPY".to_owned()];
    let mut seed = 1;
    let mut config = ServerConfig::new(
        Source::Synthetic(Synthetic::new(seed, symbols.clone())),
        Speed::Times(60.0),
    );
    let mut keys = Keys::generate();
    let mut flag = String::new();
    for argument in std::env::args().skip(1) {
        if argument.starts_with("--") {
            flag = argument;
            continue;
        }
        match flag.as_str() {
            "--listen" => config.listen = argument.parse()?,
            "--data" => files.push(argument.into()),
            "--speed" => config.speed = argument.parse()?,
            "--seed" => seed = argument.parse()?,
            "--symbols" => symbols = argument.split(',').map(String::from).collect(),
            "--state" => config.state_dir = Some(argument.into()),
            "--key" => keys.key = argument,
            "--secret" => keys.secret = argument,
            other => return Err(format!("unknown flag {other}").into()),
        }
    }
    config.source = match files.is_empty() {
        true => Source::Synthetic(Synthetic::new(seed, symbols)),
        false => Source::Files(marketdata::read_files(&files)?),
    };
    config.keys = keys;
    let running = start(config).await?;
    println!("listening on {}", running.url());
    tokio::signal::ctrl_c().await?;
    running.shutdown().await;
    Ok(())
}
