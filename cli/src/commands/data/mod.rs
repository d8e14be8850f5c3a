//! `tradewind data`.

pub mod beside;
mod check;
mod convert;
mod download;
mod generate;
#[cfg(feature = "parquet")]
mod import;
#[cfg(feature = "parquet")]
mod list;
pub mod options;
pub mod run;
mod tables;

use crate::args::DataCommand;
use crate::exit::Failure;

pub fn run(command: &DataCommand) -> Result<(), Failure> {
    match command {
        #[cfg(feature = "parquet")]
        DataCommand::Import(args) => import::run(args),
        #[cfg(feature = "parquet")]
        DataCommand::List(args) => list::run(args),
        #[cfg(not(feature = "parquet"))]
        DataCommand::Import(_) | DataCommand::List(_) => Err(without_parquet()),
        DataCommand::Download(args) => download::run(args),
        DataCommand::Check(args) => check::run(args),
        DataCommand::Convert(args) => convert::run(args),
        DataCommand::Generate(args) => generate::run(args),
    }
}

/// The answer where the store is not built in.
#[cfg(not(feature = "parquet"))]
pub fn without_parquet() -> Failure {
    Failure::usage(
        "this program was built without Parquet files and the store; build it with \
         cargo build --release --locked --features parquet",
    )
}
