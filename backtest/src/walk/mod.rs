//! Walk forward: the best parameters of each sample, held in the stretch that follows it.
//!
//! Each sample is a sweep of its own. A test begins flat, with the
//! starting cash; the windows of its strategy, and what entries are sized by, are filled by the bars
//! before it, on which nothing is traded. What is held at its end is valued at the last price. The
//! returns of the tests by the session, one test after the other, are what following the procedure
//! would have earned.

mod report;
mod windows;

pub use report::{Sampled, WalkReport, WindowRow, judge_walk};
pub use windows::{Length, WalkError, WalkPlan, Window, windows};

use crate::statistics::{Overfitting, Undefined, overfitting_of_blocks};
use crate::sweep::{Bench, Build, Ledger, Objective, Space, SweepError, Trial, try_all};
use crate::{BacktestConfig, Chosen, DailyPoint, Progress, Words};
use kernel::{Bar, MarketData, Span};
use marketdata::{Facts, FactsBuilder, Feed};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const DAY: Span = Span::from_secs(86_400);

/// What a walk goes over, and how.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// The rules.
    pub config: &'a BacktestConfig,
    /// The data.
    pub feed: &'a Feed,
    /// What is varied.
    pub space: &'a Space,
    /// Makes a strategy.
    pub build: Build<'a>,
    /// By which figure the best of a sample is chosen.
    pub by: Objective,
    /// Threads to work on.
    pub threads: usize,
    /// The program, for the ledger.
    pub program: &'a str,
    /// What models say of the data, for strategies that listen.
    pub words: Option<&'a Arc<Words>>,
}

/// One sample and its test, walked.
#[derive(Debug, Clone)]
pub struct Walked {
    /// The instants of the sample: first and last.
    pub sample: (kernel::Timestamp, kernel::Timestamp),
    /// The instants of the test.
    pub test: (kernel::Timestamp, kernel::Timestamp),
    /// What was chosen.
    pub params: BTreeMap<String, String>,
    /// Among how many.
    pub tried: usize,
    /// The chosen one in the sample.
    pub inside: Trial,
    /// The chosen one in the test.
    pub outside: Trial,
    /// Equity by the session of the test, from the starting cash.
    pub daily: Vec<DailyPoint>,
    /// What cross-validation says of choosing the best of the sample.
    pub(crate) overfitting: Result<Overfitting, Undefined>,
}

impl Walk<'_> {
    /// Walks through windows.
    ///
    /// # Errors
    /// As [`try_all`].
    pub fn run(
        &self,
        windows: &[Window],
        ledger: &mut Ledger,
        observer: &mut dyn FnMut(&Progress),
    ) -> Result<Vec<Walked>, SweepError> {
        let started = Instant::now();
        let each = self.space.points().len() as u64;
        let total = windows.len() as u64 * each;
        let mut walked = Vec::with_capacity(windows.len());
        for (place, window) in (0_u64..).zip(windows) {
            let mut within = |progress: &Progress| {
                let done = place * each + progress.done;
                observer(&Progress { done, total, elapsed: started.elapsed() });
            };
            walked.push(self.window(window, ledger, &mut within)?);
        }
        observer(&Progress { done: total, total, elapsed: Duration::ZERO });
        Ok(walked)
    }

    fn window(
        &self,
        window: &Window,
        ledger: &mut Ledger,
        observer: &mut dyn FnMut(&Progress),
    ) -> Result<Walked, SweepError> {
        let sample = self.rows(&window.train);
        let facts = self.facts(&sample);
        let bench = self.bench(&sample, &facts);
        let tried = try_all(bench, self.build, self.space, ledger, self.threads, observer)?;
        let ranked = self.by.ranked(tried.trials.iter().map(|(_, trial)| trial));
        let best = ranked.first().and_then(|place| tried.trials.get(*place));
        let Some((params, inside)) = best else {
            return Err(SweepError::NothingToTry { reason: "no trial has a result".into() });
        };
        let data = self.feed.data.get(window.test.clone()).unwrap_or_default();
        let strategy = self.strategy(params)?;
        let bars = strategy.0.warmup_bars().max(self.config.limits.scopes.measured_bars());
        let warm_up = self.before(window.test.start, bars);
        let config = BacktestConfig { warm_up, ..self.config.clone() };
        let test_facts = self.facts(data);
        let bench = Bench { config: &config, ..self.bench(data, &test_facts) };
        let (outside, daily) = bench.run_daily(strategy)?;
        let sums: Vec<_> = tried.trials.iter().map(|(_, trial)| trial.block_sums()).collect();
        Ok(Walked {
            overfitting: overfitting_of_blocks(&sums),
            sample: facts.span.unwrap_or_default(),
            test: test_facts.span.unwrap_or_default(),
            params: params.clone(),
            tried: tried.trials.len(),
            inside: inside.clone(),
            outside,
            daily,
        })
    }

    /// The rows of a sample: where nothing is left away in its middle, where they lie.
    fn rows(&self, parts: &[std::ops::Range<usize>]) -> Cow<'_, [MarketData]> {
        let slice =
            |rows: &std::ops::Range<usize>| self.feed.data.get(rows.clone()).unwrap_or_default();
        match parts {
            [only] => Cow::Borrowed(slice(only)),
            parts => Cow::Owned(parts.iter().flat_map(slice).copied().collect()),
        }
    }

    fn facts(&self, data: &[MarketData]) -> Facts {
        let mut facts = FactsBuilder::default();
        data.iter().for_each(|datum| facts.add(datum));
        facts.finish(self.feed.symbols.clone())
    }

    fn bench<'b>(&'b self, data: &'b [MarketData], facts: &'b Facts) -> Bench<'b> {
        let Self { config, program, words, .. } = *self;
        Bench { config, data, facts, program, by: "walk-forward", words }
    }

    fn strategy(&self, params: &BTreeMap<String, String>) -> Result<Chosen, SweepError> {
        (self.build)(params).map_err(|reason| SweepError::NothingToTry { reason })
    }

    /// What was known before a row: so many bars of each symbol that strategies see.
    fn before(&self, row: usize, bars: usize) -> Vec<MarketData> {
        let before = self.feed.data.get(..row).unwrap_or_default();
        let begin = self.begin_of(before, bars);
        before.get(begin..).unwrap_or_default().to_vec()
    }

    /// The row from which each symbol has so many bars that strategies see, or the first one.
    fn begin_of(&self, data: &[MarketData], bars: usize) -> usize {
        let symbols = self.feed.symbols.len();
        let mut missing = vec![bars; symbols];
        let mut left = if bars == 0 { 0 } else { symbols };
        for (row, datum) in data.iter().enumerate().rev() {
            if left == 0 {
                return row + 1;
            }
            if let MarketData::Bar(bar) = datum
                && let Some(count) = missing.get_mut(bar.symbol.index())
                && *count > 0
                && self.is_seen(bar)
            {
                *count -= 1;
                left -= usize::from(*count == 0);
            }
        }
        0
    }

    /// Whether strategies see a bar: it lasts a day, or lies in the hours that are traded.
    fn is_seen(&self, bar: &Bar) -> bool {
        let (at, days) = (bar.open_time, &self.config.calendar);
        let begun = days.partition_point(|day| day.extended_open <= at);
        let day = begun.checked_sub(1).and_then(|place| days.get(place));
        let day = day.filter(|day| day.contains(at));
        bar.length >= DAY || self.config.hours.hold(day, at)
    }
}
