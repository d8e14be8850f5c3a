//! What a backtest is made of, and who watches it.

use crate::Detail;
use exchange::ExchangeConfig;
use kernel::{
    Event, FeeRates, Limits, MarketData, ShutdownPolicy, Span, Strategy, StrategySpec, Timestamp,
    TradingDay, TradingHours,
};
use marketdata::{CorporateActions, Facts, Feed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const DAY: Span = Span::from_secs(86_400);

/// A strategy with the specification it was built from, as `strategies::build` gives them.
pub type Chosen = (Box<dyn Strategy>, StrategySpec);

/// Everything that a run depends on beside the data and the strategies.
#[derive(Debug, Clone)]
pub struct BacktestConfig {
    /// The venue's rules.
    pub exchange: ExchangeConfig,
    /// The risk limits.
    pub limits: Limits,
    /// What the regulators charge, which the books accrue until the venue posts it.
    pub fees: FeeRates,
    /// When positions may grow, and which bars strategies see.
    pub hours: TradingHours,
    /// The trading days around the data; none is a venue that never closes.
    pub calendar: Vec<TradingDay>,
    /// What happens to open orders and positions at the end of the data.
    pub shutdown: ShutdownPolicy,
    /// Whether what is held at the end is closed at the open of each symbol's last bar, as
    /// backtesting.py does (`finalize_trades`). That price has passed when it is decided: trades of
    /// the end are counted, and not to be had.
    pub close_at_last_open: bool,
    /// Splits and dividends that happen to raw prices; none where prices are adjusted for them.
    pub actions: CorporateActions,
    /// Finer data that orders are filled on where there is any; strategies do not see it.
    pub detail: Option<Arc<Detail>>,
    /// What becomes of dividends.
    pub dividends: Dividends,
    /// Market data of before the run, oldest first: they fill the windows of strategies and what
    /// entries are sized by, and lead to no order.
    pub warm_up: Vec<MarketData>,
    /// What the strategies are called in the result, in their order; their own names without.
    pub labels: Vec<String>,
    /// Where every record is stored; `None` stores nothing.
    pub journal: Option<PathBuf>,
    /// Whether the equity after each step is kept for [`crate::write_equity`]: 16 bytes a step.
    pub keep_equity: bool,
    /// The program that decides, for the manifest.
    pub build: String,
    /// Where the data is from: `file`, `synthetic`.
    pub feed: String,
    /// How prices were adjusted for splits and dividends: `raw`, or what the user says of them.
    pub adjustment: String,
    /// The resolved configuration, redacted, for the manifest.
    pub config: BTreeMap<Box<str>, Box<str>>,
}

/// What becomes of dividends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dividends {
    /// Paid in cash on the ex-day, before its first trade; who is short pays. A broker credits
    /// them later, on a day that no data here tell of.
    #[default]
    Cash,
    /// The same, and parts of a share are bought with what was received at the ex-day's close.
    Reinvest,
}

impl BacktestConfig {
    /// The defaults for some data: the venue's and risk's own, on the New York calendar.
    ///
    /// Bars of a day or more are known after the close and traded at the next open, so on them
    /// the hours are [`TradingHours::Always`] and an entry may wait for that open, however long.
    pub fn for_data(facts: &Facts) -> Self {
        Self::on(facts.bar_length, facts.trading_days())
    }

    /// As [`BacktestConfig::for_data`], for data in memory.
    pub fn for_feed(feed: &Feed) -> Self {
        Self::on(feed.bar_length, feed.trading_days())
    }

    /// On a market that never closes: days are those of UTC, and positions may grow at any hour.
    #[must_use]
    pub fn around_the_clock(self, facts: &Facts) -> Self {
        Self { calendar: facts.utc_days(), hours: TradingHours::Always, ..self }
    }

    fn on(bar_length: Option<Span>, calendar: Vec<TradingDay>) -> Self {
        let daily = bar_length.is_some_and(|length| length >= DAY);
        let mut limits = Limits::default();
        if daily {
            limits.entry_time_to_live = None;
        }
        Self {
            exchange: ExchangeConfig::default(),
            limits,
            fees: marketdata::fee_rates(),
            hours: if daily { TradingHours::Always } else { TradingHours::Regular },
            calendar,
            shutdown: ShutdownPolicy::CancelEntries,
            close_at_last_open: false,
            actions: CorporateActions::default(),
            detail: None,
            dividends: Dividends::Cash,
            warm_up: Vec::new(),
            labels: Vec::new(),
            journal: None,
            keep_equity: false,
            build: concat!("tradewind ", env!("CARGO_PKG_VERSION")).into(),
            feed: "file".into(),
            adjustment: "raw".into(),
            config: BTreeMap::new(),
        }
    }
}

/// Who watches a run. Nothing it does changes what is decided.
pub trait Observer {
    /// Called now and then, some tens of thousands of data apart.
    fn progress(&mut self, progress: &Progress) {
        let _ = progress;
    }

    /// Called with each event, in order.
    fn event(&mut self, at: Timestamp, event: &Event) {
        let _ = (at, event);
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Observer for Quiet {}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Market data taken in.
    pub done: u64,
    /// Market data in all.
    pub total: u64,
    /// Time it took so far.
    pub elapsed: Duration,
}

impl Progress {
    /// How long the rest should take at the pace so far; `None` before there is one.
    pub fn remaining(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.done);
        (self.done > 0).then(|| self.elapsed.mul_f64(left as f64 / self.done as f64))
    }
}
