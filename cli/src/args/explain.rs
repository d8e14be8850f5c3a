//! `tradewind explain`.

use super::PlaceArgs;
use clap::Args;

pub const EXAMPLES: &str = "\
Examples:
  tradewind explain 7                              an order by its number
  tradewind explain tw-0c5ab3f1-7                  by the id that the broker has of us
  tradewind explain 61e69015-8549-4bfd-b9c3-01e75843f47d   by the broker's id
  tradewind explain SPY@2026-06-03T15:31:00Z       what was made of the last data until then, orders or not
  tradewind explain SPY                            of the newest data
  tradewind explain record:1234                    of a record of the journal, a denial say

The journal is decided again up to that point, so what is told is what judged. A finished session is
named with --data-dir and its folder.";

/// What to explain.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// An order, or a symbol and a time, or a record of the journal.
    #[arg(value_name = "ORDER|SIGNAL")]
    pub what: String,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
