//! One try: a strategy with its parameters over some data, and the little that is kept of it.

use crate::driver::complete;
use crate::judge::periods_per_year;
use crate::report::{BacktestReport, Manifest};
use crate::result::{self, Finished};
use crate::statistics::{BlockSums, Sample, Spread, deviation, mean, shape};
use crate::words::{Shared, Words};
use crate::{BacktestConfig, BacktestError, Chosen, DailyPoint, Models, Quiet};
use kernel::{Cash, Strategy};
use marketdata::Facts;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Blocks into which the sessions of a trial are cut for cross-validation, as in the paper.
pub const BLOCKS: usize = 16;

/// One try, as it stands in the ledger. Figures are of returns by the session, nothing annualised,
/// with a risk-free rate of 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was tried: strategy, parameters, data and rules, in 32 hexadecimal digits.
    pub id: String,
    /// The program that tried it: another build of it tries again.
    pub program: String,
    /// The command that tried it.
    pub by: String,
    /// The symbols, in the order of their ids.
    pub symbols: Vec<String>,
    /// The digest of the data.
    pub data_hash: String,
    /// Every parameter with its value.
    pub params: BTreeMap<String, String>,
    /// The digest of its events.
    pub events_hash: String,
    /// Returns by the session.
    pub sessions: u32,
    /// Sessions in a year.
    #[serde(deserialize_with = "exact::number")]
    pub periods_per_year: f64,
    /// What equity grew by; `None` when there was none at the start.
    #[serde(deserialize_with = "exact::option")]
    pub total_return: Option<f64>,
    /// The deepest fall of equity, by the step.
    #[serde(deserialize_with = "exact::option")]
    pub max_drawdown: Option<f64>,
    /// Closed trades.
    pub trades: u64,
    /// The Sharpe ratio; `None` when returns do not vary or are too few.
    #[serde(deserialize_with = "exact::option")]
    pub sharpe: Option<f64>,
    /// The skew.
    #[serde(deserialize_with = "exact::option")]
    pub skew: Option<f64>,
    /// The kurtosis, 3 for a normal distribution.
    #[serde(deserialize_with = "exact::option")]
    pub kurtosis: Option<f64>,
    /// For each of [`BLOCKS`] blocks of sessions: count, sum and sum of squares of the returns.
    #[serde(deserialize_with = "exact::rows")]
    pub blocks: Vec<[f64; 3]>,
}

impl Trial {
    /// What the Sharpe ratio's precision is judged from.
    pub fn sample(&self) -> Option<Sample> {
        Some(Sample {
            sharpe: self.sharpe?,
            count: f64::from(self.sessions),
            skew: self.skew?,
            kurtosis: self.kurtosis?,
        })
    }

    /// The Sharpe ratio of a year.
    pub fn annual_sharpe(&self) -> Option<f64> {
        Some(self.sharpe? * self.periods_per_year.sqrt())
    }

    /// What it grew by in a year.
    pub fn annual_return(&self) -> Option<f64> {
        let years = f64::from(self.sessions) / self.periods_per_year;
        let grown = (1.0 + self.total_return?).max(0.0).powf(1.0 / years) - 1.0;
        (years > 0.0 && grown.is_finite()).then_some(grown)
    }

    /// Why it has no return or no Sharpe ratio; `None` where it has both.
    pub fn undefined(&self) -> Option<&'static str> {
        match (self.total_return, self.sharpe) {
            (None, _) => Some("the account began with nothing"),
            (_, None) if self.sessions < 2 => Some("a ratio takes at least two sessions"),
            (_, None) => Some("its returns do not vary"),
            (Some(_), Some(_)) => None,
        }
    }

    /// The blocks' sums.
    pub fn block_sums(&self) -> Vec<BlockSums> {
        let sums = |[count, sum, squares]: &[f64; 3]| BlockSums {
            count: *count,
            sum: *sum,
            squares: *squares,
        };
        self.blocks.iter().map(sums).collect()
    }

    /// Of a backtest that was run for itself.
    ///
    /// # Errors
    /// When the rules cannot be written as JSON.
    pub fn of_report(
        report: &BacktestReport,
        program: &str,
        by: &str,
    ) -> Result<Self, BacktestError> {
        let activity = &report.activity;
        let open = activity.sessions_open as f64;
        let (periods, _) = periods_per_year(report.daily.len() as f64, open, activity.is_endless);
        let mut trial = Self::over(&report.daily, report.start, periods);
        trial.id = trial_id(&report.manifest)?;
        (trial.program, trial.by) = (program.into(), by.into());
        trial.symbols.clone_from(&report.symbols);
        trial.data_hash.clone_from(&report.data.hash);
        trial.params.clone_from(&report.params);
        trial.events_hash.clone_from(&report.events_hash);
        trial.total_return = report.total_return;
        trial.max_drawdown = activity.max_drawdown_by_step;
        trial.trades = report.trades.len() as u64;
        Ok(trial)
    }

    /// The figures of returns by the session.
    fn over(daily: &[DailyPoint], start: Cash, periods_per_year: f64) -> Self {
        let mut before = start.to_f64();
        let returns: Vec<f64> = daily
            .iter()
            .map(|day| {
                let equity = day.equity.to_f64();
                let value = if before > 0.0 { equity / before - 1.0 } else { 0.0 };
                before = equity;
                value
            })
            .collect();
        let spread = deviation(&returns, Spread::Sample).ok().filter(|spread| *spread > 0.0);
        let ratio = mean(&returns).ok().zip(spread).map(|(mean, spread)| mean / spread);
        let shape = shape(&returns).ok().filter(|_| ratio.is_some());
        let sums = |sums: BlockSums| [sums.count, sums.sum, sums.squares];
        Self {
            id: String::new(),
            program: String::new(),
            by: String::new(),
            symbols: Vec::new(),
            data_hash: String::new(),
            params: BTreeMap::new(),
            events_hash: String::new(),
            sessions: u32::try_from(returns.len()).unwrap_or(u32::MAX),
            periods_per_year,
            total_return: None,
            max_drawdown: None,
            trades: 0,
            sharpe: ratio.filter(|ratio| ratio.is_finite()),
            skew: shape.map(|shape| shape.skew),
            kurtosis: shape.map(|shape| shape.excess_kurtosis + 3.0),
            blocks: BlockSums::of(&returns, BLOCKS).into_iter().map(sums).collect(),
        }
    }
}

/// What every trial over the same data shares.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The rules.
    pub config: &'a BacktestConfig,
    /// The data.
    pub data: &'a [kernel::MarketData],
    /// What is known of it.
    pub facts: &'a Facts,
    /// The program, for the ledger.
    pub program: &'a str,
    /// The command, for the ledger.
    pub by: &'a str,
    /// What models say of the data, for a strategy that listens.
    pub words: Option<&'a Arc<Words>>,
}

impl Bench<'_> {
    /// The id of a trial of a strategy.
    ///
    /// # Errors
    /// When the rules cannot be written as JSON.
    pub fn id(&self, (strategy, spec): &Chosen) -> Result<String, BacktestError> {
        let models = self.models(strategy.as_ref()).facts;
        trial_id(&result::manifest(self.config, self.facts, vec![spec.clone()], models))
    }

    fn models(&self, strategy: &dyn Strategy) -> Models {
        let words = self.words.filter(|_| strategy.listens_to_models());
        words.map_or_else(Models::default, |words| words.models(&self.facts.content_hash))
    }

    /// Tries a strategy. Nothing of the data is copied.
    ///
    /// # Errors
    /// As [`crate::run_source`].
    pub fn run(&self, strategy: Chosen) -> Result<Trial, BacktestError> {
        Ok(self.run_daily(strategy)?.0)
    }

    /// As [`Bench::run`], with the equity by the session.
    ///
    /// # Errors
    /// As [`crate::run_source`].
    pub fn run_daily(&self, strategy: Chosen) -> Result<(Trial, Vec<DailyPoint>), BacktestError> {
        let spec = strategy.1.clone();
        let mut source = Shared::new(self.facts, self.data);
        let models = self.models(strategy.0.as_ref());
        let done = complete(self.config, &mut source, vec![strategy], models, &mut Quiet)?;
        result::compare(done.kernel.state(), &done.exchange)?;
        let Finished { manifest, trades, equity, events_hash, .. } = done;
        let (start, is_endless) = (equity.start(), equity.is_endless());
        let (total_return, max_drawdown) = (equity.total_return(), equity.max_drawdown());
        let (_, _, daily) = equity.into_points();
        let open = result::sessions_open(&daily, is_endless, &self.config.calendar);
        let (periods, _) = periods_per_year(daily.len() as f64, open as f64, is_endless);
        let params = spec.params.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let trial = Trial {
            id: trial_id(&manifest)?,
            program: self.program.into(),
            by: self.by.into(),
            symbols: self.facts.symbols.names().map(Into::into).collect(),
            data_hash: self.facts.content_hash.clone(),
            params: params.collect(),
            events_hash,
            total_return,
            max_drawdown,
            trades: trades.closed_count(),
            ..Trial::over(&daily, start, periods)
        };
        Ok((trial, daily))
    }
}

/// What decides a run: not who ran it, nor what is configured beside it.
fn trial_id(manifest: &Manifest) -> Result<String, BacktestError> {
    let Manifest { data_hash, adjustment, rules, strategies, models, .. } = manifest;
    let text = if models.is_empty() {
        serde_json::to_vec(&(data_hash, adjustment, rules, strategies))?
    } else {
        serde_json::to_vec(&(data_hash, adjustment, rules, strategies, models))?
    };
    let digest = Sha256::digest(text);
    Ok(hex::encode(digest.get(..16).unwrap_or(&digest)))
}

/// Floats from JSON to the last bit, which the reader of JSON does not promise.
mod exact {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde_json::value::RawValue;

    fn read<E: Error>(text: &str) -> Result<f64, E> {
        text.trim().parse().map_err(|_| E::custom(format!("`{text}` is no number")))
    }

    pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        read(<&RawValue>::deserialize(from)?.get())
    }

    pub(super) fn option<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        match <&RawValue>::deserialize(from)?.get() {
            "null" => Ok(None),
            text => read(text).map(Some),
        }
    }

    pub(super) fn rows<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<[f64; 3]>, D::Error> {
        let rows = Vec::<[&RawValue; 3]>::deserialize(from)?;
        let row = |[one, two, three]: [&RawValue; 3]| {
            Ok([read(one.get())?, read(two.get())?, read(three.get())?])
        };
        rows.into_iter().map(row).collect()
    }
}
