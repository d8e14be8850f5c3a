//! Backtests: the kernel and the exchange library over market data, in memory or streamed.
//!
//! The kernel that decides here is the one that decides in a session, and the exchange is the one
//! that a paper session talks to; what is different is that no wire lies between them. Inputs come
//! in the order of a session in lock step, so the digest of the events is the same as that of a
//! paper session over the same data.
//!
//! What is never here: a decision about an order, or a way for data of later than a step to reach
//! anything before it.

mod benchmark;
mod compare;
mod config;
mod dates;
mod detail;
mod driver;
mod equity;
mod error;
mod facts;
mod forecast;
mod html;
mod judge;
mod layers;
mod live;
mod lookahead;
mod memory;
mod metrics;
mod overheard;
mod report;
mod result;
mod runs;
mod said;
mod sessions;
mod shared;
mod sketch;
mod sparkline;
pub mod statistics;
#[cfg(feature = "parquet")]
pub mod store;
pub mod sweep;
mod table;
mod trades;
pub mod venue;
pub mod walk;
mod words;
pub mod workload;

pub use benchmark::Benchmark;
pub use compare::{Comparison, Difference, TradeDifference, compare};
pub use config::{BacktestConfig, Chosen, Dividends, Observer, Progress, Quiet};
pub use detail::{Detail, DetailError};
pub use driver::{run, run_source, run_with_models};
pub use equity::{DailyPoint, EquityPoint};
pub use error::BacktestError;
pub use facts::{FactColumn, FactTable, FactValues, FactsFormat, fact_tables, write_facts};
pub use forecast::{Forecasters, MadeFrom, ModelFacts, ModelPart, Models};
pub use html::{html_report, sweep_html, walk_html};
pub use judge::{Judgement, Yardstick};
pub use layers::{Layers, layers};
pub use live::{
    Cause, LiveComparison, LiveError, OrderAccount, OrderParts, Parts, Recorded, RecordedData,
    SideOfOrder, compare_live,
};
pub use lookahead::{
    Change, CounterExample, LookaheadError, LookaheadReport, Rebuild, find_lookahead,
};
pub use metrics::{ConventionNote, Metrics};
pub use overheard::overheard;
pub use report::{
    ActivitySummary, BacktestReport, DataSummary, Manifest, OrderCounts, PositionLine, Rules,
    StrategyLine, TradeRow,
};
pub use runs::{RunError, find_run, keep_run, read_equity, read_run, runs_folder, write_whole};
pub use said::{ModelLine, Told, silence};
pub use sketch::{PriceBucket, PriceSketch, Sketch, sketch_feed, sketch_source, written_date};
pub use sparkline::braille;
pub use table::{write_daily, write_equity, write_trades};
pub use words::Words;
