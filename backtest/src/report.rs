//! The result of a run, as it is printed and stored.

use crate::forecast::ModelFacts;
use crate::metrics::{ConventionNote, Metrics};
use crate::said::ModelLine;
use crate::{DailyPoint, Dividends, EquityPoint};
use exchange::{ExchangeConfig, Financing};
use kernel::{
    AccountLine, Cash, Limits, Price, Quantity, ShutdownPolicy, Side, StrategySpec, Timestamp,
    TradingHours,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The result of a run. Money, prices and quantities are decimal strings in JSON, statistics are
/// numbers, and what is undefined is `null` with a reason beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestReport {
    /// The run's id: 32 hexadecimal digits made from the configuration and the data, so that the
    /// same run has the same id.
    pub run: String,
    /// The strategies' names, joined with `+`.
    pub strategy: String,
    /// Every parameter with its value; with several strategies the name is `strategy.parameter`.
    pub params: BTreeMap<String, String>,
    /// The symbols, in the order of their ids.
    pub symbols: Vec<String>,
    /// What it ran over.
    pub data: DataSummary,
    /// By which rules.
    pub rules: Rules,
    /// Every position that was opened and closed again, in the order of opening.
    pub trades: Vec<TradeRow>,
    /// What each of several strategies did, in their order; empty for one alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategies: Vec<StrategyLine>,
    /// What each virtual account has come to, the house's first; left out where one strategy has the
    /// account to itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountLine>,
    /// What each model has said; left out where none was run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelLine>,
    /// Orders by their end.
    pub orders: OrderCounts,
    /// Executions booked.
    pub fills: u64,
    /// What is still held at the end.
    pub positions: BTreeMap<String, PositionLine>,
    /// Cash at the end.
    pub cash: Cash,
    /// Cash and positions at the last prices.
    pub equity: Cash,
    /// Dividends received, less those paid on short positions.
    #[serde(default)]
    pub dividends: Cash,
    /// What borrowing shares and cash cost, and margin calls; left out where there were none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub financing: Financing,
    /// Fees that were posted.
    pub fees: Cash,
    /// Fees that the venue posts only after the end of the data.
    pub accrued_fees: Cash,
    /// What equity grew by, as a share of what it was at the start.
    #[serde(rename = "return")]
    pub total_return: Option<f64>,
    /// Equity before the first step.
    #[serde(default)]
    pub start: Cash,
    /// One plain sentence on what it is worth.
    #[serde(default)]
    pub verdict: String,
    /// What must be known to read the metrics.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Tries of this strategy on these symbols that the ledger knows, this one included.
    #[serde(default)]
    pub trials: u64,
    /// Statistics.
    pub metrics: Metrics,
    /// By whose definitions.
    #[serde(default)]
    pub convention: ConventionNote,
    /// What was done.
    #[serde(default)]
    pub activity: ActivitySummary,
    /// Market data taken in for each second, from the first input to the last; reading and hashing
    /// the data come before that.
    pub bars_per_second: f64,
    /// The most memory the process ever had resident, data included; `null` where the system does
    /// not say.
    pub peak_memory_bytes: Option<u64>,
    /// The digest of the events: that of a paper session in lock step over the same data.
    pub events_hash: String,
    /// Everything that it takes to run it again.
    pub manifest: Manifest,
    /// Equity after each step, when it was to be kept.
    #[serde(skip)]
    pub equity_points: Vec<EquityPoint>,
    /// Equity at the end of each session.
    #[serde(skip)]
    pub daily: Vec<DailyPoint>,
    /// Some two thousand points of equity, evenly spread over the steps.
    #[serde(skip)]
    pub samples: Vec<EquityPoint>,
}

fn is_none(financing: &Financing) -> bool {
    *financing == Financing::default()
}

/// What a run went over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSummary {
    /// The digest of what the data says.
    pub hash: String,
    /// When the first of it is known.
    pub first: Timestamp,
    /// When the last of it is known.
    pub last: Timestamp,
    /// How many bars, quotes and trades.
    pub bars: u64,
    /// The files it was read from, where they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The files that orders were filled on, where they are known; or what of the store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
    /// Which part of it was chosen, by the names of flags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selection: BTreeMap<String, String>,
}

/// The rules of the venue and of risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The venue.
    pub exchange: ExchangeConfig,
    /// Risk.
    pub limits: Limits,
    /// When positions may grow.
    pub hours: TradingHours,
    /// What happens to open orders and positions at the end.
    pub shutdown: ShutdownPolicy,
    /// Whether what is held at the end is closed at the open of the last bar.
    #[serde(default)]
    pub close_at_last_open: bool,
    /// What becomes of dividends.
    #[serde(default)]
    pub dividends: Dividends,
    /// The digest of the corporate actions, when there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corporate_actions: Option<String>,
    /// The digest of the finer data that orders were filled on, when there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A position that was opened and closed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeRow {
    /// Of what.
    pub symbol: String,
    /// Of several strategies the one whose order opened it; `null` where none of them did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// `buy` for a long position, `sell` for a short one.
    pub side: Side,
    /// Shares entered in all.
    pub qty: Quantity,
    /// The open time of the bar that filled the first entry.
    pub entry_time: Timestamp,
    /// The mean price of the entries.
    pub entry_price: Price,
    /// The open time of the bar that filled the last exit.
    pub exit_time: Timestamp,
    /// The mean price of the exits.
    pub exit_price: Price,
    /// Profit or loss before fees, by mean cost.
    pub pnl: Cash,
    /// Its share of the fees posted.
    pub fees: Cash,
    /// The worst mark against the mean entry price while it was open, at most 0, before fees.
    #[serde(default)]
    pub mae: Cash,
    /// The best mark against the mean entry price while it was open, at least 0, before fees.
    #[serde(default)]
    pub mfe: Cash,
}

/// What one of several strategies did in the account that they share. The account has one position
/// in a symbol: a trade belongs to the strategy whose order opened it, whoever closes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyLine {
    /// What it is called.
    pub label: String,
    /// Its name.
    pub strategy: String,
    /// Its orders that were approved, those of a group each.
    pub orders: u64,
    /// Its intents that risk refused.
    pub denied: u64,
    /// Executions of its orders.
    pub fills: u64,
    /// What its orders bought and sold.
    pub traded: Cash,
    /// Closed trades that it opened.
    pub trades: u64,
    /// Of these, and of those still open, in how many another's order filled too.
    pub shared: u64,
    /// Profit or loss realised in the trades that it opened, before fees, by the account's mean cost.
    pub pnl: Cash,
    /// The fees of these trades.
    pub fees: Cash,
}

/// Orders by their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCounts {
    /// Approved and sent.
    pub sent: u64,
    /// Wholly filled.
    pub filled: u64,
    /// Ended cancelled, or with another order in their place.
    pub canceled: u64,
    /// Refused by the venue.
    pub rejected: u64,
    /// Refused by risk before they were orders.
    pub denied: u64,
    /// Ended by their time in force.
    pub expired: u64,
}

/// A position at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionLine {
    /// Signed shares.
    pub qty: Quantity,
    /// Mean entry price; `null` only when it does not fit.
    pub avg_price: Option<Price>,
}

/// What was done in a run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivitySummary {
    /// Steps of data: instants at which some of it became known.
    pub steps: u64,
    /// Steps at whose end a position was held.
    pub steps_held: u64,
    /// Sessions of the calendar between the first and the last one with data.
    pub sessions_open: u64,
    /// Whether trading never ends.
    pub is_endless: bool,
    /// Whether risk had halted trading before the end.
    pub ended_halted: bool,
    /// What was bought and sold in all.
    pub traded: Cash,
    /// The deepest fall of equity from a highest before it, as a share of that, by the step.
    pub max_drawdown_by_step: Option<f64>,
}

/// Everything that it takes to run it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The program that decided.
    pub build: String,
    /// What chance was seeded with.
    pub seed: u64,
    /// The digest of what the data says.
    pub data_hash: String,
    /// Where the data is from.
    pub feed: String,
    /// How prices were adjusted.
    pub adjustment: String,
    /// The rules of the venue and of risk.
    pub rules: Rules,
    /// The strategies with every parameter.
    pub strategies: Vec<StrategySpec>,
    /// The models beside them; left out where there was none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelFacts>,
    /// The resolved configuration, redacted.
    pub config: BTreeMap<Box<str>, Box<str>>,
}
